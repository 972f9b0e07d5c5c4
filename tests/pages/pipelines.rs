//! Pipelines, the action and the container file: they parse, and the pages that name them find them.

use std::collections::BTreeSet;
use std::process::Command;

use super::{files, root, tools};

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn every_yaml_file_is_yaml() {
    let all = ["action.yml", "deploy", ".github"].into_iter().flat_map(files);
    let yaml: Vec<String> = all
        .filter(|path| path.extension().is_some_and(|end| end == "yml" || end == "yaml"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    assert!(yaml.len() >= 5, "{yaml:?}");
    let paths: Vec<&str> = yaml.iter().map(String::as_str).collect();
    let found = tools::python("pages/yaml_files.py", &paths);
    assert_eq!(found.trim(), format!("{} files", yaml.len()));
}

#[test]
fn scripts_are_bash() {
    for script in ["deploy/ci/install.sh", "deploy/ci/run.sh", "deploy/archive.sh"] {
        let said = Command::new("bash").arg("-n").arg(root().join(script)).output().unwrap();
        assert!(said.status.success(), "{script}: {}", String::from_utf8_lossy(&said.stderr));
    }
}

/// The script of the action, with a program in Substorm's place that ends with a code.
#[test]
fn the_action_hands_on_exit_code_and_folder() {
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let fake = "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$RUNNER_TEMP/said\"\n\
                [ \"$1\" = run ] && mkdir -p \"$4/mine-20260101T000000Z-7\"\nexit 4\n";
    std::fs::create_dir(at("bin")).unwrap();
    std::fs::write(at("bin/substorm"), fake).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(at("bin/substorm")).status().unwrap().success());
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap());
    let mut folders = BTreeSet::new();
    for (arguments, words) in [("", 0), ("--seed 7  --quiet", 3), ("--seed 7\n\n  --quiet\n", 3)] {
        std::fs::write(at("output"), "").unwrap();
        let ended = Command::new("bash")
            .arg(root().join("deploy/ci/run.sh"))
            .env("PATH", &path)
            .env("RUNNER_TEMP", room.path())
            .env("GITHUB_OUTPUT", at("output"))
            .env("SCENARIO", "a b.toml")
            .env("ARGUMENTS", arguments)
            .status();
        assert!(ended.unwrap().success(), "the step ends well, a later one judges");
        let said = std::fs::read_to_string(at("said")).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!((said[1], said[2]), ("a b.toml", "--out"), "{said:?}");
        let wanted: Vec<&str> = arguments.split_whitespace().collect();
        assert_eq!((&said[4..], wanted.len()), (&wanted[..], words));
        let folder = format!("{}/mine-20260101T000000Z-7", said[3]);
        let told = std::fs::read_to_string(at("output")).unwrap();
        assert_eq!(told, format!("exit-code=4\nfolder={folder}\nreport={folder}/report.html\n"));
        assert!(said[3].starts_with(room.path().to_str().unwrap()), "{folder}");
        folders.insert(folder);
    }
    assert_eq!(folders.len(), 3, "each use has a folder of its own");
    assert!(folders.iter().all(|folder| std::path::Path::new(folder).is_dir()), "{folders:?}");
}

#[test]
fn docker_leaves_out_what_podman_leaves_out() {
    assert_eq!(text(".dockerignore"), text(".containerignore"));
}

#[test]
fn a_version_that_is_none_is_refused() {
    for version in ["", "latest", "0.1", "0.1.0;id", "../../x"] {
        let ended = Command::new("bash")
            .arg(root().join("deploy/ci/install.sh"))
            .env("VERSION", version)
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(2), "{version:?}");
    }
}

#[test]
fn names_of_archives_are_the_same_everywhere() {
    let manifest: toml_edit::DocumentMut = text("Cargo.toml").parse().unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let url = binstall["pkg-url"].as_str().unwrap();
    assert!(url.ends_with("/v{ version }/{ name }-{ version }-{ target }.tar.gz"), "{url}");
    assert!(text("deploy/archive.sh").contains("name=\"substorm-$version-$target\""));
    assert!(text("deploy/archive.sh").contains("\"$out/$name.tar.gz\""));
    assert!(text("deploy/ci/install.sh").contains("name=\"substorm-$VERSION-$target\""));
    assert!(text("deploy/ci/install.sh").contains("/releases/download/v$VERSION/$file"));
    let program = binstall["bin-dir"].as_str().unwrap();
    assert_eq!(program, "{ name }-{ version }-{ target }/bin/{ bin }{ binary-ext }");
}

/// Links of the page lead to files, and each example has one.
#[test]
fn the_page_on_ci_links_every_example() {
    let page = text("docs/ci.md");
    let links: BTreeSet<&str> = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://"))
        .collect();
    for link in &links {
        assert!(root().join("docs").join(link).exists(), "{link} is not there");
    }
    for example in files("deploy/ci") {
        let name = example.strip_prefix(root()).unwrap().to_str().unwrap();
        let is_script = example.extension().is_some_and(|end| end == "sh");
        assert!(is_script || links.contains(format!("../{name}").as_str()), "{name}: {links:?}");
    }
}

/// What a linter of container files would ask for first.
#[test]
fn the_container_runs_as_nobody_and_names_its_bases() {
    let file = joined(&text("deploy/Containerfile"));
    let lines: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let of = |word: &str| {
        lines.iter().filter_map(|line| line.strip_prefix(word)).map(str::trim).collect::<Vec<_>>()
    };
    for base in of("FROM ") {
        let image = base.split(' ').next().unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{image} has no tag"));
        assert!(tag != "latest" && image.contains('/'), "{image}");
    }
    let user: u32 = of("USER ").last().unwrap().parse().unwrap();
    assert!(user > 0);
    assert_eq!(of("ENTRYPOINT "), ["[\"substorm\"]"]);
    for run in of("RUN ").iter().filter(|run| run.contains("apt-get install")) {
        let cared_for =
            run.contains("--no-install-recommends") && run.contains("rm -rf /var/lib/apt");
        assert!(cared_for, "{run}");
    }
}

fn joined(text: &str) -> String {
    text.replace("\\\n", " ")
}
