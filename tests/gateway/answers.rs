//! Every answer that the gateway has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use substorm::clock::unix_now;
use substorm::gateway::Policies;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::*;

const HEAD: &str = r#"{"alg":"HS256","kid":"k1"}"#;

#[tokio::test]
async fn a_good_token_is_let_in_as_its_user_and_nobody_else() {
    let world = World::start(Policies::default()).await;
    let token = world.token("alice");
    let spoofed = [
        ("authorization", format!("bearer {token}")),
        ("x-user-id", "bob".to_owned()),
        ("x-request-id", "r-1".to_owned()),
    ];
    let spoofed: Vec<_> = spoofed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let first = world.get_with(&spoofed).await;
    assert_eq!(first.brief(), (200, "alice"));
    assert_eq!((first.header("x-user-id"), first.header("x-request-id")), ("alice", "r-1"));
    assert_eq!(first.headers.get_all("x-user-id").iter().count(), 1);
    let timing = first.header("server-timing");
    for stage in ["verify;dur=", "cache;desc=miss;dur=", "lookup;dur=", "upstream;dur="] {
        assert!(timing.contains(stage), "{stage} in {timing}");
    }
    let again = world.visit("alice").await;
    assert_eq!(again.brief(), (200, "alice"));
    assert!(again.header("server-timing").contains("cache;desc=hit"));
    assert!(!again.header("x-request-id").is_empty());
    assert_eq!(world.stub.lookups(), 1);
    let request = world.client.post(format!("http://{}/orders", world.gateway));
    let posted = seen(request.bearer_auth(&token).body("x".repeat(100_000))).await;
    assert_eq!(posted.brief(), (200, "alice"));
    world.stop().await;
}

#[tokio::test]
async fn the_upstream_sees_the_user_and_not_the_token() {
    let world = World::start_with(Policies::default(), |config| {
        config.upstream = config.directory.trim_end_matches("/replica").to_owned();
    })
    .await;
    let bearer = format!("Bearer {}", world.token("alice"));
    let request = world.client.get(format!("http://{}/anywhere", world.gateway));
    let request = request.header("authorization", bearer).header("accept", "a/b");
    let request = request.header("connection", "x-hop").header("x-hop", "1");
    let answer = request.header("x-user-id", "bob").header("x-user-id", "root").send().await;
    let fields: Vec<String> = answer.unwrap().json().await.unwrap();
    let names: Vec<&str> = fields.iter().filter_map(|field| field.split(':').next()).collect();
    for gone in ["authorization", "x-hop", "connection"] {
        assert!(!names.contains(&gone), "{gone} in {names:?}");
    }
    let users: Vec<_> = fields.iter().filter(|field| field.starts_with("x-user-id")).collect();
    assert_eq!(users, ["x-user-id: alice"]);
    assert!(names.contains(&"x-request-id") && fields.contains(&"accept: a/b".to_owned()));
    world.stop().await;
}

/// A directory that closes each connection when a second request comes in on it, unanswered.
async fn forgetful_directory(listener: TcpListener) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        connections.spawn(async move {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let body = "{\"subject\":\"alice\",\"active\":true}";
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.read(&mut request).await;
        });
    }
}

#[tokio::test]
async fn a_kept_connection_that_broke_is_no_outage() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let directory = tokio::spawn(forgetful_directory(listener));
    let mut policies = Policies::default();
    policies.cache.ttl = Duration::ZERO;
    let world = World::start_with(policies, |config| config.directory = address).await;
    for _ in 0..4 {
        assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    }
    world.stop().await;
    directory.abort();
}

