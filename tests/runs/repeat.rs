//! The same seed gives the same plan, population and claims; another seed gives others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{scenario, substorm};

/// The lines of `substorm mint`, parsed, without what the wall clock decides.
fn minted(seed: u64) -> Vec<Value> {
    let room = tempfile::tempdir().unwrap();
    let output = substorm()
        .arg("mint")
        .arg("--key-out")
        .arg(room.path().join("key.pem"))
        .args(["--format", "jsonl", "--seed", &seed.to_string()])
        .arg(scenario("short.toml"))
        .output()
        .expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    text.lines().map(|line| claims(&serde_json::from_str(line).expect("a line is JSON"))).collect()
}

fn claims(line: &Value) -> Value {
    use base64::Engine as _;
    let token = line["token"].as_str().expect("a line has its token");
    let payload = token.split('.').nth(1).expect("a token has a payload");
    let bytes =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&bytes).expect("claims are JSON");
    for time in ["iat", "nbf", "exp"] {
        claims.as_object_mut().expect("claims are an object").remove(time);
    }
    claims
}

fn digest(seed: u64) -> String {
    let plan = substorm::scenario::load(
        &scenario("short.toml"),
        &substorm::scenario::Overrides { seed: Some(seed), ..Default::default() },
    );
    plan.expect("the scenario is sound").digest
}

#[test]
fn a_seed_fixes_plan_population_and_claims() {
    let (first, again, other) = (minted(7), minted(7), minted(8));
    assert_eq!(first, again);
    assert_eq!(first.len(), 2_000);
    let subjects = |claims: &[Value]| -> BTreeSet<String> {
        claims.iter().map(|c| c["sub"].as_str().expect("a token has a sub").to_owned()).collect()
    };
    assert_eq!(subjects(&first).len(), first.len(), "every user has a subject of its own");
    assert!(subjects(&first).is_disjoint(&subjects(&other)));
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}
