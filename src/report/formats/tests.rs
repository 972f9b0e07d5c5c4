//! What holds for every format.

use std::collections::BTreeSet;

use super::super::RunReport;
use super::super::sample;
use super::*;
use crate::measure::{Recorder, Shape};

fn source() -> Source {
    let mut source = Source { report: sample::deleted_users(), ..Source::default() };
    let recorder = Recorder::new(&Shape::default());
    for second in 0..35 {
        let mut row = super::super::TimelineRow { second, ..<_>::default() };
        row.verdicts[0] = 2_000;
        source.course.second(&row, &recorder, &[]);
    }
    source
}

#[test]
fn names_and_files_tell_formats_apart() {
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    let files: BTreeSet<&str> = FORMATS.iter().map(|format| format.file).collect();
    assert_eq!((names.len(), files.len()), (FORMATS.len(), FORMATS.len()));
    for format in FORMATS {
        assert!(format.about.ends_with('.') && format.about.len() > 20, "{}", format.name);
        assert!(format.name.bytes().all(|b| b.is_ascii_lowercase()), "{}", format.name);
        assert_eq!(named(format.name).map(|found| found.file), Some(format.file));
    }
    assert!(named("pdf").is_none());
}

#[test]
fn every_format_is_made_from_any_report() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Source::default();
    let full = source();
    let newer = RunReport { schema_version: 9, partial: true, ..sample::strained() };
    let newer = Source { report: newer, ..Source::default() };
    for source in [&empty, &full, &newer] {
        for format in FORMATS.iter().filter(|format| !matches!(format.make, Make::Recorded)) {
            let written = format.write(&source.material(), folder.path(), folder.path());
            let written = written.unwrap_or_else(|error| panic!("{}: {error}", format.name));
            for path in written {
                assert!(std::fs::metadata(&path).unwrap().len() > 10, "{}", path.display());
            }
        }
    }
}

#[test]
fn every_text_tells_the_figures_of_the_report() {
    let source = source();
    let folder = Path::new("none");
    for format in FORMATS {
        let Make::Text(make) = format.make else { continue };
        let text = make(&source.material()).unwrap();
        let plain = text.replace(['\\', ','], "");
        for wanted in ["deleted-users", "1204", "false_accept == 0 after 5s", "2.108"] {
            assert!(plain.contains(wanted), "{} does not tell {wanted}", format.name);
        }
        let bytes = format.text(&source.material(), folder).unwrap().unwrap();
        assert_eq!(bytes, text.into_bytes());
    }
}

