//! Minting, reading and renewing.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::*;
use crate::seed::Seed;
use crate::token::{Algorithm, KeySource, Signer, TokenPlan, TokenSource};

const NOW: u64 = 1_800_000_000;

fn plan(algorithm: Algorithm) -> TokenPlan {
    TokenPlan {
        source: TokenSource::Minted,
        algorithm,
        key: KeySource::Generated,
        key_id: Some("k".to_owned()),
        issuer: "https://idp.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(100),
        claims: serde_json::Map::new(),
        mutations: vec![],
    }
}

fn minting(algorithm: Algorithm, signer: &Arc<Signer>, seed: u64) -> Minting {
    let subjects: Subjects = Arc::new(|user, out| write!(out, "user-{}", user.0).unwrap());
    Minting::new(&plan(algorithm), Seed(seed), signer.clone(), subjects)
}

fn signer(algorithm: Algorithm) -> Arc<Signer> {
    Arc::new(Signer::from_plan(&plan(algorithm)).unwrap())
}

fn go_on(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn store(users: u32) -> TokenStore {
    let minting = minting(Algorithm::HS256, &signer(Algorithm::HS256), 7);
    TokenStore::mint(minting, users, NOW, go_on).unwrap()
}

fn claims(token: &[u8]) -> Value {
    let payload = token.split(|byte| *byte == b'.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn tokens(store: &TokenStore) -> Vec<Vec<u8>> {
    (0..store.len()).map(|user| store.with_token(UserIndex(user), <[u8]>::to_vec)).collect()
}

#[test]
fn each_user_has_a_token_of_its_own_at_every_size() {
    for users in [1, SHARD - 1, SHARD, SHARD + 1, 3 * SHARD + 5] {
        let store = store(users);
        assert_eq!(store.len(), users);
        for (user, token) in tokens(&store).iter().enumerate() {
            let claims = claims(token);
            assert_eq!(claims["sub"], format!("user-{user}"));
            assert_eq!(claims["jti"], store.token_id(UserIndex(user as u32)).unwrap());
        }
    }
    assert!(store(0).is_empty());
}

#[test]
fn the_seed_decides_the_claims() {
    let signer = signer(Algorithm::HS256);
    let mint = |seed| {
        TokenStore::mint(minting(Algorithm::HS256, &signer, seed), 3_000, NOW, go_on).unwrap()
    };
    let first = tokens(&mint(7));
    assert!(first == tokens(&mint(7)), "the same seed and key gave other tokens");
    let other = tokens(&mint(8));
    assert!(first.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn at_most_eight_bytes_a_token_beside_its_bytes() {
    let store = store(20 * SHARD);
    let memory = store.memory();
    let bytes: usize = tokens(&store).iter().map(Vec::len).sum();
    assert_eq!(memory.tokens, bytes as u64, "buffers are not of the exact size");
    let each = memory.beside as f64 / f64::from(store.len());
    assert!((4.0..5.0).contains(&each), "{each} bytes beside each token");
}

#[test]
fn tokens_come_in_order_and_progress_goes_up() {
    let minting = minting(Algorithm::HS256, &signer(Algorithm::HS256), 7);
    let (mut seen, mut last) = (0, 0);
    let progress = |count| {
        assert!(count >= last && count <= 5_000, "{count} after {last}");
        last = count;
        ControlFlow::Continue(())
    };
    let result = minting.each(5_000, NOW, progress, |user, token| {
        assert_eq!(user, UserIndex(seen));
        assert_eq!(claims(token)["sub"], format!("user-{seen}"));
        seen += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((result, seen, last), (Ok(()), 5_000, 5_000));
}

#[test]
fn minting_stops_when_told() {
    let minting = minting(Algorithm::HS256, &signer(Algorithm::HS256), 7);
    let stopped = TokenStore::mint(minting.clone(), 100 * SHARD, NOW, |count| {
        if count >= 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let Err(MintError::Stopped { minted, users }) = stopped else { panic!("{stopped:?}") };
    assert!(minted >= 1 && minted < u64::from(users), "{minted} of {users}");
    let result = minting.each(100 * SHARD, NOW, go_on, |_, _| ControlFlow::Break(()));
    assert!(matches!(result, Err(MintError::Stopped { .. })), "{result:?}");
}

#[test]
fn shards_fall_due_one_after_another_and_long_before_they_expire() {
    let store = store(10 * SHARD);
    assert_eq!(store.next_renewal(), Some(NOW + 50));
    assert_eq!(store.renew_due(NOW + 49).unwrap(), None);
    let renewed_by = |now| {
        let mut shards = 0;
        while let Some(renewal) = store.renew_due(now).unwrap() {
            assert_eq!(renewal, Renewal { tokens: SHARD, late: false });
            shards += 1;
        }
        shards
    };
    let mut pace = vec![];
    for now in 50..=75 {
        pace.push(renewed_by(NOW + now));
    }
    assert_eq!(pace.iter().sum::<u32>(), 10, "{pace:?}");
    assert!(pace.iter().all(|shards| *shards <= 1), "{pace:?}");
    for (user, token) in tokens(&store).iter().enumerate() {
        let claims = claims(token);
        assert_eq!(claims["sub"], format!("user-{user}"));
        let issued = claims["iat"].as_u64().unwrap();
        assert!((NOW + 50..=NOW + 75).contains(&issued));
        assert_eq!(claims["exp"], issued + 100);
        assert_eq!(claims["jti"], store.token_id(UserIndex(user as u32)).unwrap());
    }
    // The second round comes as long after the first as the first after the start.
    assert_eq!(store.next_renewal(), Some(NOW + 100));
}

#[test]
fn a_renewal_that_came_too_late_says_so() {
    let store = store(SHARD + 1);
    let late = store.renew_due(NOW + 100).unwrap().unwrap();
    assert_eq!(late, Renewal { tokens: SHARD, late: true });
    assert_eq!(store.renew_due(NOW + 100).unwrap(), Some(Renewal { tokens: 1, late: true }));
    assert_eq!(store.renew_due(NOW + 100).unwrap(), None);
    assert_eq!(self::store(0).renew_due(NOW + 100).unwrap(), None);
}

#[test]
fn readers_see_whole_tokens_while_shards_are_renewed() {
    let store = store(2 * SHARD);
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for reader in 0..2 {
            let (store, done, reads) = (&store, &done, &reads);
            scope.spawn(move || {
                let mut user = reader;
                while !done.load(Ordering::Relaxed) {
                    user = (user + 611) % store.len();
                    let claims = store.with_token(UserIndex(user), claims);
                    assert_eq!(claims["sub"], format!("user-{user}"));
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut renewals = 0;
        let mut now = NOW;
        while renewals < 20 || reads.load(Ordering::Relaxed) < 2_000 {
            now = store.next_renewal().unwrap().max(now);
            renewals += u32::from(store.renew_due(now).unwrap().is_some());
        }
        done.store(true, Ordering::Relaxed);
    });
}
