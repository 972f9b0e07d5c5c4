//! Each direct dependency has its line in `docs/dependencies.md`, and each line its dependency.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_page_names_every_direct_dependency_and_no_other() {
    let manifest: toml_edit::DocumentMut = text("Cargo.toml").parse().unwrap();
    let needed: BTreeSet<String> = ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|kind| manifest.get(kind)?.as_table())
        .flat_map(|table| table.iter().map(|(name, _)| name.to_owned()))
        .collect();

    let page = text("docs/dependencies.md");
    let named: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(_, purpose)| purpose.trim_end_matches('|').trim().len() > 3)
        .map(|(name, _)| name.to_owned())
        .collect();

    assert!(needed.len() > 10, "Cargo.toml was not read: {needed:?}");
    let missing: Vec<_> = needed.difference(&named).collect();
    let stale: Vec<_> = named.difference(&needed).collect();
    assert!(missing.is_empty(), "docs/dependencies.md has no line for {missing:?}");
    assert!(stale.is_empty(), "docs/dependencies.md has lines for {stale:?}, not in Cargo.toml");
}
