//! The reader of answers: any bytes, cut anywhere, in several answers on one connection.
//!
//! Nothing may panic, memory stays bounded, and how the bytes are cut changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::outcome::Failure;
use substorm::wire::http1::{BODY_KEPT, Limits, ResponseReader};

const LIMITS: Limits = Limits { head: 4 * 1024, body: 64 * 1024 };

/// The answer in the form that two readings are compared in.
type Answer = Result<(u16, Vec<(String, Vec<u8>)>, Vec<u8>, bool), Failure>;

fn first_answer(bytes: &[u8], step: usize) -> Option<Answer> {
    let mut reader = ResponseReader::new(LIMITS);
    let mut whole = false;
    for piece in bytes.chunks(step) {
        match reader.advance(piece) {
            Ok(done) => whole = done,
            Err(failure) => return Some(Err(failure)),
        }
        if whole {
            break;
        }
    }
    if !whole {
        match reader.end() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(failure) => return Some(Err(failure)),
        }
    }
    let answer = reader.finish(|seen| {
        assert!(seen.body.len() <= BODY_KEPT, "keeps {} bytes", seen.body.len());
        assert!((100..=999).contains(&seen.status), "status {}", seen.status);
        let headers = seen
            .headers
            .iter()
            .map(|field| (field.name.to_owned(), field.value.to_vec()))
            .collect();
        (seen.status, headers, seen.body.to_vec())
    });
    Some(answer.map(|((status, headers, body), reusable)| (status, headers, body, reusable)))
}

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else { return };
    let step = usize::from(*step).max(1);
    let pieces = first_answer(bytes, step);
    let bytewise = first_answer(bytes, 1);
    // Bytes behind the answer that came together with it make the connection useless, so of two
    // readings only that may differ.
    let plain = |answer: &Option<Answer>| {
        answer.clone().map(|read| read.map(|(status, headers, body, _)| (status, headers, body)))
    };
    assert_eq!(plain(&pieces), plain(&bytewise));
});
