//! From what came back for one request to a judged sample.

use std::io::Write as _;

use crate::clock::Tick;
use crate::identity::UserState;
use crate::measure::Sample;
use crate::oracle::{Answer, Credential, History, Identity, Sighting, judge, truth};
use crate::outcome::{Class, Failure, Observation, Reading, Truth, Verdict};
use crate::token::Expectation;

use super::context::{Context, Job};
use super::mix::Credentials;
use super::plan::IdentityProof;
use super::pointer::{Found, value_at};
use super::specimen::{self, Kind, Oddity, Specimen};

/// More bytes than any number takes: the shortest spelling of a double has 24 at most.
const LONGEST_NUMBER: usize = 40;

/// A judged request.
#[derive(Clone, Copy, Debug)]
pub struct Examined {
    /// What is recorded.
    pub sample: Sample,
    /// What it says about a user that was changed.
    pub sighting: Option<Sighting>,
    /// The status of the answer; 0 where there was none.
    pub status: u16,
}

/// Judges a whole answer to a request of this user's `subject`.
pub fn answer(
    context: &Context,
    job: &Job,
    (sent, done): (Tick, Tick),
    seen: &Observation<'_>,
    subject: &str,
) -> Examined {
    let mut reading = (context.profile.read)(seen);
    let mut identity = Identity::Unproved;
    let mut check_failed = false;
    let mut is_nobody = false;
    if reading.class == Class::Accepted {
        // What a recorded request should be answered is not known.
        let is_route = job.asked.is_none();
        check_failed = is_route && !context.plan.routes[job.route].expect.hold(seen, subject);
        if let Some(found) = identify(context, seen, subject) {
            identity = found;
        } else {
            // Let in as nobody: not what was asked for, whatever the status says.
            is_nobody = true;
            reading = Reading::certain(Class::Unclassified);
        }
    }
    let lacks_challenge = seen.status == 401
        && context.profile.wants_challenge
        && seen.header("www-authenticate").is_none_or(<[u8]>::is_empty);
    let answer = Answer { reading, identity, lacks_challenge, check_failed, store_faulted: false };
    let examined = Examined { status: seen.status, ..conclude(context, job, (sent, done), answer) };
    if let Some(kind) = kind(&examined.sample, is_nobody)
        && context.specimens.is_first(kind, job.route)
    {
        keep(context, job, seen, kind, examined.sample.class);
    }
    examined
}

/// What is unexpected about an answer; `None` where nothing is.
fn kind(sample: &Sample, is_nobody: bool) -> Option<Kind> {
    match sample.verdict {
        Verdict::CorrectAccept | Verdict::CorrectReject | Verdict::Grey => None,
        // Who was let in wrongly was answered like everybody else.
        Verdict::FalseAccept if !sample.check_failed => None,
        _ if is_nobody => Some(Kind::NoIdentity),
        _ if sample.check_failed => Some(Kind::Check),
        _ => Some(Kind::Class(sample.class)),
    }
}

/// Once for each kind in a run, so it may take its time.
#[cold]
fn keep(context: &Context, job: &Job, seen: &Observation<'_>, kind: Kind, class: Class) {
    let mut subject = String::new();
    context.population.write_subject(job.user, &mut subject);
    let show = |token: &[u8]| specimen::shown(seen, token, &subject);
    let body = match job.credentials {
        _ if job.asked.is_some() => String::new(),
        Credentials::Own => context.tokens.with_token(job.user, show),
        Credentials::Defective { kind, bits } => show(context.mutated.pick(kind, bits).bytes),
    };
    let oddity = match kind {
        Kind::NoIdentity => Oddity::NoIdentity,
        Kind::Check => Oddity::Check(
            context.plan.routes[job.route].expect.fault(seen, &subject).unwrap_or_default(),
        ),
        Kind::Class(_) => Oddity::Class,
    };
    let route = job.asked.is_none().then_some(job.route);
    context.specimens.keep(Specimen { oddity, class, route, status: seen.status, body });
}

/// Judges a request that no whole answer came for.
pub fn failure(context: &Context, job: &Job, sent: Tick, done: Tick, failure: Failure) -> Examined {
    let answer = Answer {
        reading: Reading::certain(failure.class()),
        identity: Identity::Unproved,
        lacks_challenge: false,
        check_failed: false,
        store_faulted: false,
    };
    conclude(context, job, (sent, done), answer)
}

fn identify(context: &Context, seen: &Observation<'_>, subject: &str) -> Option<Identity> {
    let is = |found: &[u8]| {
        if found == subject.as_bytes() {
            return Identity::Same;
        }
        let somebody = std::str::from_utf8(found).ok().and_then(|s| context.population.index_of(s));
        if somebody.is_some() { Identity::Other } else { Identity::Nobody }
    };
    match &context.identity {
        IdentityProof::Nothing => Some(Identity::Unproved),
        IdentityProof::Header(name) => seen.header(name).map(is),
        IdentityProof::Json(pointer) => match value_at(seen.body, pointer)? {
            Found::Text(text) => Some(is(text.as_bytes())),
            // Some upstreams print a numeric subject as a number.
            Found::Number(number) => {
                let mut digits = [0; LONGEST_NUMBER];
                let mut left = digits.as_mut_slice();
                write!(left, "{number}").ok()?;
                let length = LONGEST_NUMBER - left.len();
                Some(is(&digits[..length]))
            }
            _ => None,
        },
    }
}

/// Adds what is known of the user and of the faults, and judges.
fn conclude(
    context: &Context,
    job: &Job,
    (sent, done): (Tick, Tick),
    mut answer: Answer,
) -> Examined {
    let standing = context.lifecycle.standing(job.user);
    let history =
        History { state: standing.state, asked: standing.asked, acknowledged: standing.acked };
    let right = truth(history, credential(context, job), sent, done);
    let faults = context.windows.touching(sent, done);
    answer.store_faulted = context.windows.store_faulted(faults);
    let verdict = judge(&right, &answer);
    let class = answer.reading.class;
    let sample = Sample {
        phase: job.phase,
        route: job.own_route(),
        truth: right.truth,
        class,
        verdict,
        response: done - job.due,
        service: done - sent,
        read_lag: None,
        known_for: right.known_for,
        faults,
        lacks_challenge: answer.lacks_challenge,
        check_failed: answer.check_failed,
        first_on_connection: false,
        defect: match job.credentials {
            Credentials::Own => None,
            Credentials::Defective { kind, .. } => Some(kind),
        },
    };
    // Only the user's own token tells whether the gateway knows of the change; and a reject while
    // the store is faulted may be an outage in disguise.
    let changed = standing.changes > 0 || standing.state == UserState::Absent;
    let accepted = class == Class::Accepted;
    let decisive = accepted || (class.is_reject() && !answer.store_faulted);
    let tells = changed && decisive && right.truth != Truth::MustRejectToken;
    let sighting = tells.then_some(Sighting { user: job.user, sent, done, accepted });
    Examined { sample, sighting, status: 0 }
}

fn credential(context: &Context, job: &Job) -> Credential {
    match job.credentials {
        Credentials::Own => context.expiry(job.user).map_or(Credential::Good, Credential::Expiring),
        Credentials::Defective { kind, bits } => match context.mutated.pick(kind, bits).expectation
        {
            Expectation::Accept => Credential::Good,
            Expectation::Reject(reasons) => Credential::Bad(reasons),
        },
    }
}
