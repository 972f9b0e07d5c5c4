//! Answers that are not right: how many, when, to whom, during what. Wrong ones, and apart from them
//! those by which the gateway said that it could not find out.

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::course::{Course, Stretch};
use super::super::model::{ByName, FaultReport, PhaseReport, RunReport, Severity};
use super::super::wording::percent;
use super::whom::whom;

/// Answers of one verdict that is not right.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
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
            if warm_up(report).any(|phase| phase.at < until as f64 && until as f64 <= phase.until) {
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
fn warm_up(report: &RunReport) -> impl Iterator<Item = &PhaseReport> {
    report.phases.iter().filter(|phase| phase.warm_up)
}

/// Verdicts that are wrong, in the order in which they are told.
const WRONG: [(Verdict, Severity); 6] = [
    (Verdict::IdentitySwap, Severity::Critical),
    (Verdict::FalseAccept, Severity::Critical),
    (Verdict::FalseReject, Severity::Wrong),
    (Verdict::Misblamed, Severity::Wrong),
    (Verdict::WrongCode, Severity::Wrong),
    (Verdict::Error, Severity::Wrong),
];

/// What went wrong, the most serious first; empty where no answer was wrong.
pub fn wrong(report: &RunReport, course: &Course) -> Vec<Answers> {
    let of = |(verdict, severity)| of_verdict(report, course, verdict, severity);
    WRONG.into_iter().filter_map(of).collect()
}

/// Answers by which the gateway said that it could not find out; `None` where there is none. They are
/// not wrong: they let nobody in and blame nobody. [`unavailable_is_honest`] decides how serious they
/// are.
pub fn unavailable(report: &RunReport, course: &Course) -> Option<Answers> {
    let severity = if unavailable_is_honest(report) { Severity::Note } else { Severity::Wrong };
    of_verdict(report, course, Verdict::Unavailable, severity)
}

/// What to think of answers that say so, by how serious they are.
pub fn about_unavailable(severity: Severity) -> &'static str {
    if severity == Severity::Note {
        "The gateway said that it could not find out, or asked for fewer requests. While a fault is under \
         way that is the honest answer, and none of the wrong ones."
    } else {
        "The gateway said that it could not find out, or asked for fewer requests, and not mostly while a \
         fault was under way. These answers let nobody in and blame nobody, but it was not there for its \
         users."
    }
}

/// Whether most answers that the gateway could not find out came while a fault was under way. Without
/// one, it is the gateway that was not available.
pub fn unavailable_is_honest(report: &RunReport) -> bool {
    without_fault(report, Verdict::Unavailable) * 2
        < report.verdicts.of(Verdict::Unavailable.name())
}

/// How many answers of this verdict came for certain while no fault was under way. There may have been
/// more: faults may have overlapped, and their counts are of all phases.
pub fn without_fault(report: &RunReport, verdict: Verdict) -> u64 {
    let of = |fault: &FaultReport| fault.verdicts.get(verdict.name()).copied().unwrap_or(0);
    let during: u64 = report.faults.iter().map(of).sum();
    report.verdicts.of(verdict.name()).saturating_sub(during)
}

/// Of counts by verdict: how many are wrong.
pub fn wrong_of(verdicts: &ByName) -> u64 {
    let is_wrong = |name: &str| Verdict::named(name).is_some_and(Verdict::is_wrong);
    verdicts.iter().filter(|(name, _)| is_wrong(name)).map(|(_, count)| count).sum()
}

