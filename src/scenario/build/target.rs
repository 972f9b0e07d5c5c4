//! The table `[target]`.

use super::approach;
use crate::outcome::{Profile, profiles};
use crate::scenario::node::{Content, Node};
use crate::scenario::overrides::Overrides;
use crate::scenario::plan::{IdentityProof, TargetPlan};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::TARGET;
use crate::setting::{Kind, Setting};

/// The keys of the table that `identity` takes; exactly one of them.
pub(in crate::scenario) const PROOFS: &[Setting] = &[
    Setting::optional("header", Kind::Text, "The header field that holds the subject."),
    Setting::optional("json", Kind::Text, "Where in the body it is: a JSON pointer (RFC 6901)."),
];

/// A target and what its answers look like.
pub(super) struct Target {
    pub plan: TargetPlan,
    pub profile: &'static Profile,
    pub identity: IdentityProof,
}

/// The target, if the scenario has one.
pub(super) fn target(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    overrides: &Overrides,
) -> Option<Target> {
    root.get("target")?;
    let table = super::section(reader, root, &TARGET);
    let settings = super::read(reader, &table, &TARGET);
    let (url, prefix, approach) = approach::read(reader, &table, &settings, overrides);
    let scim = settings.text("scim");
    if let Some(url) = &scim
        && let Err(message) = approach::parse_url(url, "http or https")
            .and_then(|url| approach::allowed(url.host_str().unwrap_or_default(), overrides))
    {
        reader.reject(&table, "scim", message);
    }
    if scim.is_none() && settings.has("scim_token") {
        reader.reject(&table, "scim_token", "has no meaning without `scim`");
    }
    let profile = super::formed_key(reader, &table, &TARGET, "profile").and_then(|node| {
        let known = profiles::REGISTRY.iter().map(|profile| (profile.name, *profile));
        super::registered(reader, &node, "profile", "profiles", known)
    });
    let identity = super::formed_key(reader, &table, &TARGET, "identity")
        .and_then(|node| identity(reader, &node))
        .unwrap_or(IdentityProof::None);
    let scim = scim.map(|url| url.trim_end_matches('/').to_owned());
    let scim_token = settings.text("scim_token");
    Some(Target {
        plan: TargetPlan { url, approach, prefix, scim, scim_token },
        profile: profile.unwrap_or(profiles::REGISTRY[0]),
        identity,
    })
}

fn identity(reader: &mut Reader<'_>, node: &Node) -> Option<IdentityProof> {
    if let Content::Text(text) = &node.content
        && text == "none"
    {
        reader.settle(node.path.clone(), text.clone());
        return Some(IdentityProof::None);
    }
    let example = "{ header = \"X-User-ID\" }, { json = \"/user\" } or \"none\"";
    if !matches!(node.content, Content::Table(_)) {
        reader.wrong_type(node, example);
        return None;
    }
    let table = reader.table(node)?;
    let known: Vec<_> = PROOFS.iter().map(|setting| setting.key).collect();
    reader.only_known(&table, &known);
    let settings = reader.settings(&table, PROOFS);
    match (settings.text("header"), settings.text("json")) {
        (Some(name), None) => {
            if name.is_empty() || !name.bytes().all(is_token_byte) {
                reader.reject(&table, "header", "this is no header field's name (RFC 9110 §5.1)");
            }
            Some(IdentityProof::Header(name))
        }
        (None, Some(pointer)) => {
            if !pointer.starts_with('/') {
                reader.reject(&table, "json", "a JSON pointer starts with `/`, such as /user");
            }
            Some(IdentityProof::Json(pointer))
        }
        _ => {
            let message = format!("expected exactly one of {example}");
            reader.problems.add(&node.place, &node.path, message);
            None
        }
    }
}

/// Bytes of a token (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
