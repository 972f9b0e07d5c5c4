//! All verdicts in one line, the right ones first, then what went wrong and what was not judged.

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::model::{FaultReport, RunReport};
use super::super::wording::{percent, ranked};
use super::wrong_of;

/// All verdicts of a run: `correct_accept 9,008; wrong 5,518 (35%): false_accept 5,518; unavailable 12
/// (<0.1%), during store-outage 12`; `None` where nothing was judged.
pub fn verdicts(report: &RunReport) -> Option<String> {
    let all = report.verdicts.sum();
    if all == 0 {
        return None;
    }
    let counts = |is_meant: fn(Verdict) -> bool| {
        let meant = Verdict::ALL.into_iter().filter(move |verdict| is_meant(*verdict));
        meant.map(move |verdict| (verdict.name(), report.verdicts.of(verdict.name())))
    };
    let right = ranked(counts(|v| v.is_correct() && v != Verdict::Grey), Verdict::COUNT);
    let wrong = wrong_of(&report.verdicts.total);
    let mut parts = vec![if right.is_empty() { "none correct".to_owned() } else { right }];
    if wrong > 0 {
        let names = ranked(counts(Verdict::is_wrong), Verdict::COUNT);
        parts.push(format!("wrong {} ({}): {names}", grouped(wrong), percent(wrong, all)));
    }
    let unavailable = report.verdicts.of(Verdict::Unavailable.name());
    if unavailable > 0 {
        let name = Verdict::Unavailable.name();
        let names = report.fault_names();
        let of = |fault: &FaultReport| fault.verdicts.get(name).copied().unwrap_or(0);
        let during =
            report.faults.iter().zip(&names).map(|(fault, name)| (name.as_str(), of(fault)));
        let during = match ranked(during, 2) {
            none if none.is_empty() => String::new(),
            during => format!(", during {during}"),
        };
        let share = percent(unavailable, all);
        parts.push(format!("{name} {} ({share}){during}", grouped(unavailable)));
    }
    let grey = report.verdicts.of(Verdict::Grey.name());
    if grey > 0 {
        parts.push(format!("not judged: grey {}", grouped(grey)));
    }
    Some(parts.join("; "))
}
