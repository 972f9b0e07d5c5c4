//! `latency.hlog`: an HdrHistogram interval log, in the format of the Java library's
//! `HistogramLogWriter` (version 1.3), which the ecosystem's plotters and processors read.
//!
//! Each second adds one histogram a class, phase and kind of time that occurred, tagged
//! `phase/class/response` or `phase/class/service`. Values are microseconds; the maximum in plain
//! text is in milliseconds, as the divisor in the head says.

use std::io;
use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use time::OffsetDateTime;

use crate::clock::utc_now;
use crate::measure::{LatencyKind, Recorder};
use crate::outcome::Class;

use super::append::AppendFile;

/// Microseconds in the unit of the maximum's column.
const MAX_VALUE_DIVISOR: f64 = 1_000.0;

const LEGEND: &str = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
                      \"Interval_Compressed_Histogram\"\n";

/// Writes `latency.hlog`.
pub struct LatencyLog {
    file: AppendFile,
    serializer: V2DeflateSerializer,
    begun: bool,
}

impl LatencyLog {
    pub(super) fn new(file: AppendFile) -> Self {
        Self { file, serializer: V2DeflateSerializer::new(), begun: false }
    }

    /// The head of the log, whose instants count from `started`.
    fn begin(&mut self, started: OffsetDateTime) -> io::Result<()> {
        let mut head = Vec::new();
        IntervalLogWriterBuilder::new()
            .add_comment("[Logged with Substorm]")
            .add_comment("[Histogram log format version 1.3]")
            .with_start_time(started.into())
            .with_base_time(started.into())
            .with_max_value_divisor(MAX_VALUE_DIVISOR)
            .begin_log_with(&mut head, &mut self.serializer)?;
        head.extend_from_slice(LEGEND.as_bytes());
        self.file.append(&head)?;
        self.begun = true;
        Ok(())
    }

    /// Adds what was recorded from `at` (since the start of load) for `length`; `phases` are the
    /// names of the recorder's phases.
    pub fn append(
        &mut self,
        at: Duration,
        length: Duration,
        phases: &[&str],
        recorder: &Recorder,
    ) -> io::Result<()> {
        if !self.begun {
            // The start of load by the wall clock, as near as can be told from the first second.
            self.begin(utc_now() - (at + length))?;
        }
        let mut lines = Vec::new();
        // The divisor again: it is not only the head's, each line's maximum is divided by it.
        let mut writer = IntervalLogWriterBuilder::new();
        writer.with_max_value_divisor(MAX_VALUE_DIVISOR);
        let mut head = Vec::new();
        writer.begin_log_with(&mut head, &mut self.serializer)?;
        let mut writer = writer.begin_log_with(&mut lines, &mut self.serializer)?;
        for (phase, record) in recorder.touched() {
            let phase = phases.get(phase).copied().unwrap_or_default();
            for class in Class::ALL {
                let times = [
                    (LatencyKind::Response, &record.response[class.index()]),
                    (LatencyKind::Service, &record.service[class.index()]),
                ];
                for (kind, latency) in times {
                    let Some(histogram) = latency.to_hdr() else { continue };
                    let name = tag_name(phase, class, kind);
                    writer
                        .write_histogram(&histogram, at, length, Tag::new(&name))
                        .map_err(|error| io::Error::other(error.to_string()))?;
                }
            }
        }
        self.file.append(&lines[head.len()..])
    }
}

/// A phase's name in tags; what a tag may not hold becomes `_`.
pub fn phase_tag(phase: &str) -> String {
    phase.replace([',', '\r', '\n', ' '], "_")
}

/// `steady/accepted/response`.
fn tag_name(phase: &str, class: Class, kind: LatencyKind) -> String {
    format!("{}/{class}/{}", phase_tag(phase), kind.name())
}

/// The phase (as [`phase_tag`] spells it), class and kind of a tag.
pub fn read_tag(tag: &str) -> Option<(&str, Class, LatencyKind)> {
    let (rest, kind) = tag.rsplit_once('/')?;
    let (phase, class) = rest.rsplit_once('/')?;
    let kind = [LatencyKind::Response, LatencyKind::Service].into_iter().find(|k| k.name() == kind);
    Some((phase, Class::named(class)?, kind?))
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use base64::Engine as _;

    use crate::measure::Shape;

    use super::*;

    fn recorder(micros: u64) -> Recorder {
        let mut recorder = Recorder::new(&Shape { phases: 2, ..Shape::default() });
        let record = recorder.phase(1);
        record.response[Class::Accepted.index()].record(Duration::from_micros(micros));
        record.service[Class::Timeout.index()].record(Duration::from_micros(7));
        recorder
    }

    #[test]
    fn the_log_is_read_back_by_the_format_s_own_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        let started = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
        let mut log = LatencyLog::new(AppendFile::create(&path).unwrap());
        log.begin(started).unwrap();
        let second = Duration::from_secs(1);
        log.append(Duration::ZERO, second, &["warm up", "steady"], &recorder(2_000)).unwrap();
        log.append(second, second, &["warm up", "steady"], &recorder(1_000)).unwrap();

        let text = std::fs::read(&path).unwrap();
        let mut seen = Vec::new();
        for entry in IntervalLogIterator::new(&text) {
            let LogEntry::Interval(line) = entry.unwrap() else { continue };
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(line.encoded_histogram()).unwrap();
            let histogram: Histogram<u64> =
                Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            let tag = line.tag().unwrap().as_str().to_owned();
            seen.push((line.start_timestamp().as_secs(), tag, line.max(), histogram.max()));
        }
        let wanted = [
            (0, "steady/accepted/response", 2.0, 2_000),
            (0, "steady/timeout/service", 0.007, 7),
            (1, "steady/accepted/response", 1.0, 1_000),
            (1, "steady/timeout/service", 0.007, 7),
        ];
        assert_eq!(seen.len(), wanted.len());
        for ((at, tag, max, value), wanted) in seen.iter().zip(wanted) {
            assert_eq!((*at, tag.as_str()), (wanted.0, wanted.1));
            assert!((max - wanted.2).abs() < wanted.2 / 500.0, "{max}");
            assert!(value.abs_diff(wanted.3) <= wanted.3 / 500, "{value}");
        }
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.matches("MaxValueDivisor").count(), 1);
        assert!(text.contains("#[StartTime: 1795466580.000"), "{text}");
    }

    #[test]
    fn a_tag_holds_nothing_that_ends_a_field() {
        let name = tag_name("a, b\n", Class::Accepted, LatencyKind::Service);
        assert_eq!(name, "a__b_/accepted/service");
        assert!(Tag::new(&name).is_some());
        assert_eq!(read_tag(&name), Some(("a__b_", Class::Accepted, LatencyKind::Service)));
        let odd = tag_name("a/b", Class::Tls, LatencyKind::Response);
        assert_eq!(read_tag(&odd), Some(("a/b", Class::Tls, LatencyKind::Response)));
        assert_eq!(
            (read_tag("x"), read_tag("x/accepted/other"), read_tag("x/y/response")),
            <_>::default()
        );
    }
}
