//! The state of one transport: frames in, frames out (RFC 9113). Does no input or output, so that
//! fuzzers and simulated servers can drive it.
//!
//! Memory is bounded: a partial frame, a block of fields, and of each answer what is kept.

use std::rc::Rc;
use std::task::Waker;

use super::exchange::{Exchange, Shared};
use super::frame::{self, Frame};
use super::hpack::{self, Decoder, Fields};
use crate::outcome::{Arrival, Failure};

/// Bytes that a peer may send on one stream, and on all of them, before it is told that there is
/// room again: enough that a load's short answers never wait for that.
const STREAM_WINDOW: u32 = 1 << 20;
const SESSION_WINDOW: u32 = 16 << 20;
/// Most bytes of a block of fields, coded.
const BLOCK_MAX: usize = 64 * 1024;
/// Streams have numbers up to 2³¹; before that a transport makes way for another.
const LAST_STREAM: u32 = (1 << 31) - 1_001;

/// The state of one transport.
#[derive(Debug)]
pub struct Session {
    /// What is to be sent.
    pub out: Vec<u8>,
    /// A frame that is not whole.
    partial: Vec<u8>,
    decoder: Decoder,
    /// What was decoded last.
    fields: Fields,
    /// Fields that go on in CONTINUATION frames: stream, whether it ends with them, and so far.
    block: Option<(u32, bool, Vec<u8>)>,
    /// Under way, by the number of the stream, ascending.
    active: Vec<(u32, Shared)>,
    next: u32,
    body_max: u64,
    send_window: i64,
    /// Bytes received for which the peer was not given new room.
    owed: u32,
    peer_window: i64,
    peer_streams: usize,
    peer_payload: usize,
    /// The peer has changed its table's size, which the next block has to answer.
    table_changed: bool,
    /// Takes no further requests: the peer is about to go, or has.
    leaving: bool,
    /// When the bytes that are taken next had come.
    pub arrival: Option<Arrival>,
    /// Who waits for a stream to end, because the peer allows no more at a time.
    waiting: Vec<Waker>,
}

/// The transport is of no further use; every request on it has failed so.
type Broken = Failure;

impl Session {
    /// At its start; bodies of answers have at most `body_max` bytes.
    pub fn new(body_max: u64) -> Self {
        let mut out = frame::PREFACE.to_vec();
        let settings = [(frame::ENABLE_PUSH, 0), (frame::INITIAL_WINDOW_SIZE, STREAM_WINDOW)];
        frame::write_settings(&settings, &mut out);
        let more = SESSION_WINDOW - frame::WINDOW_DEFAULT as u32;
        frame::write_number(frame::WINDOW_UPDATE, 0, more, &mut out);
        Self {
            out,
            partial: Vec::new(),
            decoder: Decoder::default(),
            fields: Fields::default(),
            block: None,
            active: Vec::new(),
            next: 1,
            body_max,
            send_window: frame::WINDOW_DEFAULT,
            owed: 0,
            peer_window: frame::WINDOW_DEFAULT,
            peer_streams: usize::MAX,
            peer_payload: frame::PAYLOAD_MAX,
            table_changed: false,
            leaving: false,
            waiting: Vec::new(),
            arrival: None,
        }
    }

    /// Whether it takes no further requests.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Requests that the peer allows at a time (SETTINGS_MAX_CONCURRENT_STREAMS).
    pub fn streams_allowed(&self) -> usize {
        self.peer_streams
    }

    /// Whether a request may begin now; if not, `waker` is woken when that may have changed.
    pub fn has_room(&mut self, waker: &Waker) -> bool {
        let room = self.leaving || self.active.len() < self.peer_streams;
        if !room {
            self.waiting.push(waker.clone());
        }
        room
    }

