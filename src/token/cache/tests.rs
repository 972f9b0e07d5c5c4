//! Reuse, replacement, refusal; two at a time; what is left behind.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::super::algorithm::Algorithm;
use super::super::store::{SHARD, Subjects};
use super::*;
use crate::identity::UserIndex;
use crate::seed::Seed;
use crate::token::TokenSource;

const NOW: u64 = 1_800_000_000;
const USERS: u32 = SHARD + 5;

fn plan() -> TokenPlan {
    TokenPlan {
        source: TokenSource::Minted,
        algorithm: Algorithm::HS256,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(100),
        claims: serde_json::Map::new(),
        mutations: vec![],
    }
}

fn minting(plan: &TokenPlan, seed: u64, prefix: &str, signer: Signer) -> Minting {
    let prefix = prefix.to_owned();
    let subjects: Subjects = Arc::new(move |user, out| write!(out, "{prefix}{}", user.0).unwrap());
    Minting::new(plan, Seed(seed), Arc::new(signer), subjects)
}

fn go_on(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A folder for a cache, which is not there yet.
struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("deep/cache")
    }

    fn cache(&self) -> TokenCache {
        TokenCache::open(&self.path()).unwrap()
    }

    fn minting(&self, plan: &TokenPlan, seed: u64, prefix: &str) -> Minting {
        minting(plan, seed, prefix, self.cache().signer(plan).unwrap())
    }

    fn store(&self, now: u64) -> Result<(TokenStore, Origin), CacheError> {
        let cache = TokenCache::open(&self.path())?;
        cache.store(minting(&plan(), 7, "user-", cache.signer(&plan())?), USERS, now, go_on)
    }

    fn origin(&self, now: u64) -> Origin {
        self.store(now).unwrap().1
    }

    fn replaced_because(&self, now: u64) -> String {
        match self.origin(now) {
            Origin::Replaced { because } => because,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&self, now: u64) -> String {
        let error = self.store(now).unwrap_err();
        assert!(matches!(error, CacheError::Refused { .. }), "{error:?}");
        error.to_string()
    }

    /// Puts another file in the place of one. It is another inode: one that is mapped must never
    /// be written to.
    fn put(&self, path: &Path, bytes: &[u8]) {
        let fresh = self.path().join("fresh");
        fs::write(&fresh, bytes).unwrap();
        fs::set_permissions(&fresh, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&fresh, path).unwrap();
    }

    /// The files whose names end so.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
    }

    /// The one file of tokens.
    fn file(&self) -> PathBuf {
        let mut files = self.files(TOKENS);
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

fn tokens(store: &TokenStore) -> Vec<Vec<u8>> {
    (0..store.len()).map(|user| store.with_token(UserIndex(user), <[u8]>::to_vec)).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_run_has_the_very_tokens_of_the_first() {
    let room = Room::new();
    let (first, origin) = room.store(NOW).unwrap();
    assert_eq!(origin, Origin::Minted);
    let (second, origin) = room.store(NOW + 50).unwrap();
    assert_eq!(origin, Origin::Kept { age: 50 });
    assert!(tokens(&first) == tokens(&second), "the second run has other tokens");
    let distinct: std::collections::HashSet<_> = tokens(&first).into_iter().collect();
    assert_eq!(distinct.len(), USERS as usize);

    let memory = second.memory();
    assert_eq!(memory.tokens, 0, "{memory:?}");
    assert_eq!(memory.mapped, distinct.iter().map(|token| token.len() as u64).sum::<u64>());
    assert_eq!(mode(&room.path()), 0o700);
    for file in fs::read_dir(room.path()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    assert!(room.files(".part").is_empty());
}

#[test]
fn tokens_of_a_cache_are_those_that_would_be_minted_without_one() {
    let room = Room::new();
    let minting = room.minting(&plan(), 7, "user-");
    let plain = TokenStore::mint(minting, USERS, NOW, go_on).unwrap();
    assert!(tokens(&plain) == tokens(&room.store(NOW).unwrap().0));
}

#[test]
fn whatever_changes_the_tokens_is_told_apart() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let key = room.folder.path().join("key");
    fs::write(&key, "another secret").unwrap();
    let mut claims = serde_json::Map::new();
    claims.insert("scope".to_owned(), "read".into());
    let others = [
        TokenPlan { issuer: "https://idp.test/".to_owned(), ..plan() },
        TokenPlan { audience: "order".to_owned(), ..plan() },
        TokenPlan { lifetime: Duration::from_secs(101), ..plan() },
        TokenPlan { claims, ..plan() },
        TokenPlan { key_id: Some("k".to_owned()), ..plan() },
        TokenPlan { key: KeySource::File(key), ..plan() },
        TokenPlan { algorithm: Algorithm::HS384, ..plan() },
    ];
    let store = |minting, users| room.cache().store(minting, users, NOW, go_on).unwrap().1;
    for other in &others {
        let origin = store(room.minting(other, 7, "user-"), USERS);
        assert_eq!(origin, Origin::Minted, "{other:?}");
    }
    assert_eq!(store(room.minting(&plan(), 8, "user-"), USERS), Origin::Minted);
    assert_eq!(store(room.minting(&plan(), 7, "usr-"), USERS), Origin::Minted);
    assert_eq!(store(room.minting(&plan(), 7, "user-"), USERS - 1), Origin::Minted);
    assert_eq!(store(room.minting(&plan(), 7, "user-"), USERS), Origin::Kept { age: 0 });
    assert_eq!(room.files(TOKENS).len(), 11);
}

#[test]
fn tokens_past_half_of_their_life_are_minted_anew() {
    let room = Room::new();
    room.store(NOW).unwrap();
    assert_eq!(room.origin(NOW + 50), Origin::Kept { age: 50 });
    let because = room.replaced_because(NOW + 51);
    assert!(because.contains("less than half of their 100 s left"), "{because}");
    assert_eq!(room.origin(NOW + 51), Origin::Kept { age: 0 });
    let because = room.replaced_because(NOW + 50);
    assert!(because.contains("the clock went back"), "{because}");
}

#[test]
fn a_damaged_file_is_replaced() {
    let room = Room::new();
    let (first, _) = room.store(NOW).unwrap();
    let whole = fs::read(room.file()).unwrap();
    let middle = whole.len() / 2;
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        Vec::new(),
        whole[..10].to_vec(),
        whole[..middle].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        flipped(3),
        flipped(100),
        flipped(middle),
        flipped(whole.len() - 1),
    ];
    for (number, bytes) in cases.iter().enumerate() {
        room.put(&room.file(), bytes);
        let (store, origin) = room.store(NOW).unwrap();
        let Origin::Replaced { because } = origin else { panic!("case {number}: {origin:?}") };
        assert!(because.contains("is damaged"), "case {number}: {because}");
        assert!(tokens(&store) == tokens(&first), "case {number}");
        assert_eq!(room.origin(NOW), Origin::Kept { age: 0 }, "case {number}");
    }
}

#[test]
fn a_file_under_another_ones_name_is_replaced() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let mine = room.file();
    room.cache().store(room.minting(&plan(), 8, "user-"), USERS, NOW, go_on).unwrap();
    let other = room.files(TOKENS).into_iter().find(|path| *path != mine).unwrap();
    room.put(&mine, &fs::read(&other).unwrap());
    let because = room.replaced_because(NOW);
    assert!(because.contains("other tokens than its name says"), "{because}");
}

