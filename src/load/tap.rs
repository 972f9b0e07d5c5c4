//! Hands judged requests on one by one, all of them or a part, for whoever keeps them.
//!
//! Each worker has a tap, a bounded queue without locks. Where whoever takes from it is behind, a
//! request is counted as lost and the load goes on: neither waiting nor memory is spent on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use super::context::Job;
use super::examine::Examined;
use super::worker::{PROBE_SEQ, VIRTUAL_SEQ};
use crate::clock::Tick;
use crate::identity::UserIndex;
use crate::measure::Sample;
use crate::seed::Stream;
use crate::units::Share;

/// Requests that may wait in one tap: half a second of 60,000 a second, in 6 MiB.
const WAITING_MAX: usize = 32_768;

/// Which requests are handed on.
#[derive(Clone, Copy, Debug)]
pub struct TapPlan {
    /// Only those whose verdict is neither right nor grey.
    pub only_wrong: bool,
    /// This part of them, drawn by their numbers.
    pub share: Share,
    /// What they are drawn with.
    pub draws: Stream,
}

impl TapPlan {
    fn takes(&self, job: &Job, sample: &Sample) -> bool {
        if self.only_wrong && sample.verdict.is_correct() {
            return false;
        }
        let share = self.share.fraction();
        // A retry has the number of the request that it repeats, and a draw of its own.
        share >= 1.0 || self.draws.nth(u64::from(job.attempt)).unit_at(job.seq) < share
    }
}

/// One request with its verdict.
#[derive(Clone, Copy, Debug)]
pub struct Tapped {
    /// Its number in the run.
    pub seq: u64,
    /// For whom it was.
    pub user: UserIndex,
    /// How often it was asked before.
    pub attempt: u32,
    /// When it was due.
    pub due: Tick,
    /// When it was sent.
    pub sent: Tick,
    /// The status of its answer; 0 where there was none.
    pub status: u16,
    /// What it was judged to be.
    pub sample: Sample,
}

impl Tapped {
    /// When its answer was there, or its failure known.
    pub fn done(&self) -> Tick {
        self.sent + self.sample.service
    }

    /// How late it was sent.
    pub fn send_lag(&self) -> Duration {
        self.sent - self.due
    }

    /// Whether it is a follow-up for a user that was changed; what a client asks again is a retry.
    pub fn is_probe(&self) -> bool {
        self.attempt == 0 && (PROBE_SEQ..VIRTUAL_SEQ).contains(&self.seq)
    }
}

/// A worker's end.
#[derive(Debug)]
pub struct Tap {
    plan: TapPlan,
    queue: Producer<Tapped>,
    lost: Arc<AtomicU64>,
}

impl Tap {
    /// Hands a request on, if it is one of those.
    #[inline]
    pub(super) fn offer(&mut self, job: &Job, sent: Tick, examined: &Examined) {
        if !self.plan.takes(job, &examined.sample) {
            return;
        }
        let tapped = Tapped {
            seq: job.seq,
            user: job.user,
            attempt: job.attempt,
            due: job.due,
            sent,
            status: examined.status,
            sample: examined.sample,
        };
        if self.queue.push(tapped).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }
}

/// The other end of all taps.
#[derive(Debug)]
pub struct Drain {
    queues: Vec<Consumer<Tapped>>,
    lost: Arc<AtomicU64>,
}

impl Drain {
    /// What waits now, of all workers in turn. Ends when nothing more waits.
    pub fn waiting(&mut self) -> impl Iterator<Item = Tapped> {
        self.queues.iter_mut().flat_map(|queue| {
            // No more than were there when it was this queue's turn.
            let waiting = queue.slots();
            std::iter::from_fn(|| queue.pop().ok()).take(waiting)
        })
    }

    /// Whether the workers have let go of their ends. What they handed on before may still wait.
    pub fn is_abandoned(&self) -> bool {
        self.queues.iter().all(Consumer::is_abandoned)
    }

