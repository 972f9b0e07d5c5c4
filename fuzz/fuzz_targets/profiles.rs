//! Profiles: any answer has a reading, and only a 2xx can be an acceptance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::outcome::profiles::REGISTRY;
use substorm::outcome::{Class, Observation};

fuzz_target!(|input: (u16, Vec<(String, Vec<u8>)>, Vec<u8>)| {
    let (status, fields, body) = &input;
    let status = 100 + status % 900;
    let headers: Vec<_> =
        fields.iter().map(|(name, value)| httparse::Header { name, value }).collect();
    let seen = Observation { status, headers: &headers, body, arrival: None };
    for profile in REGISTRY {
        let accepted = (profile.read)(&seen).meanings().contains(Class::Accepted);
        assert!(!accepted || (200..=299).contains(&status), "{} {status}", profile.name);
    }
});
