//! A gateway to send to, and scenarios that do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use substorm::clock::Clock;
use substorm::directory::sync::{SyncPlan, Trigger};
use substorm::gateway::Policies;
use substorm::seed::Seed;
use substorm::stack::{Embedded, StackConfig};
use tokio::sync::{Mutex, MutexGuard};

const SECRET: &[u8] = b"an HMAC secret of the tests, 32 bytes or more";

/// Runs measure time on a machine of few cores: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// An embedded stack that is a target, and a folder for scenarios.
pub struct World {
    pub stack: Embedded,
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// What a run left.
pub struct Ran {
    pub code: i32,
    pub run: Value,
    pub output: String,
}

impl Ran {
    /// Answers of a class, warm-up left out.
    pub fn class(&self, name: &str) -> u64 {
        self.run["classes"]["total"][name].as_u64().unwrap_or(0)
    }

    /// Classes and verdicts that occurred, with their counts.
    pub fn judgement(&self) -> Vec<(String, u64)> {
        ["classes", "verdicts"]
            .iter()
            .flat_map(|kind| self.run[kind]["total"].as_object().cloned().unwrap_or_default())
            .filter_map(|(name, count)| Some((name, count.as_u64().filter(|n| *n > 0)?)))
            .collect()
    }

    /// The median service time of accepted requests, in microseconds.
    pub fn service_p50(&self) -> u64 {
        let rows = self.run["latency"].as_array().cloned().unwrap_or_default();
        let row = rows.iter().find(|row| {
            row["phase"] == "*" && row["class"] == "accepted" && row["kind"] == "service"
        });
        row.and_then(|row| row["p50"].as_u64()).unwrap_or_else(|| panic!("{rows:#?}"))
    }
}

impl World {
    pub async fn start() -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        let mut policies = Policies::default();
        policies.cache.ttl = Duration::ZERO;
        let secret = URL_SAFE_NO_PAD.encode(SECRET);
        let jwk = json!({ "kty": "oct", "alg": "HS256", "kid": "k", "k": secret });
        let config = StackConfig {
            policies,
            sync: SyncPlan { trigger: Trigger::Event, lag: Duration::ZERO },
            jwks: json!({ "keys": [jwk] }),
            issuer: "https://idp.substorm.test".to_owned(),
            audience: "orders".to_owned(),
            algorithms: vec!["HS256".to_owned()],
            seed: Seed(7),
        };
        let program = Path::new(env!("CARGO_BIN_EXE_substorm"));
        let stack = Embedded::start(&config, program, Clock::start()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.jwk"), jwk.to_string()).unwrap();
        Self { stack, folder, _turn: turn }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A scenario with this target and load; deletes users between two spells of load, so that no
    /// request races a change.
    pub fn scenario(&self, target: &str, load: &str) -> PathBuf {
        let scim = self.stack.scim().base();
        let text = format!(
            "name = \"engines\"\nseed = 11\n\
             [population]\nusers = 60\n\
             [token]\nalgorithm = \"HS256\"\nissuer = \"https://idp.substorm.test\"\n\
             audience = \"orders\"\nkey = \"key.jwk\"\n\
             [[token.mutation]]\nkind = \"token-bad-signature\"\nshare = \"5%\"\n\
             [[token.mutation]]\nkind = \"sub-whitespace\"\nshare = \"5%\"\n\
             [[route]]\nrequest = \"GET /orders/{{user}}?n={{seq}}\"\n\
             [[route]]\nrequest = \"POST /orders\"\nbody = '{{\"for\": \"{{user.email}}\"}}'\n\
             headers = {{ Content-Type = \"application/json\" }}\n\
             [load]\nworkers = 1\nsend_lag_limit = \"2s\"\n{load}\n\
             [probe]\nquiet = \"100%\"\nuntil = \"1500ms\"\nprime = \"0s\"\n\
             [[phase]]\nname = \"before\"\nfor = \"1s\"\narrival = {{ poisson = \"250/s\" }}\n\
             [[phase]]\nname = \"gap\"\nfor = \"1200ms\"\narrival = {{ constant = \"1/h\" }}\n\
             [[phase]]\nname = \"after\"\nfor = \"1s\"\narrival = {{ poisson = \"250/s\" }}\n\
             [[fault]]\nkind = \"user-delete\"\nat = \"gap+400ms\"\ncount = 15\nover = \"200ms\"\n\
             [target]\nscim = \"{scim}\"\n{target}\n"
        );
        let path = self.folder().join("engines.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs a scenario with this target and load.
    pub async fn run(&self, target: &str, load: &str) -> Ran {
        self.run_with(&self.scenario(target, load), &[]).await
    }

    pub async fn run_with(&self, scenario: &Path, arguments: &[&str]) -> Ran {
        let out = tempfile::tempdir_in(self.folder()).unwrap();
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_substorm"))
            .arg("run")
            .arg(scenario)
            .arg("--out")
            .arg(out.path())
            .args(arguments)
            .output()
            .await
            .unwrap();
        let mut folders = std::fs::read_dir(out.path()).unwrap().filter_map(Result::ok);
        let run = folders.find_map(|folder| std::fs::read(folder.path().join("run.json")).ok());
        let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Ran {
            code: output.status.code().unwrap_or(-1),
            run: run.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default(),
            output: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    pub async fn stop(self) {
        self.stack.stop().await.unwrap();
    }
}
