//! Each switch, on and off.

use std::time::Duration;

use serde_json::json;
use substorm::clock::unix_now;
use substorm::gateway::{CachePolicy, Policies};

use crate::world::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(800);

fn caching(ttl: Duration, negative_ttl: Duration) -> Policies {
    let cache = CachePolicy { ttl, negative_ttl, ..Policies::default().cache };
    Policies { cache, ..Policies::default() }
}

fn heeding(ttl: Duration, negative_ttl: Duration) -> Policies {
    let mut policies = caching(ttl, negative_ttl);
    policies.cache.invalidation = true;
    policies
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test]
async fn a_deleted_user_is_let_in_for_the_life_of_the_entry_and_no_longer() {
    let world = World::start(caching(SHORT, Duration::ZERO)).await;
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    world.stub.remove("alice");
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    // Visits do not lengthen the life.
    for _ in 0..9 {
        pause(100).await;
        world.visit("alice").await;
    }
    assert_eq!(world.visit("alice").await.brief(), (401, "user_not_found"));
    world.stop().await;
}

#[tokio::test]
async fn a_created_user_is_turned_away_for_the_life_of_the_negative_entry() {
    let world = World::start(caching(LONG, SHORT)).await;
    assert_eq!(world.visit("carol").await.brief(), (401, "user_not_found"));
    world.stub.put("carol", true);
    let seen = world.visit("carol").await;
    assert_eq!(seen.brief(), (401, "user_not_found"));
    assert!(seen.header("server-timing").contains("cache;desc=hit"));
    pause(850).await;
    assert_eq!(world.visit("carol").await.brief(), (200, "carol"));
    assert_eq!(world.stats().await["negative_hits"], 1);
    world.stop().await;
}

#[tokio::test]
async fn without_a_cache_every_request_asks() {
    let world = World::start(caching(Duration::ZERO, Duration::ZERO)).await;
    for _ in 0..3 {
        let seen = world.visit("alice").await;
        assert!(seen.header("server-timing").contains("cache;desc=off"));
    }
    world.stub.remove("alice");
    assert_eq!(world.visit("alice").await.brief(), (401, "user_not_found"));
    assert_eq!(world.stub.lookups(), 4);
    world.stop().await;
}

#[tokio::test]
async fn announced_changes_reach_both_kinds_of_entry_and_a_cut_stream_is_opened_again() {
    let world = World::start(heeding(LONG, LONG)).await;
    world.stub.until_heard().await;
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    assert_eq!(world.visit("carol").await.brief(), (401, "user_not_found"));
    world.stub.remove("alice");
    world.stub.put("carol", true);
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"), "not announced yet");
    world.stub.announce("alice");
    world.stub.announce("carol");
    world.until_heard(2).await;
    assert_eq!(world.visit("alice").await.brief(), (401, "user_not_found"));
    assert_eq!(world.visit("carol").await.brief(), (200, "carol"));
    // What is announced while nobody listens is lost.
    world.stub.cut_changes();
    world.stub.announce("carol");
    world.stub.remove("carol");
    world.stub.until_heard().await;
    assert_eq!(world.visit("carol").await.brief(), (200, "carol"));
    world.stub.announce("carol");
    world.until_heard(3).await;
    assert_eq!(world.visit("carol").await.brief(), (401, "user_not_found"));
    assert_eq!(world.stats().await["changes_connections"], 2);
    world.stop().await;
}

#[tokio::test]
async fn a_change_during_a_lookup_is_not_lost() {
    let policies = Policies { lookup_timeout: LONG, ..heeding(LONG, LONG) };
    let world = World::start(policies).await;
    world.stub.until_heard().await;
    world.visit("bob").await;
    world.stub.set_mood(Mood::Slow(Duration::from_millis(600)));
    let change = async {
        until(|| world.stub.lookups() == 2).await;
        world.stub.remove("alice");
        world.stub.announce("alice");
        world.until_heard(1).await;
        // Must not share the lookup that was sent before the change.
        world.visit("alice").await
    };
    let (first, second) = tokio::join!(world.visit("alice"), change);
    assert_eq!(first.brief(), (200, "alice"));
    assert_eq!(second.brief(), (401, "user_not_found"));
    world.stub.set_mood(Mood::Well);
    assert_eq!(world.visit("alice").await.brief(), (401, "user_not_found"), "not kept");
    world.stop().await;
}

