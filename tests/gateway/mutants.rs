//! Each known bug shows its symptom, where the correct gateway shows none.

use std::time::Duration;

use serde_json::json;
use substorm::clock::unix_now;
use substorm::gateway::{CachePolicy, Mutant, Policies};

use crate::world::*;

const LONG: Duration = Duration::from_secs(60);

fn plain(mutant: Option<Mutant>) -> Policies {
    Policies { mutant, ..Policies::default() }
}

/// Runs the same test on the correct gateway and on the mutant, and gives what each answered.
async fn compare<F>(mutant: Mutant, policies: fn(Option<Mutant>) -> Policies, test: F) -> [Seen; 2]
where
    F: AsyncFn(&World) -> Seen,
{
    let mut both = Vec::new();
    for mutant in [None, Some(mutant)] {
        let world = World::start(policies(mutant)).await;
        both.push(test(&world).await);
        world.stop().await;
    }
    both.try_into().unwrap()
}

#[tokio::test]
async fn fails_open_and_unauthorized_on_outage() {
    let test = async |world: &World| {
        world.stub.set_mood(Mood::Failing);
        world.visit("nobody").await
    };
    let [right, wrong] = compare(Mutant::FailsOpen, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((503, "store_unavailable"), (200, "nobody")));
    let [_, wrong] = compare(Mutant::UnauthorizedOnOutage, plain, test).await;
    assert_eq!(wrong.brief(), (401, "user_not_found"));
}

#[tokio::test]
async fn error_on_unknown_user_and_resurrects_users() {
    let test = async |world: &World| world.visit("nobody").await;
    let [right, wrong] = compare(Mutant::ErrorOnUnknownUser, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((401, "user_not_found"), (500, "internal_error")));
    let [_, wrong] = compare(Mutant::ResurrectsUsers, plain, test).await;
    assert_eq!(wrong.brief(), (200, "nobody"));
}

#[tokio::test]
async fn forgets_challenge() {
    let test = async |world: &World| world.visit("nobody").await;
    let [right, wrong] = compare(Mutant::ForgetsChallenge, plain, test).await;
    assert_eq!((right.status, wrong.status), (401, 401));
    assert!(right.headers.contains_key("www-authenticate"));
    assert!(!wrong.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn folds_subject() {
    let test = async |world: &World| world.visit(" Alice ").await;
    let [right, wrong] = compare(Mutant::FoldsSubject, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((401, "user_not_found"), (200, "alice")));
}

#[tokio::test]
async fn skips_expiry() {
    let test = async |world: &World| {
        let mut claims = world.claims("alice");
        claims["exp"] = json!(unix_now() - 3_600);
        world.get(&sign(&claims)).await
    };
    let [right, wrong] = compare(Mutant::SkipsExpiry, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((401, "token_expired"), (200, "alice")));
}

#[tokio::test]
async fn accepts_alg_none() {
    let test = async |world: &World| {
        let token = sign_text(r#"{"alg":"none"}"#, &world.claims("alice").to_string());
        world.get(&format!("{}.", token.rsplit_once('.').unwrap().0)).await
    };
    let [right, wrong] = compare(Mutant::AcceptsAlgNone, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((401, "token_invalid"), (200, "alice")));
}

#[tokio::test]
async fn keeps_negative_entries() {
    let test = async |world: &World| {
        world.visit("carol").await;
        world.stub.put("carol", true);
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.visit("carol").await
    };
    // With a negative life of zero, and with announced changes.
    let [right, wrong] = compare(Mutant::KeepsNegativeEntries, plain, test).await;
    assert_eq!((right.brief(), wrong.brief()), ((200, "carol"), (401, "user_not_found")));
    let [right, wrong] = compare(Mutant::KeepsNegativeEntries, heeding, deaf("carol")).await;
    assert_eq!((right.brief(), wrong.brief()), ((200, "carol"), (401, "user_not_found")));
}

fn heeding(mutant: Option<Mutant>) -> Policies {
    let cache = CachePolicy {
        ttl: LONG,
        negative_ttl: LONG,
        invalidation: true,
        ..Policies::default().cache
    };
    Policies { cache, ..plain(mutant) }
}

/// Visits a user before and after a change of which the gateway is told.
fn deaf(user: &'static str) -> impl AsyncFn(&World) -> Seen {
    async move |world: &World| {
        world.stub.until_heard().await;
        let token = world.token(user);
        world.get(&token).await;
        if user == "carol" {
            world.stub.put(user, true);
        } else {
            world.stub.remove(user);
        }
        world.stub.announce(user);
        world.until_heard(1).await;
        world.get(&token).await
    }
}

#[tokio::test]
async fn ignores_invalidation_and_keys_cache_on_token() {
    for mutant in [Mutant::IgnoresInvalidation, Mutant::KeysCacheOnToken] {
        let [right, wrong] = compare(mutant, heeding, deaf("alice")).await;
        assert_eq!((right.brief(), wrong.brief()), ((401, "user_not_found"), (200, "alice")));
    }
}

#[tokio::test]
async fn swaps_identities() {
    for (mutant, range) in [(None, 0..=0), (Some(Mutant::SwapsIdentities), 3..=12)] {
        let world = World::start(plain(mutant)).await;
        let tokens = ["alice", "bob"].map(|user| (user, world.token(user)));
        for (_, token) in &tokens {
            world.get(token).await;
        }
        let walk = async |(user, token): &(&str, String)| {
            let mut swapped = 0;
            for _ in 0..200 {
                let seen = world.get(token).await;
                assert_eq!(seen.status, 200);
                swapped += usize::from(seen.user.as_deref() != Some(*user));
            }
            swapped
        };
        let (one, two) = tokio::join!(walk(&tokens[0]), walk(&tokens[1]));
        assert!(range.contains(&(one + two)), "{mutant:?}: {one} and {two} of 400");
        world.stop().await;
    }
}
