//! Readers of recorded traffic: any bytes in any format, cut anywhere.
//!
//! Nothing may panic; how the bytes are cut changes nothing; and whatever comes out can be sent as
//! it is and holds no token.

#![no_main]

use std::collections::BTreeMap;
use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use substorm::replay::formats::{Fields, Format, REGISTRY, recognise};
use substorm::replay::{Cleaning, each_request};

/// What is found, in a form that two readings can be compared in.
fn found(format: &Format, bytes: &[u8], step: usize, cleaning: &Cleaning) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut fields = Fields::new();
    if format.roles.contains(&"user") {
        fields.insert("user".to_owned(), "header:x-user".to_owned());
    }
    let mut reader = BufReader::with_capacity(step, bytes);
    let mut users = BTreeMap::new();
    let read = each_request(format, &mut reader, &fields, cleaning, |line, read| {
        let text = match read {
            Ok(Some(entry)) => {
                let target = entry.request.target;
                assert!(target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic()));
                let braces = target.replace("{user}", "");
                assert!(!braces.contains(['{', '}']), "{target}");
                assert!(!entry.request.method.is_empty());
                // Hashes differ from reading to reading; which of them are equal does not.
                let count = users.len();
                let user = *users.entry(entry.who.hex()).or_insert(count);
                format!("{} {target} by {user}", entry.request.method)
            }
            Ok(None) => "nothing".to_owned(),
            Err(flaw) => flaw.to_string(),
        };
        found.push((line, text));
    });
    found.push((u64::MAX, format!("{:?}", read.map_err(|error| error.to_string()))));
    found
}

fuzz_target!(|input: &[u8]| {
    let Some(([which, step], bytes)) = input.split_first_chunk() else { return };
    let format = REGISTRY[usize::from(*which) % REGISTRY.len()];
    let patterns = vec!["/users/{user}/**".parse().expect("a pattern")];
    let cleaning = Cleaning { patterns, ..Cleaning::default() };
    let _ = recognise(bytes);
    let whole = found(format, bytes, 1 << 16, &cleaning);
    let pieces = found(format, bytes, usize::from(*step).max(1), &cleaning);
    assert_eq!(whole, pieces, "{}", format.name);
});
