//! Requests that were sent later than they were due, and whose fault that was: the generator's, the
//! machine's, or that of connections which were all busy.

use super::super::findings::Context;
use super::super::model::{LateSeconds, RunReport};
use super::super::wording::{counted, exact, share};
use super::saturation::SATURATED;
use super::{Diagnosis, Found, ms};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "send-lag",
    about: "The p99 of the send lag is beyond load.send_lag_limit.",
    find,
};

/// A hundredth of the time, or of the requests, is enough to make a 99th percentile.
const ENOUGH: f64 = 0.01;

/// How much more requests wait for connections than the machine's hiccups alone would make them.
const BEYOND_HICCUPS: f64 = 2.0;

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let limit = context.send_lag_limit?;
    let lag = &report.send_lag;
    if u128::from(lag.p99) <= limit.as_micros() {
        return None;
    }
    let whose = report.generator.late.as_ref().map(|late| format!(". {}", whose(late, report)));
    let text = format!(
        "Requests were sent late: send lag p50 {}, p99 {} (limit {}), so response times are not the \
         target's alone{}",
        ms(lag.p50),
        ms(lag.p99),
        exact(limit),
        whose.unwrap_or_default(),
    );
    Some(Found::doubt(true, text))
}

/// The sentence about the seconds in question.
fn whose(late: &LateSeconds, report: &RunReport) -> String {
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
    if late.waited_share >= ENOUGH.max(withheld * BEYOND_HICCUPS) {
        return format!(
            "It was the connections: in the {when} in question {} of the requests found every one \
             busy, while requests took {busy} of a core; raise load.connections, or lower the rate",
            share(late.waited_share),
        );
    }
    if withheld >= ENOUGH {
        return format!(
            "It was the machine: in the {when} in question workers were ready and did not run for \
             {waiting} of the time and the hypervisor gave {stolen} to others, while requests took \
             {busy} of a core; keep other programs off the machine, or use one with cores of its own",
        );
    }
    format!(
        "In the {when} in question requests took {busy} of a core, workers were ready and did not \
         run for {waiting} of the time and the hypervisor gave {stolen} to others, which does not \
         explain it; connections were made in {} at most: run again with load.spin = \"always\"",
        ms(report.connections.connect.max + report.connections.tls.max),
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
            (LateSeconds { waited_share: 0.011, ..CALM }, "It was the connections"),
            (LateSeconds { waited_share: 0.009, ..CALM }, "which does not explain it"),
            (LateSeconds { run_delay_share: Some(0.04), ..CALM }, "did not run for 4.0% of"),
            (LateSeconds { steal_share: Some(0.05), ..CALM }, "the hypervisor gave 5.0% to"),
            (LateSeconds { steal_share: Some(0.007), ..CALM }, "which does not explain it"),
            // A pause of the machine makes requests queue up behind it.
            (
                LateSeconds { steal_share: Some(0.05), waited_share: 0.06, ..CALM },
                "It was the machine",
            ),
            (
                LateSeconds { steal_share: Some(0.05), waited_share: 0.2, ..CALM },
                "It was the connections",
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
}
