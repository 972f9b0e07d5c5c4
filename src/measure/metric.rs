//! What a threshold can be about: the figures of a run, by the names they have in scenarios.
//!
//! A metric is a name and a unit; where the figure comes from is the business of whoever judges.

use std::fmt;
use std::time::Duration;

use crate::diagnostic::nearest;
use crate::outcome::{Class, Verdict};
use crate::units::{Rate, Share, format_span, grouped, parse_span};

/// Which of the two times of a request.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LatencyKind {
    /// done − due: what a user feels.
    Response,
    /// done − sent: what the gateway did.
    Service,
}

impl LatencyKind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
        }
    }
}

/// A place in a distribution: the share of all values that do not exceed it. 1 is the maximum.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Quantile(f64);

impl Quantile {
    /// The largest value.
    pub const MAX: Self = Self(1.0);

    /// As a share from 0 to 1, for [`super::Latency::at`].
    pub fn share(self) -> f64 {
        self.0
    }

    /// Reads `p50`, `p99.9` or `max`.
    fn parse(text: &str) -> Option<Self> {
        if text == "max" {
            return Some(Self::MAX);
        }
        let digits = text.strip_prefix('p')?;
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        let percent: f64 = digits.parse().ok().filter(|_| plain)?;
        (percent > 0.0 && percent < 100.0).then_some(Self(percent / 100.0))
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MAX {
            return f.write_str("max");
        }
        write!(f, "p{}", (self.0 * 1e6).round() / 1e4)
    }
}

/// What can be counted, and taken as a share of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Countable {
    /// Answers with this verdict.
    Verdict(Verdict),
    /// Answers of this class.
    Class(Class),
    /// Requests that were due and never sent. A share of these is of the due requests.
    Unsent,
    /// Requests still in flight when the drain limit passed. A share is of those sent.
    Censored,
}

impl Countable {
    fn named(name: &str) -> Option<Self> {
        match name {
            "unsent" => Some(Self::Unsent),
            "censored" => Some(Self::Censored),
            _ => Verdict::named(name)
                .map(Self::Verdict)
                .or_else(|| Class::named(name).map(Self::Class)),
        }
    }

    fn names() -> impl Iterator<Item = &'static str> {
        let verdicts = Verdict::ALL.into_iter().map(Verdict::name);
        let classes = Class::ALL.into_iter().map(Class::name);
        verdicts.chain(classes).chain(["unsent", "censored"])
    }
}

impl fmt::Display for Countable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verdict(verdict) => verdict.name(),
            Self::Class(class) => class.name(),
            Self::Unsent => "unsent",
            Self::Censored => "censored",
        })
    }
}

/// A figure of a run, or of one of its phases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// How many there were.
    Count(Countable),
    /// Which share they were.
    Share(Countable),
    /// Response or service time of one class, or of all answers.
    Latency {
        /// Which time.
        kind: LatencyKind,
        /// Of which class; `None` for all.
        class: Option<Class>,
        /// Which place in the distribution.
        quantile: Quantile,
    },
    /// sent − due.
    SendLag(Quantile),
    /// From a removal's acknowledgement until the user is no longer let in. Of the whole run.
    RevocationLag(Quantile),
    /// From a creation's acknowledgement until the user is let in. Of the whole run.
    ProvisioningLag(Quantile),
    /// Store queries on the link ÷ requests to the gateway. Of the whole run.
    LookupsPerRequest,
    /// Answers a second.
    Throughput,
}

/// What a figure is measured in; values are `f64` in exactly this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole number.
    Count,
    /// A part of a whole, from 0 to 1; written in percent.
    Share,
    /// A time in microseconds; written with its unit.
    Micros,
    /// Events a second.
    PerSecond,
    /// A plain number.
    Ratio,
}

const PLAIN: [&str; 2] = ["lookups_per_request", "throughput"];
const DISTRIBUTIONS: [&str; 5] =
    ["response_time", "service_time", "send_lag", "revocation_lag", "provisioning_lag"];
/// The lags are distributions over users, of which there may be few.
const LAG_QUANTILES: [f64; 4] = [0.50, 0.95, 0.99, 1.0];

