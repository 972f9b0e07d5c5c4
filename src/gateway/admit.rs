//! From a request's head to the user it is for, or the reason to turn it away.
//!
//! The order is the one in which nothing is believed too early: header, signature, claims, deny
//! list, user.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, Uri};

use super::config::{ConfigError, GatewayConfig};
use super::deny_list::DenyList;
use super::key_source::KeySource;
use super::misconfig::{Misconfig, Mistakes};
use super::mutant::Bugs;
use super::policy::Policies;
use super::refusal::Refusal;
use super::resolve::{Manner, Store};
use super::timing::{Lap, Timing};
use super::token::claims::{Claims, Rules};
use super::token::{self, Token};
use crate::clock::{Clock, unix_now};

/// The most that is read of all header fields together, in bytes.
pub const MAX_FIELDS: usize = 64 * 1024;

/// What decides whether a request is let in.
pub struct Admission {
    pub(super) policies: Policies,
    pub(super) rules: Rules,
    pub(super) keys: Arc<KeySource>,
    pub(super) deny_list: Option<Arc<DenyList>>,
    pub(super) store: Store,
    pub(super) wrong_store: Store,
    pub(super) manner: Manner,
    pub(super) bugs: Bugs,
    pub(super) misconfig: Misconfig,
    pub(super) clock: Clock,
}

impl Admission {
    /// The user whom the request is for, as the directory spells it.
    pub async fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        timing: &mut Timing,
    ) -> Result<Arc<str>, Refusal> {
        let mut lap = Lap::begin(self.clock);
        let mistakes = self.misconfig.at(lap.since());
        if mistakes.is_some() {
            self.manner.stats.misconfigured_requests.count();
        }
        let mistakes = mistakes.as_ref().map(|lease| &lease.0);
        let judged = async {
            let token = token::read(credentials(method, uri, headers)?)?;
            let claims = self.verify(&token).await?;
            Ok((token, claims))
        };
        let judged = judged.await;
        timing.verify = Some(lap.end());
        let (token, claims) = judged?;
        let claim = mistakes.and_then(|m| m.claim.as_deref()).unwrap_or(&self.policies.claim);
        let subject = self.normalise(claims.subject(claim)?, mistakes);
        self.user(&subject, &token, mistakes, timing).await
    }

    /// Believes the token's claims, or not.
    async fn verify(&self, token: &Token<'_>) -> Result<Claims, Refusal> {
        if !self.bugs.trusts_unsigned(token) {
            self.keys.verify(token).await?;
        }
        let claims = Claims::read(&token.payload)?;
        claims.check(&self.rules, unix_now())?;
        if let Some(list) = &self.deny_list {
            list.check(claims.token_id())?;
        }
        Ok(claims)
    }

    /// What is looked up for a subject.
    fn normalise<'a>(&self, subject: &'a str, mistakes: Option<&Mistakes>) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(subject);
        if self.policies.trim || self.bugs.folds_subject() {
            text = Cow::Borrowed(subject.trim());
        }
        let lower = mistakes.is_some_and(|mistakes| mistakes.lower_case);
        if self.policies.lower_case || self.bugs.folds_subject() || lower {
            text = Cow::Owned(text.to_lowercase());
        }
        let prefix = mistakes.and_then(|m| m.prefix.as_deref()).unwrap_or(&self.policies.prefix);
        if prefix.is_empty() { text } else { Cow::Owned(format!("{prefix}{text}")) }
    }

    /// Finds the user and judges what was found.
    async fn user(
        &self,
        subject: &str,
        token: &Token<'_>,
        mistakes: Option<&Mistakes>,
        timing: &mut Timing,
    ) -> Result<Arc<str>, Refusal> {
        let wrong = mistakes.is_some_and(|mistakes| mistakes.wrong_directory);
        let store = if wrong { &self.wrong_store } else { &self.store };
        let key = self.bugs.cache_key(subject, token);
        match store.find(&self.manner, subject, &key, timing).await {
            Ok(Some(user)) if user.active => Ok(user.subject),
            Ok(Some(_)) => Err(Refusal::UserDisabled),
            Ok(None) => self.bugs.not_found(subject),
            Err(reason) => self.bugs.unreachable(subject, reason),
        }
    }

    /// Forgets a user that changed.
    pub async fn hear(&self, subject: &str) {
        if self.bugs.heeds_changes() {
            self.store.forget(subject, self.bugs.keeps_negatives()).await;
        }
    }

    /// The stores and rules of a configuration.
    pub(super) fn rules(config: &GatewayConfig, bugs: &Bugs) -> Rules {
        Rules {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: config.policies.leeway.as_secs_f64(),
            wants_expiry: bugs.wants_expiry(),
        }
    }
}

/// The bytes of the request's one `Authorization` field.
fn credentials<'a>(
    method: &Method,
    uri: &Uri,
    headers: &'a HeaderMap,
) -> Result<&'a [u8], Refusal> {
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(Refusal::MethodNotAllowed);
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_FIELDS {
        return Err(Refusal::HeaderTooLarge);
    }
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Err(Refusal::NoToken) };
    // A second way of sending a token makes the request invalid (RFC 6750 §2, §3.1). On its own
    // the query is no place for a token and is not looked at (RFC 9700 §4.3.2).
    let in_query = uri.query().is_some_and(|query| {
        query.split('&').any(|pair| pair.split('=').next() == Some("access_token"))
    });
    if fields.next().is_some() || in_query {
        return Err(Refusal::BadRequest("the request carries more than one token"));
    }
    Ok(field.as_bytes())
}

impl From<ConfigError> for std::io::Error {
    fn from(error: ConfigError) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}
