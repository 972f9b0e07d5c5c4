//! Tokens and key sets for other tools, by the real binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

fn substorm() -> Command {
    Command::new(env!("CARGO_BIN_EXE_substorm"))
}

/// A folder with a scenario in it.
struct Room {
    folder: tempfile::TempDir,
    scenario: PathBuf,
}

/// What a command printed, and how it ended.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Room {
    fn new(token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("scenario.toml");
        let text = format!(
            "name = \"tokens\"\nseed = 7\n[population]\nusers = 1_500\n\
             [token]\naudience = \"orders\"\n{token}\n\
             [[phase]]\nname = \"steady\"\nfor = \"1s\"\narrival = {{ constant = \"10/s\" }}\n"
        );
        std::fs::write(&scenario, text).unwrap();
        Self { folder, scenario }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, subcommand: &str, arguments: &[&str]) -> Done {
        let output =
            substorm().arg(subcommand).arg(&self.scenario).args(arguments).output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The claims of a token that this key set verifies.
fn verified(set: &str, token: &str) -> Value {
    let set: JwkSet = serde_json::from_str(set).unwrap();
    let header = decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&["orders"]);
    decode(token, &key, &rules).unwrap().claims
}

#[test]
fn tokens_of_a_fresh_key_verify_with_its_key_set() {
    let room = Room::new("algorithm = \"ES256\"");
    let (key, out) = (room.path("key.pem"), room.path("tokens.csv"));
    let keys = ["--key-out", text(&key)];
    let minted = room.run("mint", &[&keys[..], &["--format", "csv", "--out", text(&out)]].concat());
    assert_eq!((minted.code, &*minted.out), (0, ""), "{}", minted.err);
    for secret in [&key, &out] {
        let mode = std::fs::metadata(secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", secret.display());
    }
    let set = room.run("jwks", &["--key", text(&key)]);
    assert_eq!(set.code, 0, "{}", set.err);
    assert!(!set.out.contains("\"d\""), "{}", set.out);

    let rows = std::fs::read_to_string(&out).unwrap();
    let mut lines = rows.lines();
    assert_eq!(lines.next(), Some("user,sub,token"));
    let mut seen = BTreeSet::new();
    for (number, line) in lines.enumerate() {
        let [user, subject, token] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        assert_eq!(user, number.to_string());
        if number % 100 == 0 {
            assert_eq!(verified(&set.out, token)["sub"], subject);
        }
        seen.insert(subject.to_owned());
    }
    assert_eq!(seen.len(), 1_500);

    // The same key and seed again: the same claims but for the times.
    let claims = |seed: &str| {
        let arguments = ["--key", text(&key), "--format", "jsonl", "--seed", seed];
        let again = room.run("mint", &arguments);
        let row: Value = serde_json::from_str(again.out.lines().nth(700).unwrap()).unwrap();
        let claims = verified(&set.out, row["token"].as_str().unwrap());
        (claims["sub"].clone(), claims["jti"].clone())
    };
    assert_eq!(claims("7"), claims("7"));
    let (other, first) = (claims("8"), claims("7"));
    assert!(other.0 != first.0 && other.1 != first.1);
}

#[test]
fn a_second_mint_takes_the_tokens_of_the_first() {
    let room = Room::new("algorithm = \"ES256\"");
    let cache = room.path("cache");
    let options = ["--cache", text(&cache)];
    let none = room.run("jwks", &options);
    assert_eq!(none.code, 2, "{}", none.err);
    assert!(none.err.contains("has no key for it yet") && !cache.exists(), "{}", none.err);
    let filled = room.run("mint", &[&options[..], &["--format", "none"]].concat());
    assert_eq!((filled.code, &*filled.out), (0, ""), "{}", filled.err);
    assert!(filled.err.contains("1,500 tokens minted and kept"), "{}", filled.err);
    let [first, again] = [(); 2].map(|()| room.run("mint", &options));
    for minted in [&first, &again] {
        assert!(minted.err.contains("1,500 tokens taken from the cache"), "{}", minted.err);
    }
    assert_eq!(first.out.lines().count(), 1_500);
    assert!(first.out == again.out, "the second time there were other tokens");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    let files: Vec<_> =
        std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600));
    let set = room.run("jwks", &options);
    assert_eq!(verified(&set.out, first.out.lines().next().unwrap())["aud"], "orders");

    // Another seed has other tokens; the key is the same.
    let other = room.run("mint", &[&options[..], &["--seed", "8"]].concat());
    assert!(other.err.contains("minted and kept"), "{}", other.err);
    assert_eq!(verified(&set.out, other.out.lines().next().unwrap())["aud"], "orders");

    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = room.run("mint", &options);
    assert_eq!((refused.code, &*refused.out), (3, ""));
    assert!(refused.err.contains("chmod 700"), "{}", refused.err);
}