    /// Requests that found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

/// Both ends for so many workers.
pub fn taps(plan: TapPlan, workers: u32) -> (Vec<Tap>, Drain) {
    let lost = Arc::new(AtomicU64::new(0));
    let both = |_| {
        let (queue, consumer) = RingBuffer::new(WAITING_MAX);
        (Tap { plan, queue, lost: Arc::clone(&lost) }, consumer)
    };
    let (taps, queues) = (0..workers).map(both).unzip();
    (taps, Drain { queues, lost })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::mix::Credentials;
    use crate::outcome::{Class, Truth, Verdict};
    use crate::seed::Seed;

    fn plan(only_wrong: bool, fraction: f64) -> TapPlan {
        let draws = Seed(7).stream("samples");
        TapPlan { only_wrong, share: Share::new(fraction).unwrap(), draws }
    }

    fn offer(tap: &mut Tap, seq: u64, attempt: u32, verdict: Verdict) {
        let job = Job {
            seq,
            phase: 0,
            due: Tick::from_micros(100),
            user: UserIndex(3),
            route: 0,
            asked: None,
            credentials: Credentials::Own,
            attempt,
        };
        let sample = Sample {
            phase: 0,
            route: 0,
            truth: Truth::MustAccept,
            class: Class::Accepted,
            verdict,
            response: Duration::from_micros(30),
            service: Duration::from_micros(20),
            read_lag: None,
            known_for: Duration::ZERO,
            faults: 0,
            lacks_challenge: false,
            check_failed: false,
            first_on_connection: false,
            defect: None,
        };
        let examined = Examined { sample, sighting: None, status: 200 };
        tap.offer(&job, Tick::from_micros(110), &examined);
    }

    fn drained(drain: &mut Drain) -> Vec<u64> {
        drain.waiting().map(|tapped| tapped.seq).collect()
    }

    #[test]
    fn a_request_comes_out_as_it_was() {
        let (mut taps, mut drain) = taps(plan(false, 1.0), 2);
        offer(&mut taps[1], PROBE_SEQ, 0, Verdict::CorrectAccept);
        offer(&mut taps[0], 5, 1, Verdict::Grey);
        offer(&mut taps[1], VIRTUAL_SEQ, 0, Verdict::CorrectAccept);
        offer(&mut taps[1], PROBE_SEQ, 1, Verdict::CorrectAccept);
        let all: Vec<Tapped> = drain.waiting().collect();
        assert_eq!(
            all.iter().map(|t| (t.seq, t.attempt)).collect::<Vec<_>>(),
            [(5, 1), (PROBE_SEQ, 0), (VIRTUAL_SEQ, 0), (PROBE_SEQ, 1)]
        );
        assert_eq!(all[0].done(), Tick::from_micros(130));
        assert_eq!(all[0].send_lag(), Duration::from_micros(10));
        assert_eq!(
            all.iter().map(Tapped::is_probe).collect::<Vec<_>>(),
            [false, true, false, false]
        );
        assert!(!drain.is_abandoned());
        drop(taps);
        assert!(drain.is_abandoned());
    }

    #[test]
    fn only_wrong_leaves_out_what_is_right_or_grey() {
        let (mut taps, mut drain) = taps(plan(true, 1.0), 1);
        for (seq, verdict) in (0..).zip(Verdict::ALL) {
            offer(&mut taps[0], seq, 0, verdict);
        }
        let wrong = [2, 3, 4, 5, 6, 7, 8];
        assert_eq!(drained(&mut drain), wrong);
    }

    #[test]
    fn a_share_is_the_same_requests_each_time_and_retries_are_drawn_anew() {
        let some = |attempt| {
            let (mut taps, mut drain) = taps(plan(false, 0.1), 1);
            for seq in 0..20_000 {
                offer(&mut taps[0], seq, attempt, Verdict::CorrectAccept);
            }
            drained(&mut drain)
        };
        let first = some(0);
        // 2,000 of 20,000 with a deviation of 42.
        assert!((1_800..2_200).contains(&first.len()), "{}", first.len());
        assert_eq!(first, some(0));
        assert_ne!(first, some(1));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (mut taps, mut drain) = taps(plan(false, 1.0), 1);
        for seq in 0..WAITING_MAX as u64 + 3 {
            offer(&mut taps[0], seq, 0, Verdict::Error);
        }
        assert_eq!((drained(&mut drain).len(), drain.lost()), (WAITING_MAX, 3));
    }
}
