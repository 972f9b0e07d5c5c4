//! Requests that were sent later than they were due, and whose fault that was: the generator's or the
//! machine's.
//!
//! A request that waits for a connection because the target keeps them all busy is late too, and that
//! is no fault of the generator's: its response time begins when it was due. So the limit is held
//! against the lag without such waits, and they are `connection_pool`'s subject.

use std::time::Duration;

use super::super::findings::Context;
use super::super::model::{LateSeconds, Percentiles, RunReport};
use super::super::wording::{counted, exact, micros, share};
use super::saturation::SATURATED;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "send-lag",
    about: "The p99 of the send lag, without waits for a connection, is beyond load.send_lag_limit.",
    find,
};

/// A hundredth of the time, or of the requests, is enough to make a 99th percentile.
const ENOUGH: f64 = 0.01;

/// The generator's own part of the send lag; all of it in a report that does not tell them apart.
fn own(report: &RunReport) -> &Percentiles {
    if report.own_lag.count > 0 { &report.own_lag } else { &report.send_lag }
}

fn is_beyond(lag: &Percentiles, limit: Duration) -> bool {
    u128::from(lag.p99) > limit.as_micros()
}

/// Whether requests left too late, and only because they waited for connections.
pub(super) fn is_the_connections(report: &RunReport, context: &Context) -> bool {
    let is_beyond = |lag| context.send_lag_limit.is_some_and(|limit| is_beyond(lag, limit));
    is_beyond(&report.send_lag) && !is_beyond(own(report)) && !is_saturated(report)
}

/// A worker without time to spare is slow to free its connections, so waits for them are its own.
fn is_saturated(report: &RunReport) -> bool {
    report.generator.late.is_some_and(|late| late.busy_share >= SATURATED)
}

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let limit = context.send_lag_limit?;
    let (lag, own) = (&report.send_lag, own(report));
    if !is_beyond(lag, limit) || is_the_connections(report, context) {
        return None;
    }
    let waited = match report.connections.waited_lag.count {
        0 => String::new(),
        _ => format!(", without waits for a connection p99 {}", micros(own.p99)),
    };
    let grain = context.grain.filter(|grain| !grain.is_zero()).map(|grain| {
        format!("; up to {} of it is load.grain, which holds requests back", exact(grain))
    });
    let late = report.generator.late.as_ref();
    let whose = late.map(|late| format!(". {}", whose(late, report, grain.is_some())));
    let text = format!(
        "Requests were sent late: send lag p50 {}, p99 {}{waited} (limit {}), so response times are \
         not the target's alone{}{}",
        micros(lag.p50),
        micros(lag.p99),
        exact(limit),
        grain.unwrap_or_default(),
        whose.unwrap_or_default(),
    );
    Some(Found::doubt(true, text))
}

/// The sentence about the seconds in question: the larger part of the lag first.
fn whose(late: &LateSeconds, report: &RunReport, has_grain: bool) -> String {
    let rest = generators(late, report, has_grain);
    let waiting = share(late.connections_share);
    match late.connections_share {
        x if x >= 0.5 && late.busy_share < SATURATED => format!(
            "{waiting} of the lag was waiting for a connection: raise load.connections, or lower the \
             rate. The rest alone is beyond the limit. {rest}",
        ),
        x if x >= ENOUGH => {
            format!("{rest}. {waiting} of the lag was waiting for a connection")
        }
        _ => rest,
    }
}