    /// Begins a request: `block` is its fields, coded. Gives the number of the stream, or
    /// [`Failure::NotProcessed`] if the transport takes no more.
    pub fn begin(&mut self, exchange: &Shared, block: &[u8], body: &[u8]) -> Result<u32, Failure> {
        if self.leaving {
            return Err(Failure::NotProcessed);
        }
        let stream = self.next;
        self.next += 2;
        self.leaving = self.next > LAST_STREAM;
        let (mut rest, mut kind) = (block, frame::HEADERS);
        let mut first_flags = if body.is_empty() { frame::END_STREAM } else { 0 };
        let update = usize::from(std::mem::take(&mut self.table_changed));
        loop {
            let before = if kind == frame::HEADERS { update } else { 0 };
            let (piece, later) = rest.split_at(rest.len().min(frame::PAYLOAD_MAX - before));
            let last = if later.is_empty() { frame::END_HEADERS } else { 0 };
            let length = piece.len() + before;
            frame::write_head(length, kind, first_flags | last, stream, &mut self.out);
            if before > 0 {
                hpack::write_no_table(&mut self.out);
            }
            self.out.extend_from_slice(piece);
            if later.is_empty() {
                break;
            }
            (rest, kind, first_flags) = (later, frame::CONTINUATION, 0);
        }
        exchange.borrow_mut().begin(self.peer_window, body);
        self.active.push((stream, Rc::clone(exchange)));
        if !body.is_empty() {
            self.send_bodies();
        }
        Ok(stream)
    }

    /// Nobody waits for the answer on this stream any more. False if it had ended.
    pub fn cancel(&mut self, stream: u32) -> bool {
        let Ok(at) = self.find(stream) else { return false };
        frame::write_number(frame::RST_STREAM, stream, frame::CANCEL, &mut self.out);
        self.remove(at);
        true
    }

    /// Nothing can be sent any more; what is under way may still be answered.
    pub fn leave(&mut self) {
        self.leaving = true;
        self.out.clear();
        self.waiting.drain(..).for_each(Waker::wake);
    }

    /// The transport has ended or is given up: everything on it ends so.
    pub fn fail(&mut self, failure: Failure) {
        self.leaving = true;
        for (_, exchange) in self.active.drain(..) {
            exchange.borrow_mut().end(Err(failure));
        }
        self.waiting.drain(..).for_each(Waker::wake);
    }