impl Metric {
    /// Reads a name such as `false_accept`, `share(grey)` or `p99(response_time, accepted)`.
    ///
    /// The error says what was found and what is nearest to it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((function, rest)) = text.split_once('(') else {
            return Self::parse_plain(text.trim());
        };
        let Some(inside) = rest.trim_end().strip_suffix(')') else {
            return Err(format!("found \"{text}\"; a closing parenthesis is missing"));
        };
        let arguments: Vec<&str> = inside.split(',').map(str::trim).collect();
        match (function.trim(), arguments.as_slice()) {
            ("share", [what]) => Countable::named(what)
                .map(Self::Share)
                .ok_or_else(|| unknown("count", what, Countable::names())),
            ("share", _) => Err(format!("found \"{text}\"; share(…) takes one name")),
            (function, arguments) => Self::parse_quantile(function, arguments),
        }
    }

    fn parse_plain(name: &str) -> Result<Self, String> {
        match name {
            "lookups_per_request" => return Ok(Self::LookupsPerRequest),
            "throughput" => return Ok(Self::Throughput),
            _ => {}
        }
        if DISTRIBUTIONS.contains(&name) {
            return Err(format!(
                "{name} is a distribution: say which figure of it, such as p99({name}) or \
                 max({name})"
            ));
        }
        let names = || Countable::names().chain(PLAIN).chain(DISTRIBUTIONS);
        Countable::named(name).map(Self::Count).ok_or_else(|| unknown("figure", name, names()))
    }

    fn parse_quantile(function: &str, arguments: &[&str]) -> Result<Self, String> {
        let quantile = Quantile::parse(function).ok_or_else(|| {
            format!(
                "found \"{function}(…)\"; expected p50(…), p99(…), p99.9(…), max(…) or share(…)"
            )
        })?;
        match arguments {
            ["response_time"] => Self::latency(LatencyKind::Response, None, quantile),
            ["service_time"] => Self::latency(LatencyKind::Service, None, quantile),
            ["response_time", class] => Self::latency(LatencyKind::Response, Some(class), quantile),
            ["service_time", class] => Self::latency(LatencyKind::Service, Some(class), quantile),
            ["send_lag"] => Ok(Self::SendLag(quantile)),
            ["revocation_lag"] => lag_quantile(quantile).map(Self::RevocationLag),
            ["provisioning_lag"] => lag_quantile(quantile).map(Self::ProvisioningLag),
            [name, _] if DISTRIBUTIONS.contains(name) => {
                Err(format!("{name} is not divided by class; write {quantile}({name})"))
            }
            [name] | [name, _] => Err(unknown("distribution", name, DISTRIBUTIONS)),
            _ => Err(format!("{quantile}(…) takes a distribution and at most one class")),
        }
    }

    fn latency(kind: LatencyKind, class: Option<&str>, quantile: Quantile) -> Result<Self, String> {
        let class =
            match class {
                None => None,
                Some(name) => Some(Class::named(name).ok_or_else(|| {
                    unknown("class", name, Class::ALL.into_iter().map(Class::name))
                })?),
            };
        Ok(Self::Latency { kind, class, quantile })
    }

    /// What the figure is measured in.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Count(_) => Unit::Count,
            Self::Share(_) => Unit::Share,
            Self::Throughput => Unit::PerSecond,
            Self::LookupsPerRequest => Unit::Ratio,
            Self::Latency { .. }
            | Self::SendLag(_)
            | Self::RevocationLag(_)
            | Self::ProvisioningLag(_) => Unit::Micros,
        }
    }

    /// Whether there is such a figure for one phase alone.
    pub fn is_by_phase(&self) -> bool {
        !matches!(self, Self::RevocationLag(_) | Self::ProvisioningLag(_) | Self::LookupsPerRequest)
    }

    /// Why there is no figure, when there is none: a fragment after "never measured: ".
    pub fn why_absent(&self) -> String {
        match self {
            Self::Latency { class: Some(class), .. } => format!("no answer was {class}"),
            Self::RevocationLag(_) => "no removed user was asked for again".to_owned(),
            Self::ProvisioningLag(_) => "no created user was asked for".to_owned(),
            Self::LookupsPerRequest => "no link to the store was counted".to_owned(),
            Self::SendLag(_) => "no request was sent".to_owned(),
            _ => "no request was answered".to_owned(),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(what) => what.fmt(f),
            Self::Share(what) => write!(f, "share({what})"),
            Self::Latency { kind, class, quantile } => {
                write!(f, "{quantile}({}_time", kind.name())?;
                class.map_or(Ok(()), |class| write!(f, ", {class}"))?;
                f.write_str(")")
            }
            Self::SendLag(quantile) => write!(f, "{quantile}(send_lag)"),
            Self::RevocationLag(quantile) => write!(f, "{quantile}(revocation_lag)"),
            Self::ProvisioningLag(quantile) => write!(f, "{quantile}(provisioning_lag)"),
            Self::LookupsPerRequest => f.write_str("lookups_per_request"),
            Self::Throughput => f.write_str("throughput"),
        }
    }
}

