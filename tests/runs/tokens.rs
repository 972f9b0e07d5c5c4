//! Where a run's tokens come from: a cache, or a file that people bring.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use substorm::clock::unix_now;
use substorm::identity::UserIndex;
use substorm::seed::Seed;
use substorm::token::{Algorithm, Claims, KeySource, Signer, TokenPlan, TokenSource};

use crate::support::{Ran, run, run_in, scenario, substorm};

/// A folder for scenarios, keys and tokens, and for what runs leave.
struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A scenario of two and a half seconds, with this about tokens and everything else.
    fn scenario(&self, name: &str, rest: &str) -> PathBuf {
        let path = self.path(name);
        let text = format!(
            "name = \"own\"\n[load]\nsend_lag_limit = \"1s\"\n{rest}\n[[phase]]\nname = \"steady\"\n\
             for = \"2500ms\"\narrival = {{ poisson = \"200/s\" }}\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs it, and sees that nothing it printed or left holds any of the tokens.
    fn run(&self, scenario: &Path, tokens: &str, arguments: &[&str]) -> Ran {
        let ran = run_in(&self.path("reports"), scenario, arguments);
        let mut left = vec![ran.output.clone()];
        let mut folders = vec![self.path("reports")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let bytes = std::fs::read(entry).unwrap();
                    left.push(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        assert!(left.len() > 4, "the run left {} files", left.len() - 1);
        for token in tokens.lines() {
            // Payload and signature; headers are no secret, and alike.
            for part in token.split('.').skip(1) {
                assert!(!left.iter().any(|text| text.contains(part)), "a token is shown");
            }
        }
        ran
    }

    /// Mints with a fresh key in `key.pem`, a token a line.
    fn mint(&self, scenario: &Path) -> String {
        let output = substorm()
            .arg("mint")
            .arg(scenario)
            .args(["--key-out", &self.text("key.pem"), "--out", &self.text("tokens.txt")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(self.path("tokens.txt")).unwrap()
    }
}

fn tokens_from(ran: &Ran) -> &str {
    ran.run["population"]["tokens_from"].as_str().unwrap_or_default()
}

/// Nothing was answered wrongly, and some users were let in.
fn all_right(ran: &Ran) {
    assert!(ran.verdict("correct_accept") > 100, "{}", ran.output);
    for wrong in
        ["false_accept", "false_reject", "identity_swap", "wrong_code", "error", "misblamed"]
    {
        assert_eq!(ran.verdict(wrong), 0, "{wrong}: {}", ran.output);
    }
}

#[test]
fn a_second_run_takes_its_tokens_from_the_cache() {
    let room = Room::new();
    let cache = room.text("cache");
    let options = ["--token-cache", &cache];
    let first = run(&scenario("short.toml"), &options);
    assert_eq!((first.code, tokens_from(&first)), (0, "minted"), "{}", first.output);
    assert!(first.output.contains("2,000 tokens minted and kept"), "{}", first.output);

    // What `mint` shows is what the run takes.
    let mut mint = substorm();
    mint.arg("mint").arg(scenario("short.toml")).args(["--cache", &cache]);
    let minted = mint.output().unwrap();
    let said = String::from_utf8_lossy(&minted.stderr);
    assert!(said.contains("2,000 tokens taken from the cache"), "{said}");
    let tokens = String::from_utf8(minted.stdout).unwrap();
    assert_eq!(tokens.lines().count(), 2_000);
    let second = room.run(&scenario("short.toml"), &tokens, &options);
    assert_eq!((second.code, tokens_from(&second)), (0, "cache"), "{}", second.output);
    assert!(second.output.contains("2,000 tokens taken from the cache"), "{}", second.output);
    assert_eq!(second.run["population"]["token_bytes"], first.run["population"]["token_bytes"]);
    assert!(second.verdict("correct_accept") > 100, "{}", second.output);
    assert_eq!(second.verdict("false_reject"), 0, "{}", second.output);

    let quiet = run(&scenario("short.toml"), &["--quiet", "--seed", "8", "--token-cache", &cache]);
    assert_eq!((quiet.code, tokens_from(&quiet)), (0, "minted"), "{}", quiet.output);
}

#[test]
fn tokens_of_ones_own_are_sent_as_they_are() {
    let room = Room::new();
    let minted = room.scenario("mint.toml", "[population]\nusers = 500\nsubject = \"email\"");
    let tokens = room.mint(&minted);
    let fault = "[[fault]]\nkind = \"user-delete\"\nat = \"steady+500ms\"\ncount = 20\n\
                 [gateway.cache]\nttl = \"0s\"\nnegative_ttl = \"0s\"\n[sync]\ntrigger = \"event\"";
    let mutation = "[[token.mutation]]\nkind = \"sub-case\"\nshare = \"5%\"";
    let own = room.scenario(
        "own.toml",
        &format!(
            "[token]\nsource = {{ file = \"tokens.txt\" }}\nkey = \"key.pem\"\n{mutation}\n{fault}\n\
             [[route]]\nrequest = \"GET /orders/{{user}}\""
        ),
    );
    let ran = room.run(&own, &tokens, &[]);
    assert_eq!((ran.code, tokens_from(&ran)), (0, "file"), "{}", ran.output);
    assert_eq!(ran.run["population"]["users"], 500);
    assert!(ran.verdict("correct_accept") > 100, "{}", ran.output);
    assert!(ran.verdict("correct_reject") > 10, "{}", ran.output);
    assert_eq!(ran.verdict("false_reject") + ran.verdict("identity_swap"), 0, "{}", ran.output);
    assert!(
        ran.run["mutations"]["sub-case"]["correct_reject"].as_u64() > Some(5),
        "{}",
        ran.output
    );
    assert!(ran.run["revocation_lag"]["users"].as_u64() > Some(10), "{}", ran.output);

    // Another key is found out before anything is sent.
    room.path("key.pem").metadata().unwrap();
    std::fs::remove_file(room.path("key.pem")).unwrap();
    room.mint(&minted);
    std::fs::write(room.path("tokens.txt"), &tokens).unwrap();
    let ran = run(&own, &[]);
    assert_eq!(ran.code, 3, "{}", ran.output);
    assert!(ran.output.contains("does not suit the scenario"), "{}", ran.output);
}

/// A stack that ends with the test.
struct Stack {
    child: Child,
    gateway: String,
}

impl Stack {
    fn start(scenario: &Path) -> Self {
        let mut child =
            substorm().arg("stack").arg(scenario).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let gateway = lines
            .find_map(|line| {
                let line = line.unwrap();
                let address = line.trim().strip_prefix("gateway ")?.trim().to_owned();
                address.starts_with("http://").then_some(address)
            })
            .expect("the stack says where its gateway is");
        // What it prints further must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, gateway }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_gateway_of_ones_own_needs_no_key() {
    let room = Room::new();
    let minted = room.scenario("mint.toml", "[population]\nusers = 300");
    let tokens = room.mint(&minted);
    let key = "[population]\nusers = 300\n[token]\nkey = \"key.pem\"";
    let stack = Stack::start(&room.scenario("stack.toml", key));
    // Comments, blank lines and line ends of another system change nothing.
    let text = format!("# mine\r\n\r\n{}", tokens.replace('\n', "\r\n"));
    std::fs::write(room.path("tokens.txt"), text).unwrap();
    let own = room.scenario("own.toml", "[token]\nsource = { file = \"tokens.txt\" }");
    let ran = room.run(&own, &tokens, &["--target", &stack.gateway]);
    assert_eq!((ran.code, tokens_from(&ran)), (0, "file"), "{}", ran.output);
    all_right(&ran);
    assert_eq!(ran.verdict("correct_reject"), 0, "{}", ran.output);
}

#[test]
fn expired_tokens_are_told_of_and_judged_rightly() {
    let room = Room::new();
    let plan = TokenPlan {
        source: TokenSource::Minted,
        algorithm: Algorithm::ES256,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.substorm.test".to_owned(),
        audience: "substorm".to_owned(),
        lifetime: Duration::from_secs(3_600),
        claims: serde_json::Map::new(),
        mutations: vec![],
    };
    let signer = Arc::new(Signer::from_plan(&plan).unwrap());
    std::fs::write(room.path("key.pem"), signer.private_key().unwrap()).unwrap();
    let claims = Claims::new(&plan, Seed(7));
    let mut tokens = String::new();
    for user in 0..90 {
        // Every third expired an hour ago.
        let issued = unix_now() - if user % 3 == 0 { 7_200 } else { 10 };
        let (mut payload, mut token) = (Vec::new(), Vec::new());
        claims.write(UserIndex(user), 0, &format!("user-{user}"), issued, &mut payload);
        signer.sign(&payload, &mut token).unwrap();
        writeln!(tokens, "{}", String::from_utf8(token).unwrap()).unwrap();
    }
    std::fs::write(room.path("tokens.txt"), &tokens).unwrap();
    let own =
        room.scenario("own.toml", "[token]\nsource = { file = \"tokens.txt\" }\nkey = \"key.pem\"");
    let ran = room.run(&own, &tokens, &["--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.output);
    let warning = "warning: 30 of the 90 tokens of ";
    assert!(ran.output.contains(warning) && ran.output.contains("have expired"), "{}", ran.output);
    all_right(&ran);
    let (accepts, rejects) = (ran.verdict("correct_accept"), ran.verdict("correct_reject"));
    let share = rejects as f64 / (accepts + rejects) as f64;
    assert!((0.2..0.47).contains(&share), "{rejects} of {} were rejected", accepts + rejects);
}
