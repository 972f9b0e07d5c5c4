//! From the right answer and the answer to a verdict. A table, and total: every pair has one.

use crate::outcome::{Class, Reading, Truth, Verdict};

use super::truth::Right;

/// Who an accepted request was let in as, read from what the upstream saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The user that the token names.
    Same,
    /// Somebody else of the population.
    Other,
    /// A name that nobody has.
    Nobody,
    /// The target gives no way to tell, and its scenario says so.
    Unproved,
}

/// What came back, as far as the verdict depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// What the profile made of it.
    pub reading: Reading,
    /// For [`Class::Accepted`]: as whom.
    pub identity: Identity,
    /// A 401 without the challenge that the profile wants (RFC 9110 §11.6.1).
    pub lacks_challenge: bool,
    /// For [`Class::Accepted`]: the answer is not what the scenario says that an answer to this
    /// request looks like.
    pub check_failed: bool,
    /// The user store was faulted at some time between `sent` and `done`.
    pub store_faulted: bool,
}

/// The verdict on an answer.
pub fn judge(right: &Right, answer: &Answer) -> Verdict {
    match right.truth {
        Truth::Grey => Verdict::Grey,
        Truth::MustAccept => judge_accept(answer),
        Truth::MustRejectAbsent | Truth::MustRejectDisabled | Truth::MustRejectToken => {
            judge_reject(right, answer)
        }
    }
}

fn judge_accept(answer: &Answer) -> Verdict {
    match answer.reading.class {
        Class::Accepted if matches!(answer.identity, Identity::Other | Identity::Nobody) => {
            Verdict::IdentitySwap
        }
        Class::Accepted if answer.check_failed => Verdict::Error,
        Class::Accepted => Verdict::CorrectAccept,
        class if class.is_reject() && answer.store_faulted => Verdict::Misblamed,
        class if class.is_reject() => Verdict::FalseReject,
        class => judge_failure(class),
    }
}

fn judge_reject(right: &Right, answer: &Answer) -> Verdict {
    match answer.reading.class {
        Class::Accepted if answer.identity == Identity::Other => Verdict::IdentitySwap,
        Class::Accepted => Verdict::FalseAccept,
        class if class.is_reject() => {
            let reason_is_right = answer.reading.meanings().meets(right.reasons);
            if reason_is_right && !answer.lacks_challenge {
                Verdict::CorrectReject
            } else {
                Verdict::WrongCode
            }
        }
        class => judge_failure(class),
    }
}

/// What is neither let in nor turned away is judged alike, whatever the truth.
fn judge_failure(class: Class) -> Verdict {
    match class {
        Class::RateLimited | Class::StoreUnavailable => Verdict::Unavailable,
        _ => Verdict::Error,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::outcome::ClassSet;

    fn right(truth: Truth, reasons: &[Class]) -> Right {
        Right { truth, reasons: ClassSet::of(reasons), known_for: Duration::ZERO }
    }

    fn answer(class: Class) -> Answer {
        Answer {
            reading: Reading::certain(class),
            identity: Identity::Same,
            lacks_challenge: false,
            check_failed: false,
            store_faulted: false,
        }
    }

    #[test]
    fn a_live_user() {
        let live = right(Truth::MustAccept, &[]);
        let verdict = |class| judge(&live, &answer(class));
        assert_eq!(verdict(Class::Accepted), Verdict::CorrectAccept);
        assert_eq!(verdict(Class::UserNotFound), Verdict::FalseReject);
        assert_eq!(verdict(Class::StoreUnavailable), Verdict::Unavailable);
        assert_eq!(verdict(Class::Timeout), Verdict::Error);
        let other = Answer { identity: Identity::Other, ..answer(Class::Accepted) };
        assert_eq!(judge(&live, &other), Verdict::IdentitySwap);
        let broken = Answer { check_failed: true, ..answer(Class::Accepted) };
        assert_eq!(judge(&live, &broken), Verdict::Error);
        let outage = Answer { store_faulted: true, ..answer(Class::TokenInvalid) };
        assert_eq!(judge(&live, &outage), Verdict::Misblamed);
        let honest = Answer { store_faulted: true, ..answer(Class::StoreUnavailable) };
        assert_eq!(judge(&live, &honest), Verdict::Unavailable);
    }

    #[test]
    fn a_user_who_is_gone() {
        let gone = right(Truth::MustRejectAbsent, &[Class::UserNotFound]);
        assert_eq!(judge(&gone, &answer(Class::Accepted)), Verdict::FalseAccept);
        assert_eq!(judge(&gone, &answer(Class::UserNotFound)), Verdict::CorrectReject);
        assert_eq!(judge(&gone, &answer(Class::TokenExpired)), Verdict::WrongCode);
        assert_eq!(judge(&gone, &answer(Class::GatewayError)), Verdict::Error);
        let bare = Answer {
            reading: Reading::ambiguous(Class::TokenInvalid, &[Class::UserNotFound]),
            ..answer(Class::TokenInvalid)
        };
        assert_eq!(judge(&gone, &bare), Verdict::CorrectReject);
        let silent = Answer { lacks_challenge: true, ..answer(Class::UserNotFound) };
        assert_eq!(judge(&gone, &silent), Verdict::WrongCode);
        // Let in under a name that nobody has is still let in; it is nobody's identity that it took.
        let phantom = Answer { identity: Identity::Nobody, ..answer(Class::Accepted) };
        assert_eq!(judge(&gone, &phantom), Verdict::FalseAccept);
        let failed_open = Answer { store_faulted: true, ..answer(Class::Accepted) };
        assert_eq!(judge(&gone, &failed_open), Verdict::FalseAccept);
    }

    proptest! {
        /// Never good when the identity is wrong, never bad when the right class came, grey only
        /// for grey.
        #[test]
        fn every_case_has_a_verdict_that_fits(
            truth in 0..Truth::COUNT, class in 0..Class::COUNT, other: bool, bare: bool, fault: bool,
        ) {
            let (truth, class) = (Truth::ALL[truth], Class::ALL[class]);
            let identity = if other { Identity::Other } else { Identity::Same };
            let answer = Answer { identity, lacks_challenge: bare, store_faulted: fault, ..answer(class) };
            let verdict = judge(&right(truth, &[class]), &answer);
            prop_assert_eq!(verdict == Verdict::Grey, truth == Truth::Grey);
            if truth != Truth::Grey && class == Class::Accepted && other {
                prop_assert_eq!(verdict, Verdict::IdentitySwap);
            }
            if verdict == Verdict::Misblamed {
                prop_assert!(fault && truth == Truth::MustAccept && class.is_reject());
            }
            if verdict == Verdict::CorrectAccept {
                prop_assert!(truth == Truth::MustAccept && !other && class == Class::Accepted);
            }
        }
    }
}
