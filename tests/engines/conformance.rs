//! Users deleted under load and defective tokens, judged alike whatever carries the requests.

use std::collections::BTreeMap;

use rustls::ServerConfig;
use serde_json::Value;

use super::certificates::{Authority, Clients};
use super::front::{self, Options};
use super::world::{Ran, World};

/// What a plain run over HTTP/1.1 is held against: it is sent to the gateway itself.
async fn plain() -> Ran {
    let world = World::start().await;
    let ran = world.run(&format!("url = \"http://{}\"", world.stack.gateway()), "").await;
    world.stop().await;
    ran
}

/// The two routes with what follows from the seed; together they are all requests.
fn routes(ran: &Ran) -> Vec<Value> {
    let mut routes = ran.run["routes"].as_array().cloned().unwrap_or_default();
    for figure in ["due", "done"] {
        let sum: u64 = routes.iter().filter_map(|route| route[figure].as_u64()).sum();
        assert_eq!(Some(sum), ran.run["requests"][figure].as_u64(), "{figure}: {routes:?}");
    }
    for route in &mut routes {
        assert!(route["response"]["p50"].as_u64() > Some(0), "{route}");
        assert_eq!(route["response"]["count"], route["done"]);
        route["response"] = Value::Null;
    }
    assert!(routes.len() == 2 && ran.output.contains("POST /orders"), "{}", ran.output);
    routes
}

/// How often each stage was told of, by name; all figures are there in their order.
fn stages(ran: &Ran) -> BTreeMap<&str, u64> {
    let all = ran.run["stages"].as_array().into_iter().flatten().filter(|row| row["phase"] == "*");
    all.map(|row| {
        let at = |place: &str| row[place].as_u64().unwrap_or_default();
        assert!(at("p50") <= at("p99") && at("p99") <= at("max"), "{row}");
        (row["stage"].as_str().unwrap_or_default(), at("count"))
    })
    .collect()
}

/// Every figure that follows from the seed is the same; medians lie in the same region.
fn alike(plain: &Ran, other: &Ran, what: &str) {
    assert_eq!(other.code, 0, "{what}: {}", other.output);
    assert_eq!(other.run["valid"], true, "{what}: {}", other.output);
    for figure in ["due", "sent", "done"] {
        let of = |ran: &Ran| ran.run["requests"][figure].as_u64();
        assert_eq!(of(other), of(plain), "{what}: {figure}\n{}", other.output);
    }
    assert_eq!(other.judgement(), plain.judgement(), "{what}: {}", other.output);
    assert_eq!(routes(other), routes(plain), "{what}: {}", other.output);
    assert_eq!(stages(other), stages(plain), "{what}: {}", other.output);
    assert_eq!(other.run["stages_left_out"], 0);
    // Loopback and an unoptimised build of the gateway: never less than 50 µs, and not a second.
    let (p50, base) = (other.service_p50(), plain.service_p50());
    assert!((50..1_000_000).contains(&p50), "{what}: p50 {p50} µs, plain {base} µs");
}

pub fn server(world: &World) -> ServerConfig {
    Authority::new(world.folder(), "ca").server(&["localhost"], Clients::Anybody)
}

/// A target behind TLS that is reached by name.
pub fn https(front: &front::Front, http: &str) -> String {
    let port = front.address.port();
    format!("url = \"https://localhost:{port}\"\nhttp = \"{http}\"\ntls = {{ ca = [\"ca.pem\"] }}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_engine_and_protocol_judges_alike() {
    let plain = plain().await;
    assert_eq!(plain.code, 0, "{}", plain.output);
    for class in ["accepted", "user_not_found", "token_invalid"] {
        assert!(plain.class(class) > 5, "{class} in {:?}", plain.judgement());
    }
    // The gateway tells of a stage for each request that reaches it; whoever is let in reaches all.
    let (told, accepted) = (stages(&plain), plain.class("accepted"));
    assert_eq!(told.get("upstream"), Some(&accepted), "{told:?}");
    assert!(told["verify"] > told["lookup"] && told["lookup"] > accepted, "{told:?}");
    assert!(plain.output.contains("Lookup path, ms"), "{}", plain.output);
    for engine in ["raw", "reqwest"] {
        let load = format!("engine = \"{engine}\"\nstreams_per_connection = 4\nconnections = 8");
        let gateway = |world: &World| world.stack.gateway();

        let world = World::start().await;
        let ran = world.run(&format!("url = \"http://{}\"", gateway(&world)), &load).await;
        world.stop().await;
        alike(&plain, &ran, &format!("{engine}, HTTP/1.1"));

        let world = World::start().await;
        let options = Options::tls(server(&world), &["http/1.1"]);
        let front = front::on_tcp(gateway(&world), options).await;
        let ran = world.run(&https(&front, "auto"), &load).await;
        world.stop().await;
        alike(&plain, &ran, &format!("{engine}, HTTP/1.1 over TLS"));

        let world = World::start().await;
        let options = Options::tls(server(&world), &["h2", "http/1.1"]);
        let front = front::on_tcp(gateway(&world), options).await;
        let ran = world.run(&https(&front, "auto"), &load).await;
        world.stop().await;
        alike(&plain, &ran, &format!("{engine}, HTTP/2 by ALPN"));

        let world = World::start().await;
        let front = front::on_tcp(gateway(&world), Options::default()).await;
        let target = format!("url = \"http://{}\"\nhttp = \"2\"", front.address);
        let ran = world.run(&target, &load).await;
        world.stop().await;
        alike(&plain, &ran, &format!("{engine}, HTTP/2 with prior knowledge"));

        let world = World::start().await;
        let _front = front::on_unix(gateway(&world), &world.folder().join("front.sock"));
        let target = "url = \"http://gateway.test\"\nunix = \"front.sock\"";
        let ran = world.run(target, &load).await;
        world.stop().await;
        alike(&plain, &ran, &format!("{engine}, Unix socket"));
    }
}
