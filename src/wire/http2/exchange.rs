//! A request and its answer on one stream.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;
use std::task::Waker;

use super::hpack::Fields;
use crate::outcome::{Arrival, Failure};
use crate::wire::http1::{BODY_KEPT, parse_length};

/// A lane's exchange, which the transport fills while the lane waits. Used again and again, so
/// that an answer takes no memory of its own.
pub type Shared = Rc<RefCell<Exchange>>;

/// A request and its answer.
#[derive(Debug, Default)]
pub struct Exchange {
    /// The request is a HEAD, so no body follows whatever the fields say (RFC 9110 §9.3.2).
    pub head_only: bool,
    /// The status; 0 before there is one.
    pub status: u16,
    /// The answer's fields; pseudo-fields among them.
    pub fields: Fields,
    /// The part of the body that is kept.
    pub body: Vec<u8>,
    /// Body bytes, kept or not.
    pub seen: u64,
    /// How it ended, once it has.
    pub ended: Option<Result<(), Failure>>,
    /// When its end had come.
    pub arrival: Option<Arrival>,
    /// Who waits for that.
    pub waker: Option<Waker>,
    /// What may still be sent on the stream.
    pub send_window: i64,
    /// The part of the request's body that is not sent yet.
    pub unsent: Vec<u8>,
    /// Bytes received for which the peer was not given new room.
    pub owed: u32,
}

impl Exchange {
    /// Makes ready for a request.
    pub fn begin(&mut self, send_window: i64, body: &[u8]) {
        self.status = 0;
        self.fields.clear();
        self.body.clear();
        self.seen = 0;
        self.ended = None;
        self.arrival = None;
        self.send_window = send_window;
        self.unsent.clear();
        self.unsent.extend_from_slice(body);
        self.owed = 0;
    }

    /// Takes a piece of the body.
    pub fn take(&mut self, data: &[u8]) {
        let room = BODY_KEPT.saturating_sub(self.body.len()).min(data.len());
        self.body.extend_from_slice(&data[..room]);
        self.seen += data.len() as u64;
    }

    /// Whether the body is as long as the fields say (RFC 9113 §8.1.1): a failure if it was cut, or
    /// is longer, or if they do not agree.
    pub fn is_whole(&self) -> Result<(), Failure> {
        if self.head_only || matches!(self.status, 204 | 304) {
            return Ok(());
        }
        let mut said = None;
        for (_, value) in self.fields.iter().filter(|(name, _)| *name == b"content-length") {
            let length = parse_length(value)?;
            if said.is_some_and(|said| said != length) {
                return Err(Failure::Protocol);
            }
            said = Some(length);
        }
        match said.map(|said| self.seen.cmp(&said)) {
            None | Some(Ordering::Equal) => Ok(()),
            Some(Ordering::Less) => Err(Failure::Reset),
            Some(Ordering::Greater) => Err(Failure::Protocol),
        }
    }

    /// Ends it because the peer says that it did nothing with the request; once a part of the answer
    /// is there, that is not true.
    pub fn end_unprocessed(&mut self) {
        let untouched = self.status == 0;
        self.end(Err(if untouched { Failure::NotProcessed } else { Failure::Reset }));
    }

    /// Ends it and wakes who waits.
    pub fn end(&mut self, how: Result<(), Failure>) {
        self.ended.get_or_insert(how);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