/// Whose the lag was that was no wait for a connection.
fn generators(late: &LateSeconds, report: &RunReport, has_grain: bool) -> String {
    let busy = share(late.busy_share);
    let known = |figure: Option<f64>| figure.map_or_else(|| "an unknown share".to_owned(), share);
    let (waiting, stolen) = (known(late.run_delay_share), known(late.steal_share));
    let withheld = late.run_delay_share.unwrap_or(0.0) + late.steal_share.unwrap_or(0.0);
    let when = counted(late.seconds, "second", "seconds");
    if late.busy_share >= SATURATED {
        return format!(
            "It was the generator: in the {when} in question requests took {busy} of a core on the \
             busiest worker; add workers (load.workers) or cores, or lower the rate",
        );
    }
    if withheld >= ENOUGH {
        return format!(
            "It was the machine: in the {when} in question workers were ready and did not run for \
             {waiting} of the time and the hypervisor gave {stolen} to others, while requests took \
             {busy} of a core; keep other programs off the machine, or use one with cores of its own",
        );
    }
    let remedy = if has_grain { "without load.grain" } else { "with load.spin = \"always\"" };
    format!(
        "In the {when} in question requests took {busy} of a core, workers were ready and did not \
         run for {waiting} of the time and the hypervisor gave {stolen} to others, which does not \
         explain it; connections were made in {} at most: run again {remedy}",
        micros(report.connections.connect.max + report.connections.tls.max),
    )
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    const CALM: LateSeconds = LateSeconds {
        seconds: 3,
        busy_share: 0.2,
        run_delay_share: Some(0.001),
        steal_share: Some(0.002),
        waited_share: 0.0,
        connections_share: 0.0,
    };

    fn sentence(p99: u64, late: Option<LateSeconds>) -> Option<(String, bool)> {
        about(&DIAGNOSIS, |report| {
            (report.send_lag.p99, report.send_lag.p999, report.send_lag.max) = (p99, p99, p99);
            report.generator.late = late;
        })
    }

    #[test]
    fn the_limit_itself_is_in_time() {
        assert_eq!(sentence(2_000, None), None);
        let (text, invalid) = sentence(2_001, None).unwrap();
        assert!(text.contains("p99 2.0 ms (limit 2 ms)") && invalid, "{text}");
    }

    #[test]
    fn it_says_whose_fault_it_was_with_figures() {
        let trials = [
            (LateSeconds { busy_share: 0.85, ..CALM }, "It was the generator: in the 3 seconds"),
            (LateSeconds { busy_share: 0.84, ..CALM }, "which does not explain it"),
            (LateSeconds { run_delay_share: Some(0.04), ..CALM }, "did not run for 4.0% of"),
            (LateSeconds { steal_share: Some(0.05), ..CALM }, "the hypervisor gave 5.0% to"),
            (LateSeconds { steal_share: Some(0.007), ..CALM }, "which does not explain it"),
            (
                LateSeconds { steal_share: Some(0.05), connections_share: 0.02, ..CALM },
                "2.0% of the lag was waiting for a connection",
            ),
            (
                LateSeconds { run_delay_share: Some(0.48), connections_share: 0.97, ..CALM },
                "alone. 97% of the lag was waiting for a connection: raise load.connections, or \
                 lower the rate. The rest alone is beyond the limit. It was the machine",
            ),
            (
                LateSeconds { busy_share: 0.9, connections_share: 0.97, ..CALM },
                "alone. It was the generator",
            ),
            (
                LateSeconds { run_delay_share: None, steal_share: None, ..CALM },
                "did not run for an unknown share of the time",
            ),
        ];
        for (late, wanted) in trials {
            let (text, _) = sentence(5_000, Some(late)).unwrap();
            assert!(text.contains(wanted), "{wanted}\nnot in {text}");
        }
    }

    /// A target that froze for a second: what was due meanwhile waited for a connection.
    fn frozen(report: &mut RunReport, own_p99: u64, busy_share: f64) {
        let lag = |count, p99| Percentiles { count, p99, p999: p99, max: p99, ..<_>::default() };
        report.send_lag = lag(1_000, 730_000);
        report.own_lag = lag(1_000, own_p99);
        report.connections.waited = 744;
        report.connections.waited_lag = lag(744, 744_000);
        let connections_share = 0.99;
        report.generator.late = Some(LateSeconds { busy_share, connections_share, ..CALM });
    }

    #[test]
    fn a_wait_for_connections_alone_is_not_the_generators() {
        let told = |own, busy| about(&DIAGNOSIS, |report| frozen(report, own, busy));
        assert_eq!(told(2_000, 0.2), None);
        let (text, invalid) = told(2_001, 0.2).unwrap();
        let wanted = "p99 730 ms, without waits for a connection p99 2.0 ms (limit 2 ms)";
        assert!(text.contains(wanted) && invalid, "{text}");
        // A worker that has no time left cannot blame the connections that it should free.
        let (text, invalid) = told(300, 0.85).unwrap();
        assert!(text.contains("It was the generator") && invalid, "{text}");
    }

    #[test]
    fn a_grain_is_named_and_its_remedy_is_not_to_spin() {
        let mut report = super::super::super::sample::correct();
        (report.send_lag.p99, report.send_lag.p999, report.send_lag.max) = (2_500, 2_500, 2_500);
        report.generator.late = Some(CALM);
        let context = Context {
            send_lag_limit: Some(Duration::from_millis(2)),
            grain: Some(Duration::from_micros(1_900)),
            ..Context::default()
        };
        let text = find(&report, &context).unwrap().sentence;
        assert!(text.contains("up to 1.9 ms of it is load.grain"), "{text}");
        assert!(text.ends_with("run again without load.grain"), "{text}");
    }
}
