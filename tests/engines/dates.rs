//! Answers count from when the kernel had them, however late the worker comes to read them.

use super::conformance::{https, server};
use super::front::{self, Options};
use super::world::{Ran, World};

/// A worker with this grain lets answers lie until its end.
const GRAIN_MS: u64 = 60;

fn load(more: &str) -> String {
    format!("grain = \"{GRAIN_MS}ms\"\n{more}")
}

fn read_lag(ran: &Ran, figure: &str) -> u64 {
    ran.run["read_lag"][figure].as_u64().unwrap_or_else(|| panic!("{}", ran.output))
}

/// Answers come within a part of the grain, and are read at its end.
fn assert_dated(ran: &Ran, what: &str) {
    assert_eq!(ran.code, 0, "{what}: {}", ran.output);
    let done = ran.run["requests"]["done"].as_u64().unwrap();
    let (count, lag) = (read_lag(ran, "count"), read_lag(ran, "p50"));
    // The kernel begins to date packets a moment after it was asked to.
    assert!(count * 10 >= done * 9 && count <= done, "{what}: {count} of {done}");
    let (service, grain) = (ran.service_p50(), GRAIN_MS * 1_000);
    assert!(lag >= grain / 3 && lag <= 2 * grain, "{what}: read lag p50 {lag} µs");
    assert!(service <= grain / 2, "{what}: service time p50 {service} µs");
    assert!(service + lag >= grain * 3 / 4, "{what}: {service} + {lag} µs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_dated_over_every_protocol_that_can() {
    let world = World::start().await;
    let target = format!("url = \"http://{}\"", world.stack.gateway());
    let ran = world.run(&target, &load("")).await;
    assert_dated(&ran, "HTTP/1.1");
    world.stop().await;

    let world = World::start().await;
    let options = Options::tls(server(&world), &["http/1.1"]);
    let front = front::on_tcp(world.stack.gateway(), options).await;
    let ran = world.run(&https(&front, "auto"), &load("")).await;
    assert_dated(&ran, "TLS");
    world.stop().await;

    let world = World::start().await;
    let options = Options::tls(server(&world), &["h2"]);
    let front = front::on_tcp(world.stack.gateway(), options).await;
    let ran = world.run(&https(&front, "auto"), &load("streams_per_connection = 4")).await;
    assert_dated(&ran, "HTTP/2");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_dates_answers_they_are_read_at_once() {
    for more in ["receive_time = \"read\"", "engine = \"reqwest\""] {
        let world = World::start().await;
        let target = format!("url = \"http://{}\"", world.stack.gateway());
        let ran = world.run(&target, &load(more)).await;
        world.stop().await;
        assert_eq!(ran.code, 0, "{more}: {}", ran.output);
        assert_eq!(read_lag(&ran, "count"), 0, "{more}");
        let service = ran.service_p50();
        assert!((1..=GRAIN_MS * 500).contains(&service), "{more}: {service} µs");
    }
}
