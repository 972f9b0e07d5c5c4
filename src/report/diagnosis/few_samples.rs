//! Thresholds on percentiles that rest on next to nothing.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity, ThresholdReport};
use super::super::wording::counted;
use super::{Diagnosis, Found};
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "few-samples",
    about: "A threshold's percentile has fewer than ten requests above it.",
    find,
};

/// One that was never measured has no samples and fails anyway.
fn rests_on_few(threshold: &ThresholdReport) -> bool {
    matches!((threshold.samples, threshold.samples_wanted), (Some(n), Some(wanted)) if 0 < n && n < wanted)
}

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let mut few: Vec<_> = report.thresholds.iter().filter(|t| rests_on_few(t)).collect();
    let lacking = |threshold: &ThresholdReport| {
        threshold.samples.unwrap_or(0) as f64 / threshold.samples_wanted.unwrap_or(1) as f64
    };
    few.sort_by(|a, b| lacking(a).total_cmp(&lacking(b)));
    let worst = few.first()?;
    let (samples, wanted) = (worst.samples?, worst.samples_wanted?);
    let others = match few.len() - 1 {
        0 => String::new(),
        n => format!(" ({} likewise)", counted(n as u64, "other threshold", "other thresholds")),
    };
    // With less than one request above it, a percentile is the maximum by another name.
    let (severity, meaning) = if samples * 10 < wanted {
        (Severity::Doubt, "which makes it their maximum")
    } else {
        (Severity::Note, "with fewer than ten above it")
    };
    let text = format!(
        "The threshold {} rests on {}, {meaning}{others}: it takes {} for ten above it; run longer, \
         or judge a lower percentile",
        worst.text,
        counted(samples, "request", "requests"),
        grouped(wanted),
    );
    Some(Found::new(severity, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::findings::findings;
    use super::super::super::sample;
    use super::super::trial::about;
    use super::*;

    fn judged(figures: &[(u64, u64)]) -> Vec<ThresholdReport> {
        let threshold = |(n, &(samples, wanted)): (usize, &(u64, u64))| ThresholdReport {
            text: format!("t{n}"),
            pass: true,
            samples: Some(samples),
            samples_wanted: Some(wanted),
            ..ThresholdReport::default()
        };
        figures.iter().enumerate().map(threshold).collect()
    }

    fn sentence(figures: &[(u64, u64)]) -> Option<(String, bool)> {
        about(&DIAGNOSIS, |report| report.thresholds = judged(figures))
    }

    #[test]
    fn ten_above_are_enough_and_none_measured_is_another_matter() {
        assert_eq!(sentence(&[(10_000, 10_000), (0, 1_000)]), None);
        let (text, invalid) = sentence(&[(9_999, 10_000)]).unwrap();
        assert!(text.contains("t0 rests on 9,999 requests, with fewer than ten above"), "{text}");
        assert!(!invalid);
    }

    #[test]
    fn the_one_that_lacks_most_is_named() {
        let (text, _) = sentence(&[(900, 1_000), (200, 10_000), (200, 1_000)]).unwrap();
        assert!(text.contains("t1 rests on 200 requests, which makes it their maximum"), "{text}");
        assert!(text.contains("(2 other thresholds likewise): it takes 10,000"), "{text}");
        let mut report = sample::correct();
        report.thresholds = judged(&[(200, 10_000)]);
        assert_eq!(findings(&report, &sample::context())[0].severity, Severity::Doubt);
    }
}
