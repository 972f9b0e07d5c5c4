//! What tokens take in memory: minted, kept in a cache, and brought in a file.
//!
//! Memory is the process's, so this file has one test that runs by itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use substorm::clock::Clock;
use substorm::identity::UserIndex;
use substorm::seed::Seed;
use substorm::token::{
    Algorithm, BroughtTokens, KeySource, Minting, Origin, Signer, Span, TokenCache, TokenPlan,
    TokenSource, TokenStore,
};

const MIB: u64 = 1 << 20;
const ISSUED: u64 = 1_800_000_000;

/// A figure of this process, in bytes: `VmHWM` is the peak of resident memory, `RssAnon` what of
/// it is not the content of files, and so cannot be taken away.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Lets the peak begin anew (proc(5), `clear_refs`).
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn minting(algorithm: Algorithm) -> Minting {
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
    Minting::new(&plan, Seed(7), signer, Arc::new(spell))
}

/// Mints into memory, and gives the bytes of all tokens and the growth of the peak.
fn mint(algorithm: Algorithm, users: u32) -> (u64, u64) {
    let minting = minting(algorithm);
    forget_peak();
    let before = memory("VmHWM");
    let go_on = |_| ControlFlow::Continue(());
    let store = TokenStore::mint(minting, users, ISSUED, go_on).unwrap();
    let grown = memory("VmHWM") - before;
    let memory = store.memory();
    assert!(memory.beside <= 8 * u64::from(users), "{memory:?}");
    (memory.tokens, grown)
}

/// Mints into a cache or takes from it, reads every token, and gives the bytes of all tokens and
/// by how much memory that cannot be taken away grew at most.
fn keep(minting: &Minting, users: u32, cache: &Path) -> (u64, u64, Origin) {
    let cache = TokenCache::open(cache).unwrap();
    let before = memory("RssAnon");
    let mut most = before;
    let look = |_| {
        most = most.max(memory("RssAnon"));
        ControlFlow::Continue(())
    };
    let (store, origin) = cache.store(minting.clone(), users, ISSUED, look).unwrap();
    let bytes: u64 =
        (0..users).map(|user| store.with_token(UserIndex(user), |token| token.len() as u64)).sum();
    most = most.max(memory("RssAnon"));
    let memory = store.memory();
    assert_eq!((memory.tokens, memory.mapped), (0, bytes));
    (bytes, most - before, origin)
}

/// Writes a file of tokens, and gives its size.
fn write(path: &Path, users: u32) -> u64 {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let write = |_, token: &[u8]| {
        file.write_all(token).and_then(|()| file.write_all(b"\n")).unwrap();
        ControlFlow::Continue(())
    };
    let go_on = |_| ControlFlow::Continue(());
    minting(Algorithm::HS256).each(users, ISSUED, go_on, write).unwrap();
    file.flush().unwrap();
    path.metadata().unwrap().len()
}

/// Reads a file of tokens, and gives by how much the peak grew.
fn bring(path: &Path, users: u32) -> u64 {
    forget_peak();
    let before = memory("VmHWM");
    let tokens = BroughtTokens::read(path, None, Span { now: ISSUED, end: ISSUED }).unwrap();
    let grown = memory("VmHWM") - before;
    assert_eq!(tokens.len(), users);
    grown
}

#[test]
fn tokens_take_what_they_must_and_little_more() {
    let users = 300_000;
    let folder = tempfile::tempdir().unwrap();

    let file = folder.path().join("tokens.txt");
    let size = write(&file, users);
    let grown = bring(&file, users);
    let beside = 16 * u64::from(users) + 8 * MIB;
    assert!(size > 100 * MIB && grown > size * 9 / 10, "{grown} bytes for a file of {size}");
    assert!(grown < size + beside, "{} MiB for a file of {} MiB", grown / MIB, size / MIB);

    let (minting, cache) = (minting(Algorithm::HS256), folder.path().join("cache"));
    for _ in 0..2 {
        let (tokens, grown, origin) = keep(&minting, users, &cache);
        assert!(tokens > 100 * MIB, "{tokens} bytes");
        assert!(grown < 16 * MIB, "{} MiB beside a file, {origin}", grown / MIB);
    }

    let (tokens, grown) = mint(Algorithm::HS256, users);
    assert!(tokens > 100 * MIB, "{tokens} bytes");
    assert!(
        grown > tokens * 9 / 10 && grown < tokens + 32 * MIB,
        "{} MiB for {} MiB of tokens",
        grown / MIB,
        tokens / MIB
    );
}

/// Says how long something took, and what it came to.
fn report(what: &str, since: Clock, tokens: u64, memory: u64) {
    let seconds = since.now().as_secs_f64();
    let (tokens, memory) = (tokens / MIB, memory / MIB);
    let line = format!("{what}: {seconds:.1} s, {tokens} MiB of tokens, {memory} MiB of memory\n");
    // A test may print: the figures are what it is run for.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[test]
#[ignore = "minutes and 10 GB of disk: cargo test --release --test token_memory -- --ignored"]
fn ten_million_users_and_a_million_tokens() {
    let clock = Clock::start();
    let (tokens, grown) = mint(Algorithm::ES256, 1_000_000);
    report("1,000,000 ES256 tokens in memory", clock, tokens, grown);
    assert!(grown < tokens + 60 * MIB);

    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (algorithm, users) in [(Algorithm::ES256, 1_000_000), (Algorithm::HS256, 10_000_000)] {
        let (minting, cache) = (minting(algorithm), folder.path().join(algorithm.name()));
        for way in ["minted into a cache", "taken from it"] {
            let clock = Clock::start();
            let (tokens, grown, _) = keep(&minting, users, &cache);
            report(&format!("{users} {algorithm} tokens {way}"), clock, tokens, grown);
            assert!(grown < 64 * MIB);
        }
    }

    let file = folder.path().join("tokens.txt");
    let size = write(&file, 10_000_000);
    let clock = Clock::start();
    let grown = bring(&file, 10_000_000);
    report("10,000,000 tokens of a file", clock, size, grown);
    assert!(grown < size + 16 * 10_000_000 + 8 * MIB);
}