    /// Takes bytes as they come.
    pub fn take(&mut self, input: &[u8]) -> Result<(), Broken> {
        if self.partial.is_empty() {
            let used = self.frames(input)?;
            self.partial.extend_from_slice(&input[used..]);
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(input);
        let used = self.frames(&joined)?;
        joined.drain(..used);
        self.partial = joined;
        Ok(())
    }

    /// Takes the whole frames at the start of `bytes`; gives their length.
    fn frames(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        let mut at = 0;
        while let Some(frame) = Frame::read(&bytes[at..]) {
            if frame.length > frame::PAYLOAD_MAX {
                return Err(Failure::Protocol);
            }
            let start = at + frame::HEAD;
            let Some(payload) = bytes.get(start..start + frame.length) else { break };
            self.frame(frame, payload)?;
            at = start + frame.length;
        }
        Ok(at)
    }

    fn frame(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let continued = self.block.as_ref().map(|(stream, ..)| *stream);
        let expected = (frame.kind == frame::CONTINUATION).then_some(frame.stream);
        // Nothing may come between the pieces of a block (§6.10).
        if continued != expected {
            return Err(Failure::Protocol);
        }
        match frame.kind {
            frame::DATA => self.data(frame, payload),
            frame::HEADERS => self.headers(frame, payload),
            frame::CONTINUATION => self.continuation(frame, payload),
            frame::RST_STREAM => self.reset(frame, payload),
            frame::SETTINGS => self.settings(frame, payload),
            frame::PING => self.ping(frame, payload),
            frame::GOAWAY => self.go_away(frame, payload),
            frame::WINDOW_UPDATE => self.window_update(frame, payload),
            frame::PUSH_PROMISE => Err(Failure::Protocol),
            frame::PRIORITY if payload.len() != 5 => Err(Failure::Protocol),
            // Priorities are a server's affair; kinds that are unknown are ignored (§5.5).
            _ => Ok(()),
        }
    }

    fn data(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let data = frame.unpadded(payload).ok_or(Failure::Protocol)?;
        let Self { owed, out, .. } = self;
        give_room(owed, payload.len(), SESSION_WINDOW, 0, out);
        let Some(at) = self.known(frame.stream)? else { return Ok(()) };
        let Self { active, out, body_max, .. } = self;
        let mut exchange = active[at].1.borrow_mut();
        exchange.take(data);
        let Exchange { owed, .. } = &mut *exchange;
        if !frame.has(frame::END_STREAM) {
            give_room(owed, payload.len(), STREAM_WINDOW, frame.stream, out);
        }
        let unfit = exchange.status == 0 || exchange.seen > *body_max;
        drop(exchange);
        if unfit {
            self.end_early(at, Failure::Protocol);
        } else if frame.has(frame::END_STREAM) {
            self.end(at);
        }
        Ok(())
    }

    fn headers(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let mut block = frame.unpadded(payload).ok_or(Failure::Protocol)?;
        if frame.has(frame::PRIORITISED) {
            block = block.get(5..).ok_or(Failure::Protocol)?;
        }
        let ends = frame.has(frame::END_STREAM);
        if frame.has(frame::END_HEADERS) {
            return self.head(frame.stream, ends, block);
        }
        self.block = Some((frame.stream, ends, block.to_vec()));
        Ok(())
    }

    fn continuation(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let (stream, ends, mut block) = self.block.take().ok_or(Failure::Protocol)?;
        block.extend_from_slice(payload);
        if block.len() > BLOCK_MAX {
            return Err(Failure::Protocol);
        }
        if frame.has(frame::END_HEADERS) {
            return self.head(stream, ends, &block);
        }
        self.block = Some((stream, ends, block));
        Ok(())
    }

    /// A whole block of fields: an interim answer, an answer's head, or its trailers.
    fn head(&mut self, stream: u32, ends: bool, block: &[u8]) -> Result<(), Broken> {
        // Also if nobody wants it: later blocks build on it.
        let decoded = self.decoder.decode(block, &mut self.fields);
        decoded.map_err(|_| Failure::Protocol)?;
        let Some(at) = self.known(stream)? else { return Ok(()) };
        let mut exchange = self.active[at].1.borrow_mut();
        let has_head = exchange.status > 0;
        let fits = match status(&self.fields) {
            // Trailers change nothing of what an answer means.
            None if has_head => ends,
            Some(status) if has_head || status == 101 => false,
            Some(100..=199) => !ends,
            Some(status) => {
                exchange.status = status;
                std::mem::swap(&mut exchange.fields, &mut self.fields);
                true
            }
            None => false,
        };
        drop(exchange);
        if !fits {
            self.end_early(at, Failure::Protocol);
        } else if ends {
            self.end(at);
        }
        Ok(())
    }

    fn reset(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let code = frame::number(payload).ok_or(Failure::Protocol)?;
        let Some(at) = self.known(frame.stream)? else { return Ok(()) };
        let exchange = self.remove(at);
        let mut exchange = exchange.borrow_mut();
        if code == frame::REFUSED_STREAM {
            exchange.end_unprocessed();
        } else {
            exchange.end(Err(Failure::Reset));
        }
        Ok(())
    }

    fn settings(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let is_ack = frame.has(frame::ACK);
        if frame.stream != 0 || !payload.len().is_multiple_of(6) || is_ack && !payload.is_empty() {
            return Err(Failure::Protocol);
        }
        if is_ack {
            return Ok(());
        }
        for setting in payload.chunks_exact(6) {
            let name = u16::from_be_bytes([setting[0], setting[1]]);
            let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
            self.setting(name, value)?;
        }
        frame::write_head(0, frame::SETTINGS, frame::ACK, 0, &mut self.out);
        self.waiting.drain(..).for_each(Waker::wake);
        self.send_bodies();
        Ok(())
    }

    fn setting(&mut self, name: u16, value: u32) -> Result<(), Broken> {
        match name {
            frame::HEADER_TABLE_SIZE => self.table_changed = true,
            frame::MAX_CONCURRENT_STREAMS => self.peer_streams = value as usize,
            frame::INITIAL_WINDOW_SIZE => {
                let value = i64::from(value);
                if value > frame::WINDOW_MAX {
                    return Err(Failure::Protocol);
                }
                let more = value - self.peer_window;
                self.peer_window = value;
                for (_, exchange) in &self.active {
                    exchange.borrow_mut().send_window += more;
                }
            }
            frame::MAX_FRAME_SIZE => {
                let value = value as usize;
                if !(frame::PAYLOAD_MAX..1 << 24).contains(&value) {
                    return Err(Failure::Protocol);
                }
                self.peer_payload = value;
            }
            _ => {}
        }
        Ok(())
    }

    fn ping(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        if frame.stream != 0 || payload.len() != 8 {
            return Err(Failure::Protocol);
        }
        if !frame.has(frame::ACK) {
            frame::write_head(8, frame::PING, frame::ACK, 0, &mut self.out);
            self.out.extend_from_slice(payload);
        }
        Ok(())
    }

    /// Requests up to the number given are still answered; later ones never began (§6.8).
    fn go_away(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let last = payload.get(..4).and_then(frame::number).filter(|_| payload.len() >= 8);
        let last = last.filter(|_| frame.stream == 0).ok_or(Failure::Protocol)?;
        self.leaving = true;
        let kept = self.active.partition_point(|(stream, _)| *stream <= last);
        for (_, exchange) in self.active.drain(kept..) {
            exchange.borrow_mut().end_unprocessed();
        }
        self.waiting.drain(..).for_each(Waker::wake);
        Ok(())
    }

    fn window_update(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let more = i64::from(frame::number(payload).ok_or(Failure::Protocol)?);
        if frame.stream == 0 {
            self.send_window += more;
            if more == 0 || self.send_window > frame::WINDOW_MAX {
                return Err(Failure::Protocol);
            }
        } else if let Some(at) = self.known(frame.stream)? {
            let mut exchange = self.active[at].1.borrow_mut();
            exchange.send_window += more;
            let unfit = more == 0 || exchange.send_window > frame::WINDOW_MAX;
            drop(exchange);
            if unfit {
                self.end_early(at, Failure::Protocol);
            }
        }
        self.send_bodies();
        Ok(())
    }

    /// Sends as much of the requests' bodies as the peer has room for.
    fn send_bodies(&mut self) {
        let Self { active, out, send_window, peer_payload, .. } = self;
        for (stream, exchange) in active {
            let exchange = &mut *exchange.borrow_mut();
            let mut sent = 0;
            while sent < exchange.unsent.len() {
                let room = (*send_window).min(exchange.send_window).max(0);
                let left = exchange.unsent.len() - sent;
                let length = left.min(*peer_payload).min(room as usize);
                if length == 0 {
                    break;
                }
                let flags = if length == left { frame::END_STREAM } else { 0 };
                frame::write_head(length, frame::DATA, flags, *stream, out);
                out.extend_from_slice(&exchange.unsent[sent..sent + length]);
                let taken = i64::from(length as u32);
                *send_window -= taken;
                exchange.send_window -= taken;
                sent += length;
            }
            exchange.unsent.drain(..sent);
        }
    }

    fn find(&self, stream: u32) -> Result<usize, usize> {
        self.active.binary_search_by_key(&stream, |(other, _)| *other)
    }

    /// Where a stream is among the active ones; `None` if it has ended. That we never opened it
    /// is the peer's mistake (§5.1.1).
    fn known(&self, stream: u32) -> Result<Option<usize>, Broken> {
        if stream.is_multiple_of(2) || stream >= self.next {
            return Err(Failure::Protocol);
        }
        Ok(self.find(stream).ok())
    }

    fn remove(&mut self, at: usize) -> Shared {
        self.waiting.drain(..).for_each(Waker::wake);
        self.active.remove(at).1
    }

    /// The peer has ended the answer.
    fn end(&mut self, at: usize) {
        let stream = self.active[at].0;
        let exchange = self.remove(at);
        let mut exchange = exchange.borrow_mut();
        if !exchange.unsent.is_empty() {
            // It came before the request was whole, and the rest is not wanted (§8.1).
            frame::write_number(frame::RST_STREAM, stream, frame::CANCEL, &mut self.out);
        }
        exchange.arrival = self.arrival;
        let how = exchange.is_whole();
        exchange.end(how);
    }

    fn end_early(&mut self, at: usize, failure: Failure) {
        let stream = self.active[at].0;
        frame::write_number(frame::RST_STREAM, stream, frame::CANCEL, &mut self.out);
        self.remove(at).borrow_mut().end(Err(failure));
    }
}

/// Gives the peer new room once half of a window is used up.
fn give_room(owed: &mut u32, length: usize, window: u32, stream: u32, out: &mut Vec<u8>) {
    *owed += length as u32;
    if *owed >= window / 2 {
        frame::write_number(frame::WINDOW_UPDATE, stream, *owed, out);
        *owed = 0;
    }
}

/// The status among the fields (§8.3.2); `None` if there is none or it is none.
fn status(fields: &Fields) -> Option<u16> {
    let (name, value) = fields.iter().next()?;
    let digits = std::str::from_utf8(value).ok().filter(|text| text.len() == 3)?;
    let status = digits.parse().ok()?;
    (name == b":status" && (100..=999).contains(&status)).then_some(status)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::write_head(payload.len(), kind, flags, stream, &mut bytes);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// A session with requests under way on streams 1 and 3.
    fn asked(body: &[u8]) -> (Session, [Shared; 2]) {
        let mut session = Session::new(1_000_000);
        let exchanges = [Shared::default(), Shared::default()];
        for exchange in &exchanges {
            session.begin(exchange, &[0x82], body).unwrap();
        }
        session.out.clear();
        (session, exchanges)
    }

    fn ended(exchange: &Shared) -> Option<Result<u16, Failure>> {
        let exchange = exchange.borrow();
        exchange.ended.map(|how| how.map(|()| exchange.status))
    }

    const OK: u8 = 0x88;

    #[test]
    fn answers_come_in_any_order_with_interim_ones_and_trailers() {
        let (mut session, [first, second]) = asked(b"");
        let interim = frame(frame::HEADERS, frame::END_HEADERS, 1, &[0x08, 3, b'1', b'0', b'3']);
        session.take(&interim).unwrap();
        session.take(&frame(frame::HEADERS, frame::END_HEADERS, 3, &[OK])).unwrap();
        session.take(&frame(frame::HEADERS, 0, 1, &[OK])).unwrap();
        let rest = [0x00, 1, b'a', 1, b'b'];
        let flags = frame::END_HEADERS;
        session.take(&frame(frame::CONTINUATION, flags, 1, &rest)).unwrap();
        let padded = frame(frame::DATA, frame::PADDED | frame::END_STREAM, 1, &[2, b'x', 0, 0]);
        session.take(&padded).unwrap();
        assert_eq!(ended(&first), Some(Ok(200)));
        assert_eq!(first.borrow().body, b"x");
        assert_eq!(first.borrow().fields.iter().nth(1), Some((&b"a"[..], &b"b"[..])));
        assert_eq!(ended(&second), None);
        let trailers = frame(frame::HEADERS, flags | frame::END_STREAM, 3, &rest);
        session.take(&trailers).unwrap();
        assert_eq!(ended(&second), Some(Ok(200)));
        assert_eq!(second.borrow().fields.iter().count(), 1, "trailers are no fields");
    }

    /// Status, lengths that the fields say, bytes of body, and how it ends.
    type Answered<'a> = (&'a str, &'a [&'a str], usize, Result<u16, Failure>);

    /// An answer with this status, these lengths said of it and this much body, as its frames.
    fn sized(status: &str, lengths: &[&str], body: &[u8], by_trailers: bool) -> Vec<u8> {
        let mut block = Vec::new();
        hpack::write_field(b":status", status.as_bytes(), hpack::Care::Plain, &mut block);
        for length in lengths {
            let care = hpack::Care::Plain;
            hpack::write_field(b"content-length", length.as_bytes(), care, &mut block);
        }
        let last = if body.is_empty() && !by_trailers { frame::END_STREAM } else { 0 };
        let mut frames = frame(frame::HEADERS, frame::END_HEADERS | last, 1, &block);
        if !body.is_empty() {
            let last = if by_trailers { 0 } else { frame::END_STREAM };
            frames.extend(frame(frame::DATA, last, 1, body));
        }
        if by_trailers {
            let flags = frame::END_HEADERS | frame::END_STREAM;
            frames.extend(frame(frame::HEADERS, flags, 1, &[0x00, 1, b'a', 1, b'b']));
        }
        frames
    }

    #[test]
    fn an_answer_is_as_long_as_it_says() {
        let (cut, wrong) = (Err(Failure::Reset), Err(Failure::Protocol));
        let cases: [Answered<'_>; 12] = [
            ("200", &["50"], 50, Ok(200)),
            ("200", &["50", "50"], 50, Ok(200)),
            ("200", &[], 50, Ok(200)),
            ("200", &["0"], 0, Ok(200)),
            ("200", &["100"], 50, cut),
            ("401", &["1"], 0, cut),
            ("200", &["50"], 51, wrong),
            ("200", &["50", "51"], 50, wrong),
            ("200", &["+50"], 50, wrong),
            ("200", &[""], 0, wrong),
            // What would follow is said, and does not (RFC 9110 §8.6, §15.4.5).
            ("304", &["100"], 0, Ok(304)),
            ("204", &["100"], 0, Ok(204)),
        ];
        for (status, lengths, seen, expected) in cases {
            for by_trailers in [false, true] {
                let (mut session, [first, second]) = asked(b"");
                let frames = sized(status, lengths, &vec![b'x'; seen], by_trailers);
                session.take(&frames).unwrap();
                assert_eq!(ended(&first), Some(expected), "{status} {lengths:?} {seen}");
                assert!(session.out.is_empty(), "nothing is said on a stream that both have ended");
                // It is this answer's affair alone.
                let end = frame::END_HEADERS | frame::END_STREAM;
                session.take(&frame(frame::HEADERS, end, 3, &[OK])).unwrap();
                assert_eq!(ended(&second), Some(Ok(200)));
            }
        }
    }

    #[test]
    fn an_answer_to_a_head_says_a_length_and_has_none() {
        let (mut session, [first, _]) = asked(b"");
        first.borrow_mut().head_only = true;
        session.take(&sized("200", &["100"], b"", false)).unwrap();
        assert_eq!(ended(&first), Some(Ok(200)));
    }

    #[test]
    fn a_peer_that_goes_away_answers_what_it_has_begun() {
        let (mut session, [first, second]) = asked(b"");
        session.take(&frame(frame::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])).unwrap();
        assert_eq!((ended(&first), ended(&second)), (None, Some(Err(Failure::NotProcessed))));
        assert!(session.is_leaving());
        assert_eq!(session.begin(&second, &[0x82], b""), Err(Failure::NotProcessed));
        let end = frame::END_HEADERS | frame::END_STREAM;
        session.take(&frame(frame::HEADERS, end, 1, &[OK])).unwrap();
        assert_eq!(ended(&first), Some(Ok(200)));
    }

    #[test]
    fn a_goodbye_in_two_parts_ends_what_the_second_does_not_cover() {
        let (mut session, [first, second]) = asked(&vec![7; 40_000]);
        let all = [0x7f, 255, 255, 255, 0, 0, 0, 0];
        session.take(&frame(frame::GOAWAY, 0, 0, &all)).unwrap();
        assert_eq!((ended(&first), ended(&second), session.is_leaving()), (None, None, true));
        session.take(&frame(frame::GOAWAY, 0, 0, &[0; 8])).unwrap();
        let unprocessed = Some(Err(Failure::NotProcessed));
        assert_eq!((ended(&first), ended(&second)), (unprocessed, unprocessed));
        // Nor is the rest of a body sent.
        session.out.clear();
        session.take(&frame(frame::WINDOW_UPDATE, 0, 0, &[0, 1, 0, 0])).unwrap();
        assert!(session.out.is_empty());
    }

    #[test]
    fn what_a_goodbye_covers_or_was_answered_in_part_may_have_been_processed() {
        let (mut session, [first, second]) = asked(b"");
        session.take(&frame(frame::HEADERS, frame::END_HEADERS, 3, &[OK])).unwrap();
        session.take(&frame(frame::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])).unwrap();
        session.fail(Failure::Reset);
        let lost = Some(Err(Failure::Reset));
        assert_eq!((ended(&first), ended(&second)), (lost, lost));
    }

    #[test]
    fn only_a_refused_stream_was_not_processed() {
        let codes = (0..=13).map(|code| {
            let (mut session, [first, second]) = asked(b"");
            session.take(&frame(frame::RST_STREAM, 0, 1, &[0, 0, 0, code])).unwrap();
            assert!(ended(&second).is_none() && !session.is_leaving());
            (code, ended(&first).unwrap().unwrap_err())
        });
        let unprocessed = codes.filter(|(_, failure)| *failure == Failure::NotProcessed);
        assert_eq!(unprocessed.map(|(code, _)| code).collect::<Vec<u8>>(), [7]);
    }

    #[test]
    fn bodies_wait_for_room() {
        let (mut session, [first, second]) = asked(&vec![7; 50_000]);
        // 65,535 bytes for all streams: one body, and a part of the other.
        assert_eq!(first.borrow().unsent.len(), 0);
        assert_eq!(second.borrow().unsent.len(), 100_000 - 65_535);
        let more = 40_000_u32.to_be_bytes();
        session.take(&frame(frame::WINDOW_UPDATE, 0, 0, &more)).unwrap();
        assert_eq!(second.borrow().unsent.len(), 0);
        assert_eq!(session.send_window, 65_535 + 40_000 - 100_000);
        let early = frame(frame::HEADERS, frame::END_HEADERS | frame::END_STREAM, 3, &[OK]);
        session.take(&early).unwrap();
        assert_eq!(ended(&second), Some(Ok(200)));
    }

    #[test]
    fn the_peer_is_given_room_again() {
        let (mut session, [first, _]) = asked(b"");
        session.take(&frame(frame::HEADERS, frame::END_HEADERS, 1, &[OK])).unwrap();
        let data = frame(frame::DATA, 0, 1, &[b'x'; 16_000]);
        for _ in 0..33 {
            session.take(&data).unwrap();
        }
        assert_eq!((first.borrow().body.len(), first.borrow().seen), (16 * 1024, 33 * 16_000));
        let update = Frame::read(&session.out).unwrap();
        assert_eq!((update.kind, update.stream), (frame::WINDOW_UPDATE, 1));
        for _ in 0..40 {
            session.take(&data).unwrap();
        }
        assert_eq!(ended(&first), Some(Err(Failure::Protocol)), "more than a million bytes");
    }

    #[test]
    fn settings_pings_and_cancelled_streams_are_answered() {
        let (mut session, [first, _]) = asked(b"");
        let settings = [0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2];
        session.take(&frame(frame::SETTINGS, 0, 0, &settings)).unwrap();
        session.take(&frame(frame::PING, 0, 0, &[9; 8])).unwrap();
        let mut expected = frame(frame::SETTINGS, frame::ACK, 0, &[]);
        expected.extend(frame(frame::PING, frame::ACK, 0, &[9; 8]));
        assert_eq!(session.out, expected);
        assert_eq!(session.streams_allowed(), 2);
        assert!(!session.has_room(Waker::noop()));
        session.out.clear();
        assert!(session.cancel(1) && !session.cancel(1));
        assert_eq!(session.out, frame(frame::RST_STREAM, 0, 1, &[0, 0, 0, 8]));
        assert!(session.has_room(Waker::noop()));
        session.out.clear();
        session.begin(&first, &[0x82], b"").unwrap();
        // The table's new size comes first (RFC 7541 §4.2).
        assert_eq!(session.out[frame::HEAD..], [0x20, 0x82]);
        // An answer that nobody waits for any more is passed over.
        session.take(&frame(frame::DATA, frame::END_STREAM, 1, b"late")).unwrap();
    }

    proptest! {
        #[test]
        fn any_frames_in_any_pieces_never_panic_and_agree(
            frames in prop::collection::vec(
                (0_u8..11, any::<u8>(), 0_u32..6, prop::collection::vec(any::<u8>(), 0..40)), 0..12,
            ),
            step in 1_usize..60,
        ) {
            let bytes: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, flags, stream, payload)| frame(*kind, *flags, *stream, payload))
                .collect();
            let run = |step: usize| {
                let (mut session, exchanges) = asked(b"body");
                let outcome = bytes.chunks(step).try_for_each(|piece| session.take(piece));
                if let Err(failure) = outcome {
                    session.fail(failure);
                }
                let seen = exchanges.map(|e| (ended(&e), e.borrow().body.clone()));
                (outcome, seen, session.out)
            };
            prop_assert_eq!(run(step), run(bytes.len().max(1)));
        }
    }
}
