//! The first request on a connection takes longer than those after it.
//!
//! Connections cost a handshake, gateways set things up when they are first asked, and TCP starts
//! slowly. Users with new connections feel it; in a percentile over a short run it looks like the
//! gateway's tail.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::{Diagnosis, Found, ms, service_times};
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "first-request",
    about: "First requests on their connections took three times as long as all, or longer.",
    find,
};

/// With fewer first requests their median says little.
const ENOUGH: u64 = 20;
/// How many times as long.
const TIMES: u64 = 3;
/// Shorter differences are not worth telling, in microseconds.
const LEAST_US: u64 = 1_000;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let all = service_times(report)?.percentiles;
    let connections = &report.connections;
    let first = connections.first_request;
    let slow = first.p50 >= all.p50 * TIMES && first.p50 >= all.p50 + LEAST_US;
    let set_up = connections.connect.p50 + connections.tls.p50;
    let text = format!(
        "The {} first requests on their connections took {} at the median, all requests {} (making a \
         connection {}): load.open_connections takes the set-up out of it, a phase marked warm_up the \
         rest",
        grouped(first.count),
        ms(first.p50),
        ms(all.p50),
        ms(set_up),
    );
    (first.count >= ENOUGH && slow).then(|| Found::new(Severity::Note, text))
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
            report.connections.connect = Percentiles { count, p50: 120, ..<_>::default() };
        })
    }

    #[test]
    fn many_slow_ones_are_told_and_few_or_fast_ones_not() {
        assert_eq!((first(20, 1_359), first(19, 9_000), first(0, 0)), (None, None, None));
        let (text, invalid) = first(20, 1_360).unwrap();
        let wanted =
            "took 1.4 ms at the median, all requests 0.36 ms (making a connection 0.12 ms)";
        assert!(text.contains(wanted) && !invalid, "{text}");
    }

    #[test]
    fn three_times_as_long_is_the_least() {
        let slow = |p50| {
            about(&DIAGNOSIS, |report| {
                report.latency.iter_mut().for_each(|row| row.percentiles.p50 = 10_000);
                report.connections.first_request = Percentiles { count: 50, p50, ..<_>::default() };
            })
        };
        assert_eq!(slow(29_999), None);
        assert!(slow(30_000).is_some());
    }
}
