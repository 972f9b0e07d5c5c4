//! Reads one HTTP/1.1 answer from bytes as they come (RFC 9112 §6). Does no input or output, so
//! that fuzzers and simulated servers can drive it.
//!
//! Memory is bounded: the head by [`Limits::head`], the body by [`BODY_KEPT`]; what is longer is
//! read, counted and dropped, up to [`Limits::body`].

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};

use crate::outcome::{Arrival, Failure, Observation};

use super::chunked::Chunked;
use super::known::{KnownHead, NO_FIELDS};

/// Bytes of a body that are kept for the profile to read.
pub const BODY_KEPT: usize = 16 * 1024;

const HEADERS_MAX: usize = 128;

/// How much an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of status line and headers.
    pub head: usize,
    /// Bytes of body.
    pub body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, body: 64 * 1024 * 1024 }
    }
}

#[derive(Clone, Copy, Debug)]
enum Body {
    None,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// What the bytes of a final head mean.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    length: usize,
    status: u16,
    body: Body,
    keep_alive: bool,
}

/// Heads that several readers of one server's answers share.
pub type SharedHead = KnownHead<Head>;

/// Reads one answer after another from one connection.
#[derive(Debug)]
pub struct ResponseReader {
    limits: Limits,
    /// The head, then the part of the body that is kept.
    bytes: Vec<u8>,
    head: Option<Head>,
    /// Body bytes so far, kept or not.
    body_seen: u64,
    complete: bool,
    /// Bytes came that no request asked for.
    surplus: bool,
    /// The answer is to a HEAD, so no body follows whatever the fields say (RFC 9112 §6.3).
    head_only: bool,
    /// When the bytes that are taken next had come.
    arrival: Option<Arrival>,
}

impl ResponseReader {
    /// A reader at the start of an answer.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            bytes: Vec::new(),
            head: None,
            body_seen: 0,
            complete: false,
            surplus: false,
            head_only: false,
            arrival: None,
        }
    }

    /// Says when the bytes that are taken next had come.
    pub fn arrived(&mut self, arrival: Option<Arrival>) {
        self.arrival = arrival;
    }

    /// Says to which method the next answer is.
    pub fn expect(&mut self, method: &str) {
        self.head_only = method == "HEAD";
    }

    /// Takes bytes; once the answer is whole, shows it to `read` as [`finish`](Self::finish) does.
    /// Nothing is copied if all of it comes at once, as short answers do, and a head that `known`
    /// holds is not parsed again. `read` is taken when it is used.
    pub fn take<R, F: FnOnce(&Observation<'_>) -> R>(
        &mut self,
        input: &[u8],
        known: &mut SharedHead,
        read: &mut Option<F>,
    ) -> Result<Option<(R, bool)>, Failure> {
        if !self.has_begun()
            && !self.head_only
            && input.len() <= self.limits.head
            && let Some(done) = take_at_once(input, self.arrival, known, read)?
        {
            return Ok(Some(done));
        }
        if !self.advance(input)? {
            return Ok(None);
        }
        let read = read.take().ok_or(Failure::Protocol)?;
        self.finish(read).map(Some)
    }

    /// Takes bytes. True once the answer is whole.
    pub fn advance(&mut self, input: &[u8]) -> Result<bool, Failure> {
        let mut input = input;
        while self.head.is_none() && !input.is_empty() {
            input = self.advance_head(input)?;
        }
        if self.head.is_some() {
            self.advance_body(input)?;
        }
        Ok(self.complete)
    }

    /// The connection was closed by the peer. True if that ends the answer properly.
    pub fn end(&mut self) -> Result<bool, Failure> {
        match self.head {
            Some(Head { body: Body::UntilClose, .. }) => {
                self.complete = true;
                Ok(true)
            }
            _ => Err(Failure::Reset),
        }
    }

    /// Whether any byte of an answer has come.
    pub fn has_begun(&self) -> bool {
        !self.bytes.is_empty() || self.head.is_some()
    }

    /// Shows the whole answer to `read` and makes ready for the next one. The flag says whether
    /// the connection may be used again. An error if the answer is not whole.
    pub fn finish<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<(R, bool), Failure> {
        let head = self.head.filter(|_| self.complete).ok_or(Failure::Protocol)?;
        let mut room = HEADERS_ROOM;
        let parsed = parse(&self.bytes[..head.length], self.head_only, &mut room)?
            .ok_or(Failure::Protocol)?;
        let observation = Observation {
            status: head.status,
            headers: parsed.headers,
            body: &self.bytes[head.length..],
            arrival: self.arrival,
        };
        let value = read(&observation);
        let reusable = head.keep_alive && !self.surplus && !matches!(head.body, Body::UntilClose);
        self.bytes.clear();
        self.head = None;
        self.body_seen = 0;
        self.complete = false;
        Ok((value, reusable))
    }

    /// Adds input to the head; gives what is left once the head is whole.
    fn advance_head<'a>(&mut self, input: &'a [u8]) -> Result<&'a [u8], Failure> {
        let before = self.bytes.len();
        let room = self.limits.head.saturating_sub(before);
        let taken = input.len().min(room);
        self.bytes.extend_from_slice(&input[..taken]);
        let mut room = HEADERS_ROOM;
        let Some(parsed) = parse(&self.bytes, self.head_only, &mut room)? else {
            let full = self.bytes.len() >= self.limits.head;
            return if full { Err(Failure::Protocol) } else { Ok(&[]) };
        };
        let (head, is_final) = (parsed.head, parsed.is_final());
        // The head was not whole before, so it ends within this input.
        let rest = &input[head.length.saturating_sub(before).min(input.len())..];
        self.bytes.truncate(head.length);
        if is_final {
            self.head = Some(head);
        } else {
            self.bytes.clear();
        }
        Ok(rest)
    }

    fn advance_body(&mut self, input: &[u8]) -> Result<(), Failure> {
        let Some(head) = &mut self.head else { return Ok(()) };
        if self.complete {
            self.surplus |= !input.is_empty();
            return Ok(());
        }
        let kept_until = head.length + BODY_KEPT;
        let (bytes, seen) = (&mut self.bytes, &mut self.body_seen);
        let mut keep = |data: &[u8]| {
            let room = kept_until.saturating_sub(bytes.len()).min(data.len());
            bytes.extend_from_slice(&data[..room]);
            *seen += data.len() as u64;
        };
        let taken = match &mut head.body {
            Body::None => 0,
            Body::Length(length) => {
                let left = usize::try_from(*length).unwrap_or(usize::MAX).min(input.len());
                keep(&input[..left]);
                *length -= left as u64;
                left
            }
            Body::Chunked(chunked) => chunked.advance(input, &mut keep)?,
            Body::UntilClose => {
                keep(input);
                input.len()
            }
        };
        self.complete = match &head.body {
            Body::None | Body::Length(0) => true,
            Body::Chunked(chunked) => chunked.is_done(),
            Body::Length(_) | Body::UntilClose => false,
        };
        self.surplus |= self.complete && taken < input.len();
        if self.body_seen > self.limits.body { Err(Failure::Protocol) } else { Ok(()) }
    }
}

