//! What a reader asks first: did the run pass, may it be believed, what went wrong, for how long and
//! for whom.
//!
//! Derived from the report and from the course of the run, without a judgement of its own: pass and
//! validity are the report's, verdicts the oracle's. HTML and Markdown are written from it, so that
//! both say the same.

use crate::outcome::{Class, ClassSet, Truth, Verdict};
use crate::units::grouped;

use super::course::{Course, Stretch};
use super::model::{ByName, FaultReport, Finding, RunReport, Severity};
use super::wording::{counted, form, percent, span};

/// How a run ended, in the order in which one reason outweighs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended, or was killed.
    Partial,
    /// Something could not be undone.
    NotUndone,
    /// A signal ended it.
    Interrupted,
    /// Its figures cannot be believed.
    Invalid,
    /// A threshold does not hold.
    Failed,
    /// Every threshold holds, or there was none.
    Passed,
}

impl Outcome {
    /// How the run of this report ended.
    pub fn of(report: &RunReport) -> Self {
        match report.exit_code {
            _ if report.partial => Self::Partial,
            Some(5) => Self::NotUndone,
            _ if report.interrupted => Self::Interrupted,
            _ if !report.valid => Self::Invalid,
            Some(1) => Self::Failed,
            _ if report.thresholds.iter().any(|threshold| !threshold.pass) => Self::Failed,
            _ => Self::Passed,
        }
    }

    /// One word, as on a label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::NotUndone => "not undone",
            Self::Interrupted => "interrupted",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
            Self::Passed => "passed",
        }
    }
}

/// Answers of one verdict that is not right.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// Which.
    pub verdict: Verdict,
    /// How serious it is.
    pub severity: Severity,
    /// How many, warm-up left out.
    pub answers: u64,
    /// Of all answers, in words.
    pub share: String,
    /// When; `None` without a course.
    pub when: Option<When>,
    /// To whom: users and tokens, each with its number.
    pub whom: Vec<String>,
    /// In which phases, the most first.
    pub phases: Vec<(String, u64)>,
    /// On which routes, the most first.
    pub routes: Vec<(String, u64)>,
    /// Of the requests under way during which faults, the most first.
    pub faults: Vec<(String, u64)>,
    /// With which defects of the token, the most first.
    pub mutations: Vec<(String, u64)>,
}

/// The seconds of load in which such answers came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The start of the first, from the start of load.
    pub from: u64,
    /// The end of the last.
    pub until: u64,
    /// How many of the seconds between had one; of a long run, those of the stretches that had.
    pub seconds: u64,
    /// Each stretch was one second; else there may have been fewer.
    pub exact: bool,
}

impl When {
    fn of(verdict: Verdict, report: &RunReport, course: &Course) -> Option<Self> {
        let mut when: Option<Self> = None;
        let answered = |stretch: &&Stretch| stretch.verdicts[verdict.index()] > 0;
        for stretch in course.stretches().iter().filter(answered) {
            let until = stretch.second + stretch.seconds;
            // A stretch that ends outside has seconds outside.
            if is_warm_up(report, until.saturating_sub(1).max(stretch.second)) {
                continue;
            }
            let from = stretch.second;
            let when = when.get_or_insert(Self { from, until, seconds: 0, exact: true });
            when.until = until;
            when.seconds += stretch.seconds;
            when.exact &= stretch.seconds == 1;
        }
        when
    }

    /// `19 s, from 7 s to 26 s`.
    pub fn text(self) -> String {
        let (from, until) = (seconds_of(self.from), seconds_of(self.until));
        let most = if self.exact { "" } else { "at most " };
        let long = format!("{most}{}", seconds_of(self.seconds));
        if self.until - self.from == self.seconds {
            return format!("{long}, from {from} to {until}");
        }
        format!("in {long} between {from} and {until}")
    }
}

fn seconds_of(seconds: u64) -> String {
    format!("{} s", grouped(seconds))
}

