//! What must hold, or the run fails: `"p99(response_time, accepted) in steady" = "< 25ms"`.
//!
//! A threshold is read from its key and its value, and judges one [`Reading`]. Where the reading
//! comes from is the caller's part. Three rules hold for every threshold:
//!
//! - phases marked as warm-up are left out, unless the threshold names one;
//! - what was never measured does not hold;
//! - of an interval, the end that is worse for the threshold is judged.

use std::fmt;
use std::time::Duration;

use crate::outcome::Verdict;
use crate::units::{format_span, parse_span};

use super::allowance::Allowance;
use super::metric::{Countable, Metric, Unit};

/// Why a text is not a threshold. The message is a fragment for the reader of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// The key names no figure.
    #[error("{0}")]
    Key(String),
    /// The value is no comparison, or not one that suits the figure.
    #[error("{0}")]
    Value(String),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    More,
}

impl Comparison {
    /// Longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        (">", Self::More),
    ];

    fn holds(self, value: f64, limit: f64) -> bool {
        // Figures such as shares are quotients: the last bits of two equal ones may differ.
        let equal = (value - limit).abs() <= 1e-9 * limit.abs().max(1e-9);
        match self {
            Self::Less => value < limit && !equal,
            Self::AtMost => value <= limit || equal,
            Self::Equal => equal,
            Self::NotEqual => !equal,
            Self::AtLeast => value >= limit || equal,
            Self::More => value > limit && !equal,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Self::SIGNS.iter().find(|(_, comparison)| comparison == self);
        f.write_str(sign.map_or("", |(sign, _)| sign))
    }
}

/// What was measured, in the [`Unit`] of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// Nothing: no request, no changed user, no such answer.
    Never,
    /// One figure.
    Point(f64),
    /// A figure that is known to lie between two; `high` is `None` if it was still growing when
    /// the run ended.
    Between {
        /// At least this.
        low: f64,
        /// At most this.
        high: Option<f64>,
    },
}

impl From<Option<f64>> for Reading {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Never, Self::Point)
    }
}

/// A threshold's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The figure that was judged, in the metric's unit; `None` if there was none, or if it has
    /// no upper end.
    pub value: Option<f64>,
    /// The figure as people read it, such as `12.4ms` or `≥ 2s`; empty if there was none.
    pub shown: String,
    /// Whether the threshold holds.
    pub pass: bool,
    /// Why not; empty if it holds.
    pub reason: String,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    key: String,
    value: String,
    metric: Metric,
    phase: Option<String>,
    comparison: Comparison,
    limit: f64,
    after: Option<Duration>,
}

impl Threshold {
    /// Reads a threshold from a line of a scenario's `[thresholds]`.
    pub fn parse(key: &str, value: &str) -> Result<Self, ThresholdError> {
        let (name, phase) = split_phase(key)?;
        let metric = Metric::parse(name).map_err(ThresholdError::Key)?;
        if phase.is_some() && !metric.is_by_phase() {
            return Err(ThresholdError::Key(format!(
                "{metric} is a figure of the whole run; leave out the phase"
            )));
        }
        let (comparison, limit, after) = parse_value(&metric, value)?;
        Ok(Self {
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
            metric,
            phase: phase.map(str::to_owned),
            comparison,
            limit,
            after,
        })
    }

    /// The figure that it is about.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The phase that it is about; `None` for all but those marked as warm-up.
    pub fn phase(&self) -> Option<&str> {
        self.phase.as_deref()
    }

    /// The verdicts that it lets pass for a while after a change: the figure is then what
    /// [`super::Recorder::beyond`] counts.
    pub fn allowance(&self) -> Option<Allowance> {
        match (self.after, self.metric) {
            (Some(after), Metric::Count(Countable::Verdict(verdict))) => {
                Some(Allowance { verdict, after })
            }
            _ => None,
        }
    }

    /// Judges what was measured.
    pub fn judge(&self, reading: impl Into<Reading>) -> Judged {
        let unit = self.metric.unit();
        let (value, shown) = match reading.into() {
            Reading::Never => return self.never(),
            Reading::Point(value) if !value.is_finite() => return self.never(),
            Reading::Point(value) => (value, unit.show(value)),
            Reading::Between { low, .. } if self.wants_much() => {
                (low, format!("≥ {}", unit.show(low)))
            }
            Reading::Between { high: Some(high), .. } => (high, format!("≤ {}", unit.show(high))),
            Reading::Between { low, high: None } => return self.endless(low),
        };
        let pass = self.comparison.holds(value, self.limit);
        let reason = if pass {
            String::new()
        } else {
            format!("measured {shown}, wanted {} {}", self.comparison, unit.show(self.limit))
        };
        Judged { value: Some(value), shown, pass, reason }
    }

