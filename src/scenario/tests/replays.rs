//! What a look at a recording says, and where its errors point.

use std::fmt::Write as _;

use crate::scenario::{Overrides, Plan, Recordings, ScenarioError, load};

/// A scenario that replays this text, with further keys.
fn replaying(text: &str, keys: &str) -> Result<Plan, ScenarioError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log"), text).unwrap();
    let scenario = format!(
        "name = \"x\"\n[population]\nusers = 5\n[[phase]]\nname = \"again\"\nfor = \"1m\"\n\
         [phase.arrival.replay]\nfile = \"log\"\n{keys}\n"
    );
    let path = folder.path().join("x.toml");
    std::fs::write(&path, scenario).unwrap();
    load(&path, &Overrides::default())
}

/// Forty requests of two logged users, each with an opaque token of its own.
fn access_log() -> String {
    (0..40).fold(String::new(), |mut log, n| {
        let _ = writeln!(
            log,
            "192.0.2.{n} - user-{} [10/Oct/2000:13:55:{n:02} -0700] \
             \"GET /a?access_token=t{n} HTTP/1.1\" 200 5",
            n % 2
        );
        log
    })
}

#[test]
fn logged_users_outrank_tokens_that_name_nobody() {
    let plan = replaying(&access_log(), "").unwrap();
    let text = Recordings(&plan).to_string();
    assert!(text.contains("40 requests of 2 users in 39s"), "{text}");
    assert!(
        text.contains("users told by the user that the server logged ($remote_user, %u)"),
        "{text}"
    );
    let nobody = access_log().replace("user-1", "-").replace("user-0", "-");
    let text = replaying(&nobody, "").unwrap_err().to_string();
    assert!(
        text.contains("has 40 users, told by their token, which holds no sub claim,"),
        "{text}"
    );
}

#[test]
fn errors_point_at_the_key_that_is_to_be_changed() {
    let vegeta = "{\"method\":\"GET\",\"url\":\"http://h/a\"}\n";
    let json =
        "{\"msec\":\"970000000.5\",\"request\":\"GET /a HTTP/1.1\",\"remote_user\":\"ada\"}\n";
    let log = access_log();
    for (text, keys, place, expected) in [
        ("", "", "8:8: phase[0].arrival.replay.file", "log is empty"),
        ("nonsense\n", "", "8:8: phase[0].arrival.replay.file", "the format of"),
        (
            &log,
            "methods = [\"HEAD\"]",
            "9:11: phase[0].arrival.replay.methods",
            "holds no request to replay (40 with other methods)",
        ),
        (&log, "methods = [\"a b\"]", "9:11: phase[0].arrival.replay.methods", "is a word"),
        (&log, "paths = [\"x\"]", "9:9: phase[0].arrival.replay.paths", "no path pattern"),
        (&log, "rate = \"5/s\"", "9:8: phase[0].arrival.replay.rate", "times of their own"),
        (
            json,
            "fields = { user = \"nosuch\" }",
            "9:10: phase[0].arrival.replay.fields",
            "`user` is \"nosuch\", which no request of",
        ),
        (
            json,
            "fields = { colour = \"x\" }",
            "phase[0].arrival.replay.fields.colour",
            "unknown key",
        ),
    ] {
        let error = replaying(text, keys).expect_err(keys).to_string();
        assert!(error.contains(place) && error.contains(expected), "{keys}\n{error}");
    }
    assert!(replaying(vegeta, "rate = \"5/s\"").is_ok(), "no times, so the rate has effect");
    assert!(replaying(json, "fields = { user = \"remote_user\" }").is_ok());
}
