//! Recordings that were replayed.

use maud::{Markup, html};

use crate::units::grouped;

use super::super::super::model::RunReport;
use super::super::super::visible::visible;
use super::super::super::wording::counted;
use super::super::fold;
use super::super::table::{Cell, Table};

pub(super) fn replays(report: &RunReport) -> Markup {
    if report.replays.is_empty() {
        return html! {};
    }
    let rows = report.replays.iter().map(|replay| {
        vec![
            Cell::text(&replay.file),
            Cell::text(&replay.phase),
            Cell::text(&replay.format),
            Cell::number(replay.speed, 2),
            Cell::count(replay.lines),
            Cell::count(replay.due),
            Cell::count(replay.users),
            Cell::count(replay.malformed),
            Cell::count(replay.without + replay.left_out + replay.unmapped),
            Cell::count(replay.late),
            Cell::text(&replay.ended),
        ]
    });
    let table = Table {
        caption: "Recordings that were replayed, counts over all laps",
        columns: &[
            "Recording",
            "Phase",
            "Format",
            "Speed",
            "Lines",
            "Due",
            "Users",
            "Malformed",
            "Left out",
            "Late",
            "Ended by",
        ],
        rows: rows.collect(),
    };
    let malformed = report
        .replays
        .iter()
        .flat_map(|replay| replay.first_malformed.iter().map(move |line| (&replay.file, line)));
    let body = html! {
        (table.markup())
        @if malformed.clone().next().is_some() {
            ul { @for (file, line) in malformed {
                li { bdi { (visible(file)) } ", line " (grouped(line.line)) ": " bdi { (visible(&line.reason)) } }
            } }
        }
    };
    let summary = counted(report.replays.len() as u64, "recording", "recordings");
    fold("replays", "Replays", &summary, &body)
}
