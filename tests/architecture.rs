//! Holds `docs/architecture.md` to the code: the files that it names are there, and it has every
//! folder of `src/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).unwrap()
}

#[test]
fn the_files_it_names_are_there() {
    let page = page();
    let quoted = page.split('`').skip(1).step_by(2);
    let mut missing = Vec::new();
    for name in quoted {
        let is_path = (name.contains('/') || name.contains(".md"))
            && !name.contains(char::is_whitespace)
            && !name.contains("://");
        let places =
            [root().join(name), root().join("src").join(name), root().join("docs").join(name)];
        if is_path && !places.iter().any(|place| place.exists()) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "docs/architecture.md names what is not there: {missing:?}");
}

#[test]
fn every_folder_and_file_on_the_first_level_has_its_floor() {
    let page = page();
    let floors = page.split("## Floors").nth(1).unwrap().split("\n## ").next().unwrap();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if !matches!(module, "lib" | "main") {
            assert!(floors.contains(&format!("`{module}`")), "no floor for src/{name}");
        }
    }
}
