//! The client's side of an HTTP/2 transport: any bytes of a server, cut anywhere, while requests
//! are under way.
//!
//! Nothing may panic, memory stays bounded, and how the bytes are cut changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::outcome::Failure;
use substorm::wire::http1::BODY_KEPT;
use substorm::wire::http2::{Session, Shared};

const BODY_MAX: u64 = 64 * 1024;
/// `:method: GET`, as HPACK's static table has it.
const BLOCK: &[u8] = &[0x82];

/// What became of one request: how it ended, its fields, and its body.
type Answer = (Option<Result<u16, Failure>>, Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>);

fn answers(bytes: &[u8], step: usize) -> (Result<(), Failure>, Vec<Answer>, Vec<u8>) {
    let mut session = Session::new(BODY_MAX);
    let exchanges: Vec<Shared> = (0..3).map(|_| Shared::default()).collect();
    for (exchange, body) in exchanges.iter().zip([&b""[..], b"", &[7; 100_000]]) {
        session.begin(exchange, BLOCK, body).expect("a new session takes requests");
    }
    let outcome = bytes.chunks(step).try_for_each(|piece| session.take(piece));
    if let Err(failure) = outcome {
        session.fail(failure);
    }
    let read = |exchange: &Shared| {
        let exchange = exchange.borrow();
        assert!(exchange.body.len() <= BODY_KEPT, "keeps {} bytes", exchange.body.len());
        let fields = exchange.fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec()));
        let ended = exchange.ended.map(|how| how.map(|()| exchange.status));
        (ended, fields.collect(), exchange.body.clone())
    };
    // Every frame is answered by a few bytes at most, the request's body apart.
    assert!(session.out.len() <= 200_000 + 20 * bytes.len(), "{} to send", session.out.len());
    (outcome, exchanges.iter().map(read).collect(), session.out)
}

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else { return };
    let step = usize::from(*step).max(1);
    assert_eq!(answers(bytes, step), answers(bytes, bytes.len().max(1)));
});
