//! Every profile of the registry keeps the rules of profiles, and `docs/profiles.md` shows them as
//! they are. After a change: `UPDATE_DOCS=1 cargo test --test profiles`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use substorm::outcome::profiles::{Example, REGISTRY, named};
use substorm::outcome::{Class, Observation, Profile, Reading};

fn read(profile: &Profile, status: u16, headers: &[(&str, &[u8])], body: &[u8]) -> Reading {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| httparse::Header { name, value }).collect();
    (profile.read)(&Observation { status, headers: &headers, body, arrival: None })
}

fn read_example(profile: &Profile, example: &Example) -> Reading {
    let headers: Vec<_> =
        example.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    read(profile, example.status, &headers, example.body.as_bytes())
}

#[test]
fn names_are_unique_and_kebab_case() {
    let names: BTreeSet<_> = REGISTRY.iter().map(|profile| profile.name).collect();
    assert_eq!(names.len(), REGISTRY.len());
    for profile in REGISTRY {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(profile.name.chars().all(plain), "{}", profile.name);
        assert!(profile.about.len() > 30, "{} says nothing about itself", profile.name);
        assert_eq!(named(profile.name).map(|found| found.name), Some(profile.name));
    }
    assert!(named("RFC6750").is_none());
}

#[test]
fn examples_are_read_as_they_say() {
    for profile in REGISTRY {
        for example in profile.examples {
            let reading = read_example(profile, example);
            assert_eq!(reading, example.reading, "{}: {}", profile.name, example.says);
        }
        let classes: Vec<_> = profile.examples.iter().map(|e| e.reading.class).collect();
        assert!(classes.contains(&Class::Accepted), "{} lets nobody in", profile.name);
        assert!(classes.iter().any(|c| c.is_reject()), "{} turns nobody away", profile.name);
    }
}

/// A 401 without a challenge is a fault of its own where the profile wants one, so an example of a
/// system that is said to send challenges has to show it.
#[test]
fn profiles_that_want_a_challenge_show_one() {
    for profile in REGISTRY.iter().filter(|profile| profile.wants_challenge) {
        let shown = profile.examples.iter().flat_map(|e| e.headers).any(|(name, value)| {
            name.eq_ignore_ascii_case("www-authenticate") && !value.is_empty()
        });
        assert!(shown, "{}", profile.name);
    }
}

/// A subject with text of another answer in it must not change what an acceptance means.
#[test]
fn an_acceptance_does_not_depend_on_what_a_gateway_echoes() {
    for name in ["rfc6750", "supabase-auth", "kong", "envoy", "passport", "traefik"] {
        let profile = named(name).unwrap();
        let body = br#"{"user":"user_not_found token expired No credentials found for given"}"#;
        assert_eq!(read(profile, 200, &[], body), Reading::certain(Class::Accepted), "{name}");
    }
}

/// Bodies of random bytes with pieces of real answers among them.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let real: Vec<&'static str> =
        REGISTRY.iter().flat_map(|p| p.examples).map(|example| example.body).collect();
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::sample::select(real).prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn field() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let names = ["WWW-Authenticate", "proxy-status", "X-Sb-Error-Code", "server", ""];
    let values = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30),
        prop::sample::select(vec!["PostgREST; error=PGRST301", "Bearer error=\"invalid_token\""])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (prop::sample::select(names.to_vec()), values)
}

proptest! {
    #[test]
    fn every_answer_has_a_class_that_an_answer_can_have(
        status in 100_u16..=999,
        headers in prop::collection::vec(field(), 0..4),
        body in body(),
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        for profile in REGISTRY {
            let reading = read(profile, status, &headers, &body);
            prop_assert_eq!(reading, read(profile, status, &headers, &body));
            for class in reading.meanings().iter() {
                let no_answer = matches!(
                    class,
                    Class::Timeout | Class::ConnectRefused | Class::ConnectionReset
                        | Class::Tls | Class::Dns | Class::ProtocolError
                );
                prop_assert!(!no_answer, "{}: {class} for an answer", profile.name);
            }
            if reading.meanings().contains(Class::Accepted) {
                prop_assert!((200..=299).contains(&status), "{}: {status} lets in", profile.name);
            }
        }
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn shown(reading: Reading) -> String {
    let others: Vec<_> = reading
        .may_be
        .iter()
        .filter(|class| *class != reading.class)
        .map(|class| format!("`{class}`"))
        .collect();
    if others.is_empty() {
        format!("`{}`", reading.class)
    } else {
        format!("`{}`, or {}", reading.class, others.join(", "))
    }
}

fn page() -> String {
    let mut out = String::from(
        "# Profiles\n\n\
         How gateways and auth servers spell their answers, and what Substorm makes of them. A \
         scenario names one by `target.profile`; `substorm list profiles` prints the names.\n\n\
         Where a row gives several classes, the system answers all of them alike: the first is the \
         likeliest, and the truth that the harness knows decides. What no rule of a profile covers \
         is read by its status. That an answer reads as `accepted` is never proof; the identity that \
         the upstream saw is.\n\n\
         This page is generated from the code: `UPDATE_DOCS=1 cargo test --test profiles`.\n",
    );
    for profile in REGISTRY {
        writeln!(out, "\n## `{}`\n\n{}\n", profile.name, profile.about).unwrap();
        out.push_str(
            "| what happened | status | headers | body | read as |\n|---|---|---|---|---|\n",
        );
        for example in profile.examples {
            let headers: Vec<_> =
                example.headers.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
            let body = match example.body {
                "" => "empty".to_owned(),
                body => format!("`{body}`"),
            };
            let cells = [
                example.says,
                &example.status.to_string(),
                &headers.join("; "),
                &body,
                &shown(example.reading),
            ];
            writeln!(out, "| {} |", cells.map(cell).join(" | ")).unwrap();
        }
    }
    out
}

#[test]
fn the_page_shows_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/profiles.md is stale: UPDATE_DOCS=1 cargo test --test profiles"
    );
}
