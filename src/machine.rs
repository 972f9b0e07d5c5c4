//! What the machine keeps from this process, as Linux tells it in `/proc` (proc(5)).
//!
//! A thread that is ready and does not run waits in a *run queue*, because others have the core.
//! Time that a virtual processor wanted and that the hypervisor gave to others is *steal*. Neither
//! is the doing of whoever waits, and both look like a slow program from inside. Where the system
//! does not tell, there is no figure; nothing here stands for it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

/// The unit of times in `/proc/stat`: `USER_HZ` is 100 on every architecture that Rust has a Linux
/// for.
const TICK: Duration = Duration::from_millis(10);

/// How long one thread has waited in run queues. Reading it costs one system call.
#[derive(Debug)]
pub struct RunQueue(Option<File>);

impl RunQueue {
    /// That of the calling thread; may be read from any.
    pub fn of_this_thread() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    /// Time since the thread began in which it was ready and did not run; `None` where the system
    /// does not tell.
    pub fn delay(&self) -> Option<Duration> {
        let mut text = [0; 96];
        let length = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
        run_delay(std::str::from_utf8(&text[..length]).ok()?)
    }
}

/// `schedstat` has time on a core, time ready without one, both in nanoseconds, and the number of
/// turns on a core. Whoever reads has had one; kernels that keep no account show zero.
fn run_delay(schedstat: &str) -> Option<Duration> {
    let mut fields = schedstat.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let delay = fields.next()?.ok()?;
    let turns = fields.next()?.ok()?;
    (turns > 0).then_some(Duration::from_nanos(delay))
}

/// Time of all processors of the machine since it started, in steps of 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processors {
    /// Of any kind, idleness too.
    pub total: Duration,
    /// That the hypervisor gave to others while a processor had work.
    pub stolen: Duration,
}

impl Processors {
    /// As the system tells; `None` where it does not.
    pub fn now() -> Option<Self> {
        Self::read(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// What came after `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            total: self.total.saturating_sub(earlier.total),
            stolen: self.stolen.saturating_sub(earlier.stolen),
        }
    }

    /// The line that begins with `cpu `: user, nice, system, idle, iowait, irq, softirq, steal.
    /// What follows them is contained in user and nice.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks = line.split_ascii_whitespace().take(8).map(str::parse::<u64>);
        let ticks = ticks.collect::<Result<Vec<_>, _>>().ok().filter(|ticks| ticks.len() == 8)?;
        let span =
            |ticks: u64| Duration::from_millis(ticks.saturating_mul(TICK.subsec_millis().into()));
        Some(Self { total: span(ticks.iter().sum()), stolen: span(ticks[7]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_absent_and_not_zero() {
        assert_eq!(run_delay("101380 5075354 2\n"), Some(Duration::from_nanos(5_075_354)));
        assert_eq!(run_delay("0 0 1\n"), Some(Duration::ZERO));
        for text in ["", "0 0 0", "1", "1 1", "1 x 1", "1 1 x"] {
            assert_eq!(run_delay(text), None, "{text}");
        }
        assert_eq!(RunQueue(None).delay(), None);
        for text in ["", "cpu 1 2 3 4", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7 x"] {
            assert_eq!(Processors::read(text), None, "{text}");
        }
    }

    #[test]
    fn processors_are_summed_up_and_guests_not_counted_twice() {
        let text = "cpu  298892 0 62561 81336 1883 0 12641 360 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        let now = Processors::read(text).unwrap();
        let sum = 298_892 + 62_561 + 81_336 + 1_883 + 12_641 + 360;
        assert_eq!(now.total, TICK * sum);
        assert_eq!(now.stolen, TICK * 360);
        assert_eq!(now.since(Processors::default()), now);
        assert_eq!(Processors::default().since(now), Processors::default());
    }

    #[test]
    fn this_machine_tells_and_its_time_goes_on() {
        let queue = RunQueue::of_this_thread();
        let (before, delay_before) = (Processors::now().unwrap(), queue.delay().unwrap());
        std::thread::sleep(Duration::from_millis(60));
        let passed = Processors::now().unwrap().since(before);
        let delay = queue.delay().unwrap().saturating_sub(delay_before);
        // Ticks are coarse. No thread waits for longer than all processors together go on.
        assert!(passed.total >= Duration::from_millis(20), "{passed:?}");
        assert!(passed.stolen <= passed.total, "{passed:?}");
        assert!(delay <= passed.total + TICK * 10, "{delay:?} of {passed:?}");
    }
}
