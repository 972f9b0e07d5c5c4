//! The scenarios of the folder `scenarios/`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scenario::{Outline, Overrides, Plan, load};

/// Every committed scenario, by its file.
pub(super) fn all() -> Vec<(PathBuf, Plan)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    let plan = |path: &PathBuf| match load(path, &Overrides::default()) {
        Ok(plan) => plan,
        Err(error) => panic!("{error}"),
    };
    files.iter().map(|path| (path.clone(), plan(path))).collect()
}

#[test]
fn each_keeps_to_the_folders_rules() {
    let all = all();
    assert!(all.len() >= 8);
    for (path, plan) in all {
        let lines: Vec<_> = plan.text.lines().take(3).collect();
        assert_eq!(lines[0], "#:schema ../docs/scenario.schema.json", "{}", path.display());
        assert!(lines[1].starts_with("# "), "{} opens with what it proves", path.display());
        assert_eq!(path.file_stem().unwrap().to_str(), Some(plan.name.as_str()));
        assert!(plan.length() <= Duration::from_secs(60), "{} is too long", plan.name);
        assert!(!plan.about.is_empty() && !plan.thresholds.is_empty(), "{}", plan.name);
        assert!(plan.target.is_none(), "{} must run anywhere", plan.name);
        assert!(plan.estimate.memory < 256 << 20, "{}", plan.name);
        assert!(plan.phases[0].warm_up, "{} measures cold caches", plan.name);
    }
}

#[test]
fn the_demonstration_deletes_enough_users_to_convince() {
    let (_, plan) = all().into_iter().find(|(_, plan)| plan.name == "deleted-users").unwrap();
    assert_eq!(plan.estimate.changes, 300);
    assert_eq!(plan.policies.cache.ttl, Duration::from_secs(2));
    assert!(plan.length() <= Duration::from_secs(30));
    // Whoever is deleted last must be followed for longer than the cache remembers.
    let last = plan.faults[0].until.unwrap();
    assert!(plan.length() >= last + plan.probe.until);
}

#[test]
fn a_plan_reads_on_one_screen() {
    for name in ["deleted-users", "database-outage"] {
        let (_, plan) = all().into_iter().find(|(_, plan)| plan.name == name).unwrap();
        let plan = Plan { digest: "0".repeat(64), ..plan };
        insta::assert_snapshot!(name, Outline(&plan).to_string());
    }
}
