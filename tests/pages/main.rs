//! What pages, pipelines and container files say of the command line is what it takes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod pipelines;
#[path = "../tools/mod.rs"]
mod tools;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder of the repository, or the file itself.
fn files(name: &str) -> Vec<PathBuf> {
    let path = root().join(name);
    if !path.is_dir() {
        return vec![path];
    }
    let mut found = Vec::new();
    let mut folders = vec![path];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}
