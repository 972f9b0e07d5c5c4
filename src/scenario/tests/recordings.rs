//! Scenarios that replay a recording: what follows from the file.

use std::fmt::Write as _;

use super::source::{Room, SOURCE, TARGET, jwt};
use crate::arrival::Arrival;
use crate::clock::unix_now;
use crate::scenario::{Overrides, Plan, ScenarioError, load};

/// A recording of ten requests a second, of so many users in turn.
fn recording(requests: u32, users: u32) -> String {
    let mut text = crate::replay::first_line() + "\n";
    for n in 0..requests {
        let (at, user) = (u64::from(n) * 100_000_000, n % users);
        let _ = writeln!(text, r#"{{"at_ns":{at},"method":"GET","path":"/a","user":"u{user}"}}"#);
    }
    text
}

impl Room {
    /// A scenario that replays `log` for five seconds.
    fn replay(&self, log: &[u8], rest: &str) -> Result<Plan, ScenarioError> {
        std::fs::write(self.path().with_file_name("log"), log).unwrap();
        let phase = "[[phase]]\nname = \"log\"\nfor = \"5s\"\narrival = { replay = \"log\" }\n";
        std::fs::write(self.path(), format!("name = \"own\"\n{rest}\n{phase}")).unwrap();
        load(&self.path(), &Overrides::default())
    }

    fn digest(&self, log: &[u8]) -> String {
        self.replay(log, "").unwrap().digest
    }
}

#[test]
fn another_recording_makes_another_digest() {
    let room = Room::new("");
    let log = recording(40, 4);
    let digest = room.digest(log.as_bytes());
    assert_eq!(room.digest(log.as_bytes()), digest);
    let packed = zstd::encode_all(log.as_bytes(), 3).unwrap();
    assert_eq!(room.digest(&packed), digest, "packed, it is the same recording");
    let renamed = log.replace(":\"u", ":\"v");
    assert_eq!(room.digest(renamed.as_bytes()), digest, "a user's name in a log means nothing");
    let beyond = log.clone() + &recording(100, 4)[recording(60, 4).len()..];
    assert_eq!(room.digest(beyond.as_bytes()), digest, "what is after the phase is not replayed");

    let others = [
        ("another path", log.replacen("/a", "/b", 1)),
        ("another method", log.replacen("GET", "PUT", 1)),
        ("another instant", log.replacen(":300000000", ":300000001", 1)),
        ("another user", log.replacen("u3", "u2", 1)),
        ("a request less", recording(39, 4)),
    ];
    for (what, other) in others {
        assert_ne!(other, log, "{what}");
        assert_ne!(room.digest(other.as_bytes()), digest, "{what}");
    }
}

#[test]
fn the_recording_is_held_against_the_users_that_the_tokens_have() {
    let later = unix_now() + 1_000_000;
    let tokens: Vec<_> = (0..3).map(|n| jwt(&format!("user-{n}"), later)).collect();
    let room = Room::new(&tokens.join("\n"));
    let own = format!("[token]\n{SOURCE}{TARGET}");
    let log = |users| recording(40, users).into_bytes();

    let plan = room.replay(&log(3), &own).unwrap();
    assert_eq!(plan.population.users, 3);
    let Arrival::Replay(replay) = &plan.phases[0].arrival else { panic!("a replay") };
    assert_eq!(replay.survey.as_ref().unwrap().counts.users, 3);

    let told = |users, rest: &str| room.replay(&log(users), rest).unwrap_err().to_string();
    let text = told(4, &own);
    assert!(
        text.contains(
            "has 4 users, told by the field that names them, and the population 3; there"
        ),
        "{text}"
    );
    let two = format!("[population]\nusers = 2\n{own}");
    assert!(
        told(3, &two).contains(
            "has 3 users, told by the field that names them, and the population 2; there"
        )
    );
    let minted = told(4, "[population]\nusers = 3\n");
    assert!(minted.contains("the population 3; set population.users to 4 or more"), "{minted}");
    // Without the tokens nothing is known of the population, and nothing said.
    let missing =
        format!("[population]\nusers = 2\n[token]\nsource = {{ file = \"none\" }}\n{TARGET}");
    let text = told(3, &missing);
    assert!(text.contains("none cannot be read") && !text.contains("the population 2"), "{text}");
}

#[test]
fn more_users_than_a_population_has_by_default_are_fine_if_they_have_tokens() {
    let users = 10_001_u32;
    let tokens: Vec<_> = (0..users).map(|n| format!("opaque-{n}")).collect();
    let room = Room::new(&tokens.join("\n"));
    let mut log = crate::replay::first_line() + "\n";
    for user in 0..users {
        let _ = writeln!(log, r#"{{"at_ns":{user},"method":"GET","path":"/","user":"u{user}"}}"#);
    }
    let plan = room.replay(log.as_bytes(), &format!("[token]\n{SOURCE}{TARGET}")).unwrap();
    assert_eq!(plan.population.users, users);
}
