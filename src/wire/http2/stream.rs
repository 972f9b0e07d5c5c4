//! One request after another, each on a stream of its own.

use std::future::poll_fn;
use std::rc::Rc;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};

use super::pool::Keep;
use super::transport::{Seat, of_error};
use crate::clock::Clock;
use crate::outcome::{Failure, Observation};
use crate::wire::http1::{BODY_KEPT, Limits};
use crate::wire::transport::Approach;
use crate::wire::{Connection, Received, Template, Values, shown};

/// What every request to a target says of it (RFC 9113 §8.3.1).
#[derive(Debug)]
pub(super) struct Origin {
    scheme: Scheme,
    /// `None` if it cannot stand in a request; then none can be made.
    authority: Option<Authority>,
}

impl Origin {
    pub(super) fn of(approach: &Approach) -> Self {
        let scheme = if approach.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        Self { scheme, authority: Authority::try_from(approach.authority()).ok() }
    }
}

/// A lane's seat on a transport.
#[derive(Debug)]
pub struct Http2 {
    seat: Seat,
    origin: Rc<Origin>,
    clock: Clock,
    keep: Keep,
    limits: Limits,
    staged: Option<(Request<()>, Bytes)>,
    answer: Option<ResponseFuture>,
    /// Where values are put together.
    scratch: Vec<u8>,
    /// The part of the body that is kept, if it came in more than one piece.
    body: Vec<u8>,
}

impl Http2 {
    pub(super) fn new(
        seat: Seat,
        origin: Rc<Origin>,
        clock: Clock,
        keep: Keep,
        limits: Limits,
    ) -> Self {
        let (scratch, body) = (Vec::with_capacity(1024), Vec::new());
        Self { seat, origin, clock, keep, limits, staged: None, answer: None, scratch, body }
    }

    /// `None` if the values make a request that HTTP cannot carry.
    fn assemble(&mut self, template: &Template, values: &Values<'_>) -> Option<Request<()>> {
        let scratch = &mut self.scratch;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.origin.scheme.clone());
        uri.authority.clone_from(&self.origin.authority);
        scratch.clear();
        template.target().write(values, scratch);
        uri.path_and_query = Some(PathAndQuery::try_from(scratch.as_slice()).ok()?);
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(template.method().as_bytes()).ok()?;
        *request.uri_mut() = Uri::from_parts(uri).ok()?;
        let headers = request.headers_mut();
        for (name, text) in template.headers() {
            scratch.clear();
            text.write(values, scratch);
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_bytes(scratch).ok()?;
            // A token is never the same for long: a peer's table of fields has no use for it
            // (RFC 7541 §7.1.3).
            value.set_sensitive(text.names_token());
            headers.append(name, value);
        }
        Some(request)
    }

    /// Reads the body to its end; the first part of it is kept.
    async fn read_body(&mut self, stream: &mut RecvStream) -> Result<Bytes, Failure> {
        let (mut first, mut seen) = (Bytes::new(), 0_u64);
        self.body.clear();
        // Trailers may follow; they change nothing of what an answer means.
        while let Some(piece) = poll_fn(|cx| stream.poll_data(cx)).await {
            let piece = piece.map_err(|error| of_error(&error))?;
            let length = piece.len();
            stream.flow_control().release_capacity(length).map_err(|error| of_error(&error))?;
            seen += length as u64;
            if seen > self.limits.body {
                return Err(Failure::Protocol);
            }
            if first.is_empty() {
                first = piece;
                continue;
            }
            if self.body.is_empty() {
                self.body.extend_from_slice(&first[..first.len().min(BODY_KEPT)]);
            }
            let room = (BODY_KEPT - self.body.len()).min(length);
            self.body.extend_from_slice(&piece[..room]);
        }
        Ok(first)
    }
}

impl Connection for Http2 {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        self.staged = self.assemble(template, values).map(|request| {
            let mut body = Vec::new();
            template.body().write(values, &mut body);
            (request, Bytes::from(body))
        });
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let (mut request, body) = self.staged.take().ok_or(Failure::Protocol)?;
        let transport = self.seat.transport();
        let mut sender = transport.sender().ok_or(Failure::Reset)?;
        transport.carry(&self.keep);
        poll_fn(|cx| sender.poll_ready(cx)).await.map_err(|error| of_error(&error))?;
        let takes_body = matches!(request.method().as_str(), "POST" | "PUT" | "PATCH");
        if takes_body || !body.is_empty() {
            request.headers_mut().insert(http::header::CONTENT_LENGTH, body.len().into());
        }
        let sent = sender.send_request(request, body.is_empty());
        let (answer, mut stream) = sent.map_err(|error| of_error(&error))?;
        if !body.is_empty() {
            stream.send_data(body, true).map_err(|error| of_error(&error))?;
        }
        self.answer = Some(answer);
        Ok(())
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        let answer = self.answer.take().ok_or(Failure::Protocol)?;
        let answer: Response<RecvStream> = answer.await.map_err(|error| of_error(&error))?;
        let (head, mut stream) = answer.into_parts();
        let first = self.read_body(&mut stream).await?;
        let body = match self.body.as_slice() {
            [] => &first[..first.len().min(BODY_KEPT)],
            pieces => pieces,
        };
        let value = shown(head.status.as_u16(), &head.headers, body, read);
        let transport = self.seat.transport();
        transport.touch(self.clock.now());
        Ok(Received { value, reusable: !transport.is_closed() })
    }

    fn is_closed(&mut self) -> bool {
        self.seat.transport().is_closed()
    }
}
