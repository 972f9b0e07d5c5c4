//! What holds for every chart.

use std::time::Duration;

use resvg::usvg::roxmltree::{Document, Node};

use crate::identity::Change;
use crate::measure::{Recorder, Shape};
use crate::outcome::{Class, Truth, Verdict};

use super::super::model::{ALL, FaultReport, LagBounds, LagPlace, LagReport, PhaseReport};
use super::super::timeline::TimelineRow;
use super::super::{figures, sample};
use super::surface::Rect;
use super::*;

/// What a text takes above its baseline, of its size.
const ASCENT: f64 = 0.76;

fn recorder(second: u64) -> Recorder {
    let mut recorder = Recorder::new(&Shape { phases: 2, ..Shape::default() });
    let record = recorder.phase(usize::from(second >= 5));
    for n in 0..200_u64 {
        let (class, verdict) = match n % 20 {
            0 => (Class::UserNotFound, Verdict::CorrectReject),
            1 if (10..13).contains(&second) => (Class::Accepted, Verdict::FalseAccept),
            2 | 3 if (20..25).contains(&second) => (Class::StoreUnavailable, Verdict::Unavailable),
            _ => (Class::Accepted, Verdict::CorrectAccept),
        };
        let span = Duration::from_micros(300 + n * n + second * 3);
        (record.due, record.sent, record.done) = (record.due + 1, record.sent + 1, record.done + 1);
        record.verdicts[verdict.index()] += 1;
        record.matrix[Truth::MustAccept.index()][class.index()] += 1;
        record.response[class.index()].record(span);
        record.service[class.index()].record(span * 9 / 10);
        record.send_lag.record(Duration::from_micros(20 + n));
    }
    recorder
}

fn course(seconds: u64) -> Course {
    let mut course = Course::default();
    for second in 0..seconds {
        let recorder = recorder(second);
        let row = TimelineRow {
            lookups: Some(if second == 22 { 190 } else { 40 }),
            cache_asked: Some(200),
            cache_missed: Some(40),
            in_flight: second % 5,
            waited: second % 2,
            ..TimelineRow::of(second, &recorder)
        };
        course.second(&row, &recorder, &["warm-up", "steady"]);
    }
    let (inv, ack, cohort) = (10.0, 10.1, "probed".to_owned());
    course.event(&Event::Changed { inv, ack, user: 1, change: Change::Delete, cohort });
    course
}

/// A report with something for every chart.
fn report() -> RunReport {
    let mut report = sample::deleted_users();
    let bounds = |n: u64| LagBounds {
        low_ms: n as f64 * 3.0,
        high_ms: (n < 297).then_some(n as f64 * 3.0 + 20.0),
    };
    report.revocation_lag.censored = 3;
    report.revocation_lag.intervals = (0..300).map(bounds).collect();
    let place = |n: u64| LagPlace { share: n as f64 / 100.0, bounds: bounds(n) };
    report.provisioning_lag = LagReport {
        users: 20_000,
        unseen: 2,
        distribution: (1..=100).map(place).collect(),
        ..LagReport::default()
    };
    report
}

/// Every text with its box: left, top, right, bottom.
fn texts(svg: &str) -> Vec<(String, [f64; 4])> {
    let document = Document::parse(svg).unwrap();
    let number = |node: &Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| {
            let [x, y, size] = ["x", "y", "font-size"].map(|name| number(&node, name).unwrap());
            let text = node.text().unwrap_or_default().to_owned();
            let wide = text::width(&text, size);
            let left = match node.attribute("text-anchor") {
                Some("middle") => x - wide / 2.0,
                Some("end") => x - wide,
                _ => x,
            };
            (text, [left, y - size * ASCENT, left + wide, y])
        })
        .collect()
}

/// Texts that run into each other or out of the chart.
fn clashes(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let height: f64 = document.root_element().attribute("height").unwrap().parse().unwrap();
    let texts = texts(svg);
    let mut found = Vec::new();
    for (n, (text, a)) in texts.iter().enumerate() {
        if a[0] < 0.0 || a[1] < 0.0 || a[2] > style::WIDTH || a[3] > height {
            found.push(format!("{text:?} runs out at {a:?}"));
        }
        for (other, b) in &texts[n + 1..] {
            if a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3] {
                found.push(format!("{text:?} at {a:?} and {other:?} at {b:?}"));
            }
        }
    }
    found
}

