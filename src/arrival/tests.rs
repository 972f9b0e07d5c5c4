//! What holds for every arrival process, tried on all of them by name.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Arrival, OpenProcess, PhasePlan, named};
use crate::seed::{Seed, Stream};
use crate::setting::{Settings, Value};
use crate::units::Rate;

const SECOND: Duration = Duration::from_secs(1);

fn stream() -> Stream {
    Seed(12).stream("arrival")
}

fn rate(per_second: f64) -> Value {
    Value::Rate(Rate::per_second(per_second).unwrap())
}

fn spacing(even: bool) -> Value {
    Value::Text(if even { "even" } else { "poisson" }.to_owned())
}

fn build(
    kind: &str,
    values: &[(&'static str, Value)],
    length: Duration,
) -> Result<Arrival, String> {
    let mut settings = Settings::default();
    for (key, value) in values {
        settings.insert(key, value.clone());
    }
    (named(kind).unwrap().build)(&settings, length)
}

fn open(kind: &str, values: &[(&'static str, Value)], length: Duration) -> Arc<dyn OpenProcess> {
    match build(kind, values, length).unwrap() {
        Arrival::Open(process) => process,
        Arrival::Replay(plan) => panic!("{kind} replays {plan:?}"),
        Arrival::Closed { .. } => panic!("{kind} is closed"),
    }
}

/// Ascending, inside the phase, and as many as expected: to within one where spacing is even, to
/// within five standard deviations (and the skew of small numbers) where it is not.
fn check(process: &dyn OpenProcess, length: Duration, even: bool) -> Result<u64, TestCaseError> {
    let expected = process.expected(length);
    let (mut count, mut last) = (0_u64, Duration::ZERO);
    for at in process.instants(stream(), length) {
        prop_assert!(at >= last && at < length, "{at:?} after {last:?} in {length:?}");
        last = at;
        count += 1;
    }
    let slack = if even { 1.0 + expected * 1e-9 } else { 5.0 * expected.sqrt() + 8.0 };
    prop_assert!((count as f64 - expected).abs() <= slack, "{count} where {expected} are due");
    Ok(count)
}

fn rates() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0 / 3600.0), 0.0..2.0, 1.0..2_000.0, (2_000.0..1e6_f64)]
}

/// Lengths from a nanosecond to a minute, cut so that no case gives more than 2·10⁵ instants.
fn cut(nanos: u64, greatest: f64) -> Duration {
    Duration::from_nanos(nanos).min(Duration::from_secs_f64(2e5 / greatest.max(3e3)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn flat_rates(r in rates(), nanos in 1_u64..60_000_000_000) {
        let length = cut(nanos, r);
        check(&*open("constant", &[("rate", rate(r))], length), length, true)?;
        check(&*open("poisson", &[("rate", rate(r))], length), length, false)?;
    }

    #[test]
    fn ramps(from in rates(), to in rates(), nanos in 1_u64..60_000_000_000, even: bool) {
        let length = cut(nanos, from.max(to));
        let values = [("from", rate(from)), ("to", rate(to)), ("spacing", spacing(even))];
        let process = open("ramp", &values, length);
        check(&*process, length, even)?;
        let mean = f64::midpoint(from, to) * length.as_secs_f64();
        prop_assert!((process.expected(length) - mean).abs() <= 1e-9 * mean + 1e-9);
    }

    #[test]
    fn steps(
        from in rates(), to in rates(), nanos in 1_u64..60_000_000_000, n in 2_u64..30, even: bool,
    ) {
        let length = cut(nanos, from.max(to));
        let values = [
            ("from", rate(from)), ("to", rate(to)), ("steps", Value::Count(n)),
            ("spacing", spacing(even)),
        ];
        let process = open("step", &values, length);
        check(&*process, length, even)?;
        // The levels lie evenly between the two, so their mean is the mean of the two.
        let mean = f64::midpoint(from, to) * length.as_secs_f64();
        let rounding = 1e-9 * n as f64 * (from + to);
        prop_assert!((process.expected(length) - mean).abs() <= 1e-9 * mean + rounding);
    }

    #[test]
    fn spikes(
        base in rates(), peak in rates(), nanos in 100_u64..60_000_000_000,
        cuts in (0.0..1.0, 0.0..1.0), even: bool,
    ) {
        let length = cut(nanos, base.max(peak));
        let at = length.mul_f64(cuts.0);
        let span = length.saturating_sub(at).mul_f64(cuts.1);
        let values = [
            ("base", rate(base)), ("peak", rate(peak)), ("at", Value::Span(at)),
            ("for", Value::Span(span)), ("spacing", spacing(even)),
        ];
        let process = open("spike", &values, length);
        check(&*process, length, even)?;
        let due = base * length.saturating_sub(span).as_secs_f64() + peak * span.as_secs_f64();
        prop_assert!((process.expected(length) - due).abs() <= 1e-9 * due + 1e-6);
    }

    #[test]
    fn scaling_multiplies_what_is_due(from in rates(), to in rates(), factor in 0.0..10.0) {
        let values = [("from", rate(from)), ("to", rate(to))];
        let process = open("ramp", &values, SECOND);
        let due = process.expected(SECOND) * factor;
        prop_assert!((process.scaled(factor).expected(SECOND) - due).abs() <= 1e-9 * due);
    }
}

#[test]
fn even_instants_do_not_drift() {
    // The gap of 1/3 ms is no whole number of nanoseconds.
    let length = Duration::from_secs(600);
    let process = open("constant", &[("rate", rate(3_000.0))], length);
    let instants: Vec<_> = process.instants(stream(), length).collect();
    assert_eq!(instants.len(), 1_800_000);
    for (n, at) in instants.iter().enumerate() {
        let due = n as u128 * 1_000_000_000 / 3_000;
        assert!(at.as_nanos().abs_diff(due) <= 1, "request {n} at {at:?}");
    }
}

#[test]
fn poisson_gaps_are_exponential() {
    let length = Duration::from_secs(100);
    let process = open("poisson", &[("rate", rate(1_000.0))], length);
    let instants: Vec<_> = process.instants(stream(), length).collect();
    let gaps: Vec<f64> =
        instants.windows(2).map(|pair| pair[1].as_secs_f64() - pair[0].as_secs_f64()).collect();
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    assert!((mean * 1e3 - 1.0).abs() < 5.0 / n.sqrt(), "mean gap {mean}");
    // Of an exponential, the shares of gaps beyond 1, 2 and 3 means are e^-1, e^-2 and e^-3.
    for means in 1..=3 {
        let share = gaps.iter().filter(|gap| **gap > f64::from(means) * 1e-3).count() as f64 / n;
        let law = (-f64::from(means)).exp();
        assert!((share - law).abs() < 5.0 * (law / n).sqrt(), "{means}: {share}, not {law}");
    }
    // Independent: a gap says nothing of the next.
    let joint: f64 = gaps.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    assert!((joint / n / (mean * mean)).abs() < 5.0 / n.sqrt(), "correlated: {joint}");
}

#[test]
fn a_ramp_has_the_right_rate_in_every_tenth() {
    let length = Duration::from_secs(20);
    for (from, to) in [(0.0, 10_000.0), (10_000.0, 0.0), (500.0, 4_000.0)] {
        for even in [true, false] {
            let values = [("from", rate(from)), ("to", rate(to)), ("spacing", spacing(even))];
            let process = open("ramp", &values, length);
            let mut tenths = [0_u32; 10];
            for at in process.instants(stream(), length) {
                tenths[(at.as_secs_f64() / 2.0) as usize] += 1;
            }
            for (i, count) in tenths.iter().enumerate() {
                let middle = Duration::from_secs(2 * i as u64 + 1);
                let due = 2.0 * process.rate_at(middle).as_per_second();
                let slack = if even { 1.0 } else { 5.0 * due.sqrt() };
                assert!((f64::from(*count) - due).abs() <= slack, "tenth {i}: {count}, not {due}");
            }
        }
    }
}

#[test]
fn a_spike_is_where_it_should_be() {
    let values = [
        ("base", rate(100.0)),
        ("peak", rate(2_000.0)),
        ("at", Value::Span(SECOND * 2)),
        ("for", Value::Span(SECOND)),
        ("spacing", spacing(true)),
    ];
    let process = open("spike", &values, SECOND * 5);
    let mut seconds = [0; 5];
    for at in process.instants(stream(), SECOND * 5) {
        seconds[at.as_secs() as usize] += 1;
    }
    assert_eq!(seconds, [100, 100, 2_000, 100, 100]);
    assert_eq!(process.rate_at(Duration::from_millis(1_999)).as_per_second(), 100.0);
    assert_eq!(process.rate_at(SECOND * 2).as_per_second(), 2_000.0);
    assert_eq!(process.rate_at(SECOND * 3).as_per_second(), 100.0);
}

#[test]
fn steps_are_level_and_equal() {
    let values = [("from", rate(100.0)), ("to", rate(500.0)), ("steps", Value::Count(5))];
    let process = open("step", &values, SECOND * 10);
    let levels: Vec<f64> = (0..10)
        .map(|second| process.rate_at(SECOND * second + SECOND / 2).as_per_second())
        .collect();
    assert_eq!(levels, [100., 100., 200., 200., 300., 300., 400., 400., 500., 500.]);
}

#[test]
fn a_quiet_time_is_passed_over() {
    // Nothing is due at the base, so the first request waits for the spike.
    let values = [
        ("base", rate(0.0)),
        ("peak", rate(10.0)),
        ("at", Value::Span(SECOND)),
        ("for", Value::Span(SECOND)),
        ("spacing", spacing(true)),
    ];
    let process = open("spike", &values, SECOND * 3);
    let instants: Vec<_> = process.instants(stream(), SECOND * 3).collect();
    assert_eq!((instants.len(), instants[0]), (10, SECOND));
}

#[test]
fn the_same_stream_gives_the_same_instants() {
    let process = open("poisson", &[("rate", rate(500.0))], SECOND);
    let once: Vec<_> = process.instants(stream(), SECOND).collect();
    assert_eq!(process.instants(stream(), SECOND).collect::<Vec<_>>(), once);
    assert_ne!(process.instants(stream().nth(1), SECOND).collect::<Vec<_>>(), once);
}

#[test]
fn a_whole_day_at_a_high_rate_is_reckoned_without_walking_it() {
    let day = SECOND * 86_400;
    let values = [("from", rate(0.0)), ("to", rate(1e6)), ("spacing", spacing(true))];
    let process = open("ramp", &values, day);
    assert_eq!(process.expected(day), 4.32e10);
    assert_eq!(process.instants(stream(), day).next(), Some(Duration::ZERO));
}

#[test]
fn what_cannot_be_is_refused_with_figures() {
    let values = [
        ("base", rate(1.0)),
        ("peak", rate(2.0)),
        ("at", Value::Span(SECOND)),
        ("for", Value::Span(SECOND)),
    ];
    let error = build("spike", &values, Duration::from_millis(1_500)).unwrap_err();
    assert!(error.contains("2s") && error.contains("1.5s"), "{error}");
    let error = build("constant", &[("rate", rate(1e9))], SECOND).unwrap_err();
    assert!(error.contains("`rate`") && error.contains("100000000/s"), "{error}");
    assert!(build("ramp", &[("from", rate(1.0))], SECOND).unwrap_err().contains("`to`"));
}

#[test]
fn a_closed_process_says_how_many_and_how_patient() {
    let values = [("users", Value::Count(20)), ("think", Value::Span(SECOND))];
    let arrival = build("closed", &values, SECOND).unwrap();
    assert!(matches!(arrival, Arrival::Closed { users: 20, think: SECOND }), "{arrival:?}");
}

#[test]
fn odd_factors_do_no_harm() {
    let process = open("constant", &[("rate", rate(100.0))], SECOND);
    assert_eq!(process.scaled(0.0).instants(stream(), SECOND).count(), 0);
    assert_eq!(process.scaled(-1.0).expected(SECOND), 0.0);
    assert_eq!(process.scaled(f64::NAN).expected(SECOND), 100.0);
    assert_eq!(process.scaled(1e300).expected(SECOND), super::curve::GREATEST_RATE);
}

#[test]
fn a_phase_is_gone_bit_by_bit() {
    let arrival = build("closed", &[("users", Value::Count(1))], SECOND).unwrap();
    let (start, length) = (2 * SECOND, 3 * SECOND);
    let phase = PhasePlan { name: "p".into(), start, length, arrival, warm_up: false };
    let gone = |seconds: u32| phase.gone(seconds * SECOND).as_secs();
    assert_eq!([0, 2, 3, 5, 9].map(gone), [0, 0, 1, 3, 3]);
}
