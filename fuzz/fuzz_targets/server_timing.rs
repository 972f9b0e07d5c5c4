//! `Server-Timing`: reading ends, names are tokens, and two fields are as one with a comma between,
//! unless a quotation mark is left open.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::outcome::{Metric, metrics};

fuzz_target!(|value: &[u8]| {
    let whole: Vec<Metric<'_>> = metrics(value).collect();
    assert!(whole.len() <= value.len());
    let is_token = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    assert!(whole.iter().all(|metric| is_token(metric.name)));
    if !value.contains(&b'"') {
        let parts: Vec<Metric<'_>> = value.split(|&b| b == b',').flat_map(metrics).collect();
        assert_eq!(whole, parts);
    }
});