fn of_verdict(
    report: &RunReport,
    course: &Course,
    verdict: Verdict,
    severity: Severity,
) -> Option<Answers> {
    let answers = report.verdicts.of(verdict.name());
    let of = |counts: &ByName| counts.get(verdict.name()).copied().unwrap_or(0);
    let is_warm_up = |name: &str| warm_up(report).any(|phase| phase.name == name);
    let phases = report.verdicts.by_phase.iter().filter(|(name, _)| !is_warm_up(name));
    (answers > 0).then(|| Answers {
        verdict,
        severity,
        answers,
        share: percent(answers, report.verdicts.sum()),
        when: When::of(verdict, report, course),
        whom: whom(report, verdict, answers),
        phases: most(phases.map(|(name, counts)| (name.clone(), of(counts)))),
        routes: most(report.routes.iter().map(|r| (r.request.clone(), of(&r.verdicts)))),
        faults: most(during(report).map(|(fault, name)| (name, of(&fault.verdicts)))),
        mutations: most(report.mutations.iter().map(|(kind, v)| (kind.clone(), of(v)))),
    })
}

/// The faults with their names. Their counts are of all phases.
fn during(report: &RunReport) -> impl Iterator<Item = (&FaultReport, String)> {
    report.faults.iter().zip(report.fault_names()).map(|(fault, name)| {
        let early = warm_up(report).any(|phase| phase.at <= fault.at && fault.at < phase.until);
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

#[cfg(test)]
mod tests {
    use super::super::super::{TimelineRow, sample};
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
        let all = wrong(&sample::deleted_users(), &course());
        let told: Vec<_> = all.iter().map(|w| (w.verdict.name(), w.answers)).collect();
        assert_eq!(told, [("false_accept", 1_204), ("error", 24)]);
        let accepts = &all[0];
        assert_eq!(accepts.when, Some(When { from: 10, until: 15, seconds: 3, exact: true }));
        assert_eq!(accepts.when.unwrap().text(), "in 3 s between 10 s and 15 s");
        assert_eq!(
            accepts.whom,
            [
                "41 removed users, each for up to 2.1 s",
                "1,204 requests for users that do not exist"
            ]
        );
        assert_eq!(all[1].whom, ["24 requests of live users"]);
        assert_eq!(all[1].when, None, "the course has no error");
    }

    #[test]
    fn answers_that_say_unavailable_stand_apart_with_their_time_and_their_users() {
        let mut report = sample::deleted_users();
        let told = unavailable(&report, &course()).unwrap();
        assert_eq!((told.answers, told.share.as_str()), (1_150, "1.6%"));
        assert_eq!(told.when.unwrap().text(), "5 s, from 20 s to 25 s");
        assert_eq!(told.whom, ["1,150 requests of live users"]);
        assert_eq!(told.faults, [("store-outage".to_owned(), 1_150)]);
        assert_eq!(told.severity, Severity::Note, "an outage was under way");
        assert_eq!(unavailable(&sample::correct(), &course()), None);

        // Of most of them no fault can tell why.
        report.faults[1].verdicts.insert("unavailable".into(), 575);
        let severity = |report: &RunReport| unavailable(report, &course()).unwrap().severity;
        assert_eq!(severity(&report), Severity::Wrong);
        assert_eq!(without_fault(&report, Verdict::Unavailable), 575);
        report.faults[0].verdicts.insert("unavailable".into(), 1);
        assert_eq!(severity(&report), Severity::Note);
        report.faults.clear();
        assert_eq!(severity(&report), Severity::Wrong);
    }

    #[test]
    fn where_nothing_was_wrong_there_is_nothing_to_tell() {
        assert!(wrong(&sample::correct(), &course()).is_empty());
    }

    #[test]
    fn every_wrong_verdict_is_told_and_says_for_whom() {
        let mut report = sample::correct();
        report.matrix.clear();
        for verdict in Verdict::ALL {
            report.verdicts.total.insert(verdict.name().into(), 3);
        }
        let all = wrong(&report, &Course::default());
        for verdict in Verdict::ALL {
            let told = all.iter().any(|answers| answers.verdict == verdict);
            assert_eq!(told, verdict.is_wrong(), "{verdict}");
        }
        for answers in all {
            let whom = answers.whom.join("; ");
            assert!(whom.starts_with("3 requests "), "{}: {whom}", answers.verdict);
        }
        assert_eq!(wrong_of(&report.verdicts.total), 3 * WRONG.len() as u64);
    }
}