#[test]
fn tokens_that_were_brought_are_not_minted() {
    let room = Room::new("source = { file = \"own.txt\" }\n[target]\nurl = \"http://127.0.0.1:9\"");
    let lines: Vec<_> = (0..1_500).map(|n| format!("opaque-{n}")).collect();
    std::fs::write(room.path("own.txt"), lines.join("\n")).unwrap();
    for subcommand in ["mint", "jwks"] {
        let done = room.run(subcommand, &[]);
        assert_eq!((done.code, &*done.out), (2, ""));
        assert!(done.err.contains("it brings its tokens"), "{}", done.err);
        assert!(!done.err.contains("opaque-"), "{}", done.err);
    }
}

#[test]
fn without_a_kept_key_nothing_is_minted() {
    let room = Room::new("algorithm = \"EdDSA\"");
    for subcommand in ["mint", "jwks"] {
        let done = room.run(subcommand, &[]);
        assert_eq!((done.code, &*done.out), (2, ""));
        assert!(done.err.contains("--key-out FILE") && done.err.contains("--key FILE"));
    }
    let key = room.path("key.pem");
    std::fs::write(&key, "precious").unwrap();
    let done = room.run("mint", &["--key-out", text(&key)]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "precious");
    let done = room.run("mint", &["--key", text(&key)]);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.err.contains(text(&key)) && done.err.contains("Ed25519"), "{}", done.err);
}

#[test]
fn a_secret_is_printed_only_when_asked_for_by_name() {
    let room = Room::new("algorithm = \"HS256\"\nkey = \"secret\"");
    std::fs::write(room.path("secret"), "correct horse battery staple, 32 bytes").unwrap();
    let refused = room.run("jwks", &[]);
    assert_eq!((refused.code, &*refused.out), (2, ""));
    assert!(refused.err.contains("--secret"), "{}", refused.err);
    let set = room.run("jwks", &["--secret"]);
    let minted = room.run("mint", &[]);
    let token = minted.out.lines().last().unwrap();
    assert_eq!(verified(&set.out, token)["aud"], "orders");
    assert_eq!(minted.out.lines().count(), 1_500);
}

#[test]
fn targets_for_vegeta_need_an_address() {
    let room = Room::new("algorithm = \"EdDSA\"");
    let key = room.path("key.pem");
    let refused = room.run("mint", &["--key-out", text(&key), "--format", "vegeta"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("--target"), "{}", refused.err);
    assert!(!key.exists(), "a key was left by a command that failed");
    let arguments =
        ["--key-out", text(&key), "--format", "vegeta", "--target", "http://127.0.0.1:9/api/"];
    let minted = room.run("mint", &arguments);
    assert_eq!(minted.code, 0, "{}", minted.err);
    let target: Value = serde_json::from_str(minted.out.lines().next().unwrap()).unwrap();
    assert!(target["url"].as_str().unwrap().starts_with("http://127.0.0.1:9/api/"), "{target}");
    let header = target["header"]["Authorization"][0].as_str().unwrap();
    assert!(header.starts_with("Bearer ey"), "{header}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let room = Room::new("algorithm = \"HS256\"\nkey = \"secret\"");
    std::fs::write(room.path("secret"), "secret").unwrap();
    let mut child = substorm()
        .arg("mint")
        .arg(&room.scenario)
        .args(["--set", "population.users=100000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("ey"));
    drop(lines);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*err), (Some(0), ""));
}
