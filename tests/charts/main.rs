//! The charts of a long run: from its files alone, small, and in bounded memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hour;

use substorm::outcome::Verdict;
use substorm::report::charts::{CHARTS, Input, Theme};
use substorm::report::course::Course;
use substorm::report::partial::load;

#[test]
fn every_answer_of_a_long_run_is_in_its_charts_which_stay_small() {
    let root = tempfile::tempdir().unwrap();
    let seconds = 1_500;
    let folder = hour::write(root.path(), seconds);
    let (report, course) = (load(&folder).unwrap(), Course::read(&folder).unwrap());
    let answers: u64 = course.stretches().iter().map(|stretch| stretch.done).sum();
    assert_eq!((answers, course.end()), (seconds * hour::RATE, seconds));
    let binned: u64 = course.columns(100).iter().flat_map(|column| &column.bins).sum();
    assert_eq!(binned, answers, "the log holds what the timeline counts");
    let warm_up = report.phases[0].requests.done;
    for verdict in Verdict::ALL {
        let of = |stretch: &substorm::report::course::Stretch| stretch.verdicts[verdict.index()];
        let all: u64 = course.stretches().iter().map(of).sum();
        assert!((0..=warm_up).contains(&(all - report.verdicts.of(verdict.name()))), "{verdict}");
    }
    let input = Input { report: &report, course: &course, events: &[] };
    let mut drawn = Vec::new();
    let mut size = 0;
    for chart in CHARTS {
        let Some(drawing) = (chart.draw)(&input, Theme::Light) else { continue };
        drawn.push(chart.name);
        size += drawing.svg.len() + serde_json::to_string(&drawing.hover).unwrap().len();
    }
    let without: Vec<&str> =
        CHARTS.iter().map(|chart| chart.name).filter(|name| !drawn.contains(name)).collect();
    assert_eq!(without, ["provisioning-lag"], "nobody was made in this run");
    assert!((100_000..900_000).contains(&size), "{size} bytes of charts and their values");
}