/// Answers of warm-up are in no total, so their seconds are in no duration.
fn is_warm_up(report: &RunReport, second: u64) -> bool {
    let at = second as f64;
    report.phases.iter().any(|phase| phase.warm_up && phase.at <= at && at < phase.until)
}

/// Verdicts that are not right, in the order in which they are told.
const WRONG: [(Verdict, Severity); 7] = [
    (Verdict::IdentitySwap, Severity::Critical),
    (Verdict::FalseAccept, Severity::Critical),
    (Verdict::FalseReject, Severity::Wrong),
    (Verdict::Misblamed, Severity::Wrong),
    (Verdict::WrongCode, Severity::Wrong),
    (Verdict::Error, Severity::Wrong),
    (Verdict::Unavailable, Severity::Note),
];

/// What went wrong, the most serious first; empty where every answer was right.
pub fn wrongs(report: &RunReport, course: &Course) -> Vec<Wrong> {
    let all = report.verdicts.sum();
    let wrong = |(verdict, severity): (Verdict, Severity)| {
        let answers = report.verdicts.of(verdict.name());
        let of = |counts: &ByName| counts.get(verdict.name()).copied().unwrap_or(0);
        let warm_up = |name: &str| report.phases.iter().any(|p| p.warm_up && p.name == name);
        let phases = report.verdicts.by_phase.iter().filter(|(name, _)| !warm_up(name));
        (answers > 0).then(|| Wrong {
            verdict,
            severity,
            answers,
            share: percent(answers, all),
            when: When::of(verdict, report, course),
            whom: whom(report, verdict, answers),
            phases: most(phases.map(|(name, counts)| (name.clone(), of(counts)))),
            routes: most(report.routes.iter().map(|r| (r.request.clone(), of(&r.verdicts)))),
            faults: most(during(report).map(|(fault, name)| (name, of(&fault.verdicts)))),
            mutations: most(report.mutations.iter().map(|(kind, v)| (kind.clone(), of(v)))),
        })
    };
    WRONG.into_iter().filter_map(wrong).collect()
}

/// The faults with their names. Their counts are of all phases.
fn during(report: &RunReport) -> impl Iterator<Item = (&FaultReport, String)> {
    report.faults.iter().zip(report.fault_names()).map(|(fault, name)| {
        let early = is_warm_up(report, fault.at.max(0.0) as u64);
        let more = if early { ", warm-up included" } else { "" };
        (fault, name + more)
    })
}

/// The counts of a name added up, the largest first; zeros left out.
fn most(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut sums = ByName::new();
    for (name, count) in counts.filter(|(_, count)| *count > 0) {
        *sums.entry(name).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sums
}

/// Never empty: what the matrix cannot tell is told by the verdict's meaning.
fn whom(report: &RunReport, verdict: Verdict, answers: u64) -> Vec<String> {
    let mut whom = changed_users(report, verdict);
    let matrix = match verdict {
        Verdict::FalseAccept => by_truth(report, |class| class == Class::Accepted),
        Verdict::Unavailable => by_truth(report, |class| UNAVAILABLE.contains(class)),
        Verdict::Error => by_truth(report, |class| {
            class != Class::Accepted && !class.is_reject() && !UNAVAILABLE.contains(class)
        }),
        _ => Vec::new(),
    };
    let must_accept = |(truth, _): &(Truth, u64)| *truth == Truth::MustAccept;
    // Of users who must be let in, accepts are right.
    let told = matrix.into_iter().filter(|of| verdict != Verdict::FalseAccept || !must_accept(of));
    whom.extend(told.map(|(truth, n)| requests(n, of_truth(truth))));
    if verdict == Verdict::Error && report.requests.checks_failed > 0 {
        whom.push(requests(report.requests.checks_failed, "let in with a wrong answer"));
    }
    if whom.is_empty() {
        whom.push(requests(answers, of_verdict(verdict)));
    }
    whom
}

fn requests(n: u64, whose: &str) -> String {
    format!("{} {whose}", counted(n, "request", "requests"))
}

const UNAVAILABLE: ClassSet = ClassSet::of(&[Class::RateLimited, Class::StoreUnavailable]);

/// How many answers of these classes there were for each truth that is judged; zeros left out.
fn by_truth(report: &RunReport, is_meant: impl Fn(Class) -> bool) -> Vec<(Truth, u64)> {
    let count = |truth: Truth| -> u64 {
        let row = report.matrix.get(truth.name());
        let classes = Class::ALL.into_iter().filter(|class| is_meant(*class));
        row.map_or(0, |row| classes.filter_map(|class| row.get(class.name())).sum())
    };
    let judged = Truth::ALL.into_iter().filter(|truth| *truth != Truth::Grey);
    judged.map(|truth| (truth, count(truth))).filter(|(_, n)| *n > 0).collect()
}

fn of_truth(truth: Truth) -> &'static str {
    match truth {
        Truth::MustAccept => "of live users",
        Truth::MustRejectAbsent => "for users that do not exist",
        Truth::MustRejectDisabled => "for disabled users",
        Truth::MustRejectToken => "with a bad token",
        Truth::Grey => "of users that were being changed",
    }
}