/// Room for the fields of a head; not written to before a parser does.
type Room<'b> = [MaybeUninit<Header<'b>>; HEADERS_MAX];

const HEADERS_ROOM: Room<'static> = [const { MaybeUninit::uninit() }; HEADERS_MAX];

/// A whole head.
struct Parsed<'h, 'b> {
    head: Head,
    headers: &'h [Header<'b>],
}

impl Parsed<'_, '_> {
    /// Not an interim answer (RFC 9110 §15.2).
    fn is_final(&self) -> bool {
        self.head.status >= 200
    }
}

/// The answer, if it is final and whole in `input`, with a body short enough to be kept.
fn take_at_once<R, F: FnOnce(&Observation<'_>) -> R>(
    input: &[u8],
    arrival: Option<Arrival>,
    known: &mut SharedHead,
    read: &mut Option<F>,
) -> Result<Option<(R, bool)>, Failure> {
    let mut fields = NO_FIELDS;
    if let Some((head, headers)) = known.recall(input, &mut fields) {
        return Ok(show_whole((input, arrival), &head, headers, read));
    }
    let mut room = HEADERS_ROOM;
    let Some(parsed) = parse(input, false, &mut room)?.filter(Parsed::is_final) else {
        return Ok(None);
    };
    known.remember(&input[..parsed.head.length], parsed.headers, parsed.head);
    Ok(show_whole((input, arrival), &parsed.head, parsed.headers, read))
}

