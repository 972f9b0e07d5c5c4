//! The first request on a connection takes longer than those after it.
//!
//! Connections cost a handshake, gateways set things up when they are first asked, and TCP starts
//! slowly. Users with new connections feel it; in a percentile over a short run it looks like the
//! gateway's tail.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::micros;
use super::{Diagnosis, Found};
use crate::measure::LatencyKind;
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "first-request",
    about: "First requests took three times as long as all, and set-up explains a good part of it.",
    find,
};

/// With fewer first requests their median says little.
const ENOUGH: u64 = 20;
/// How many times as long.
const TIMES: u64 = 3;
/// The set-up is one part in so many of what they take longer, or more; else it does not explain it.
const GOOD_PART: u64 = 4;
/// Shorter differences are not worth telling, in microseconds.
const LEAST_US: u64 = 1_000;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let all = report.overall(LatencyKind::Service)?;
    let connections = &report.connections;
    let first = connections.first_request;
    let slow = first.p50 >= all.p50 * TIMES && first.p50 >= all.p50 + LEAST_US;
    let set_up = connections.connect.p50 + connections.tls.p50;
    // Connections that a pool adds while the target stands still wait for that, like all others.
    let is_set_up = set_up.saturating_mul(GOOD_PART) >= first.p50.saturating_sub(all.p50);
    let text = format!(
        "The {} first requests on their connections took {} at the median, all requests {} (making a \
         connection {}): load.open_connections takes the set-up out of it, a phase marked warm_up the \
         rest",
        grouped(first.count),
        micros(first.p50),
        micros(all.p50),
        micros(set_up),
    );
    (first.count >= ENOUGH && slow && is_set_up).then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::Percentiles;
    use super::super::trial::about;
    use super::*;

    /// With a median of all service times of 360 µs.
    fn first(count: u64, p50: u64) -> Option<(String, bool)> {
        about(&DIAGNOSIS, |report| {
            report.connections.first_request = Percentiles { count, p50, ..<_>::default() };
            report.connections.connect = Percentiles { count, p50: 250, ..<_>::default() };
        })
    }

    #[test]
    fn many_slow_ones_are_told_and_few_or_fast_ones_not() {
        assert_eq!((first(20, 1_359), first(19, 9_000), first(0, 0)), (None, None, None));
        let (text, invalid) = first(20, 1_360).unwrap();
        let wanted =
            "took 1.4 ms at the median, all requests 0.36 ms (making a connection 0.25 ms)";
        assert!(text.contains(wanted) && !invalid, "{text}");
    }

    #[test]
    fn a_stall_in_which_the_pool_grew_is_no_matter_of_set_up() {
        let told = |set_up: u64| {
            about(&DIAGNOSIS, |report| {
                let first = &mut report.connections;
                first.first_request = Percentiles { count: 200, p50: 899_360, ..<_>::default() };
                first.connect = Percentiles { count: 200, p50: 50, ..<_>::default() };
                first.tls = Percentiles { count: 200, p50: set_up - 50, ..<_>::default() };
            })
        };
        // All took 0.36 ms, so 899 ms are to be explained.
        assert_eq!((told(50), told(224_749)), (None, None));
        assert!(told(224_750).is_some());
    }

    #[test]
    fn three_times_as_long_is_the_least() {
        let slow = |p50| {
            about(&DIAGNOSIS, |report| {
                report.latency.iter_mut().for_each(|row| row.percentiles.p50 = 10_000);
                report.connections.first_request = Percentiles { count: 50, p50, ..<_>::default() };
                report.connections.tls = Percentiles { count: 50, p50: 5_000, ..<_>::default() };
            })
        };
        assert_eq!(slow(29_999), None);
        assert!(slow(30_000).is_some());
    }
}
