//! From the history of a user and the instants of a request to the right answer.

use std::time::Duration;

use crate::clock::Tick;
use crate::identity::UserState;
use crate::outcome::{Class, ClassSet, Truth};

/// The last change of a user, as the harness made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// What the user is once the change is done.
    pub state: UserState,
    /// When the change was asked for.
    pub asked: Tick,
    /// When it was acknowledged; `None` while it is under way, and for ever if its outcome is
    /// unknown.
    pub acknowledged: Option<Tick>,
}

/// What a request carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A good token of the user's own.
    Good,
    /// A token that is bad by construction; a correct gateway answers one of these.
    Bad(ClassSet),
    /// A token that expires, or has expired.
    Expiring(Expiry),
}

/// When a token expires, as far as a gateway's clock and leeway let that be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Until then it is good by every clock.
    pub good_until: Tick,
    /// From then on it must be turned away, whatever leeway a gateway gives.
    pub bad_from: Tick,
}

/// The right answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// What it is.
    pub truth: Truth,
    /// Where the truth is a rejection: the classes that a correct gateway may give.
    pub reasons: ClassSet,
    /// From the acknowledgement of the user's last change to `sent`: how long the gateway could
    /// have known. Without end for a bad token, and for a user that was never changed.
    pub known_for: Duration,
}

impl Right {
    const GREY: Self =
        Self { truth: Truth::Grey, reasons: ClassSet::NONE, known_for: Duration::ZERO };
}

/// The right answer to a request sent at `sent` and done at `done`.
///
/// `history` must be read after `done`. It holds the last change only; where that one was asked
/// for after `done`, what came before it is not known well enough and the request is grey.
pub fn truth(history: History, credential: Credential, sent: Tick, done: Tick) -> Right {
    let credential = match credential {
        Credential::Expiring(expiry) if done < expiry.good_until => Credential::Good,
        Credential::Expiring(expiry) if sent >= expiry.bad_from => {
            Credential::Bad(ClassSet::of(&[Class::TokenExpired]))
        }
        Credential::Expiring(_) => return Right::GREY,
        other => other,
    };
    let settled = history.acknowledged.filter(|&acked| acked <= sent && history.asked <= done);
    if let Credential::Bad(reasons) = credential {
        // A bad token must be turned away whatever happens to the user meanwhile; but where the
        // user may be gone or disabled, saying so is right too.
        let state_reasons = match (history.state, settled) {
            (UserState::Live, Some(_)) => reasons,
            _ => reasons.with(Class::UserNotFound).with(Class::UserDisabled),
        };
        let known_for = Duration::MAX;
        return Right { truth: Truth::MustRejectToken, reasons: state_reasons, known_for };
    }
    let Some(acked) = settled else { return Right::GREY };
    // No allowance covers what no change brought about.
    let known_for = if acked == Tick::ZERO { Duration::MAX } else { sent.since(acked) };
    match history.state {
        UserState::Live => Right { truth: Truth::MustAccept, reasons: ClassSet::NONE, known_for },
        UserState::Absent => Right {
            truth: Truth::MustRejectAbsent,
            reasons: ClassSet::of(&[Class::UserNotFound]),
            known_for,
        },
        UserState::Disabled => Right {
            truth: Truth::MustRejectDisabled,
            reasons: ClassSet::of(&[Class::UserDisabled, Class::Forbidden]),
            known_for,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Tick {
        Tick::from_micros(micros)
    }

    fn history(state: UserState, asked: u64, acknowledged: Option<u64>) -> History {
        History { state, asked: at(asked), acknowledged: acknowledged.map(at) }
    }

    #[test]
    fn a_settled_change_decides() {
        let cases = [
            (UserState::Live, Truth::MustAccept),
            (UserState::Absent, Truth::MustRejectAbsent),
            (UserState::Disabled, Truth::MustRejectDisabled),
        ];
        for (state, expected) in cases {
            let right = truth(history(state, 10, Some(20)), Credential::Good, at(20), at(30));
            assert_eq!(right.truth, expected);
            assert_eq!(right.known_for, Duration::ZERO);
        }
    }

    #[test]
    fn a_change_that_touches_the_request_makes_it_grey() {
        for (asked, acked) in
            [(10, None), (10, Some(21)), (25, Some(28)), (25, None), (35, Some(40))]
        {
            let changed = history(UserState::Absent, asked, acked);
            let right = truth(changed, Credential::Good, at(20), at(30));
            assert_eq!(right.truth, Truth::Grey, "asked {asked}, acknowledged {acked:?}");
        }
    }

    #[test]
    fn a_token_that_expires_is_good_then_grey_then_bad() {
        let expiring = Credential::Expiring(Expiry { good_until: at(100), bad_from: at(200) });
        let live = history(UserState::Live, 0, Some(0));
        for (sent, done, expected) in [
            (80, 99, Truth::MustAccept),
            (80, 100, Truth::Grey),
            (199, 300, Truth::Grey),
            (200, 201, Truth::MustRejectToken),
        ] {
            let right = truth(live, expiring, at(sent), at(done));
            assert_eq!(right.truth, expected, "sent {sent}, done {done}");
            let bad = right.truth == Truth::MustRejectToken;
            assert_eq!(right.reasons.contains(Class::TokenExpired), bad);
        }
        let gone = truth(history(UserState::Absent, 10, Some(20)), expiring, at(30), at(40));
        assert_eq!(gone.truth, Truth::MustRejectAbsent);
    }

    #[test]
    fn a_bad_token_is_never_grey_and_may_be_blamed_on_a_user_who_is_gone() {
        let bad = Credential::Bad(ClassSet::of(&[Class::TokenExpired]));
        let live = truth(history(UserState::Live, 0, Some(0)), bad, at(20), at(30));
        assert_eq!(live.truth, Truth::MustRejectToken);
        assert!(!live.reasons.contains(Class::UserNotFound));
        let going = truth(history(UserState::Absent, 25, None), bad, at(20), at(30));
        assert_eq!(going.truth, Truth::MustRejectToken);
        assert!(going.reasons.contains(Class::UserNotFound));
    }
}