    fn wants_much(&self) -> bool {
        matches!(self.comparison, Comparison::AtLeast | Comparison::More)
    }

    fn never(&self) -> Judged {
        let place = self.phase.as_ref().map(|phase| format!(" in {phase}")).unwrap_or_default();
        Judged {
            value: None,
            shown: String::new(),
            pass: false,
            reason: format!("never measured: {}{place}", self.metric.why_absent()),
        }
    }

    fn endless(&self, low: f64) -> Judged {
        let low = self.metric.unit().show(low);
        Judged {
            value: None,
            shown: format!("≥ {low}"),
            pass: false,
            reason: format!("still going on when the run ended, after {low}"),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.value)
    }
}

fn split_phase(key: &str) -> Result<(&str, Option<&str>), ThresholdError> {
    let mut parts = key.splitn(2, " in ");
    let name = parts.next().unwrap_or("").trim();
    match parts.next().map(str::trim) {
        Some("") => Err(ThresholdError::Key(format!("found \"{key}\"; a phase is missing"))),
        phase => Ok((name, phase)),
    }
}

type Bound = (Comparison, f64, Option<Duration>);

fn parse_value(metric: &Metric, value: &str) -> Result<Bound, ThresholdError> {
    let text = value.trim();
    let (sign, comparison) = Comparison::SIGNS
        .into_iter()
        .find(|(sign, _)| text.starts_with(sign))
        .ok_or_else(|| {
            let example = match metric.unit() {
                Unit::Count => "== 0",
                Unit::Share => "<= 0.1%",
                Unit::Micros => "< 25ms",
                Unit::PerSecond => ">= 500/s",
                Unit::Ratio => "< 0.5",
            };
            ThresholdError::Value(format!(
                "found \"{value}\"; expected a comparison such as \"{example}\" \
                     (<, <=, ==, !=, >=, >)"
            ))
        })?;
    let rest = text[sign.len()..].trim();
    let (limit, after) = match rest.split_once("after") {
        Some((limit, after)) => (limit.trim(), Some(parse_allowance(metric, after)?)),
        None => (rest, None),
    };
    let limit = metric.unit().parse(limit).map_err(ThresholdError::Value)?;
    Ok((comparison, limit, after))
}

fn parse_allowance(metric: &Metric, text: &str) -> Result<Duration, ThresholdError> {
    let lasting = [Verdict::FalseAccept, Verdict::FalseReject];
    let suits = matches!(metric, Metric::Count(Countable::Verdict(v)) if lasting.contains(v));
    if !suits {
        return Err(ThresholdError::Value(format!(
            "an allowance (\"after {}\") is for false_accept and false_reject, which a change of a \
             user brings about; {metric} has none",
            text.trim()
        )));
    }
    parse_span(text.trim()).map_err(|error| ThresholdError::Value(format!("after: {error}")))
}