impl Unit {
    /// Reads a value written in this unit. Zero needs no unit.
    pub fn parse(self, text: &str) -> Result<f64, String> {
        let plain = || text.replace('_', "").parse::<f64>().ok().filter(|x| x.is_finite());
        let is_zero = text == "0";
        match self {
            Self::Count => text.replace('_', "").parse::<u64>().map(|n| n as f64).map_err(|_| {
                let hint = if text.ends_with('%') { "; for a share write share(…)" } else { "" };
                format!("found \"{text}\"; expected a whole number{hint}")
            }),
            Self::Ratio => plain().filter(|x| *x >= 0.0).ok_or_else(|| {
                format!("found \"{text}\"; expected a number such as \"1\" or \"0.25\"")
            }),
            _ if is_zero => Ok(0.0),
            Self::Share => {
                text.parse::<Share>().map(Share::fraction).map_err(|error| error.to_string())
            }
            Self::Micros => {
                parse_span(text).map(|span| span.as_secs_f64() * 1e6).map_err(|e| e.to_string())
            }
            Self::PerSecond => {
                text.parse::<Rate>().map(Rate::as_per_second).map_err(|error| error.to_string())
            }
        }
    }

    /// Prints a value of this unit as people read it.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Count => grouped(value.max(0.0).round() as u64),
            Self::Share => format!("{}%", trimmed(value * 100.0, 3)),
            Self::Micros => {
                let micros = Duration::from_micros(value.clamp(0.0, 9e18).round() as u64);
                format_span(micros)
            }
            Self::PerSecond => format!("{}/s", trimmed(value, 1)),
            Self::Ratio => trimmed(value, 3),
        }
    }
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn lag_quantile(quantile: Quantile) -> Result<Quantile, String> {
    if LAG_QUANTILES.contains(&quantile.0) {
        return Ok(quantile);
    }
    Err(format!("found \"{quantile}\"; of a lag there are p50, p95, p99 and max"))
}

fn unknown(what: &str, name: &str, candidates: impl IntoIterator<Item = &'static str>) -> String {
    match nearest(name, candidates) {
        Some(near) => format!("no {what} is called \"{name}\"; did you mean \"{near}\"?"),
        None => format!("no {what} is called \"{name}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_print_the_name_they_are_read_from() {
        for text in [
            "false_accept",
            "accepted",
            "unsent",
            "censored",
            "share(false_reject)",
            "share(timeout)",
            "p99(response_time, accepted)",
            "p99.9(service_time)",
            "max(revocation_lag)",
            "p95(provisioning_lag)",
            "p50(send_lag)",
            "lookups_per_request",
            "throughput",
        ] {
            assert_eq!(Metric::parse(text).unwrap().to_string(), text);
        }
        let spaced = Metric::parse(" p99( response_time ,accepted ) ").unwrap();
        assert_eq!(spaced.to_string(), "p99(response_time, accepted)");
    }

    #[test]
    fn what_is_not_a_metric_names_the_nearest() {
        for (text, wanted) in [
            ("false_acept", "did you mean \"false_accept\""),
            ("share(gray)", "did you mean \"grey\""),
            ("p99(respons_time)", "did you mean \"response_time\""),
            ("p99(response_time, acepted)", "did you mean \"accepted\""),
            ("response_time", "p99(response_time)"),
            ("p99(send_lag, accepted)", "not divided by class"),
            ("p90(revocation_lag)", "p50, p95, p99 and max"),
            ("p0(send_lag)", "expected p50"),
            ("p100(send_lag)", "expected p50"),
            ("p(send_lag)", "expected p50"),
            ("p1e1(send_lag)", "expected p50"),
            ("mean(send_lag)", "expected p50"),
            ("p99(send_lag", "parenthesis"),
            ("p99(response_time, a, b)", "at most one class"),
            ("share(grey, error)", "takes one name"),
            ("", "no figure is called"),
        ] {
            let error = Metric::parse(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn units_read_and_show() {
        assert_eq!(Unit::Micros.parse("25ms"), Ok(25_000.0));
        assert_eq!(Unit::Share.parse("0.1%"), Ok(0.001));
        assert_eq!(Unit::PerSecond.parse("500/s"), Ok(500.0));
        assert_eq!(Unit::Ratio.parse("0.25"), Ok(0.25));
        assert_eq!(Unit::Count.parse("1_000"), Ok(1_000.0));
        assert_eq!(Unit::Micros.parse("0"), Ok(0.0));
        assert!(Unit::Count.parse("1%").unwrap_err().contains("share("));
        for (unit, text) in [
            (Unit::Count, "1.5"),
            (Unit::Count, "-1"),
            (Unit::Micros, "25"),
            (Unit::Share, "101%"),
            (Unit::Ratio, "NaN"),
            (Unit::Ratio, "-1"),
            (Unit::PerSecond, "5"),
        ] {
            assert!(unit.parse(text).is_err(), "{text}");
        }
        assert_eq!(Unit::Micros.show(12_340.0), "12.34ms");
        assert_eq!(Unit::Share.show(0.0012), "0.12%");
        assert_eq!(Unit::Count.show(1_234.0), "1,234");
        assert_eq!(Unit::Ratio.show(1.0), "1");
        assert_eq!(Unit::PerSecond.show(499.96), "500/s");
    }
}
