//! Settings that would not do what they say are told, where they stand.

use crate::scenario::{Overrides, Plan, ScenarioError, parse, read};

const HEAD: &str = "name = \"x\"\n[[phase]]\nname = \"steady\"\nfor = \"10s\"\n";

fn with(rest: &str) -> Result<Plan, ScenarioError> {
    parse(&format!("{HEAD}{rest}"))
}

#[track_caller]
fn refused(rest: &str, expected: &str) {
    let text = with(rest).expect_err(rest).to_string();
    assert!(text.contains(expected), "{rest}\n{expected} not in {text}");
    assert_eq!(text.matches("scenario:").count(), 1, "one error for one mistake:\n{text}");
}

#[test]
fn virtual_users_find_room_on_the_connections() {
    let many =
        "scenario:5:22: phase[0].arrival.closed: 50 virtual users, and `load.connections` is 10";
    refused("arrival = { closed = 50 }\n[load]\nconnections = 10\n", many);
    refused(
        "arrival = { closed = { users = 50 } }\n[load]\nconnections = 49\n",
        "set load.connections to 50 or more",
    );
    let h2 = "arrival = { closed = 50 }\n[target]\nurl = \"http://127.0.0.1\"\nhttp = \"2\"\n\
              [load]\nstreams_per_connection = 2\nconnections = ";
    refused(&format!("{h2}24\n"), "with 2 streams each");
    assert_eq!(with(&format!("{h2}25\n")).unwrap().load.connections, 25);
    // The full client has a request on a connection at a time, whatever the protocol.
    refused(&format!("{h2}25\nengine = \"reqwest\"\n"), "set load.connections to 50");
    let scaled = Overrides { rate_scale: Some(10.0), ..Overrides::default() };
    let text = format!("{HEAD}arrival = {{ closed = 30 }}\n[load]\nconnections = 256\n");
    let text = read("x", &text, &scaled, &|_| None).unwrap_err().to_string();
    assert!(text.contains("300 virtual users"), "{text}");
}

#[test]
fn what_nobody_set_grows_with_the_virtual_users() {
    let connections = |closed: u32| with(&format!("arrival = {{ closed = {closed} }}\n")).unwrap();
    assert_eq!(connections(50).load.connections, 256);
    assert_eq!(connections(5_000).load.connections, 5_000);
    let said = with("arrival = { closed = 5000 }\n[load]\nconnections = 5000\n").unwrap();
    assert_eq!(connections(5_000).digest, said.digest, "both ways to say it are one plan");
}

#[test]
fn settings_without_effect_are_refused() {
    let unix = "[target]\nurl = \"http://127.0.0.1\"\nunix = \"s\"\n";
    for (rest, expected) in [
        (
            "[load]\nengine = \"reqwest\"\nreceive_time = \"kernel\"\n",
            "load.receive_time: \"reqwest\"",
        ),
        (
            "[load]\nengine = \"reqwest\"\nopen_connections = 1\n",
            "load.open_connections: \"reqwest\"",
        ),
        ("[load]\nopen_connections = 11\nconnections = 10\n", "`connections` allows (10)"),
        ("[load]\ngrain = \"1ms\"\nspin = \"always\"\n", "load.grain: does not go with"),
        (&format!("{unix}[load]\nreceive_time = \"kernel\"\n"), "on a Unix socket"),
    ] {
        refused(rest, expected);
    }
    for rest in [
        "[load]\nopen_connections = 10\nconnections = 10\ngrain = \"1ms\"\nreceive_time = \"kernel\"\n",
        &format!("{unix}[load]\nreceive_time = \"read\"\n"),
    ] {
        assert!(with(rest).is_ok(), "{rest}");
    }
}

#[test]
fn expectations_hold_what_an_answer_can_be_held_against() {
    let route = "[[route]]\nrequest = \"GET /me\"\n[route.expect]\n";
    for (rest, expected) in [
        ("json = { \"/at\" = 2026-01-02 }", "found the date 2026-01-02, and JSON has none"),
        ("json = { \"/a\" = [{ b = \"{seq}\" }] }", "holds {seq}; of the placeholders"),
        ("body = \"{user.email}\"", "route[0].expect.body: holds {user.email}"),
    ] {
        refused(&format!("{route}{rest}\n"), expected);
    }
    let plan = with(&format!("{route}json = {{ \"/a\" = \"{{user}}\" }}\nbody = \"{{user}}\"\n"));
    assert_eq!(plan.unwrap().load.routes[0].expect.json[0].1, "{user}");
}

#[test]
fn a_version_is_read_as_a_number_too() {
    let text = format!("{HEAD}[target]\nurl = \"https://127.0.0.1\"\n");
    let set = |keys: &[&str]| {
        let set = keys.iter().map(ToString::to_string).collect();
        read("x", &text, &Overrides { set, ..Overrides::default() }, &|_| None)
    };
    let plan = set(&["target.http=1.1", "target.tls.version=1.2"]).unwrap();
    let approach = plan.target.as_ref().unwrap().approach.to_string();
    assert_eq!(approach, "HTTP/1.1 over TLS 1.2");
    let quoted = set(&["target.http=\"1.1\"", "target.tls.version=\"1.2\""]).unwrap();
    assert_eq!(plan.digest, quoted.digest);
    assert!(set(&["target.http=2"]).is_ok());
    assert!(
        set(&["target.http=1.2"]).unwrap_err().to_string().contains("found 1.2; expected one of")
    );
    for three in ["3", "\"3\"", "3.0"] {
        let error = set(&[&format!("target.http={three}")]).unwrap_err();
        assert_eq!(error.count(), 1, "{error}");
        assert!(error.to_string().contains("HTTP/3 is not spoken"), "{error}");
    }
}
