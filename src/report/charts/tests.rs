//! What holds for every chart.

use crate::outcome::Verdict;

use super::super::sample;
use super::super::timeline::TimelineRow;
use super::*;

fn course(seconds: u64) -> Course {
    let mut course = Course::default();
    let recorder = crate::measure::Recorder::default();
    for second in 0..seconds {
        let mut row = TimelineRow { second, ..TimelineRow::default() };
        row.verdicts[Verdict::CorrectAccept.index()] = 1_900 + second % 7 * 20;
        row.verdicts[Verdict::CorrectReject.index()] = second * 4;
        if (10..13).contains(&second) {
            row.verdicts[Verdict::FalseAccept.index()] = 40 - (second - 10) * 12;
        }
        course.second(&row, &recorder, &[]);
    }
    course
}

#[test]
fn every_chart_draws_the_sample_in_both_themes() {
    let (report, course) = (sample::deleted_users(), course(35));
    let input = Input { report: &report, course: &course, events: &[] };
    for chart in CHARTS {
        for theme in [Theme::Light, Theme::Dark] {
            let drawing = (chart.draw)(&input, theme).unwrap();
            assert!(drawing.svg.contains(chart.title) && drawing.svg.contains("n = "));
            assert!(drawing.svg.contains(style::BACKGROUND.hex(theme)));
        }
    }
}

#[test]
fn nothing_to_draw_is_no_chart() {
    let (report, course) = (RunReport::default(), Course::default());
    let input = Input { report: &report, course: &course, events: &[] };
    assert_eq!(files(&input).count(), 0);
}
