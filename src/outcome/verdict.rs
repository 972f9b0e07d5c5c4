//! The closed lists of what should have happened and of what that makes of an answer.
//!
//! Only the names live here, because recorders, thresholds and reports share them; the oracle
//! decides which one holds.

use std::fmt;

/// What the right answer to a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Truth {
    /// The user was there before the request was sent and was not touched until it was done.
    MustAccept,
    /// The user's removal was acknowledged before the request was sent, or it never existed.
    MustRejectAbsent,
    /// The user's disabling was acknowledged before the request was sent.
    MustRejectDisabled,
    /// The token is bad by construction.
    MustRejectToken,
    /// A change was under way, or its outcome is unknown. Counted, never judged.
    Grey,
}

impl Truth {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::MustAccept,
        Self::MustRejectAbsent,
        Self::MustRejectDisabled,
        Self::MustRejectToken,
        Self::Grey,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::MustAccept => "must_accept",
            Self::MustRejectAbsent => "must_reject_absent",
            Self::MustRejectDisabled => "must_reject_disabled",
            Self::MustRejectToken => "must_reject_token",
            Self::Grey => "grey",
        }
    }

    /// The position in [`Truth::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What an answer was, given the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// Let in, rightly, as the right user.
    CorrectAccept,
    /// Turned away, rightly, for a right reason.
    CorrectReject,
    /// Turned away although the user is live and the store was well.
    FalseReject,
    /// Let in although the user is gone or disabled, or the token is bad.
    FalseAccept,
    /// Let in as somebody else.
    IdentitySwap,
    /// Turned away although the user is live, while the store was faulted.
    Misblamed,
    /// Turned away rightly, but for a wrong reason or without the challenge.
    WrongCode,
    /// The gateway said that it could not find out, or asked for fewer requests.
    Unavailable,
    /// The gateway, the connection or the protocol failed.
    Error,
    /// The truth is grey.
    Grey,
}

impl Verdict {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::CorrectAccept,
        Self::CorrectReject,
        Self::FalseReject,
        Self::FalseAccept,
        Self::IdentitySwap,
        Self::Misblamed,
        Self::WrongCode,
        Self::Unavailable,
        Self::Error,
        Self::Grey,
    ];

    /// The name in files and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Self::CorrectAccept => "correct_accept",
            Self::CorrectReject => "correct_reject",
            Self::FalseReject => "false_reject",
            Self::FalseAccept => "false_accept",
            Self::IdentitySwap => "identity_swap",
            Self::Misblamed => "misblamed",
            Self::WrongCode => "wrong_code",
            Self::Unavailable => "unavailable",
            Self::Error => "error",
            Self::Grey => "grey",
        }
    }

    /// The verdict with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Whether it is right, or the truth grey.
    pub const fn is_correct(self) -> bool {
        matches!(self, Self::CorrectAccept | Self::CorrectReject | Self::Grey)
    }

    /// Whether the answer was wrong: neither right nor not judged, nor that the gateway could not find
    /// out, which blames nobody and lets nobody in.
    pub const fn is_wrong(self) -> bool {
        !self.is_correct() && !matches!(self, Self::Unavailable)
    }

    /// The position in [`Verdict::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_to_one() {
        for (i, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict.index(), i);
            assert_eq!(Verdict::named(verdict.name()), Some(verdict));
        }
        assert!(Truth::ALL.into_iter().enumerate().all(|(i, truth)| truth.index() == i));
    }

    #[test]
    fn to_say_that_it_cannot_be_found_out_is_neither_right_nor_wrong() {
        let neither = Verdict::ALL.into_iter().filter(|v| !v.is_correct() && !v.is_wrong());
        assert_eq!(neither.collect::<Vec<_>>(), [Verdict::Unavailable]);
        assert!(!Verdict::ALL.into_iter().any(|v| v.is_correct() && v.is_wrong()));
    }
}