/// Whose requests can have this verdict.
fn of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::FalseReject | Verdict::Misblamed => "of live users",
        Verdict::FalseAccept | Verdict::WrongCode => "that had to be turned away",
        Verdict::IdentitySwap => "of users that were taken for others",
        _ => "of users that the report does not tell apart",
    }
}

/// Users that were changed and wrongly treated since.
fn changed_users(report: &RunReport, verdict: Verdict) -> Vec<String> {
    let mut whom = Vec::new();
    let mut changed = |lag: &super::model::LagReport, what: &str| {
        let users = lag.wrong_users + lag.quiet.as_ref().map_or(0, |quiet| quiet.wrong_users);
        if users > 0 {
            let each = match lag.max {
                Some(max) => match max.high_ms {
                    Some(high) => format!(", each for up to {}", span(high)),
                    None => format!(", one for at least {}", span(max.low_ms)),
                },
                None => String::new(),
            };
            whom.push(format!("{} {what} {}{each}", grouped(users), form(users, "user", "users")));
        }
    };
    match verdict {
        Verdict::FalseAccept => changed(&report.revocation_lag, "removed"),
        Verdict::FalseReject => changed(&report.provisioning_lag, "new"),
        _ => {}
    }
    whom
}

/// What a verdict means, for people who meet it for the first time.
pub fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::CorrectAccept => "let in, rightly, as the right user",
        Verdict::CorrectReject => "turned away, rightly, for a right reason",
        Verdict::FalseReject => "turned away although the user is live and the store was well",
        Verdict::FalseAccept => "let in although the user is gone or disabled, or the token is bad",
        Verdict::IdentitySwap => "let in as somebody else",
        Verdict::Misblamed => "turned away although the user is live, while the store was faulted",
        Verdict::WrongCode => {
            "turned away rightly, but for a wrong reason or without the challenge"
        }
        Verdict::Unavailable => "told that the gateway could not find out, or to ask less often",
        Verdict::Error => "the gateway, the connection or the protocol failed",
        Verdict::Grey => "not judged: a change of the user was under way",
    }
}

/// How many thresholds hold, or would if the run counted: `2 of 4 thresholds hold`; `None` without any.
pub fn holding(report: &RunReport) -> Option<String> {
    let all = report.thresholds.len() as u64;
    let held = report.thresholds.iter().filter(|threshold| threshold.pass).count() as u64;
    let verb = match Outcome::of(report) {
        Outcome::Passed | Outcome::Failed => form(held, "holds", "hold"),
        _ => "would hold",
    };
    (all > 0).then(|| format!("{held} of {} {verb}", counted(all, "threshold", "thresholds")))
}

