//! Bytes from nowhere: whatever a client sends, the fault is never the gateway's.

use std::time::Duration;

use proptest::prelude::*;
use substorm::gateway::Policies;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::*;

/// Sends bytes and gives the status of what comes back; `None` if the gateway hung up.
async fn status_of(world: &World, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(world.gateway).await.unwrap();
    // The gateway may hang up before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let all = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(5), all).await.expect("an answer in time");
    let status = answer.get(9..12)?;
    Some(std::str::from_utf8(status).unwrap().parse().unwrap())
}

async fn with_field(world: &World, field: &[u8]) -> Option<u16> {
    let head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ";
    status_of(world, &[head, field, b"\r\n\r\n"].concat()).await
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, ..ProptestConfig::default() }
}

#[test]
fn any_field_is_answered_without_blame_on_the_gateway() {
    let runtime = runtime();
    let world = runtime.block_on(World::start(Policies::default()));
    let bytes = proptest::collection::vec(any::<u8>(), 0..400);
    let prefix = prop_oneof![Just(""), Just("Bearer "), Just("Bearer eyJhbGciOiJIUzI1NiJ9.")];
    proptest!(cases(400), |(bytes in bytes, prefix in prefix)| {
        let field: Vec<u8> = prefix.bytes().chain(bytes).collect();
        // A line break ends the field; what follows is another.
        let field: Vec<u8> = field.into_iter().filter(|b| !b"\r\n".contains(b)).collect();
        let status = runtime.block_on(with_field(&world, &field));
        prop_assert!(status.is_some_and(|status| (400..500).contains(&status)), "{status:?}");
    });
    runtime.block_on(world.stop());
}

#[test]
fn any_signed_payload_is_answered_without_blame_on_the_gateway() {
    let runtime = runtime();
    let world = runtime.block_on(World::start(Policies::default()));
    let value = prop_oneof![
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        Just("{\"a\":[1]}".to_owned()),
        Just("null".to_owned()),
        "\\PC{0,20}",
    ];
    let name = prop_oneof![
        Just("sub"),
        Just("exp"),
        Just("nbf"),
        Just("iat"),
        Just("aud"),
        Just("iss"),
        Just("jti")
    ];
    proptest!(cases(400), |(value in value, name in name)| {
        let mut claims = world.claims("alice");
        claims[name] = serde_json::Value::from("@");
        let payload = claims.to_string().replace("\"@\"", &value);
        let token = sign_text(r#"{"alg":"HS256","kid":"k1"}"#, &payload);
        let seen = runtime.block_on(world.get(&token));
        prop_assert!(seen.status < 500, "{} {payload}", seen.status);
    });
    runtime.block_on(world.stop());
}

#[tokio::test]
async fn requests_that_are_none_end_in_400_and_large_ones_in_431() {
    let world = World::start(Policies::default()).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization\x00: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \x00\r\n\r\n",
    ] {
        let status = status_of(&world, bytes).await;
        assert_eq!(status, Some(400), "{}", String::from_utf8_lossy(bytes));
    }
    for size in [17_000, 65_536, 120_000] {
        let field = format!("Bearer {}", "a".repeat(size));
        assert_eq!(with_field(&world, field.as_bytes()).await, Some(431), "{size}");
    }
    // Beyond what is buffered, the connection may be cut before the answer is read.
    let field = format!("Bearer {}", "a".repeat(4 << 20));
    let status = with_field(&world, field.as_bytes()).await;
    assert!(status.is_none_or(|status| status == 431), "{status:?}");
    for method in ["TRACE / HTTP/1.1", "CONNECT x:1 HTTP/1.1"] {
        let request = format!("{method}\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(status_of(&world, request.as_bytes()).await, Some(405), "{method}");
    }
    assert_eq!(world.visit("alice").await.brief(), (200, "alice"));
    world.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_nobody_with_it() {
    let world = World::start(Policies::default()).await;
    world.visit("bob").await;
    world.stub.set_mood(Mood::Slow(Duration::from_millis(300)));
    // The first to ask is the one whose lookup the others wait for.
    let token = world.token("alice");
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut first = TcpStream::connect(world.gateway).await.unwrap();
    first.write_all(request.as_bytes()).await.unwrap();
    let leave = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(first);
    };
    let (seen, ()) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.visit("alice").await
        },
        leave
    );
    assert_eq!(seen.brief(), (200, "alice"));
    world.stop().await;
}