fn each(input: &Input<'_>, mut look: impl FnMut(&Chart, Theme, &Drawing)) {
    for chart in CHARTS {
        for theme in [Theme::Light, Theme::Dark] {
            let drawing = (chart.draw)(input, theme);
            look(chart, theme, &drawing.unwrap_or_else(|| panic!("{} is not drawn", chart.name)));
        }
    }
}

#[test]
fn every_chart_is_whole_and_says_what_it_rests_on() {
    let (report, course) = (report(), course(35));
    let input = Input { report: &report, course: &course, events: &[] };
    each(&input, |chart, theme, drawing| {
        let svg = &drawing.svg;
        let name = chart.name;
        assert!(svg.contains(&format!(">{}</text>", chart.title)), "{name}");
        assert!(svg.contains("deleted-users, seed 7") && svg.contains("n = "), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        assert!(svg.len() < 80_000, "{name}: {}", svg.len());
        let units = ["µs", " ms", " s<", ", s", "/s", "%"];
        assert!(units.iter().any(|unit| svg.contains(unit)), "{name} has no unit");
        assert_eq!(clashes(svg), Vec::<String>::new(), "{name}");
        // No colour but those of its theme.
        let known: Vec<&str> = style::INKS.iter().map(|ink| ink.hex(theme)).collect();
        for (at, _) in svg.match_indices("\"#") {
            let found = &svg[at + 1..at + 8];
            assert!(known.contains(&found), "{name}: {found}");
        }
    });
}

#[test]
fn values_under_the_pointer_lie_in_the_plots() {
    let (report, course) = (report(), course(35));
    let input = Input { report: &report, course: &course, events: &[] };
    each(&input, |chart, _, drawing| {
        assert!(!drawing.hover.plots.is_empty(), "{}", chart.name);
        for plot in &drawing.hover.plots {
            assert!(plot.rect.width > 400.0 && plot.rect.right() < style::WIDTH);
            assert!(plot.at.windows(2).all(|pair| pair[0] < pair[1]), "{}", chart.name);
            assert!([0, plot.at.len()].contains(&plot.names.len()), "{}", chart.name);
            assert!(!plot.series.is_empty());
            for series in &plot.series {
                assert_eq!(series.values.len(), plot.at.len(), "{}", chart.name);
                assert!(series.values.iter().flatten().all(|value| value.is_finite()));
            }
        }
        let json = serde_json::to_string(&drawing.hover).unwrap();
        assert!(json.len() < 40_000, "{}: {}", chart.name, json.len());
    });
}

#[test]
fn a_hundred_phases_and_faults_with_long_names_do_not_clash() {
    let course = course(100);
    let mut report = report();
    for (phases, faults) in [(1, 1), (9, 9), (100, 100)] {
        let phase = |n: u32| PhaseReport {
            name: format!("phase <number> {n}"),
            at: f64::from(n * 100 / phases),
            until: f64::from((n + 1) * 100 / phases),
            ..PhaseReport::default()
        };
        let fault = |n: u32| FaultReport {
            kind: format!("a-fault-of-some-kind-{n}"),
            at: f64::from(n * 100 / faults),
            until: (!n.is_multiple_of(3)).then_some(f64::from(n * 100 / faults + n % 7)),
            ..FaultReport::default()
        };
        report.phases = (0..phases).map(phase).collect();
        report.faults = (0..faults).map(fault).collect();
        report.scenario = "a scenario with a name that does not end soon ".repeat(6);
        let input = Input { report: &report, course: &course, events: &[] };
        each(&input, |chart, _, drawing| {
            assert_eq!(clashes(&drawing.svg), Vec::<String>::new(), "{} of {phases}", chart.name);
        });
        let svg = (verdicts::CHART.draw)(&input, Theme::Light).unwrap().svg;
        let named = svg.matches("a-fault-of-some-kind").count();
        let said = if faults == 100 { format!("{} more", 100 - named) } else { String::new() };
        assert!(named >= faults.min(9) as usize && svg.contains(&said), "{named} of {faults}");
    }
}

#[test]
fn many_stages_and_classes_do_not_clash() {
    let mut report = report();
    let course = course(20);
    let times = figures::Percentiles { count: 9, p50: 5, p90: 7, p99: 9, p999: 9, max: 9 };
    let stage = |n| figures::StageReport {
        stage: format!("a-stage-with-quite-a-long-name-{n}"),
        phase: ALL.to_owned(),
        percentiles: times,
    };
    report.stages = (0..16).map(stage).collect();
    for truth in Truth::ALL {
        let counts = Class::ALL.map(|class| (class.name().to_owned(), 1_234_567_890));
        report.matrix.insert(truth.name().to_owned(), counts.into());
    }
    let input = Input { report: &report, course: &course, events: &[] };
    for chart in [&stages::CHART, &matrix::CHART] {
        let svg = (chart.draw)(&input, Theme::Light).unwrap().svg;
        assert_eq!(clashes(&svg), Vec::<String>::new(), "{}", chart.name);
    }
}

#[test]
fn nothing_to_draw_is_no_chart() {
    let (report, course) = (RunReport::default(), Course::default());
    let input = Input { report: &report, course: &course, events: &[] };
    assert_eq!(files(&input, &drawn(&input, Theme::Light)).count(), 0);
    // A second without a single answer is drawn where it can be.
    let mut quiet = Course::default();
    quiet.second(&TimelineRow::default(), &Recorder::default(), &[]);
    let input = Input { report: &report, course: &quiet, events: &[] };
    let drawn = CHARTS.iter().filter_map(|chart| (chart.draw)(&input, Theme::Light)).count();
    assert_eq!(drawn, 1);
}

#[test]
fn a_fault_that_goes_on_has_a_band_up_to_now() {
    let mut course = course(12);
    let row = TimelineRow { second: 12, faults: "churn+store-outage".into(), ..<_>::default() };
    course.second(&row, &Recorder::default(), &[]);
    let fault = |kind: &str| FaultReport { kind: kind.into(), at: 4.0, ..FaultReport::default() };
    let mut report = report();
    report.faults = vec![fault("store-outage"), fault("user-delete")];
    for (partial, ends) in [(true, [13.0, 4.0]), (false, [4.0, 4.0])] {
        report.partial = partial;
        let note = |at| Event::Note { at, text: "end of load".into() };
        let events = [note(12.8), note(8.0)];
        let input = Input { report: &report, course: &course, events: &events };
        let marks = marks::Marks::of(&input);
        let until: Vec<f64> = marks.faults.iter().map(|fault| fault.until).collect();
        assert!(until.iter().zip(ends).all(|(a, b)| (a - b).abs() < 1e-9), "{until:?}");
        assert_eq!(marks.faults[2].name, "end of load");
        assert_eq!(marks.faults.len(), 3);
        // A hundred pixels a second; an instant is as wide as can be seen.
        let plot = Rect { x: 50.0, y: 10.0, width: 1_300.0, height: 90.0 };
        let bands: Vec<Rect> = marks.bands(plot).collect();
        let wide = if partial { 900.0 } else { 2.0 };
        assert!((bands[0].x - 450.0).abs() + (bands[0].width - wide).abs() < 1e-6, "{bands:?}");
        assert_eq!((bands.len(), bands[0].y, bands[0].height), (3, 10.0, 90.0));
        // Drawn are the bands, and above them their names with bars.
        let svg = (verdicts::CHART.draw)(&input, Theme::Light).unwrap().svg;
        for ink in [&style::BAND, &style::EDGE] {
            assert!(svg.contains(&format!("fill=\"{}\"", ink.hex(Theme::Light))), "{}", ink.name);
        }
    }
}

#[test]
fn a_page_can_recolour_a_chart() {
    let (report, course) = (report(), course(35));
    let input = Input { report: &report, course: &course, events: &[] };
    let css = css();
    each(&input, |chart, theme, drawing| {
        if theme == Theme::Light {
            let svg = themable(&drawing.svg);
            assert!(!svg.contains("\"#"), "{}", chart.name);
            for (at, _) in svg.match_indices("var(") {
                let name = svg[at + 4..].split(')').next().unwrap();
                assert!(css.contains(&format!("{name}:#")), "{name}");
            }
        }
    });
}

#[test]
fn files_are_svg_and_pictures_in_both_themes() {
    let (mut report, course) = (sample::correct(), Course::default());
    report.matrix.entry("must_accept".into()).or_default().insert("accepted".into(), 5);
    let input = Input { report: &report, course: &course, events: &[] };
    let files: Vec<ChartFile> =
        files(&input, &drawn(&input, Theme::Light)).map(Result::unwrap).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["matrix.svg", "matrix.png", "matrix-dark.svg", "matrix-dark.png"]);
    for picture in [&files[1], &files[3]] {
        assert!(picture.bytes.starts_with(b"\x89PNG") && picture.bytes.len() > 5_000);
    }
    assert_ne!(files[1].bytes, files[3].bytes);
}
