//! Answers count from when the kernel had them, over every protocol that can.

use super::conformance::{https, server};
use super::front::{self, Options};
use super::world::{Ran, World};

fn read_lag(ran: &Ran, figure: &str) -> u64 {
    ran.run["read_lag"][figure].as_u64().unwrap_or_else(|| panic!("{}", ran.output))
}

fn assert_dated(ran: &Ran, what: &str) {
    assert_eq!(ran.code, 0, "{what}: {}", ran.output);
    let done = ran.run["requests"]["done"].as_u64().unwrap();
    // The kernel begins to date packets a moment after it was asked to.
    let count = read_lag(ran, "count");
    assert!(count * 10 >= done * 9 && count <= done, "{what}: {count} of {done}");
    // Nobody reads at the very instant, and a worker that has a core is not late by much.
    let lag = read_lag(ran, "p50");
    assert!((1..50_000).contains(&lag), "{what}: read lag p50 {lag} µs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_dated_over_every_protocol_that_can() {
    let world = World::start().await;
    let target = format!("url = \"http://{}\"", world.stack.gateway());
    let ran = world.run(&target, "").await;
    assert_dated(&ran, "HTTP/1.1");
    let ran = world.run(&target, "requests_per_connection = 1").await;
    assert_dated(&ran, "a connection each");
    world.stop().await;

    let world = World::start().await;
    let options = Options::tls(server(&world), &["http/1.1"]);
    let front = front::on_tcp(world.stack.gateway(), options).await;
    let ran = world.run(&https(&front, "auto"), "").await;
    assert_dated(&ran, "TLS");
    world.stop().await;

    let world = World::start().await;
    let options = Options::tls(server(&world), &["h2"]);
    let front = front::on_tcp(world.stack.gateway(), options).await;
    let ran = world.run(&https(&front, "auto"), "streams_per_connection = 4").await;
    assert_dated(&ran, "HTTP/2");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_dates_answers_they_count_from_being_read() {
    for more in ["receive_time = \"read\"", "engine = \"reqwest\""] {
        let world = World::start().await;
        let target = format!("url = \"http://{}\"", world.stack.gateway());
        let ran = world.run(&target, more).await;
        world.stop().await;
        assert_eq!(ran.code, 0, "{more}: {}", ran.output);
        assert_eq!(read_lag(&ran, "count"), 0, "{more}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_one_grain_go_together() {
    let world = World::start().await;
    let target = format!("url = \"http://{}\"", world.stack.gateway());
    let ran = world.run(&target, "grain = \"60ms\"").await;
    world.stop().await;
    assert_eq!(ran.code, 0, "{}", ran.output);
    let lag = |figure: &str| ran.run["send_lag"][figure].as_u64().unwrap();
    // Due at any instant of a grain, so half a grain late at the median, and a whole one at most,
    // beside what the machine adds.
    assert!((15_000..90_000).contains(&lag("p50")), "{}", ran.output);
    assert!((45_000..400_000).contains(&lag("p99")), "{}", ran.output);
}
