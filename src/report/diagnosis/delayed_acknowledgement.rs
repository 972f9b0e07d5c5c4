//! The plateau that Nagle's algorithm and delayed acknowledgements make.
//!
//! A sender with `TCP_NODELAY` off holds a small segment back while an earlier one is not
//! acknowledged (RFC 896); the receiver holds the acknowledgement back in the hope of something to
//! send with it (RFC 1122, 4.2.3.2), on Linux for 40 ms at least (`TCP_DELACK_MIN`), rounded up to the
//! kernel's tick, of 1 to 10 ms, and by a tick more where a virtual machine's come late. The requests
//! that this happens to take so long and a little, whatever the others take: a plateau with a sharp
//! edge, which no distribution of a busy server has at just that place.

use std::ops::RangeInclusive;

use super::super::findings::Context;
use super::super::model::{Around40Ms, Percentiles, RunReport, Severity};
use super::super::wording::{counted, micros, percent};
use super::{Diagnosis, Found};
use crate::measure::LatencyKind;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "delayed-acknowledgement",
    about: "Service times have a plateau with a sharp edge at 40 ms, or a tick or two after it.",
    find,
};

/// Fewer requests make no plateau.
const ENOUGH: u64 = 20;
/// The share of all requests, one in so many, below which it is not worth telling.
const ONE_IN: u64 = 500;

/// Where the delay shows.
struct Plateau {
    /// From and to, in microseconds.
    band_us: RangeInclusive<u64>,
    /// Requests in the band before, in it, and in the one after.
    counts: [u64; 3],
    /// How many times as many as in the band before: the edge.
    edge: u64,
    /// How many times as many as in the band after: what is added to the delay trails off.
    trail: u64,
}

/// Without a tick's rounding, with it, or now so and now so. Two bands together would hold many a
/// server's own hump, so both their sides have to be steep.
fn plateaus(bands: Around40Ms) -> [Plateau; 3] {
    let Around40Ms { below, within, above, beyond } = bands;
    let narrow = |band_us, counts| Plateau { band_us, counts, edge: 8, trail: 3 };
    [
        narrow(39_500..=45_000, [below, within, above]),
        narrow(45_000..=50_500, [within, above, beyond]),
        Plateau {
            band_us: 39_500..=50_500,
            counts: [below, within + above, beyond],
            edge: 20,
            trail: 20,
        },
    ]
}
/// The median lies below this, in microseconds.
const FAR_BELOW_US: u64 = 20_000;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let all = report.overall(LatencyKind::Service)?;
    plateaus(report.around_40_ms).into_iter().find_map(|plateau| {
        let Plateau { band_us: band, counts: [below, within, above], edge, trail } = plateau;
        let is_plateau = within >= ENOUGH
            && within * ONE_IN >= all.count
            && within >= below * edge
            && within >= above * trail;
        // Where it happens to every answer there is no median far below: the median is in the band,
        // and nothing at all just below it, which a server that is merely slow would have.
        let is_all = below == 0 && band.contains(&all.p50);
        (is_plateau && (is_all || all.p50 < FAR_BELOW_US))
            .then(|| Found::new(Severity::Note, sentence(within, &band, all, is_all)))
    })
}

