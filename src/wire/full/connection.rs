//! A client that carries one request at a time.

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Body, Client, Method, Request, Url};

use super::failure::of;
use crate::outcome::{Failure, Observation};
use crate::wire::http1::{BODY_KEPT, Limits};
use crate::wire::{Connection, Received, Template, Values, shown};

/// One client, with cookies and a connection of its own.
#[derive(Debug)]
pub struct Full {
    client: Client,
    /// Scheme and authority of every request.
    base: String,
    limits: Limits,
    staged: Option<Request>,
    scratch: Vec<u8>,
    body: Vec<u8>,
}

impl Full {
    pub(super) fn new(client: Client, base: String, limits: Limits) -> Self {
        Self { client, base, limits, staged: None, scratch: Vec::new(), body: Vec::new() }
    }

    /// `None` if the values make a request that HTTP cannot carry.
    fn assemble(&mut self, template: &Template, values: &Values<'_>) -> Option<Request> {
        let scratch = &mut self.scratch;
        scratch.clear();
        scratch.extend_from_slice(self.base.as_bytes());
        template.target().write(values, scratch);
        let url = Url::parse(std::str::from_utf8(scratch).ok()?).ok()?;
        let mut request = Request::new(Method::from_bytes(template.method().as_bytes()).ok()?, url);
        for (name, text) in template.headers() {
            scratch.clear();
            text.write(values, scratch);
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_bytes(scratch).ok()?;
            value.set_sensitive(text.names_token());
            request.headers_mut().append(name, value);
        }
        if !template.body().is_empty() {
            let mut body = Vec::new();
            template.body().write(values, &mut body);
            *request.body_mut() = Some(Body::from(body));
        }
        Some(request)
    }
}

impl Connection for Full {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        self.staged = self.assemble(template, values);
    }

    /// The client sends when it is asked for the answer.
    async fn send(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        let request = self.staged.take().ok_or(Failure::Protocol)?;
        let mut answer = self.client.execute(request).await.map_err(|error| of(&error))?;
        self.body.clear();
        let mut seen = 0;
        while let Some(piece) = answer.chunk().await.map_err(|error| of(&error))? {
            seen += piece.len() as u64;
            if seen > self.limits.body {
                return Err(Failure::Protocol);
            }
            let room = (BODY_KEPT - self.body.len()).min(piece.len());
            self.body.extend_from_slice(&piece[..room]);
        }
        let status = answer.status().as_u16();
        let fields = answer.headers().iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let value = shown(status, fields, &self.body, None, read);
        // Whether the connection is of further use is the client's affair.
        Ok(Received { value, reusable: true })
    }

    fn is_closed(&mut self) -> bool {
        false
    }
}
