//! Answers: by verdict, by truth, by defect of the token, and examples of those nobody expected.

use maud::{Markup, html};

use crate::outcome::{Class, Truth, Verdict};

use super::super::super::model::RunReport;
use super::super::super::overview::{meaning, wrong_of};
use super::super::super::visible::readable;
use super::super::super::wording::{counted, ranked};
use super::super::fold;
use super::super::table::{Cell, Table};

pub(super) fn verdicts(report: &RunReport) -> Markup {
    let mut phases: Vec<&String> = report.verdicts.by_phase.keys().collect();
    // As they followed one another; what no phase is called comes last.
    phases.sort_by_key(|name| {
        let at = report.phases.iter().position(|phase| phase.name == **name);
        at.unwrap_or(report.phases.len())
    });
    let given = |verdict: &Verdict| {
        let name = verdict.name();
        let anywhere = phases.iter().any(|phase| report.verdicts.in_phase(phase, name) > 0);
        anywhere || report.verdicts.of(name) > 0
    };
    let given: Vec<Verdict> = Verdict::ALL.into_iter().filter(given).collect();
    let mut columns = vec!["Phase"];
    columns.extend(given.iter().map(|verdict| verdict.name()));
    let row = |name: &str, count: &dyn Fn(&str) -> u64| {
        let mut row = vec![Cell::name(name)];
        row.extend(given.iter().map(|verdict| Cell::count(count(verdict.name()))));
        row
    };
    let mut rows = vec![row("all but warm-up", &|verdict| report.verdicts.of(verdict))];
    rows.extend(
        phases.iter().map(|phase| row(phase, &|name| report.verdicts.in_phase(phase, name))),
    );
    let caption = "Answers by verdict, of all phases but warm-up and of each phase";
    let table = Table { caption, columns: &columns, rows };
    let body = html! {
        (table.markup())
        dl { @for verdict in &given { dt { code { (verdict.name()) } } dd { (meaning(*verdict)) } } }
    };
    let summary =
        format!("{} by verdict and phase", counted(report.verdicts.sum(), "answer", "answers"));
    fold("verdicts", "Verdicts", &summary, &body)
}

pub(super) fn matrix(report: &RunReport) -> Markup {
    if report.matrix.is_empty() {
        return html! {};
    }
    let title = |truth: &Truth| match truth {
        Truth::MustAccept => "Must accept",
        Truth::MustRejectAbsent => "Must reject: absent",
        Truth::MustRejectDisabled => "Must reject: disabled",
        Truth::MustRejectToken => "Must reject: token",
        Truth::Grey => "Grey",
    };
    let mut columns = vec!["Answer"];
    columns.extend(Truth::ALL.iter().map(title));
    let count = |truth: Truth, class: Class| {
        let row = report.matrix.get(truth.name());
        row.and_then(|row| row.get(class.name())).copied().unwrap_or(0)
    };
    let given = Class::ALL
        .into_iter()
        .filter(|class| Truth::ALL.into_iter().any(|truth| count(truth, *class) > 0));
    let rows = given.map(|class| {
        let mut row = vec![Cell::name(class.name())];
        row.extend(Truth::ALL.map(|truth| Cell::count(count(truth, class))));
        row
    });
    let caption = "What the answers said, by what the right answer was, warm-up left out";
    let table = Table { caption, columns: &columns, rows: rows.collect() };
    fold("matrix", "Answers by truth", "What was said against what was true", &table.markup())
}

pub(super) fn mutations(report: &RunReport) -> Markup {
    if report.mutations.is_empty() {
        return html! {};
    }
    let rows = report.mutations.iter().map(|(kind, verdicts)| {
        vec![
            Cell::name(kind),
            Cell::count(verdicts.values().sum()),
            Cell::count(wrong_of(verdicts)),
            Cell::text(ranked(verdicts.iter().map(|(name, n)| (name, *n)), 6)),
        ]
    });
    let table = Table {
        caption: "Answers to requests whose token or subject had a defect",
        columns: &["Defect", "Answers", "Wrong", "Verdicts"],
        rows: rows.collect(),
    };
    let summary = counted(report.mutations.len() as u64, "kind of defect", "kinds of defects");
    fold("mutations", "Defects", &summary, &table.markup())
}

pub(super) fn unexpected(report: &RunReport) -> Markup {
    if report.unexpected.is_empty() {
        return html! {};
    }
    let rows = report.unexpected.iter().map(|answer| {
        let kind = match answer.kind.as_str() {
            "no_identity" => "shows no identity",
            "check" => "not what the route expects",
            "class" => "the wrong class",
            other => other,
        };
        vec![
            Cell::name(&answer.class),
            Cell::text(kind),
            Cell::Figure(answer.status.to_string(), Some(f64::from(answer.status))),
            Cell::text(if answer.route.is_empty() { "a recorded request" } else { &answer.route }),
            Cell::text(&answer.why),
            Cell::name(readable(&answer.body)),
        ]
    });
    let table = Table {
        caption: "The first answer of each unexpected kind; tokens and subjects are replaced",
        columns: &["Class", "Kind", "Status", "Route", "Why", "Start of the body"],
        rows: rows.collect(),
    };
    let summary = counted(report.unexpected.len() as u64, "example", "examples");
    fold("unexpected", "Unexpected answers", &summary, &table.markup())
}