fn sentence(within: u64, band: &RangeInclusive<u64>, all: Percentiles, is_all: bool) -> String {
    let share = percent(within, all.count);
    // Whole milliseconds; the half one is for what the clock's grain takes.
    let (from, to) = (band.start().div_ceil(1_000), band.end() / 1_000);
    if is_all {
        return format!(
            "Almost every answer ({share} of all) took {from} to {to} ms and none a little less: a small \
             write waited for a delayed acknowledgement (Nagle's algorithm), unless the target has a \
             pause of that length of its own; set TCP_NODELAY in the server, or in the proxy before it"
        );
    }
    format!(
        "{} ({share}) {from} to {to} ms and hardly any a little less, at a median of {}: a small write \
         waited for a delayed acknowledgement (Nagle's algorithm); set TCP_NODELAY in the server, or in \
         the proxy before it",
        counted(within, "request took", "requests took"),
        micros(all.p50),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::super::model::{ALL, LatencyRow};
    use super::super::super::sample;
    use super::*;
    use crate::measure::{Latency, LatencyKind};
    use crate::seed::{Seed, Stream};

    /// What is made of these service times.
    fn made_of(millis: impl Iterator<Item = f64>) -> Option<String> {
        let mut latency = Latency::default();
        millis.for_each(|ms| latency.record(Duration::from_secs_f64(ms.max(0.0) / 1e3)));
        let mut report = sample::correct();
        report.latency = vec![LatencyRow {
            phase: ALL.into(),
            class: ALL.into(),
            kind: LatencyKind::Service,
            percentiles: (&latency).into(),
        }];
        report.around_40_ms = (&latency).into();
        find(&report, &Context::default()).map(|found| found.sentence)
    }

    /// A standard normal deviate (Box and Muller, 1958).
    fn normal(stream: Stream, n: u64) -> f64 {
        let (radius, angle) = (stream.unit_at(2 * n), stream.unit_at(2 * n + 1));
        (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    fn log_normal(seed: u64, median: f64, sigma: f64, count: u64) -> impl Iterator<Item = f64> {
        let stream = Seed(seed).stream("times");
        (0..count).map(move |n| median * (sigma * normal(stream, n)).exp())
    }

    #[test]
    fn a_plateau_on_top_of_fast_answers_is_found() {
        // One request in a hundred waits for 40 ms on top of what it takes otherwise.
        let times = log_normal(1, 0.8, 0.5, 10_000).enumerate();
        let text = made_of(times.map(|(n, ms)| if n % 100 == 0 { 40.0 + ms } else { ms })).unwrap();
        assert!(text.starts_with("100 requests took (1.0%) 40 to 45 ms"), "{text}");
    }

    #[test]
    fn a_tick_that_comes_late_moves_the_plateau() {
        let times = log_normal(6, 0.3, 0.3, 10_000).enumerate();
        let text = made_of(times.map(|(n, ms)| if n % 100 == 0 { 48.0 + ms } else { ms })).unwrap();
        assert!(text.starts_with("100 requests took (1.0%) 45 to 50 ms"), "{text}");
        let mixed = log_normal(8, 0.3, 0.3, 10_000).enumerate().map(|(n, ms)| match n % 100 {
            0..2 => 40.0 + ms,
            2 => 48.0 + ms,
            _ => ms,
        });
        let text = made_of(mixed).unwrap();
        assert!(text.starts_with("300 requests took (3.0%) 40 to 50 ms"), "{text}");
        let text = made_of(log_normal(7, 0.3, 0.3, 5_000).map(|ms| 48.0 + ms)).unwrap();
        assert!(text.starts_with("Almost every answer (100% of all) took 45 to 50 ms"), "{text}");
    }

    #[test]
    fn one_in_six_hundred_is_not_worth_telling() {
        let times = |every: usize| {
            let times = log_normal(2, 0.8, 0.3, 30_000).enumerate();
            made_of(times.map(move |(n, ms)| if n % every == 0 { 40.0 + ms } else { ms }))
        };
        assert_eq!(times(600), None);
        assert!(times(400).is_some());
    }

    #[test]
    fn a_server_that_takes_40_ms_for_all_is_just_slow() {
        assert_eq!(made_of(log_normal(3, 41.5, 0.02, 10_000)), None);
    }

    #[test]
    fn answers_that_are_all_delayed_are_found() {
        // The delay is exact; what the server takes comes on top.
        let all = || log_normal(5, 0.9, 0.3, 5_000).map(|ms| 40.0 + ms);
        let text = made_of(all()).unwrap();
        assert!(text.starts_with("Almost every answer (100% of all) took 40 to 45 ms"), "{text}");
        // One a little below the edge, and there is none.
        let most = all().enumerate().map(|(n, ms)| if n % 8 == 0 { 38.0 } else { ms });
        assert_eq!(made_of(most), None);
        // Those that are much faster do not matter.
        let most = all().enumerate().map(|(n, ms)| if n % 8 == 0 { 1.0 } else { ms });
        assert!(made_of(most).is_some());
    }

    #[test]
    fn an_edge_elsewhere_is_another_matter() {
        for pause in [25.0, 33.0, 50.0, 100.0] {
            let times = log_normal(4, 0.8, 0.5, 10_000).enumerate();
            let found = made_of(times.map(|(n, ms)| if n % 20 == 0 { pause + ms } else { ms }));
            assert_eq!(found, None, "{pause} ms");
        }
    }

    proptest! {
        /// Tails that pass through 40 ms on their way, broad as those of real servers are, and
        /// second humps about there: no alarm.
        #[test]
        fn broad_distributions_about_40_ms_are_none(
            seed in any::<u64>(), median in 0.5_f64..60.0, sigma in 0.2_f64..1.6,
            hump in 30.0_f64..50.0, width in 4.0_f64..20.0, share in 0_u64..30,
        ) {
            let stream = Seed(seed).stream("hump");
            let times = log_normal(seed, median, sigma, 8_000).zip(0_u64..);
            let times = times.map(|(ms, n)| {
                if n % 100 < share { hump + width * normal(stream, n) } else { ms }
            });
            prop_assert_eq!(made_of(times), None);
        }
    }
}
