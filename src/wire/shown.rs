//! Answers that a client has parsed, in the form in which profiles read them.

use crate::outcome::{Arrival, Observation};

/// Most fields of an answer that a profile is shown.
const HEADERS_SHOWN: usize = 128;

/// Shows an answer to `read`.
pub(super) fn shown<'a, R>(
    status: u16,
    fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    body: &'a [u8],
    arrival: Option<Arrival>,
    read: impl FnOnce(&Observation<'_>) -> R,
) -> R {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_SHOWN];
    let mut count = 0;
    for (place, (name, value)) in headers.iter_mut().zip(fields) {
        *place = httparse::Header { name, value };
        count += 1;
    }
    read(&Observation { status, headers: &headers[..count], body, arrival })
}
