//! What the wire gave for one request.

use super::Class;
use crate::clock::Tick;

/// A whole answer: status, headers and the head of the body.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The status code, 100 to 999.
    pub status: u16,
    /// Header fields in the order received; names in any case.
    pub headers: &'a [httparse::Header<'a>],
    /// The first part of the body, up to the reader's limit (16 KiB).
    pub body: &'a [u8],
    /// When the end of it came, where the system says so.
    pub arrival: Option<Arrival>,
}

/// When bytes came to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When the kernel received them.
    pub at: Tick,
    /// When the generator came to read them.
    pub read: Tick,
}

impl From<(Tick, Tick)> for Arrival {
    fn from((at, read): (Tick, Tick)) -> Self {
        Self { at, read }
    }
}

impl<'a> Observation<'a> {
    /// The first field with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value)
    }

    /// As [`Observation::header`], for values that are text.
    pub fn header_text(&self, name: &str) -> Option<&'a str> {
        self.header(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether the body's head holds these bytes.
    pub fn body_has(&self, needle: &str) -> bool {
        let needle = needle.as_bytes();
        !needle.is_empty() && self.body.windows(needle.len()).any(|window| window == needle)
    }
}

/// How a request ended without a whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The time limit passed.
    Timeout,
    /// Nobody listens there.
    Refused,
    /// The generator's machine had no port left to connect from.
    NoPort,
    /// The generator's process had no file descriptor left.
    NoDescriptor,
    /// Closed or reset before the whole answer.
    Reset,
    /// The peer says that it did nothing with the request, or it never went out because the
    /// connection had ended: it may be sent again whatever it asks for (RFC 9113 §8.7).
    NotProcessed,
    /// The TLS handshake failed.
    Tls,
    /// The name did not resolve.
    Dns,
    /// Not HTTP, or over a limit.
    Protocol,
}

impl Failure {
    /// Whether the generator's side lacked something, so that the target was never asked.
    pub fn is_own(self) -> bool {
        matches!(self, Self::NoPort | Self::NoDescriptor)
    }

    /// The class of a request that ended so.
    pub fn class(self) -> Class {
        match self {
            Self::Timeout => Class::Timeout,
            // The generator's own lacks are no answers; where one has to have a class it is this.
            Self::Refused | Self::NoPort | Self::NoDescriptor => Class::ConnectRefused,
            Self::Reset | Self::NotProcessed => Class::ConnectionReset,
            Self::Tls => Class::Tls,
            Self::Dns => Class::Dns,
            Self::Protocol => Class::ProtocolError,
        }
    }
}
