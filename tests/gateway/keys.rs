//! Keys that come, go and cannot be had.

use std::sync::atomic::Ordering;
use std::time::Duration;

use substorm::gateway::Policies;

use crate::world::*;

#[tokio::test]
async fn a_new_key_is_fetched_and_a_flood_of_unknown_ones_is_not_followed() {
    let world = World::start(Policies::default()).await;
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    for i in 0..100 {
        let token = sign_with(&header(&format!("z{i}")), &world.claims("alice"), SECRET);
        assert_eq!(world.get(&token).await.brief(), (401, "token_invalid"));
    }
    let fetches = world.stub.key_fetches.load(Ordering::SeqCst);
    assert!(fetches <= 4, "{fetches} fetches");
    *world.stub.jwks.lock().unwrap() = jwks("k2");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let new = sign_with(&header("k2"), &world.claims("alice"), SECRET);
    assert_eq!(world.get(&new).await.brief(), (200, "alice"));
    assert_eq!(world.visit("alice").await.brief(), (401, "token_invalid"), "the old key went");
    world.stop().await;
}

#[tokio::test]
async fn without_a_key_set_nobody_can_be_judged() {
    let dead = |config: &mut substorm::gateway::GatewayConfig| {
        config.jwks = "http://127.0.0.1:1/jwks.json".to_owned();
    };
    let world = World::start_with(Policies::default(), dead).await;
    assert_eq!(world.visit("alice").await.brief(), (503, "store_unavailable"));
    assert_eq!(world.get("x").await.brief(), (401, "token_invalid"), "needs no key");
    world.stop().await;
}

#[tokio::test]
async fn a_key_set_that_cannot_be_read_leaves_the_old_one_in_force() {
    let world = World::start(Policies::default()).await;
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    *world.stub.jwks.lock().unwrap() = serde_json::json!("nonsense");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let unknown = sign_with(&header("k2"), &world.claims("alice"), SECRET);
    assert_eq!(world.get(&unknown).await.brief(), (503, "store_unavailable"));
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    world.stop().await;
}
