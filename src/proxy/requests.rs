//! Counts the requests of one HTTP/1.1 connection from the client's bytes alone.
//!
//! Bytes come in pieces of any size; requests are told apart by the framing of RFC 9112 §6: no body
//! without `Content-Length` or `Transfer-Encoding`, which wins over the former. So kept-alive and
//! pipelined requests are counted each, and a body that looks like a request is not.
//!
//! What it does not do: judge requests, follow protocol switches (after `CONNECT`, or what is not
//! HTTP/1.x, it stops counting). It holds at most [`KEPT`] bytes of a line.

/// How much of a line is kept; the fields that matter are shorter.
const KEPT: usize = 256;

/// The counter of one connection.
#[derive(Debug, Default)]
pub struct RequestCounter {
    part: Part,
    line: Vec<u8>,
    /// Of the head that is being read.
    framing: Framing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    RequestLine,
    Fields,
    /// So many bytes of the body are still to come.
    Body(u64),
    ChunkSize,
    /// So many bytes of the chunk are still to come.
    Chunk(u64),
    ChunkEnd,
    Trailers,
    /// Not, or no longer, HTTP/1.x.
    Opaque,
}

#[derive(Debug, Default, Clone, Copy)]
struct Framing {
    length: u64,
    chunked: bool,
    tunnel: bool,
}

impl RequestCounter {
    /// Reads the next bytes; gives how many heads ended in them.
    pub fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        let mut heads = 0;
        while !bytes.is_empty() {
            bytes = match self.part {
                Part::Opaque => return heads,
                Part::Body(left) => self.skip(bytes, left, Part::Body, Part::RequestLine),
                Part::Chunk(left) => self.skip(bytes, left, Part::Chunk, Part::ChunkEnd),
                _ => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (text, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
                    let room = KEPT - self.line.len();
                    self.line.extend_from_slice(&text[..text.len().min(room)]);
                    if end.is_some() {
                        heads += u64::from(self.end_line());
                    }
                    rest
                }
            };
        }
        heads
    }

    fn skip<'a>(
        &mut self,
        bytes: &'a [u8],
        left: u64,
        during: fn(u64) -> Part,
        after: Part,
    ) -> &'a [u8] {
        let here = left.min(bytes.len() as u64);
        self.part = if here == left { after } else { during(left - here) };
        &bytes[here as usize..]
    }

    /// Takes the line that has just ended; whether it ended a head.
    fn end_line(&mut self) -> bool {
        let mut line = std::mem::take(&mut self.line);
        let text = line.trim_ascii_end();
        let mut head_ended = false;
        self.part = match self.part {
            // Empty lines before a request line are ignored (RFC 9112 §2.2).
            Part::RequestLine if text.is_empty() => Part::RequestLine,
            Part::RequestLine => self.request_line(text),
            Part::Fields if text.is_empty() => {
                head_ended = true;
                self.body()
            }
            Part::Fields => self.field(text),
            Part::ChunkSize => match number(text.split(|b| *b == b';').next(), 16) {
                Some(0) => Part::Trailers,
                Some(size) => Part::Chunk(size),
                None => Part::Opaque,
            },
            Part::ChunkEnd if text.is_empty() => Part::ChunkSize,
            Part::Trailers if text.is_empty() => Part::RequestLine,
            Part::Trailers => Part::Trailers,
            _ => Part::Opaque,
        };
        line.clear();
        self.line = line;
        head_ended
    }

    fn request_line(&mut self, text: &[u8]) -> Part {
        let method = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        self.framing = Framing { tunnel: method == b"CONNECT", ..Framing::default() };
        // A long target pushes the version out of what is kept.
        let kept_whole = text.len() < KEPT - 2;
        let is_http = !kept_whole || text.windows(8).any(|part| part == b" HTTP/1.");
        let is_method = !method.is_empty() && method.iter().all(|b| token(*b));
        if is_http && is_method && method.len() < text.len() { Part::Fields } else { Part::Opaque }
    }

    fn field(&mut self, text: &[u8]) -> Part {
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let (name, value) = text.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            match number(Some(value), 10) {
                Some(length) => self.framing.length = length,
                None => return Part::Opaque,
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.framing.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        }
        Part::Fields
    }

    fn body(&self) -> Part {
        match self.framing {
            Framing { tunnel: true, .. } => Part::Opaque,
            Framing { chunked: true, .. } => Part::ChunkSize,
            Framing { length: 0, .. } => Part::RequestLine,
            Framing { length, .. } => Part::Body(length),
        }
    }
}

/// Whether a byte may stand in a method (RFC 9110 §5.6.2).
fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn number(text: Option<&[u8]>, radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text?.trim_ascii()).ok()?;
    // `from_str_radix` takes a sign, which no number on the wire has.
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { u64::from_str_radix(text, radix).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(text: &str) -> u64 {
        RequestCounter::default().feed(text.as_bytes())
    }

    #[test]
    fn heads_are_counted_and_bodies_are_not() {
        let cases = [
            ("", 0),
            ("GET / HTTP/1.1\r\n", 0),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1),
            ("GET / HTTP/1.1\n\nGET / HTTP/1.1\n\n", 2),
            ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1),
            ("POST / HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1),
            ("POST / HTTP/1.1\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
                 12;x=y\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                2,
            ),
            ("CONNECT a:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1),
            ("\u{0}\u{1}\u{2}\n\r\nGET / HTTP/1.1\r\n\r\n", 0),
            ("EHLO example.com\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(count(text), expected, "{text:?}");
        }
        let long = format!(
            "GET /users/{} HTTP/1.1\r\nX: {}\r\n\r\n",
            "a".repeat(70_000),
            "b".repeat(9_000)
        );
        assert_eq!(count(&long.repeat(3)), 3);
    }

    proptest! {
        #[test]
        fn the_count_does_not_depend_on_how_bytes_are_cut(
            requests in prop::collection::vec((0_usize..300, 0_usize..40, any::<bool>()), 0..20),
            cuts in prop::collection::vec(1_usize..50, 1..40),
        ) {
            let parts: Vec<String> = requests.iter().map(|(path, body, chunked)| {
                let body = "GET / HTTP/1.1\r\n\r\n".repeat(*body);
                let (target, size) = ("p".repeat(*path), body.len());
                let framed = match (chunked, size) {
                    (false, _) => format!("Content-Length: {size}\r\n\r\n{body}"),
                    (true, 0) => "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
                    (true, _) => format!(
                        "Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"
                    ),
                };
                format!("PUT /{target} HTTP/1.1\r\n{framed}")
            }).collect();
            let stream = parts.concat();
            let (mut counter, mut rest, mut seen) = (RequestCounter::default(), stream.as_bytes(), 0);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                seen += counter.feed(piece);
                rest = later;
            }
            prop_assert_eq!(seen, requests.len() as u64);
        }

        #[test]
        fn any_bytes_are_taken(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)) {
            let mut counter = RequestCounter::default();
            for piece in pieces {
                let heads = counter.feed(&piece);
                prop_assert!(heads * 4 <= piece.len() as u64 + 4);
                prop_assert!(counter.line.len() <= KEPT);
            }
        }
    }
}