#[test]
fn a_figure_is_written_alike_in_every_form_for_people() {
    let mut source = source();
    let report = &mut source.report;
    report.thresholds[0].shown = "789us".into();
    report.thresholds[2].reason = "measured ≤ 2.1082s, wanted < 2s".into();
    report.faults[0].text = "delete 300 users over 10s".into();
    report.generator.peak_memory_bytes = 61 << 20;
    report.latency.iter_mut().for_each(|row| row.percentiles.max = 12_345_678);
    let material = source.material();
    let text_of = |name: &str| {
        let bytes = named(name).unwrap().text(&material, Path::new("none")).unwrap().unwrap();
        String::from_utf8(bytes).unwrap()
    };
    for name in ["text", "html", "markdown", "junit"] {
        let text = text_of(name);
        for wanted in ["0.789 ms", "measured ≤ 2.1082 s, wanted "] {
            assert!(text.contains(wanted), "{name} has not {wanted}: {text}");
        }
        for other in ["789us", "2.1082s", "over 10s"] {
            assert!(!text.contains(other), "{name} has {other}");
        }
    }
    for name in ["text", "html", "markdown"] {
        let text = text_of(name);
        for wanted in ["over 10 s", "12,346", "1,911–2,021", "10.0", "0.248"] {
            assert!(text.contains(wanted), "{name} has not {wanted}: {text}");
        }
    }
    // Programs have raw units.
    let json = text_of("json");
    assert!(json.contains("12345678") && json.contains("1911.0"), "{json}");
    assert!(text_of("junit").contains(r#"name="latency.response.p50_us" value="440""#));
}

#[test]
fn answers_that_say_unavailable_are_among_the_wrong_ones_in_no_form() {
    let source = source();
    let form = |name: &str| {
        let Make::Text(make) = named(name).unwrap().make else { unreachable!("a text") };
        make(&source.material()).unwrap()
    };
    let console = form("text");
    let verdicts = console.split_once("Verdicts: ").unwrap().1.split_once("\n\n").unwrap().0;
    let words: Vec<&str> = verdicts.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "correct_accept 63,905, correct_reject 4,023; wrong 1,228 (1.7%): false_accept 1,204, \
         error 24; unavailable 1,150 (1.6%), during store-outage 1,150; not judged: grey 12"
    );
    for (name, wrong, unavailable, end) in [
        ("markdown", "### What went wrong", "### Not available", "### Findings"),
        ("html", "id=\"wrong\"", "id=\"unavailable\"", "id=\"findings\""),
    ] {
        let text = form(name);
        let (_, rest) = text.split_once(wrong).unwrap();
        let (wrong, rest) = rest.split_once(unavailable).unwrap();
        assert!(wrong.contains("1,204") && !wrong.contains("unavailable"), "{name}: {wrong}");
        let told = rest.split_once(end).unwrap().0;
        assert!(told.contains("1,150") && told.contains("store-outage"), "{name}: {told}");
        assert!(told.contains("the honest answer"), "{name}: {told}");
    }
    // It is worth knowing, fails nothing, and is no annotation.
    let name = "finding, note: N requests were told that the gateway could not find out";
    assert!(form("junit").contains(name));
    assert!(!super::super::github::annotations(&source.report).contains("could not find out"));
}

#[test]
fn a_record_is_handed_on_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let source = source();
    let csv = named("csv").unwrap();
    let error = csv.write(&source.material(), folder.path(), out.path()).unwrap_err().to_string();
    assert!(error.contains("timeline.csv"), "{error}");
    std::fs::write(folder.path().join("timeline.csv"), b"second\n\xff\n").unwrap();
    csv.write(&source.material(), folder.path(), out.path()).unwrap();
    assert_eq!(std::fs::read(out.path().join("timeline.csv")).unwrap(), b"second\n\xff\n");
}

#[test]
fn the_page_shows_the_charts_of_the_files_which_are_drawn_once() {
    let source = source();
    let material = source.material();
    let drawn = material.light_charts();
    assert!(drawn.len() >= 3, "{}", drawn.len());
    let Make::Files(files) = named("charts").unwrap().make else { unreachable!("files") };
    let files = files(&material).unwrap();
    let page = named("html").unwrap().text(&material, Path::new("none")).unwrap().unwrap();
    let page = String::from_utf8(page).unwrap();
    for (chart, drawing) in drawn {
        let file = format!("{}.svg", chart.name);
        let (_, bytes) = files.iter().find(|(name, _)| *name == file).unwrap();
        assert_eq!(bytes, drawing.svg.as_bytes(), "{file}");
        assert!(page.contains(&format!("id=\"chart-{}\"", chart.name)), "{file}");
    }
    assert!(std::ptr::eq(drawn, material.light_charts()));
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_being_written() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the page belongs.
    std::fs::create_dir_all(folder.path().join("report.html/x")).unwrap();
    let source = source();
    let failed =
        write_all(&source.material().input, folder.path(), &FORMATS.iter().collect::<Vec<_>>());
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("report.html is not written: cannot write"), "{failed:?}");
    for name in ["summary.txt", "summary.md", "junit.xml", "charts/verdicts.svg"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    assert!(!folder.path().join("run.json").exists(), "the record is not written again");
}
