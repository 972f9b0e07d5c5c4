//! The closed list of things that an answer can mean.

use std::fmt;

/// What an answer says. Every answer has exactly one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Let in, and the identity the upstream saw was read.
    Accepted,
    /// The subject is unknown.
    UserNotFound,
    /// The user is there but locked, banned or inactive.
    UserDisabled,
    /// The token is malformed, unsigned, wrongly signed or otherwise bad.
    TokenInvalid,
    /// The token is past its `exp`.
    TokenExpired,
    /// The token itself was withdrawn.
    TokenRevoked,
    /// `iss`, `aud` or another claim is not the one wanted.
    ClaimMismatch,
    /// Known, but not allowed to do this.
    Forbidden,
    /// Too many requests.
    RateLimited,
    /// The gateway says that it could not find out.
    StoreUnavailable,
    /// The gateway or its upstream failed otherwise.
    GatewayError,
    /// No whole answer within the request's time limit.
    Timeout,
    /// The connection was refused.
    ConnectRefused,
    /// The connection was closed or reset before the whole answer.
    ConnectionReset,
    /// The TLS handshake failed.
    Tls,
    /// The name did not resolve.
    Dns,
    /// What came back is not HTTP, or larger than the limit.
    ProtocolError,
    /// An answer that the profile has no rule for.
    Unclassified,
}

impl Class {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Accepted,
        Self::UserNotFound,
        Self::UserDisabled,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::ClaimMismatch,
        Self::Forbidden,
        Self::RateLimited,
        Self::StoreUnavailable,
        Self::GatewayError,
        Self::Timeout,
        Self::ConnectRefused,
        Self::ConnectionReset,
        Self::Tls,
        Self::Dns,
        Self::ProtocolError,
        Self::Unclassified,
    ];

    /// The name in files and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::UserNotFound => "user_not_found",
            Self::UserDisabled => "user_disabled",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::ClaimMismatch => "claim_mismatch",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::StoreUnavailable => "store_unavailable",
            Self::GatewayError => "gateway_error",
            Self::Timeout => "timeout",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectionReset => "connection_reset",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::ProtocolError => "protocol_error",
            Self::Unclassified => "unclassified",
        }
    }

    /// The class with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The position in [`Class::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the answer turned the user away: it blames the user or the token.
    pub fn is_reject(self) -> bool {
        ClassSet::REJECTS.contains(self)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassSet(u32);

impl ClassSet {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class that blames the user or the token.
    pub const REJECTS: Self = Self::of(&[
        Class::UserNotFound,
        Class::UserDisabled,
        Class::TokenInvalid,
        Class::TokenExpired,
        Class::TokenRevoked,
        Class::ClaimMismatch,
        Class::Forbidden,
    ]);

    /// The set of these classes.
    pub const fn of(classes: &[Class]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < classes.len() {
            bits |= 1 << classes[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    /// Whether the class is in the set.
    pub const fn contains(self, class: Class) -> bool {
        self.0 & (1 << class as u32) != 0
    }

    /// The set with one more class.
    #[must_use]
    pub const fn with(self, class: Class) -> Self {
        Self(self.0 | (1 << class as u32))
    }

    /// Whether the two sets share a class.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The classes in the set.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.contains(*class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_to_one() {
        for (i, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), i);
            assert_eq!(Class::named(class.name()), Some(class));
        }
        assert_eq!(Class::named("Accepted"), None);
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let set = ClassSet::of(&[Class::Timeout]).with(Class::Dns);
        assert!(set.contains(Class::Timeout) && set.contains(Class::Dns));
        assert!(!set.contains(Class::Tls) && !set.meets(ClassSet::REJECTS));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Class::Timeout, Class::Dns]);
    }
}