/// Prints an allowance as scenarios write it.
impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}", self.verdict, format_span(self.after))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn threshold(key: &str, value: &str) -> Threshold {
        Threshold::parse(key, value).unwrap()
    }

    #[test]
    fn reads_figure_phase_bound_and_allowance() {
        let t = threshold("p99(response_time, accepted) in steady", "< 25ms");
        assert_eq!(t.phase(), Some("steady"));
        assert_eq!(t.metric().to_string(), "p99(response_time, accepted)");
        assert_eq!(t.to_string(), "p99(response_time, accepted) in steady < 25ms");
        assert_eq!(t.allowance(), None);
        let t = threshold("false_accept", "== 0 after 5s");
        let after = Duration::from_secs(5);
        assert_eq!(t.allowance(), Some(Allowance { verdict: Verdict::FalseAccept, after }));
        assert_eq!(t.allowance().unwrap().to_string(), "false_accept after 5s");
    }

    #[test]
    fn each_comparison_holds_where_it_should() {
        for (value, below, at, above) in [
            ("< 10", true, false, false),
            ("<= 10", true, true, false),
            ("== 10", false, true, false),
            ("!= 10", true, false, true),
            (">= 10", false, true, true),
            ("> 10", false, false, true),
        ] {
            let t = threshold("misblamed", value);
            let pass = |x| t.judge(Some(x)).pass;
            assert_eq!((pass(9.0), pass(10.0), pass(11.0)), (below, at, above), "{value}");
        }
        assert!(threshold("share(grey)", "<= 0.3%").judge(Some(3.0 / 1000.0)).pass);
        assert!(!threshold("share(grey)", "== 0%").judge(Some(1e-6)).pass);
    }

    #[test]
    fn a_failure_says_what_was_measured_and_wanted() {
        let judged = threshold("p99(send_lag)", "< 2ms").judge(Some(3_500.0));
        assert!(!judged.pass);
        assert_eq!(judged.reason, "measured 3.5ms, wanted < 2ms");
        assert_eq!((judged.value, judged.shown.as_str()), (Some(3_500.0), "3.5ms"));
        assert_eq!(threshold("unsent", "== 0").judge(Some(0.0)).reason, "");
    }

    #[test]
    fn what_was_never_measured_fails_with_that_reason() {
        let judged = threshold("p99(response_time, timeout) in steady", "> 0").judge(None);
        assert!(!judged.pass);
        assert_eq!(judged.reason, "never measured: no answer was timeout in steady");
        assert!(!threshold("throughput", ">= 0").judge(Some(f64::NAN)).pass);
    }

    #[test]
    fn the_worse_end_of_an_interval_is_judged() {
        let between = |low, high| Reading::Between { low, high };
        let short = threshold("max(revocation_lag)", "< 2s");
        assert!(short.judge(between(1.8e6, Some(1.9e6))).pass);
        assert!(!short.judge(between(1.9e6, Some(2.1e6))).pass);
        let endless = short.judge(between(0.5e6, None));
        assert_eq!((endless.pass, endless.shown.as_str()), (false, "≥ 500ms"));
        assert!(endless.reason.contains("still going on"));
        let long = threshold("max(revocation_lag)", "> 1.6s");
        assert!(long.judge(between(1.7e6, None)).pass);
        assert!(!long.judge(between(1.5e6, Some(1.9e6))).pass);
    }

    #[test]
    fn errors_tell_key_from_value() {
        for (key, value) in [
            ("false_acept", "== 0"),
            ("max(revocation_lag) in steady", "< 1s"),
            ("misblamed in ", "== 0"),
        ] {
            let error = Threshold::parse(key, value).unwrap_err();
            assert!(matches!(error, ThresholdError::Key(_)), "{key}: {error}");
        }
        for (key, value, wanted) in [
            ("misblamed", "0", "\"== 0\""),
            ("misblamed", "=< 0", "a comparison"),
            ("misblamed", "== none", "whole number"),
            ("misblamed", "== 0 after 5s", "false_accept and false_reject"),
            ("false_accept", "== 0 after", "after: found"),
            ("false_accept", "== 0 after soon", "after: found"),
            ("throughput", "500/s", "\">= 500/s\""),
            ("p99(send_lag)", "< 25", "a time such as"),
            ("share(grey)", "<= 0.1", "a share"),
            ("unsent", "<= 0.1%", "share("),
        ] {
            let error = Threshold::parse(key, value).unwrap_err();
            assert!(matches!(error, ThresholdError::Value(_)), "{key}: {error}");
            assert!(error.to_string().contains(wanted), "{key} {value}: {error}");
        }
    }

    proptest! {
        /// Bad input is an error, never a panic, and whatever is read judges anything.
        #[test]
        fn never_panics(
            key in "[a-z_]{0,12}[( ]?[a-z0-9_., ]{0,12}[)]?( in [a-z]{0,5})?|\\PC{0,30}",
            value in "[<>=!]{0,2} ?[0-9.]{0,5}[a-z%/]{0,3}( after [0-9]{0,2}s)?|\\PC{0,20}",
            low in any::<f64>(), high in any::<Option<f64>>(),
        ) {
            let _ = Threshold::parse(&key, &value);
            for known in ["misblamed", "max(revocation_lag)", "share(grey)", "throughput"] {
                if let Ok(threshold) = Threshold::parse(known, &value) {
                    let judged = threshold.judge(Reading::Between { low, high });
                    prop_assert_eq!(judged.pass, judged.reason.is_empty());
                    let _ = threshold.judge(Some(low));
                }
            }
        }
    }
}
