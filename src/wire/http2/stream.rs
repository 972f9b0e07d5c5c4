//! One request after another, each on a stream of its own.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::exchange::Shared;
use super::hpack::{Care, write_field, write_index, write_known};
use super::pool::Keep;
use super::transport::Seat;
use crate::clock::Clock;
use crate::outcome::{Failure, Observation};
use crate::wire::transport::Approach;
use crate::wire::{Connection, Received, Template, Text, Values, shown};

/// Numbers of the static table (RFC 7541 Appendix A).
const AUTHORITY: usize = 1;
const METHOD: usize = 2;
const GET: u8 = 2;
const POST: u8 = 3;
const PATH: usize = 4;
const HTTP: u8 = 6;
const HTTPS: u8 = 7;
const CONTENT_LENGTH: usize = 28;

/// What every request to a target says of it, coded (RFC 9113 §8.3.1).
#[derive(Debug)]
pub(super) struct Origin(Vec<u8>);

impl Origin {
    pub(super) fn of(approach: &Approach) -> Self {
        let mut block = Vec::new();
        write_index(if approach.tls.is_some() { HTTPS } else { HTTP }, &mut block);
        write_known(AUTHORITY, approach.authority().as_bytes(), Care::Plain, &mut block);
        Self(block)
    }
}

/// A token is a secret wherever it stands.
fn care(text: &Text) -> Care {
    if text.names_token() { Care::Secret } else { Care::Plain }
}

/// A lane's seat on a transport.
#[derive(Debug)]
pub struct Http2 {
    seat: Seat,
    origin: Rc<Origin>,
    clock: Clock,
    keep: Keep,
    /// The staged request: its fields, coded, and its body.
    block: Vec<u8>,
    body: Vec<u8>,
    /// Where values are put together.
    scratch: Vec<u8>,
    exchange: Shared,
    /// The stream that the exchange is on, while it is under way.
    stream: Option<u32>,
}

impl Http2 {
    pub(super) fn new(seat: Seat, origin: Rc<Origin>, clock: Clock, keep: Keep) -> Self {
        Self {
            seat,
            origin,
            clock,
            keep,
            block: Vec::with_capacity(1024),
            body: Vec::new(),
            scratch: Vec::with_capacity(1024),
            exchange: Shared::default(),
            stream: None,
        }
    }

    /// Nobody waits for the answer any more.
    fn give_up(&mut self) {
        if let Some(stream) = self.stream.take()
            && let Some(link) = self.seat.transport().link()
            && link.session.borrow_mut().cancel(stream)
        {
            link.wake();
        }
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl Connection for Http2 {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        self.give_up();
        let Self { block, body, scratch, origin, exchange, .. } = self;
        exchange.borrow_mut().head_only = template.method() == "HEAD";
        block.clear();
        match template.method() {
            "GET" => write_index(GET, block),
            "POST" => write_index(POST, block),
            other => write_known(METHOD, other.as_bytes(), Care::Plain, block),
        }
        block.extend_from_slice(&origin.0);
        scratch.clear();
        template.target().write(values, scratch);
        write_known(PATH, scratch, care(template.target()), block);
        for (name, value) in template.headers() {
            let care = care(value);
            if let Some(value) = value.as_literal() {
                write_field(name.as_bytes(), value, care, block);
            } else {
                scratch.clear();
                value.write(values, scratch);
                write_field(name.as_bytes(), scratch, care, block);
            }
        }
        body.clear();
        template.body().write(values, body);
        if !body.is_empty() || matches!(template.method(), "POST" | "PUT" | "PATCH") {
            let length = body.len().to_string();
            write_known(CONTENT_LENGTH, length.as_bytes(), Care::Plain, block);
        }
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let transport = Rc::clone(self.seat.transport());
        let link = transport.link().ok_or(Failure::NotProcessed)?;
        poll_fn(|cx| {
            let has_room = link.session.borrow_mut().has_room(cx.waker());
            if has_room { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        transport.carry(&self.keep);
        let begun = link.session.borrow_mut().begin(&self.exchange, &self.block, &self.body);
        self.stream = Some(begun?);
        link.wake();
        Ok(())
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        let exchange = &self.exchange;
        let ended = poll_fn(|cx| {
            let mut exchange = exchange.borrow_mut();
            if exchange.ended.is_none() {
                exchange.waker = Some(cx.waker().clone());
            }
            exchange.ended.map_or(Poll::Pending, Poll::Ready)
        });
        ended.await?;
        self.stream = None;
        let exchange = self.exchange.borrow();
        let fields = exchange.fields.iter();
        let text = |(name, value)| std::str::from_utf8(name).map(|name| (name, value));
        let fields = fields.filter(|(name, _)| !name.starts_with(b":")).flat_map(text);
        let value = shown(exchange.status, fields, &exchange.body, exchange.arrival, read);
        let transport = self.seat.transport();
        transport.touch(self.clock.now());
        Ok(Received { value, reusable: !transport.is_closed() })
    }

    fn is_closed(&mut self) -> bool {
        self.seat.transport().is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::Transport;
    use super::*;
    use crate::wire::{RequestSpec, TokenPlace};

    fn staged(spec: &RequestSpec) -> Http2 {
        let origin = Rc::new(Origin(Vec::new()));
        let seat = Seat::take(&Rc::new(Transport::default()));
        let mut http2 = Http2::new(seat, origin, Clock::start(), Keep::default());
        let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"secret" };
        http2.stage(&Template::new(spec, "h").unwrap(), &values);
        http2
    }

    #[test]
    fn a_target_with_a_token_is_never_indexed() {
        let plain = RequestSpec { method: "GET".into(), path: "/a".into(), ..<_>::default() };
        let pattern = |spec: &RequestSpec| staged(spec).block[1] & 0xf0;
        // RFC 7541 §6.2.2 and §6.2.3; the name is number 4 of the static table.
        assert_eq!(staged(&plain).block[..5], [0x82, 0x04, 2, b'/', b'a']);
        let secret = RequestSpec { token: TokenPlace::Query("access_token".into()), ..plain };
        assert_eq!(pattern(&secret), 0x10);
    }

    #[test]
    fn only_an_answer_to_a_head_may_lack_its_body() {
        for (method, head_only) in [("GET", false), ("HEAD", true)] {
            let spec = RequestSpec { method: method.into(), path: "/".into(), ..<_>::default() };
            assert_eq!(staged(&spec).exchange.borrow().head_only, head_only);
        }
    }
}
