//! What it takes to mint a population: the tokens, and no second copy of them.
//!
//! The peak is the process's, so this file has one test that runs by itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use substorm::clock::Clock;
use substorm::identity::UserIndex;
use substorm::seed::Seed;
use substorm::token::{Algorithm, KeySource, Minting, Signer, TokenPlan, TokenSource, TokenStore};

const MIB: u64 = 1 << 20;

/// Peak resident memory of this process, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Mints, and gives the bytes of all tokens and the growth of the peak.
fn mint(algorithm: Algorithm, users: u32) -> (u64, u64) {
    let plan = TokenPlan {
        source: TokenSource::Minted,
        algorithm,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.substorm.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(900),
        claims: serde_json::Map::new(),
        mutations: vec![],
    };
    let signer = Arc::new(Signer::from_plan(&plan).unwrap());
    let spell = |user: UserIndex, out: &mut String| {
        write!(out, "3f2504e0-4f89-41d3-9a0c-{:012x}", user.0).unwrap();
    };
    let minting = Minting::new(&plan, Seed(7), signer, Arc::new(spell));
    let before = peak();
    let go_on = |_| ControlFlow::Continue(());
    let store = TokenStore::mint(minting, users, 1_800_000_000, go_on).unwrap();
    let grown = peak() - before;
    let memory = store.memory();
    assert!(memory.beside <= 8 * u64::from(users), "{memory:?}");
    (memory.tokens, grown)
}

#[test]
fn minting_needs_the_tokens_and_little_more() {
    let (tokens, grown) = mint(Algorithm::HS256, 300_000);
    assert!(tokens > 100 * MIB, "{tokens} bytes");
    assert!(
        grown > tokens && grown < tokens + 32 * MIB,
        "{} MiB for {} MiB of tokens",
        grown / MIB,
        tokens / MIB
    );
}

#[test]
#[ignore = "a minute on two cores: cargo test --release --test token_memory -- --ignored --nocapture"]
fn a_million_es256_tokens() {
    let clock = Clock::start();
    let (tokens, grown) = mint(Algorithm::ES256, 1_000_000);
    assert!(grown < tokens + 60 * MIB, "{} MiB for {} MiB", grown / MIB, tokens / MIB);
    let seconds = clock.now().as_secs_f64();
    let rate = 1e6 / seconds;
    // A test may print: the figure is what it is run for.
    let figures = format!(
        "{} MiB of tokens, {} MiB beside them at the peak, {rate:.0} tokens/s",
        tokens / MIB,
        (grown - tokens) / MIB
    );
    std::io::Write::write_all(&mut std::io::stderr(), format!("{figures}\n").as_bytes()).unwrap();
}