#[test]
fn what_others_can_reach_is_refused_and_left_alone() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let (file, key) = (room.file(), room.files(".key").remove(0));
    for (path, bad, good) in [
        (&file, 0o640, 0o600),
        (&file, 0o602, 0o600),
        (&key, 0o604, 0o600),
        (&room.path(), 0o750, 0o700),
    ] {
        fs::set_permissions(path, Permissions::from_mode(bad)).unwrap();
        let error = room.refused(NOW);
        let advice = format!("chmod {good:o} {}", path.display());
        assert!(error.contains(&format!("mode {bad:04o}")) && error.contains(&advice), "{error}");
        assert_eq!(mode(path), bad);
        fs::set_permissions(path, Permissions::from_mode(good)).unwrap();
    }
    assert_eq!(room.origin(NOW), Origin::Kept { age: 0 });
}

#[test]
fn an_empty_folder_is_closed_to_others() {
    let room = Room::new();
    fs::create_dir_all(room.path()).unwrap();
    fs::set_permissions(room.path(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(room.origin(NOW), Origin::Minted);
    assert_eq!(mode(&room.path()), 0o700);
}

#[test]
fn links_and_what_is_no_file_are_refused() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let (file, elsewhere) = (room.file(), room.folder.path().join("elsewhere"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert!(room.refused(NOW).contains("symbolic link"));
    fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &file,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(room.refused(NOW).contains("no regular file"));
    fs::remove_file(&file).unwrap();

    // The same where the file is to be made.
    let part = PathBuf::from(format!("{}.part", file.display()));
    symlink(&elsewhere, &part).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    assert!(room.refused(NOW).contains("symbolic link"));
    assert!(fs::read(&elsewhere).unwrap() == before, "what the link leads to was written to");
}

#[test]
fn many_at_once_mint_once() {
    let room = Room::new();
    let minted = AtomicU32::new(0);
    let stores: Vec<_> = std::thread::scope(|scope| {
        let one = || {
            let (store, origin) = room.store(NOW).unwrap();
            assert!(!matches!(origin, Origin::Replaced { .. }), "{origin:?}");
            minted.fetch_add(u32::from(origin == Origin::Minted), Ordering::Relaxed);
            tokens(&store)
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(minted.into_inner(), 1);
    assert!(stores.iter().all(|tokens| *tokens == stores[0]), "keys or tokens differ");
    assert_eq!((room.files(".key").len(), room.files(".part").len()), (1, 0));
}

#[test]
fn waiting_for_somebody_elses_minting_can_be_stopped() {
    let room = Room::new();
    let minting = room.minting(&plan(), 7, "user-");
    let name = format!("{}{TOKENS}", identity::hex(&identity::of(&minting, USERS)));
    let cache = room.cache();
    let held = cache.folder.part(&name, || false).unwrap().unwrap();
    let mut asked = 0;
    let stopped = room.cache().store(minting, USERS, NOW, |_| {
        asked += 1;
        if asked < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(matches!(stopped, Err(CacheError::Mint(MintError::Stopped { .. }))), "{stopped:?}");
    assert_eq!(asked, 3);
    drop(held);
    assert!(room.files(".part").is_empty());
    assert_eq!(room.origin(NOW), Origin::Minted);
}

#[test]
fn a_stopped_minting_leaves_nothing() {
    let room = Room::new();
    let minting = room.minting(&plan(), 7, "user-");
    let stop = |_| ControlFlow::Break(());
    let stopped = room.cache().store(minting, 200 * SHARD, NOW, stop);
    assert!(matches!(stopped, Err(CacheError::Mint(MintError::Stopped { .. }))), "{stopped:?}");
    assert!(room.files(".part").is_empty() && room.files(TOKENS).is_empty());
}

#[test]
fn what_a_killed_run_left_is_taken_over_or_removed() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let file = room.file();
    let left = |name: &str| {
        let path = room.path().join(name);
        room.put(&path, b"half");
        path
    };
    let own = left(&format!("{}.part", file.file_name().unwrap().to_str().unwrap()));
    let other = left("other.tokens.part");
    fs::remove_file(&file).unwrap();
    assert_eq!(room.origin(NOW), Origin::Minted);
    assert!(!own.exists() && !other.exists());
    assert_eq!(room.origin(NOW), Origin::Kept { age: 0 });
}

#[test]
fn expired_tokens_are_cleared_away_and_others_stay() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let first = room.file();
    let other = room.minting(&plan(), 8, "user-");
    room.cache().store(other.clone(), USERS, NOW + 99, go_on).unwrap();
    assert!(first.exists());
    let third = room.minting(&plan(), 9, "user-");
    room.cache().store(third, USERS, NOW + 100, go_on).unwrap();
    assert!(!first.exists(), "tokens that have expired are still kept");
    let (_, origin) = room.cache().store(other, USERS, NOW + 100, go_on).unwrap();
    assert_eq!(origin, Origin::Kept { age: 1 });
}

#[test]
fn the_key_stays_the_same_and_a_named_one_goes_first() {
    let room = Room::new();
    let plan = TokenPlan { algorithm: Algorithm::ES256, ..plan() };
    assert!(room.cache().kept_signer(&plan).unwrap().is_none());
    let first = room.cache().signer(&plan).unwrap();
    assert_eq!(room.cache().signer(&plan).unwrap().jwks(), first.jwks());
    assert_eq!(room.cache().kept_signer(&plan).unwrap().unwrap().jwks(), first.jwks());
    let path = room.folder.path().join("own.pem");
    fs::write(&path, Signer::from_plan(&plan).unwrap().private_key().unwrap()).unwrap();
    let named = TokenPlan { key: KeySource::File(path), ..plan.clone() };
    assert_ne!(room.cache().signer(&named).unwrap().jwks(), first.jwks());
    fs::write(room.path().join("ES256.key"), "no key").unwrap();
    let error = room.cache().signer(&plan).unwrap_err().to_string();
    assert!(error.contains("ES256.key") && error.contains("P-256"), "{error}");
}

#[test]
fn mapped_tokens_are_renewed_into_memory() {
    let room = Room::new();
    room.store(NOW).unwrap();
    let (store, _) = room.store(NOW + 50).unwrap();
    let kept = tokens(&store);
    assert_eq!(store.next_renewal(), Some(NOW + 50));
    let renewal = store.renew_due(NOW + 50).unwrap().unwrap();
    assert_eq!((renewal.tokens, renewal.late), (SHARD, false));
    let (renewed, memory) = (tokens(&store), store.memory());
    assert!(renewed[..SHARD as usize].iter().zip(&kept).all(|(new, old)| new != old));
    assert!(renewed[SHARD as usize..] == kept[SHARD as usize..]);
    assert!(memory.tokens > 0 && memory.mapped > 0, "{memory:?}");
    // The file is as it was.
    assert!(tokens(&room.store(NOW + 50).unwrap().0) == kept);
}