/// Whether the run passed, in a sentence.
pub fn passed(report: &RunReport) -> String {
    let all = report.thresholds.len() as u64;
    let missed = report.thresholds.iter().filter(|threshold| !threshold.pass).count() as u64;
    let no = |why: &str| {
        let holding = holding(report).map(|holding| format!(" ({holding})")).unwrap_or_default();
        format!("No: {why}{holding}.")
    };
    match Outcome::of(report) {
        Outcome::Partial => format!(
            "Not decided: the run did not end. This is what there was after {} of load.",
            span(report.load_s * 1e3)
        ),
        Outcome::NotUndone => no("something that was changed could not be undone"),
        Outcome::Interrupted => no("a signal ended the run"),
        Outcome::Invalid => no("the measurement is invalid"),
        Outcome::Failed if missed == 0 => no("the run ended as failed"),
        Outcome::Failed => format!(
            "No: {missed} of {} {} not hold.",
            counted(all, "threshold", "thresholds"),
            form(missed, "does", "do")
        ),
        Outcome::Passed => match all {
            0 => "Nothing was asked of it: the scenario has no thresholds.".to_owned(),
            1 => "Yes: the one threshold holds.".to_owned(),
            all => format!("Yes: all {all} thresholds hold."),
        },
    }
}

/// Why a run passed that has critical findings; `None` for every other.
pub fn tolerated(report: &RunReport) -> Option<String> {
    let is_critical = |finding: &&Finding| finding.severity == Severity::Critical;
    let n = report.findings.iter().filter(is_critical).count() as u64;
    (n > 0 && Outcome::of(report) == Outcome::Passed).then(|| {
        format!(
            "{} {} it: no threshold forbids {}.",
            counted(n, "critical finding", "critical findings"),
            form(n, "does not fail", "do not fail"),
            form(n, "it", "them")
        )
    })
}

/// Units of time as thresholds show them.
const UNITS: [&str; 5] = ["ns", "us", "µs", "ms", "s"];

/// A threshold's text with a space before units of time, as in all other figures: `1.52 ms`.
pub fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let is_in_word = rest[..start].ends_with(char::is_alphanumeric);
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        let length = rest[start..].find(|c: char| !is_number(c));
        let (number, after) = rest.split_at(length.map_or(rest.len(), |length| start + length));
        let unit = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
        out.push_str(number);
        if !is_in_word && UNITS.contains(&&after[..unit]) {
            out.push(' ');
        }
        rest = after;
    }
    out + rest
}

