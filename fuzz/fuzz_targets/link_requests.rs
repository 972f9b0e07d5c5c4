//! The counter of requests on a link: any bytes, cut anywhere, give the same count.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::proxy::RequestCounter;

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else { return };
    let mut counter = RequestCounter::default();
    let pieces: u64 =
        bytes.chunks(usize::from(*step).max(1)).map(|piece| counter.feed(piece)).sum();
    assert_eq!(pieces, RequestCounter::default().feed(bytes));
});