#[tokio::test]
async fn single_flight_asks_once_for_many() {
    for (single_flight, lookups) in [(true, 1), (false, 20)] {
        let world = World::start(Policies { single_flight, ..Policies::default() }).await;
        world.stub.set_mood(Mood::Slow(Duration::from_millis(300)));
        let visits = (0..20).map(|_| world.visit("alice"));
        for seen in futures_util::future::join_all(visits).await {
            assert_eq!(seen.brief(), (200, "alice"));
        }
        assert_eq!(world.stub.lookups(), lookups, "single flight: {single_flight}");
        world.stop().await;
    }
}

#[tokio::test]
async fn old_entries_serve_while_the_store_is_out() {
    let policies = Policies { stale_if_error: SHORT * 2, ..caching(SHORT, SHORT) };
    let world = World::start(policies).await;
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    assert_eq!(world.visit("nobody").await.brief(), (401, "user_not_found"));
    world.stub.set_mood(Mood::Failing);
    pause(850).await;
    let seen = world.visit("alice").await;
    assert_eq!(seen.brief(), (200, "alice"));
    assert!(seen.header("server-timing").contains("cache;desc=stale"));
    assert_eq!(world.visit("nobody").await.brief(), (503, "store_unavailable"));
    pause(1_650).await;
    assert_eq!(world.visit("alice").await.brief(), (503, "store_unavailable"));
    world.stop().await;
}

#[tokio::test]
async fn asking_again_bridges_a_short_lag() {
    for (retry_on_not_found, brief) in [(0, (401, "user_not_found")), (8, (200, "carol"))] {
        let world = World::start(Policies { retry_on_not_found, ..Policies::default() }).await;
        world.visit("bob").await;
        let create = async {
            pause(80).await;
            world.stub.put("carol", true);
        };
        let (seen, ()) = tokio::join!(world.visit("carol"), create);
        assert_eq!(seen.brief(), brief);
        world.stop().await;
    }
}

#[tokio::test]
async fn the_primary_knows_what_the_replica_does_not_yet() {
    for (primary_fallback, brief) in [(false, (401, "user_not_found")), (true, (200, "carol"))] {
        let world = World::start(Policies { primary_fallback, ..Policies::default() }).await;
        world.stub.primary.lock().unwrap().insert("carol".to_owned(), true);
        assert_eq!(world.visit("carol").await.brief(), brief);
        assert_eq!(world.visit("nobody").await.brief(), (401, "user_not_found"));
        world.stop().await;
    }
}

#[tokio::test]
async fn subjects_are_normalised_as_far_as_told() {
    let world = World::start(Policies { trim: true, ..Policies::default() }).await;
    assert_eq!(world.visit(" alice\t").await.brief(), (200, "alice"));
    assert_eq!(world.visit("Alice").await.brief(), (401, "user_not_found"));
    world.stop().await;
    let world = World::start(Policies { lower_case: true, ..Policies::default() }).await;
    assert_eq!(world.visit("ALICE").await.brief(), (200, "alice"));
    assert_eq!(world.visit("alice ").await.brief(), (401, "user_not_found"));
    world.stop().await;
    let (claim, prefix) = ("uid".to_owned(), "usr_".to_owned());
    let world = World::start(Policies { claim, prefix, ..Policies::default() }).await;
    world.stub.put("usr_7", true);
    let mut claims = world.claims("alice");
    claims["uid"] = json!("7");
    assert_eq!(world.get(&sign(&claims)).await.brief(), (200, "usr_7"));
    assert_eq!(world.visit("alice").await.brief(), (401, "token_invalid"));
    world.stop().await;
}