#[tokio::test]
async fn each_bad_token_is_answered_in_its_own_words() {
    let world = World::start(Policies::default()).await;
    let with = |name: &str, value: Value| {
        let mut claims = world.claims("alice");
        claims[name] = value;
        sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = world.claims("alice");
        claims.as_object_mut().unwrap().remove(name);
        sign(&claims)
    };
    let good = world.token("alice");
    let other_key =
        sign_with(&header("k1"), &world.claims("alice"), b"another secret, as long as it");
    let unknown_key = sign_with(&header("k9"), &world.claims("alice"), SECRET);
    let payload = world.claims("alice").to_string();
    let twice = payload.replacen('{', "{\"sub\":\"bob\",", 1);
    let none = sign_text(r#"{"alg":"none","kid":"k1"}"#, &payload);
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let cases = [
        (world.token("nobody"), 401, "user_not_found"),
        (world.token("ALICE"), 401, "user_not_found"),
        (world.token("alice "), 401, "user_not_found"),
        (world.token("alice\0"), 401, "user_not_found"),
        (world.token("../replica/users/alice"), 401, "user_not_found"),
        (world.token("mallory"), 403, "user_disabled"),
        (with("exp", json!(unix_now() - 1)), 401, "token_expired"),
        (with("exp", json!("never")), 401, "token_invalid"),
        (without("exp"), 401, "token_invalid"),
        (with("nbf", json!(unix_now() + 60)), 401, "token_invalid"),
        (with("aud", json!("billing")), 401, "claim_mismatch"),
        (with("iss", json!("https://idp.test/")), 401, "claim_mismatch"),
        (without("iss"), 401, "claim_mismatch"),
        (without("sub"), 401, "token_invalid"),
        (with("sub", json!(null)), 401, "token_invalid"),
        (with("sub", json!(7)), 401, "token_invalid"),
        (with("sub", json!(["alice"])), 401, "token_invalid"),
        (with("sub", json!({"id": "alice"})), 401, "token_invalid"),
        (world.token(""), 401, "token_invalid"),
        (world.token(&"a".repeat(256)), 401, "token_invalid"),
        (world.token(&"a".repeat(255)), 401, "user_not_found"),
        (world.token(&"a".repeat(65_536)), 431, "header_too_large"),
        (other_key, 401, "token_invalid"),
        (unknown_key, 401, "token_invalid"),
        (sign_text(HEAD, &twice), 401, "token_invalid"),
        (sign_text(HEAD, "[]"), 401, "token_invalid"),
        (
            sign_text(r#"{"alg":"HS256","kid":"k1","crit":["x"],"x":1}"#, &payload),
            401,
            "token_invalid",
        ),
        (sign_text(r#"{"alg":"HS512","kid":"k1"}"#, &payload), 401, "token_invalid"),
        (sign_text(r#"{"alg":"HS256"}"#, &payload), 401, "token_invalid"),
        (none, 401, "token_invalid"),
        (unsigned, 401, "token_invalid"),
        (good[..good.len() - 1].to_owned(), 401, "token_invalid"),
        ("x".to_owned(), 401, "token_invalid"),
    ];
    for (token, status, code) in cases {
        let seen = world.get(&token).await;
        assert_eq!(seen.brief(), (status, code), "{token:.400}");
        let challenge = seen.header("www-authenticate");
        assert_eq!(challenge.contains("error=\"invalid_token\""), status == 401, "{challenge}");
    }
    assert_eq!(world.get(&good).await.brief(), (200, "alice"));
    assert_eq!(world.visit("mallory").await.header("www-authenticate"), "");
    world.stop().await;
}

#[tokio::test]
async fn requests_without_one_clear_token_are_told_apart() {
    let world = World::start(Policies::default()).await;
    let bearer = format!("Bearer {}", world.token("alice"));
    for headers in
        [vec![], vec![("authorization", "Basic dTpw")], vec![("cookie", bearer.as_str())]]
    {
        let seen = world.get_with(&headers).await;
        assert_eq!(seen.brief(), (401, "no_token"));
        assert_eq!(seen.header("www-authenticate"), "Bearer realm=\"substorm\"");
    }
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    let joined = format!("{bearer}, {bearer}");
    for headers in
        [&twice[..], &[("authorization", joined.as_str())], &[("authorization", "Bearer")]]
    {
        let seen = world.get_with(headers).await;
        assert_eq!(seen.brief(), (400, "invalid_request"));
        assert!(seen.header("www-authenticate").contains("error=\"invalid_request\""));
    }
    let at = |query: &str| world.client.get(format!("http://{}/?{query}", world.gateway));
    let both = at("a=b&access_token=x").header("authorization", &bearer);
    assert_eq!(seen(both).await.brief(), (400, "invalid_request"));
    assert_eq!(seen(at("access_token=x")).await.brief(), (401, "no_token"));
    let padding = "x".repeat(70_000);
    let large = [("authorization", bearer.as_str()), ("x-padding", padding.as_str())];
    assert_eq!(world.get_with(&large).await.brief(), (431, "header_too_large"));
    assert_eq!(world.get(&bearer["Bearer ".len()..]).await.brief(), (200, "alice"));
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_found_out_blames_nobody() {
    let policies = Policies { lookup_timeout: Duration::from_millis(200), ..Policies::default() };
    let world = World::start(policies).await;
    for mood in [Mood::Failing, Mood::Hanging, Mood::Garbled, Mood::Huge] {
        world.stub.set_mood(mood);
        let began = now();
        let seen = world.visit("alice").await;
        assert_eq!(seen.brief(), (503, "store_unavailable"), "{mood:?}");
        assert_eq!((seen.header("retry-after"), seen.header("www-authenticate")), ("1", ""));
        assert!(began.elapsed() < Duration::from_secs(3), "{mood:?}");
    }
    world.stub.set_mood(Mood::Well);
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    world.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "a bound on a wait, not a measurement")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_dead_directory_or_upstream_is_told_apart_from_a_dead_user() {
    let nowhere = || "http://127.0.0.1:1".to_owned();
    let world = World::start_with(Policies::default(), |c| c.directory = nowhere()).await;
    assert_eq!(world.visit("alice").await.brief(), (503, "store_unavailable"));
    world.stop().await;
    let world = World::start_with(Policies::default(), |c| c.upstream = nowhere()).await;
    assert_eq!(world.visit("alice").await.brief(), (502, "upstream_unreachable"));
    assert_eq!(world.visit("nobody").await.brief(), (401, "user_not_found"));
    world.stop().await;
}
