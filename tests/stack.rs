//! The embedded stack as a run sees it: a real child process, links in this one, requests with
//! tokens. What a gateway makes of bad tokens is its own tests' matter; here it is the way from a
//! change in the primary directory to an answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use substorm::clock::{Clock, unix_now};
use substorm::directory::sync::{Disturbance, SyncPlan, Trigger};
use substorm::gateway::Policies;
use substorm::proxy::Mode;
use substorm::seed::Seed;
use substorm::stack::{Embedded, StackConfig, StackError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

const SECRET: &[u8] = b"an HMAC secret of the tests, 32 bytes or more";
const ISSUER: &str = "https://idp.substorm.test";
/// No single wait takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway that asks the directory each time, so that the sync alone decides what it says.
fn config() -> StackConfig {
    let mut policies = Policies::default();
    policies.cache.ttl = Duration::ZERO;
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    StackConfig {
        policies,
        sync: SyncPlan { trigger: Trigger::Event, lag: Duration::ZERO },
        jwks: json!({ "keys": [{ "kty": "oct", "alg": "HS256", "kid": "k", "k": secret }] }),
        issuer: ISSUER.to_owned(),
        audience: "orders".to_owned(),
        algorithms: vec!["HS256".to_owned()],
        seed: Seed(7),
    }
}

fn token(subject: &str) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some("k".to_owned());
    let now = unix_now();
    let claims = json!({
        "iss": ISSUER, "aud": "orders", "sub": subject, "iat": now, "exp": now + 600,
        "jti": format!("jti of {subject}"),
    });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

struct Run {
    stack: Embedded,
    http: reqwest::Client,
    clock: Clock,
}

impl Run {
    /// A stack with a thousand users: `user 0` to `user 999`.
    async fn start(config: StackConfig) -> Self {
        let clock = Clock::start();
        let program = Path::new(env!("CARGO_BIN_EXE_substorm"));
        let stack = timeout(PATIENCE, Embedded::start(&config, program, clock)).await;
        let stack = stack.unwrap().unwrap();
        let users = (0..1_000).map(|i| format!("user {i}"));
        assert_eq!(timeout(PATIENCE, stack.seed(users)).await.unwrap().unwrap(), 1_000);
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { stack, http, clock }
    }

    /// Status and body of a request for this user.
    async fn ask(&self, subject: &str) -> (u16, Value) {
        let url = format!("http://{}/orders", self.stack.gateway());
        let answer = self.http.get(url).bearer_auth(token(subject)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// How long until the gateway answers so for this user.
    async fn until(&self, subject: &str, status: u16) -> Duration {
        let start = self.clock.now();
        loop {
            let (found, body) = self.ask(subject).await;
            let waited = self.clock.now() - start;
            if found == status {
                return waited;
            }
            assert!(waited < PATIENCE, "{subject}: {found} {body}, never {status}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn stop(self) {
        timeout(PATIENCE, self.stack.stop()).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_comes_in_until_deleted_and_disabled_users_are_told_apart() {
    let run = Run::start(config()).await;
    let (status, body) = run.ask("user 7").await;
    assert_eq!((status, &body["user"]), (200, &json!("user 7")));
    assert_eq!(run.ask("user 1000").await.0, 401);
    assert_eq!(run.ask("USER 7").await.1["code"], "user_not_found");
    let lookups = run.stack.links().store.counts().requests;
    assert!(lookups >= 3, "{lookups} lookups went over the link");

    let scim = run.stack.scim();
    scim.delete("user 7").await.unwrap();
    run.until("user 7", 401).await;
    scim.set_active("user 8", false).await.unwrap();
    run.until("user 8", 403).await;
    scim.set_active("user 8", true).await.unwrap();
    run.until("user 8", 200).await;
    scim.create("user 7").await.unwrap();
    run.until("user 7", 200).await;
    assert_eq!(run.stack.sync_status().await.unwrap().counts.carried, 4);

    let usage = run.stack.usage().unwrap();
    assert!(usage.resident > 1 << 20 && usage.peak >= usage.resident, "{usage:?}");
    run.stack.check().unwrap();
    run.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lag_and_pause_show_at_the_gateway_and_end_by_themselves() {
    let mut slow = config();
    slow.sync.trigger = Trigger::Interval(Duration::from_millis(20));
    let run = Run::start(slow).await;
    let (stack, scim) = (&run.stack, run.stack.scim());

    let lag = Disturbance { lag_ms: 600, ..Disturbance::default() };
    stack.disturb_sync(&lag, Duration::from_secs(60)).await.unwrap();
    let asked = run.clock.now();
    scim.create("late").await.unwrap();
    let acknowledged = run.clock.now();
    run.until("late", 200).await;
    let seen = run.clock.now();
    // It is there 600 to 620 ms after the commit, which lies between `asked` and `acknowledged`.
    assert!(seen - asked >= Duration::from_millis(600), "too early: {:?}", seen - asked);
    let latest = Duration::from_millis(620 + 400);
    assert!(seen - acknowledged <= latest, "too late: {:?}", seen - acknowledged);
    assert_eq!(stack.sync_status().await.unwrap().counts.delayed, 1);

    let pause = Disturbance { pause: true, ..Disturbance::default() };
    stack.disturb_sync(&pause, Duration::from_millis(700)).await.unwrap();
    let paused = run.clock.now();
    scim.delete("user 1").await.unwrap();
    assert_eq!(run.ask("user 1").await.0, 200, "the replica still has it");
    run.until("user 1", 401).await;
    let held = run.clock.now() - paused;
    assert!((650..1_500).contains(&held.as_millis()), "the lease is 700 ms: {held:?}");
    let status = stack.sync_status().await.unwrap();
    assert_eq!((status.counts.held, status.disturbance), (1, None));

    let lost = Disturbance { drop: 1.0, ..Disturbance::default() };
    stack.disturb_sync(&lost, Duration::from_secs(60)).await.unwrap();
    scim.delete("user 2").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let healed = stack.heal_sync().await.unwrap();
    assert_eq!((healed.counts.dropped, healed.pending), (1, 0));
    scim.delete("user 3").await.unwrap();
    run.until("user 3", 401).await;
    assert_eq!(run.ask("user 2").await.0, 200, "nobody told the replica");
    run.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announced_changes_empty_the_cache_unless_the_link_swallows_them() {
    let mut caching = config();
    caching.policies.cache.ttl = Duration::from_secs(3_600);
    caching.policies.cache.invalidation = true;
    let run = Run::start(caching).await;
    let (links, scim) = (run.stack.links(), run.stack.scim());
    // The stream has to be open, or the announcement has nobody to hear it.
    let start = run.clock.now();
    while links.cache.counts().requests == 0 {
        assert!(run.clock.now() - start < PATIENCE, "the gateway never asked for changes");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;

    assert_eq!(run.ask("user 1").await.0, 200);
    scim.delete("user 1").await.unwrap();
    let waited = run.until("user 1", 401).await;
    assert!(waited < Duration::from_secs(2), "{waited:?}");

    assert_eq!(run.ask("user 2").await.0, 200);
    links.cache.set(Mode::BlackHole, None);
    scim.delete("user 2").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(run.ask("user 2").await.0, 200, "the announcement is lost");
    assert!(links.cache.counts().hits > 0);
    assert!(run.stack.flush_cache().await.unwrap() > 0);
    run.until("user 2", 401).await;
    run.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_refuses_is_an_outage_and_no_fault_of_the_user() {
    let run = Run::start(config()).await;
    assert_eq!(run.ask("user 1").await.0, 200);
    run.stack.links().store.set(Mode::Refuse, None);
    assert_eq!(run.ask("user 1").await.0, 503);
    run.stack.links().store.clear();
    run.until("user 1", 200).await;
    run.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_is_killed_is_missed() {
    let run = Run::start(config()).await;
    let pid = i32::try_from(run.stack.pid()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let death = timeout(PATIENCE, run.stack.died()).await.unwrap();
    assert!(matches!(death, StackError::Died { .. }), "{death}");
    assert!(run.stack.check().is_err());
    let left = std::env::temp_dir().join(format!("substorm-stack-{}", run.stack.pid()));
    assert!(timeout(PATIENCE, run.stack.stop()).await.unwrap().is_err());

    // A killed process removes nothing, the next one does.
    let next = Run::start(config()).await;
    assert!(!left.exists());
    let its_own = std::env::temp_dir().join(format!("substorm-stack-{}", next.stack.pid()));
    assert!(its_own.exists());
    next.stop().await;
    assert!(!its_own.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_make_no_sense_end_the_start_with_the_childs_words() {
    let mut wrong = config();
    wrong.algorithms = vec!["ROT13".to_owned()];
    let program = Path::new(env!("CARGO_BIN_EXE_substorm"));
    let started = Embedded::start(&wrong, program, Clock::start());
    let text = match timeout(PATIENCE, started).await.unwrap() {
        Err(error) => error.to_string(),
        // The gateway may fail just after it was announced.
        Ok(stack) => timeout(PATIENCE, stack.died()).await.unwrap().to_string(),
    };
    assert!(text.contains("gateway") && text.contains("ROT13"), "{text}");
}

const SCENARIO: &str = r#"
name = "alone"
seed = 7

[population]
users = 50

[[phase]]
name = "steady"
for = "1s"
arrival = { poisson = "10/s" }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stack_alone_serves_other_tools_until_ctrl_c() {
    let dir = tempfile::tempdir().unwrap();
    let (file, tokens) = (dir.path().join("alone.toml"), dir.path().join("tokens"));
    std::fs::write(&file, SCENARIO).unwrap();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_substorm"))
        .arg("stack")
        .arg(&file)
        .arg("--tokens")
        .arg(&tokens)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut gateway = None;
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        if let Some(url) = line.trim().strip_prefix("gateway   ") {
            gateway = Some(url.trim().to_owned());
        }
        if line.starts_with("Tokens") {
            break;
        }
    }
    let tokens = std::fs::read_to_string(tokens).unwrap();
    assert_eq!(tokens.lines().count(), 50);
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    for token in tokens.lines().take(5) {
        let request = http.get(gateway.as_ref().unwrap()).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
}
