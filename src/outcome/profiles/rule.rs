//! Profiles as tables: ordered rules of which the first that fits gives the reading.
//!
//! A rule looks at the status, one piece of text in the body and one header field, which is all
//! that the known systems need. What no rule of a profile covers is read by [`by_status`].

use super::{Class, Observation, Reading};

/// Every class that blames the user or the token; for systems that answer all of them alike.
pub(super) const ANY_REJECT: &[Class] = &[
    Class::UserNotFound,
    Class::UserDisabled,
    Class::TokenInvalid,
    Class::TokenExpired,
    Class::TokenRevoked,
    Class::ClaimMismatch,
    Class::Forbidden,
];

/// As [`ANY_REJECT`], for systems that spell an outage of the user store the same way too.
pub(super) const REJECT_OR_OUTAGE: &[Class] = &[
    Class::UserNotFound,
    Class::UserDisabled,
    Class::TokenInvalid,
    Class::TokenExpired,
    Class::TokenRevoked,
    Class::ClaimMismatch,
    Class::Forbidden,
    Class::StoreUnavailable,
];

/// What verifiers that do not give the reason may mean by "bad token".
pub(super) const ANY_BAD_TOKEN: &[Class] =
    &[Class::TokenInvalid, Class::TokenExpired, Class::TokenRevoked, Class::ClaimMismatch];

/// The user store failed, or something else in the server: frameworks answer both alike.
pub(super) const FAILED: Reading =
    Reading::ambiguous(Class::StoreUnavailable, &[Class::GatewayError]);

/// A condition on an answer, and what an answer that meets it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    when: When,
    reading: Reading,
}

/// A condition on an answer; all its parts must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    first: u16,
    last: u16,
    body: Option<&'static str>,
    empty: bool,
    field: Option<(&'static str, &'static str)>,
    without: Option<&'static str>,
}

/// The status is this.
pub(super) const fn on(status: u16) -> When {
    between(status, status)
}

/// The status is one of these.
pub(super) const fn between(first: u16, last: u16) -> When {
    When { first, last, body: None, empty: false, field: None, without: None }
}

impl When {
    /// The body holds this text.
    pub(super) const fn body(mut self, text: &'static str) -> Self {
        self.body = Some(text);
        self
    }

    /// The body is empty.
    pub(super) const fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// The header field is there, and its value holds this text.
    pub(super) const fn field(mut self, name: &'static str, text: &'static str) -> Self {
        self.field = Some((name, text));
        self
    }

    /// The header field is not there.
    pub(super) const fn without(mut self, name: &'static str) -> Self {
        self.without = Some(name);
        self
    }

    /// The rule that such an answer means this and nothing else.
    pub(super) const fn is(self, class: Class) -> Rule {
        self.reads(Reading::certain(class))
    }

    /// The rule that such an answer means this, or else one of `others`.
    pub(super) const fn may_be(self, class: Class, others: &[Class]) -> Rule {
        self.reads(Reading::ambiguous(class, others))
    }

    /// The rule with this reading.
    pub(super) const fn reads(self, reading: Reading) -> Rule {
        Rule { when: self, reading }
    }

    fn holds(&self, seen: &Observation<'_>) -> bool {
        (self.first..=self.last).contains(&seen.status)
            && (!self.empty || seen.body.is_empty())
            && self.without.is_none_or(|name| seen.header(name).is_none())
            && self.field.is_none_or(|(name, text)| {
                seen.header_text(name).is_some_and(|value| value.contains(text))
            })
            && self.body.is_none_or(|text| seen.body_has(text))
    }
}

/// The reading of the first rule that holds, or else the one by status.
pub(super) fn read(rules: &[Rule], seen: &Observation<'_>) -> Reading {
    match rules.iter().find(|rule| rule.when.holds(seen)) {
        Some(rule) => rule.reading,
        None => by_status(seen.status),
    }
}

/// As [`read`], for systems that pass on what an authorisation service of one's own answers: a code
/// in common use decides before the rules do.
pub(super) fn read_passed_on(rules: &[Rule], seen: &Observation<'_>) -> Reading {
    match seen.status {
        400..=499 => common_code(seen).map_or_else(|| read(rules, seen), Reading::certain),
        _ => read(rules, seen),
    }
}

/// What a status says when nothing else is known.
fn by_status(status: u16) -> Reading {
    match status {
        200..=299 => Reading::certain(Class::Accepted),
        401 => Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        403 => Reading::ambiguous(Class::Forbidden, ANY_REJECT),
        // The token does not fit into what the server takes.
        414 | 431 => Reading::certain(Class::TokenInvalid),
        429 => Reading::certain(Class::RateLimited),
        500..=599 => Reading::ambiguous(Class::GatewayError, &[Class::StoreUnavailable]),
        _ => Reading::certain(Class::Unclassified),
    }
}

/// Codes in common use, and what they mean; the first that occurs decides.
const CODES: &[(&str, Class)] = &[
    ("user_not_found", Class::UserNotFound),
    ("user_disabled", Class::UserDisabled),
    ("user_inactive", Class::UserDisabled),
    ("user_banned", Class::UserDisabled),
    ("token_expired", Class::TokenExpired),
    ("token_revoked", Class::TokenRevoked),
    ("claim_mismatch", Class::ClaimMismatch),
    ("insufficient_scope", Class::Forbidden),
];

/// The class of a code in common use, in the challenge or the body.
pub(super) fn common_code(seen: &Observation<'_>) -> Option<Class> {
    let challenge = seen.header_text("www-authenticate").unwrap_or("");
    CODES
        .iter()
        .find(|(code, _)| challenge.contains(code) || seen.body_has(code))
        .map(|(_, class)| *class)
}
