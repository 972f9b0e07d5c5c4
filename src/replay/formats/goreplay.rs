//! Request files of GoReplay (`gor --output-file`).
//!
//! A record is a line `TYPE ID TIME …`, the raw bytes of a message, and a line of three monkeys.
//! Type 1 is a request, 2 and 3 are answers, which are passed over; the time is in nanoseconds since
//! 1970 when the request came. Bodies are not replayed.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::ops::ControlFlow;

use super::headers::{self, Selector};
use super::{Fields, Format, first_lines};
use crate::replay::raw::{Flaw, Found, Raw, Sink, When, method};
use crate::replay::stamp::Stamp;

/// See the module.
pub static FORMAT: Format = Format {
    name: "goreplay",
    about: "Request files of GoReplay, with answers among them or not.",
    roles: &["user"],
    takes: |name| Selector::parse(name).is_some(),
    recognises: |head| first_lines(head).next().is_some_and(|line| meta(line).is_some()),
    read: read_all,
};

/// The line between records.
const SEPARATOR: &[u8] = "🐵🙈🙉".as_bytes();

/// What is kept of a record, in bytes; the rest of it is its body.
const KEPT: usize = 128 << 10;

/// Header fields that are looked at.
const FIELDS: usize = 128;

/// A record's first line: its type, and its time as written.
fn meta(line: &[u8]) -> Option<(u8, &str)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (kind, id, time) = (words.next()?, words.next()?, words.next()?);
    let kind: u8 = kind.parse().ok().filter(|kind| (1..=3).contains(kind))?;
    let is_id = id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_id && time.bytes().all(|byte| byte.is_ascii_digit())).then_some((kind, time))
}

fn read_all(reader: &mut dyn BufRead, fields: &Fields, sink: &mut Sink<'_>) -> io::Result<()> {
    let selector = Selector::of(fields);
    let (mut record, mut number) = (Vec::new(), 0);
    while next_record(reader, &mut record)? {
        let bytes = record.trim_ascii_start();
        if bytes.is_empty() {
            continue;
        }
        number += 1;
        if read(bytes, selector.as_ref(), |found| sink(number, found)).is_break() {
            break;
        }
    }
    Ok(())
}

/// Reads up to the next separator; false at the end.
fn next_record(reader: &mut dyn BufRead, record: &mut Vec<u8>) -> io::Result<bool> {
    record.clear();
    let mut line = Vec::new();
    let mut any = false;
    loop {
        line.clear();
        // Bodies may be of any length and without line ends.
        let read = io::Read::take(&mut *reader, KEPT as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(any);
        }
        any = true;
        if line.trim_ascii() == SEPARATOR {
            return Ok(true);
        }
        let room = KEPT.saturating_sub(record.len());
        record.extend_from_slice(&line[..read.min(room)]);
    }
}

fn read(
    record: &[u8],
    selector: Option<&Selector>,
    sink: impl FnOnce(Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let end = record.iter().position(|byte| *byte == b'\n').unwrap_or(record.len());
    let Some((kind, time)) = meta(record[..end].trim_ascii()) else {
        return sink(Found::Flawed(Flaw::Missing("the line with type and time")));
    };
    if kind != 1 {
        return sink(Found::Without);
    }
    let Ok(nanos) = time.parse() else { return sink(Found::Flawed(Flaw::Time)) };
    let at = Stamp { nanos, whole_second: false };
    let mut header = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut header);
    let whole = request.parse(record.get(end + 1..).unwrap_or_default());
    let (Ok(httparse::Status::Complete(_)), Some(verb), Some(path)) =
        (whole, request.method, request.path)
    else {
        return sink(Found::Flawed(Flaw::Http));
    };
    if method(verb.as_bytes()).is_none() {
        return sink(Found::Without);
    }
    let fields = request.headers.iter();
    let fields = fields.map(|field| (field.name, String::from_utf8_lossy(field.value)));
    sink(Found::Request(Raw {
        at: When::Began(at),
        method: Cow::Borrowed(verb),
        target: Cow::Borrowed(path.as_bytes()),
        has_placeholders: false,
        signs: headers::signs(fields, selector),
    }))
}
