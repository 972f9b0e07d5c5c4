//! The table `[target]`.

use reqwest::Url;

use crate::outcome::{Profile, profiles};
use crate::scenario::node::{Content, Node, abridged};
use crate::scenario::overrides::Overrides;
use crate::scenario::plan::{IdentityProof, TargetPlan, is_loopback};
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
    let plan = address(reader, &table, settings.text("url").as_deref(), overrides);
    let scim = settings.text("scim");
    if let Some(url) = &scim
        && let Err(message) = parse_url(url, "http or https", overrides)
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
    Some(Target {
        plan: TargetPlan { scim, scim_token: settings.text("scim_token"), ..plan },
        profile: profile.unwrap_or(profiles::REGISTRY[0]),
        identity,
    })
}

fn address(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    url: Option<&str>,
    overrides: &Overrides,
) -> TargetPlan {
    let mut plan = TargetPlan {
        url: String::new(),
        host: String::new(),
        port: 80,
        prefix: String::new(),
        scim: None,
        scim_token: None,
    };
    let Some(url) = url else { return plan };
    match parse_url(url, "http", overrides) {
        Ok(parsed) => {
            url.trim_end_matches('/').clone_into(&mut plan.url);
            parsed.host_str().unwrap_or_default().clone_into(&mut plan.host);
            plan.port = parsed.port_or_known_default().unwrap_or(80);
            parsed.path().trim_end_matches('/').clone_into(&mut plan.prefix);
        }
        Err(message) => reader.reject(table, "url", message),
    }
    plan
}

/// The address, if load and changes may be sent to it.
fn parse_url(text: &str, schemes: &str, overrides: &Overrides) -> Result<Url, String> {
    let example = "expected such as http://127.0.0.1:8080";
    let url = Url::parse(text)
        .map_err(|error| format!("found \"{}\": {error}; {example}", abridged(text)))?;
    if !schemes.split(" or ").any(|scheme| scheme == url.scheme()) {
        return Err(format!(
            "found the scheme {}; this takes {schemes}; {example}",
            abridged(url.scheme())
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a user or a password; leave them out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address holds `?` or `#`; leave out what follows it".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !is_loopback(host) && !overrides.allow_targets.iter().any(|allowed| allowed == host) {
        return Err(format!(
            "{host} is not this machine; if you may send load there, say --allow-target {host}"
        ));
    }
    Ok(url)
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