/// Whether the figures may be believed, in a sentence.
pub fn valid(report: &RunReport) -> String {
    match (report.partial, report.valid, report.reasons.len()) {
        (true, ..) => "Not decided: validity is judged at the end of a run.".to_owned(),
        (_, true, _) => "Yes: the generator kept up, and every fault bit.".to_owned(),
        (_, false, 0) => "No, and the report does not say why.".to_owned(),
        (_, false, 1) => "No, for one reason:".to_owned(),
        (_, false, n) => format!("No, for {n} reasons:"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TimelineRow, sample};
    use super::*;
    use crate::measure::{Recorder, Shape};

    fn course() -> Course {
        let mut course = Course::default();
        let recorder = Recorder::new(&Shape::default());
        for second in 0..35 {
            let mut row = TimelineRow { second, ..TimelineRow::default() };
            // The warm-up of the sample ends at 5 s.
            let wrong = [3, 10, 11, 14].contains(&second);
            row.verdicts[Verdict::FalseAccept.index()] = if wrong { 301 } else { 0 };
            if (20..25).contains(&second) {
                row.verdicts[Verdict::Unavailable.index()] = 230;
            }
            course.second(&row, &recorder, &[]);
        }
        course
    }

    #[test]
    fn wrong_answers_are_told_with_their_time_and_their_users() {
        let all = wrongs(&sample::deleted_users(), &course());
        let told: Vec<_> = all.iter().map(|w| (w.verdict.name(), w.answers)).collect();
        assert_eq!(told, [("false_accept", 1_204), ("error", 24), ("unavailable", 1_150)]);
        let accepts = &all[0];
        assert_eq!(accepts.when, Some(When { from: 10, until: 15, seconds: 3, exact: true }));
        assert_eq!(accepts.when.unwrap().text(), "in 3 s between 10 s and 15 s");
        assert_eq!(all[2].when.unwrap().text(), "5 s, from 20 s to 25 s");
        assert_eq!(
            accepts.whom,
            [
                "41 removed users, each for up to 2.1 s",
                "1,204 requests for users that do not exist"
            ]
        );
        assert_eq!(all[1].whom, ["24 requests of live users"]);
        assert_eq!(all[2].whom, ["1,150 requests of live users"]);
        assert_eq!(all[2].faults, [("store-outage".to_owned(), 1_150)]);
        assert_eq!(all[1].when, None, "the course has no error");
    }

    #[test]
    fn where_all_was_right_there_is_nothing_to_tell() {
        assert!(wrongs(&sample::correct(), &course()).is_empty());
    }

    #[test]
    fn one_reason_outweighs_another() {
        let mut report = sample::correct();
        assert_eq!(Outcome::of(&report), Outcome::Passed);
        report.thresholds.push(super::super::model::ThresholdReport::default());
        assert_eq!(Outcome::of(&report), Outcome::Failed);
        assert_eq!(passed(&report), "No: 1 of 1 threshold does not hold.");
        report.valid = false;
        assert_eq!(Outcome::of(&report), Outcome::Invalid);
        let invalid = "No: the measurement is invalid (0 of 1 threshold would hold).";
        assert_eq!(passed(&report), invalid);
        report.interrupted = true;
        assert_eq!(Outcome::of(&report), Outcome::Interrupted);
        report.thresholds[0].pass = true;
        assert_eq!(passed(&report), "No: a signal ended the run (1 of 1 threshold would hold).");
        report.exit_code = Some(5);
        assert_eq!(Outcome::of(&report), Outcome::NotUndone);
        assert!(passed(&report).starts_with("No: something"), "{}", passed(&report));
        report.partial = true;
        assert_eq!(Outcome::of(&report), Outcome::Partial);
        assert!(passed(&report).starts_with("Not decided"), "{}", passed(&report));
    }

    #[test]
    fn a_run_that_passed_says_why_critical_findings_do_not_fail_it() {
        let mut report = sample::correct();
        assert_eq!(tolerated(&report), None);
        let sentence = "somebody was let in".to_owned();
        report.findings.push(Finding { severity: Severity::Critical, sentence });
        let one = "1 critical finding does not fail it: no threshold forbids it.";
        assert_eq!(tolerated(&report).as_deref(), Some(one));
        report.valid = false;
        assert_eq!(tolerated(&report), None);
    }

    #[test]
    fn every_wrong_verdict_says_for_whom() {
        let mut report = sample::correct();
        report.matrix.clear();
        for (verdict, _) in WRONG {
            report.verdicts.total.insert(verdict.name().into(), 3);
        }
        let all = wrongs(&report, &Course::default());
        assert_eq!(all.len(), WRONG.len());
        for wrong in all {
            let whom = wrong.whom.join("; ");
            assert!(whom.starts_with("3 requests "), "{}: {whom}", wrong.verdict);
        }
    }

    #[test]
    fn units_of_time_stand_apart_from_their_numbers() {
        for (text, wanted) in [
            ("1.52ms", "1.52 ms"),
            ("measured ≤ 2.108s, wanted < 2s", "measured ≤ 2.108 s, wanted < 2 s"),
            ("1m30s", "1m30s"),
            ("1,200/s of p99 at 3 ms", "1,200/s of p99 at 3 ms"),
        ] {
            assert_eq!(spaced(text), wanted);
        }
    }

    #[test]
    fn what_is_wrong_is_every_verdict_that_is_not_correct() {
        for verdict in Verdict::ALL {
            let told = WRONG.iter().any(|(wrong, _)| *wrong == verdict);
            assert_eq!(told, !verdict.is_correct(), "{verdict}");
        }
    }
}
