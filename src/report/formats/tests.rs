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
            let written = format.write(&source.input(), folder.path(), folder.path());
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
        let text = make(&source.input()).unwrap();
        let plain = text.replace(['\\', ','], "");
        for wanted in ["deleted-users", "1204", "false_accept == 0 after 5s", "2.108"] {
            assert!(plain.contains(wanted), "{} does not tell {wanted}", format.name);
        }
        let bytes = format.text(&source.input(), folder).unwrap().unwrap();
        assert_eq!(bytes, text.into_bytes());
    }
}

#[test]
fn a_record_is_handed_on_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let source = source();
    let csv = named("csv").unwrap();
    let error = csv.write(&source.input(), folder.path(), out.path()).unwrap_err().to_string();
    assert!(error.contains("timeline.csv"), "{error}");
    std::fs::write(folder.path().join("timeline.csv"), b"second\n\xff\n").unwrap();
    csv.write(&source.input(), folder.path(), out.path()).unwrap();
    assert_eq!(std::fs::read(out.path().join("timeline.csv")).unwrap(), b"second\n\xff\n");
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_being_written() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the page belongs.
    std::fs::create_dir_all(folder.path().join("report.html/x")).unwrap();
    let source = source();
    let failed = write_all(&source.input(), folder.path(), &FORMATS.iter().collect::<Vec<_>>());
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("report.html is not written: cannot write"), "{failed:?}");
    for name in ["summary.txt", "summary.md", "junit.xml", "charts/verdicts.svg"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    assert!(!folder.path().join("run.json").exists(), "the record is not written again");
}
