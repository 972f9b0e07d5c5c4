//! The key files and certificates that a scenario names: whether they are what they should be.

use crate::scenario::node::{Content, Place};
use crate::scenario::overrides::Overrides;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{TARGET, TARGET_TLS, TOKEN};
use crate::token::{KeySource, Signer, TokenPlan};
use crate::wire::transport::{Approach, examine};

/// Records every file that cannot serve, where it is named. Without a folder nothing is read.
pub(super) fn check(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    token: &TokenPlan,
    target: Option<&Approach>,
    overrides: &Overrides,
) {
    let Some(folder) = reader.folder else { return };
    if let KeySource::File(file) = &token.key
        && !file.as_os_str().is_empty()
        && !overrides.other_key
    {
        let source = KeySource::File(folder.join(file));
        if let Err(error) = Signer::new(token.algorithm, &source, token.key_id.as_deref()) {
            let table = super::section(reader, root, &TOKEN);
            reader.reject(&table, "key", error.to_string());
        }
    }
    let Some(plan) = target.and_then(|approach| approach.tls.as_ref()) else { return };
    let mut plan = plan.clone();
    let (chain, key) = plan.client.as_mut().map(|(chain, key)| (chain, key)).unzip();
    for file in plan.ca.iter_mut().chain(chain).chain(key) {
        *file = folder.join(&file);
    }
    let wrong = examine(&plan);
    if wrong.is_empty() {
        return;
    }
    let target = super::section(reader, root, &TARGET);
    let table = super::section(reader, &target, &TARGET_TLS);
    for (key, number, error) in wrong {
        let (place, path) = place_of(&table, key, number);
        reader.problems.add(&place, &path, error.to_string());
    }
}

/// Where a key stands, or one of its list.
fn place_of(table: &TableAt<'_>, key: &str, number: usize) -> (Place, String) {
    let node = table.get(key).map(|entry| &entry.node);
    let inner = node.and_then(|node| match &node.content {
        Content::List(nodes) => nodes.get(number),
        _ => None,
    });
    match inner.or(node) {
        Some(node) => (node.place.clone(), node.path.clone()),
        None => (table.place.clone(), table.path_of(key)),
    }
}