#[tokio::test]
async fn withdrawn_tokens_are_refused_after_the_next_poll() {
    let world = World::start(Policies { deny_list: true, ..Policies::default() }).await;
    let claims = world.claims("alice");
    pause(100).await;
    assert_eq!(world.get(&sign(&claims)).await.brief(), (200, "alice"));
    world.stub.denied.lock().unwrap().insert(claims["jti"].as_str().unwrap().to_owned());
    pause(800).await;
    assert_eq!(world.get(&sign(&claims)).await.brief(), (401, "token_revoked"));
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"), "another token");
    world.stop().await;
    let dead = |config: &mut substorm::gateway::GatewayConfig| {
        config.deny_list = Some("http://127.0.0.1:1/deny-list".to_owned());
    };
    let policies = Policies { deny_list: true, ..Policies::default() };
    let world = World::start_with(policies, dead).await;
    assert_eq!(world.visit("alice").await.brief(), (503, "store_unavailable"));
    world.stop().await;
}

#[tokio::test]
async fn leeway_bridges_differing_clocks() {
    let world = World::start(Policies { leeway: LONG, ..Policies::default() }).await;
    let mut claims = world.claims("alice");
    claims["exp"] = json!(unix_now() - 30);
    assert_eq!(world.get(&sign(&claims)).await.brief(), (200, "alice"));
    claims["exp"] = json!(unix_now() - 61);
    assert_eq!(world.get(&sign(&claims)).await.brief(), (401, "token_expired"));
    world.stop().await;
}

#[tokio::test]
async fn mistakes_can_be_ordered_and_end_by_themselves() {
    let world = World::start(Policies::default()).await;
    world.stub.put("Dora", true);
    let cases = [
        (json!({"claim": "uid"}), "alice", (401, "token_invalid")),
        (json!({"prefix": "usr_"}), "alice", (401, "user_not_found")),
        (json!({"lower_case": true}), "Dora", (401, "user_not_found")),
        (json!({"wrong_directory": true}), "alice", (401, "user_not_found")),
    ];
    for (mut order, user, brief) in cases {
        assert_eq!(world.visit(user).await.brief(), (200, user), "before {order}");
        order["ttl_ms"] = json!(800);
        assert_eq!(world.misconfigure(&order).await, 200);
        assert_eq!(world.visit(user).await.brief(), brief, "{order}");
        pause(850).await;
        assert_eq!(world.visit(user).await.brief(), (200, user), "after {order}");
    }
    assert_eq!(world.stats().await["misconfigured_requests"], 4);
    assert_eq!(world.misconfigure(&json!({"prefix": "x", "ttl_ms": 60_000})).await, 200);
    assert_eq!(world.visit("alice").await.status, 401);
    let request = world.client.delete(format!("{}/misconfigure", world.control));
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert_eq!(world.visit("alice").await.status, 200);
    for order in [
        json!({"prefix": "x"}),
        json!({"ttl_ms": 100}),
        json!({"prefix": "x", "ttl_ms": 0}),
        json!({"prefix": "x", "ttl_ms": 2_592_000_001_u64}),
        json!({"prefixes": "x", "ttl_ms": 100}),
        json!({"prefix": 7, "ttl_ms": 100}),
    ] {
        assert_eq!(world.misconfigure(&order).await, 400, "{order}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_flush_empties_the_cache_and_stats_tell_what_happened() {
    let world = World::start(caching(LONG, LONG)).await;
    for user in ["alice", "alice", "bob", "nobody"] {
        world.visit(user).await;
    }
    let stats = world.stats().await;
    for (name, count) in [
        ("requests", 4),
        ("forwarded", 3),
        ("refused", 1),
        ("lookups", 3),
        ("cache_hits", 1),
        ("cache_misses", 3),
        ("cache_entries", 3),
    ] {
        assert_eq!(stats[name], count, "{name}");
    }
    let request = world.client.post(format!("{}/cache/flush", world.control));
    let flushed: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(flushed, json!({"entries": 3}));
    world.visit("alice").await;
    assert_eq!(world.stub.lookups(), 4);
    world.stop().await;
}
