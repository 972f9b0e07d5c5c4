//! The only reader of time.
//!
//! A run has one [`Clock`]. Everything that happens in it is a [`Tick`]: nanoseconds of the
//! monotonic clock since the run's origin. Differences of ticks are the only durations that are
//! ever reported. Wall time ([`utc_now`]) appears in names and headers and is never subtracted.
//!
//! What it does not do: wait. Timers belong to whoever owns the task that waits.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instant of a run: nanoseconds since the origin of its [`Clock`]. Wraps after 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);
    /// Later than every instant of a run; stands for "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The instant this many nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant this many microseconds after the origin.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole microseconds since the origin.
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    /// Seconds since the origin.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` to this instant; zero if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The instant `span` before this one, or the origin.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(span)))
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    /// Saturates at [`Tick::MAX`].
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }
}

impl AddAssign<Duration> for Tick {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub for Tick {
    type Output = Duration;

    /// As [`Tick::since`]: saturates at zero.
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.as_secs_f64())
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// The monotonic clock of one run; copies share the origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    /// The same instant as the kernel's monotonic clock counts, in nanoseconds.
    origin_nanos: u64,
}

impl Clock {
    /// A clock whose origin is now.
    #[expect(clippy::disallowed_methods, reason = "this module is the one that reads time")]
    pub fn start() -> Self {
        // Read one after the other: what lies between delays the runtime's timers by as much,
        // which is far below their grain of a millisecond.
        Self { origin_nanos: monotonic_nanos(), origin: Instant::now() }
    }

    /// The present instant.
    pub fn now(self) -> Tick {
        Tick(monotonic_nanos().saturating_sub(self.origin_nanos))
    }

    /// The instant at which the wall clock shows so many seconds since 1970, for what others date by
    /// it, such as `exp`; the origin if it has shown them before.
    pub fn at_unix(self, seconds: u64) -> Tick {
        let wall = u128::try_from(utc_now().unix_timestamp_nanos()).unwrap_or(0);
        let (now, at) = (u128::from(self.now().0), u128::from(seconds) * 1_000_000_000);
        Tick(u64::try_from((now + at).saturating_sub(wall)).unwrap_or(u64::MAX))
    }

    /// The instant in the form that the async runtime's timers take.
    pub fn deadline(self, at: Tick) -> tokio::time::Instant {
        // A century stands for "never": the runtime's timer wheel refuses larger spans.
        let span = Duration::from_nanos(at.0).min(Duration::from_secs(100 * 365 * 86_400));
        tokio::time::Instant::from_std(self.origin + span)
    }
}

/// Turns dates of the kernel's wall clock, of a moment ago, into ticks.
///
/// The wall clock goes at the pace of the monotonic one, but it may be set at any moment, which would
/// shift what was dated before. So a date is believed only if the two stand to each other as they did
/// when this was last asked.
#[derive(Clone, Copy, Debug)]
pub struct WallDates {
    clock: Clock,
    /// What the wall clock showed at the origin, by its present setting; nanoseconds since 1970.
    origin: i64,
}

/// How far apart two looks may find the clocks, because they are read one after the other; nanoseconds.
const APART_MAX: u64 = 50_000;

impl WallDates {
    /// Ticks of this clock.
    pub fn new(clock: Clock) -> Self {
        let mut dates = Self { clock, origin: 0 };
        dates.tick(0);
        dates
    }

    /// The tick of a date in nanoseconds since 1970, and that of the present; `None` if the wall
    /// clock was set since the last call, or the date lies in the future.
    pub fn tick(&mut self, date: i64) -> Option<(Tick, Tick)> {
        // In this order, so that what comes between the two makes a date later, never earlier.
        let wall = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        let now = self.clock.now();
        let wall = wall.tv_sec.wrapping_mul(1_000_000_000).wrapping_add(wall.tv_nsec);
        self.seen(now, wall, date)
    }

    fn seen(&mut self, now: Tick, wall: i64, date: i64) -> Option<(Tick, Tick)> {
        let origin = wall.wrapping_sub_unsigned(now.0);
        let steady = origin.abs_diff(self.origin) <= APART_MAX;
        self.origin = origin;
        let age = u64::try_from(wall.wrapping_sub(date)).ok().filter(|_| steady)?;
        Some((Tick(now.0.checked_sub(age)?), now))
    }
}