fn show_whole<R, F: FnOnce(&Observation<'_>) -> R>(
    (input, arrival): (&[u8], Option<Arrival>),
    head: &Head,
    headers: &[Header<'_>],
    read: &mut Option<F>,
) -> Option<(R, bool)> {
    let length = match head.body {
        Body::None => 0,
        Body::Length(length) if length <= BODY_KEPT as u64 => length as usize,
        _ => return None,
    };
    let rest = &input[head.length..];
    let body = rest.get(..length)?;
    let reusable = head.keep_alive && rest.len() == length;
    let observation = Observation { status: head.status, headers, body, arrival };
    Some((read.take()?(&observation), reusable))
}

/// The head at the start of `bytes`; `None` if it is not whole yet.
fn parse<'h, 'b>(
    bytes: &'b [u8],
    head_only: bool,
    room: &'h mut Room<'b>,
) -> Result<Option<Parsed<'h, 'b>>, Failure> {
    let mut response = Response::new(&mut []);
    let config = ParserConfig::default();
    let length = match config.parse_response_with_uninit_headers(&mut response, bytes, room) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(_) => return Err(Failure::Protocol),
    };
    let headers: &'h [Header<'b>] = response.headers;
    let status = response.code.unwrap_or(0);
    // 101 would change the protocol, which nobody asked for (RFC 9110 §15.2.2).
    if status == 101 || !(100..=999).contains(&status) {
        return Err(Failure::Protocol);
    }
    let mut keep_alive = response.version == Some(1);
    // Whether the last of the transfer codings, if there is any, is `chunked`.
    let mut chunked: Option<bool> = None;
    let mut length_seen: Option<u64> = None;
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let value = parse_length(header.value)?;
            // Two different lengths make the end of the message a matter of opinion (§6.3).
            if length_seen.is_some_and(|seen| seen != value) {
                return Err(Failure::Protocol);
            }
            length_seen = Some(value);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let mut codings = header.value.split(|&b| b == b',').map(<[u8]>::trim_ascii);
            let last = codings.rfind(|coding| !coding.is_empty());
            chunked = last.map(|last| last.eq_ignore_ascii_case(b"chunked")).or(chunked);
        } else if header.name.eq_ignore_ascii_case("connection") {
            let has = |word: &str| {
                let tokens = header.value.split(|&b| b == b',');
                tokens
                    .map(<[u8]>::trim_ascii)
                    .any(|token| token.eq_ignore_ascii_case(word.as_bytes()))
            };
            keep_alive = if has("close") { false } else { keep_alive || has("keep-alive") };
        }
    }
    // HTTP/1.0 knows no codings: where the message ends is then not sure (§6.1).
    keep_alive &= chunked.is_none() || response.version == Some(1);
    // Codings overrule a length (§6.3).
    let body = match (status, chunked, length_seen) {
        (100..=199 | 204 | 304, _, _) => Body::None,
        _ if head_only => Body::None,
        (_, Some(true), _) => Body::Chunked(Chunked::default()),
        (_, None, Some(length)) => Body::Length(length),
        (_, Some(false), _) | (_, None, None) => Body::UntilClose,
    };
    Ok(Some(Parsed { head: Head { length, status, body, keep_alive }, headers }))
}

/// The value of a `Content-Length` field (RFC 9110 §8.6).
pub fn parse_length(value: &[u8]) -> Result<u64, Failure> {
    let text = std::str::from_utf8(value.trim_ascii()).map_err(|_| Failure::Protocol)?;
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Failure::Protocol);
    }
    text.parse().map_err(|_| Failure::Protocol)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `read`, by the way that copies nothing where it can.
    fn read_at_once(input: &[u8], step: usize) -> Result<(u16, Vec<u8>, bool), Failure> {
        let mut reader = ResponseReader::new(Limits::default());
        let mut known = SharedHead::default();
        let mut show = Some(|seen: &Observation<'_>| (seen.status, seen.body.to_vec()));
        for piece in input.chunks(step.max(1)) {
            let done = reader.take(piece, &mut known, &mut show)?;
            if let Some(((status, body), reusable)) = done {
                return Ok((status, body, reusable));
            }
        }
        reader.end()?;
        let ((status, body), reusable) = reader.finish(show.take().unwrap())?;
        Ok((status, body, reusable))
    }

    /// Status, kept body, whether the connection may be used again.
    fn read(input: &[u8], step: usize) -> Result<(u16, Vec<u8>, bool), Failure> {
        let mut reader = ResponseReader::new(Limits::default());
        let mut whole = false;
        for piece in input.chunks(step.max(1)) {
            whole = reader.advance(piece)?;
        }
        if !whole {
            reader.end()?;
        }
        let ((status, body), reusable) = reader.finish(|seen| (seen.status, seen.body.to_vec()))?;
        Ok((status, body, reusable))
    }

    #[test]
    fn bodies_of_each_framing_in_pieces_of_any_size() {
        let cases: [(&[u8], &[u8], bool); 6] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", true),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                b"ok",
                true,
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nuntil close", b"until close", false),
            (b"HTTP/1.1 204 No Content\r\n\r\n", b"", true),
            (b"HTTP/1.1 401 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", b"", false),
            (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                b"x",
                true,
            ),
        ];
        for (input, body, reusable) in cases {
            for step in [1, 2, 5, 1000] {
                let (_, seen, again) = read(input, step).unwrap();
                assert_eq!((seen.as_slice(), again), (body, reusable), "step {step}");
            }
        }
    }

    #[test]
    fn the_last_coding_frames_a_body() {
        let chunked: &[u8] = b"2\r\nok\r\n0\r\n\r\n";
        let cases: [(&str, &[u8], bool); 9] = [
            ("Transfer-Encoding: gzip, chunked", b"ok", true),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked", b"ok", true),
            ("Transfer-Encoding: gzip,\tCHUNKED ,, ", b"ok", true),
            ("Transfer-Encoding: chunked\r\nContent-Length: 3", b"ok", true),
            ("Content-Length: 3\r\nTransfer-Encoding: gzip, chunked", b"ok", true),
            // What is not chunked at last goes on until the connection ends.
            ("Transfer-Encoding: gzip\r\nContent-Length: 3", chunked, false),
            ("Transfer-Encoding: chunked, gzip", chunked, false),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", chunked, false),
            ("Transfer-Encoding: xchunked", chunked, false),
        ];
        for (fields, body, reusable) in cases {
            let input =
                [format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n").as_bytes(), chunked].concat();
            for step in [1, 5, 1000] {
                let expected = Ok((200, body.to_vec(), reusable));
                assert_eq!(read(&input, step), expected, "{fields}, step {step}");
                assert_eq!(read_at_once(&input, step), expected, "{fields}, step {step}");
            }
        }
        let none = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: ,\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(none, 1000), Ok((200, b"ok".to_vec(), true)));
        let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n";
        assert_eq!(read(cut, 1000), Err(Failure::Reset));
        let old = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(read(old, 1000), Ok((200, Vec::new(), false)), "HTTP/1.0 has no such framing");
    }

    #[test]
    fn refuses_what_is_not_http_or_is_ambiguous() {
        let long_head = [b"HTTP/1.1 200 OK\r\nA: ".as_slice(), &vec![b'x'; 70_000]].concat();
        let cases: [&[u8]; 6] = [
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            &long_head,
        ];
        for input in cases {
            assert_eq!(read(input, 4096), Err(Failure::Protocol));
        }
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc";
        assert_eq!(read(cut, 100), Err(Failure::Reset));
    }

    #[test]
    fn a_large_body_is_read_but_not_kept() {
        let mut input = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_vec();
        input.resize(input.len() + 10_000_000, b'x');
        let (_, body, reusable) = read(&input, 65_536).unwrap();
        assert_eq!((body.len(), reusable), (BODY_KEPT, true));
    }

    #[test]
    fn an_answer_to_a_head_has_no_body() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
        for step in [7, head.len()] {
            let mut reader = ResponseReader::new(Limits::default());
            reader.expect("HEAD");
            let mut show = Some(|seen: &Observation<'_>| seen.status);
            let mut done = None;
            for piece in head.chunks(step) {
                done = reader.take(piece, &mut SharedHead::default(), &mut show).unwrap();
            }
            assert_eq!(done, Some((200, true)));
            reader.expect("GET");
            assert_eq!(reader.advance(head), Ok(false));
        }
    }

    #[test]
    fn bytes_nobody_asked_for_end_the_connection() {
        let (_, _, reusable) =
            read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500", 1000).unwrap();
        assert!(!reusable);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_never_panic_and_agree(
            tail in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'0')], 0..200),
            step in 1_usize..50,
        ) {
            let input = [b"HTTP/1.1 200 OK\r\n".as_slice(), &tail].concat();
            prop_assert_eq!(read(&input, step), read(&input, 10_000));
            prop_assert_eq!(read_at_once(&input, 10_000), read(&input, 10_000));
        }

        /// Whole answers of every framing come out alike by both ways, wherever they are cut.
        #[test]
        fn what_comes_at_once_reads_as_what_comes_in_pieces(
            body in prop::collection::vec(any::<u8>(), 0..300), framing in 0_u8..4,
            extra in prop::collection::vec(any::<u8>(), 0..3), step in 1_usize..400,
        ) {
            let head = match framing {
                0 => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()),
                1 => format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 401 No\r\nContent-Length: {}\r\n\r\n", body.len()),
                2 => format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()),
                _ => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            };
            let tail: &[u8] = if framing == 2 { b"\r\n0\r\n\r\n" } else { b"" };
            let input = [head.as_bytes(), &body, tail, &extra].concat();
            let at_once = read_at_once(&input, 100_000);
            prop_assert_eq!(&at_once, &read(&input, 100_000));
            // How it is cut may decide whether bytes behind it are seen in time, nothing else.
            let plain = |read: Result<(u16, Vec<u8>, bool), Failure>| read.map(|(s, b, _)| (s, b));
            prop_assert_eq!(plain(read_at_once(&input, step)), plain(at_once));
        }
    }
}