/// The monotonic clock as one number. Hot paths read it several times a request, and the standard
/// library's form of it costs twice as much to subtract.
fn monotonic_nanos() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // It starts near zero when the machine does, so neither part is negative or large.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// CPU time that the calling thread has used.
pub fn thread_cpu() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let secs = u64::try_from(used.tv_sec).unwrap_or(0);
    Duration::new(secs, u32::try_from(used.tv_nsec).unwrap_or(0))
}

/// The wall clock, for names and headers.
#[expect(clippy::disallowed_methods, reason = "this module is the one that reads time")]
pub fn utc_now() -> OffsetDateTime {
    OffsetDateTime::from(std::time::SystemTime::now())
}

/// Seconds since 1970-01-01 UTC, as the `iat` and `exp` claims count them (RFC 7519 §2).
pub fn unix_now() -> u64 {
    u64::try_from(utc_now().unix_timestamp()).unwrap_or(0)
}

/// RFC 3339 text, such as `2026-11-23T20:43:00Z`.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// The form in folder names: `20261123T204300Z`.
pub fn compact(at: OffsetDateTime) -> String {
    at.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_never_go_below_zero() {
        let (early, late) = (Tick::from_micros(5), Tick::from_micros(9));
        assert_eq!(late - early, Duration::from_micros(4));
        assert_eq!(early - late, Duration::ZERO);
        assert_eq!(Tick::MAX + Duration::from_secs(1), Tick::MAX);
        assert_eq!(early.saturating_sub(Duration::from_secs(1)), Tick::ZERO);
    }

    #[test]
    fn now_moves_forward() {
        let clock = Clock::start();
        let first = clock.now();
        assert!(clock.now() >= first);
    }

    #[test]
    fn wall_time_has_its_tick() {
        let clock = Clock::start();
        let ahead = clock.at_unix(unix_now() + 10).since(clock.now()).as_secs_f64();
        assert!((8.9..=10.0).contains(&ahead), "{ahead}");
        assert_eq!(clock.at_unix(0), Tick::ZERO);
        assert!(clock.at_unix(u64::MAX) > clock.at_unix(1 << 33));
    }

    #[test]
    fn dates_become_ticks_unless_the_wall_clock_was_set() {
        let (second, wall) = (1_000_000_000, 1_795_466_580_000_000_000);
        let mut dates = WallDates { clock: Clock::start(), origin: wall };
        let (at, later) = (Tick(second), Tick(2 * second));
        let day = wall + i64::try_from(second).unwrap();
        assert_eq!(dates.seen(at, day, day - 400), Some((Tick(second - 400), at)));
        assert_eq!(dates.seen(at, day, day + 1), None, "not yet");
        assert_eq!(dates.seen(at, day, 0), None, "before the origin");
        // Half a second forward: what was dated before would seem older than it is.
        let set = day + 1_500_000_000;
        assert_eq!(dates.seen(later, set, set - 400), None);
        assert_eq!(dates.seen(later, set, set - 400), Some((Tick(later.0 - 400), later)));
        // The thread lost its processor between the two looks, for a moment and for longer.
        assert_eq!(
            dates.seen(Tick(later.0 + 9_000), set, set - 400),
            Some((Tick(later.0 + 8_600), Tick(later.0 + 9_000)))
        );
        assert_eq!(dates.seen(Tick(later.0 + 90_000), set, set - 400), None);
    }

    #[test]
    fn a_date_of_now_is_the_present_tick() {
        let clock = Clock::start();
        let mut dates = WallDates::new(clock);
        let before = clock.now();
        let date = i64::try_from(utc_now().unix_timestamp_nanos()).unwrap();
        let after = clock.now();
        let (at, now) = dates.tick(date).unwrap();
        let grain = Duration::from_micros(50);
        assert!(at + grain >= before && at <= after + grain && now >= at, "{at:?} {now:?}");
    }

    #[test]
    fn wall_time_reads_as_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
        assert_eq!(rfc3339(at), "2026-11-23T20:43:00Z");
        assert_eq!(compact(at), "20261123T204300Z");
    }
}
