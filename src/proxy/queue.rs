//! What one direction of a connection still has to deliver, and when.
//!
//! Pure: no clock, no sockets. Order is kept whatever the draws: a piece is never released before
//! the one ahead of it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Tick;
use crate::seed::Stream;

/// Pieces of a stream with their release times.
#[derive(Debug)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
    last: Tick,
    draws: Stream,
    drawn: u64,
}

#[derive(Debug)]
struct Piece {
    release: Tick,
    /// Empty: the end of the stream.
    bytes: Vec<u8>,
    /// How many of the bytes are delivered.
    done: usize,
}

/// What is at the head of a queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head<'a> {
    /// Nothing is queued.
    Nothing,
    /// The head may not go before this instant.
    Wait(Tick),
    /// These bytes may go now.
    Bytes(&'a [u8]),
    /// The stream ends here.
    End,
}

impl Queue {
    /// An empty queue whose jitter is drawn from `draws`.
    pub(super) fn new(draws: Stream) -> Self {
        Self { pieces: VecDeque::new(), bytes: 0, last: Tick::ZERO, draws, drawn: 0 }
    }

    /// Adds bytes that arrived at `arrival`; none means that the stream has ended.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        arrival: Tick,
        delay: Option<(Duration, Duration)>,
    ) {
        let release = delay.map_or(arrival, |(latency, jitter)| {
            let jitter = jitter.min(latency);
            let unit = self.draws.unit_at(self.drawn);
            self.drawn += 1;
            arrival + latency.saturating_sub(jitter) + jitter.saturating_mul(2).mul_f64(unit)
        });
        self.last = self.last.max(release);
        self.bytes += bytes.len();
        self.pieces.push_back(Piece { release: self.last, bytes: bytes.to_vec(), done: 0 });
    }

    /// What may be done at this instant.
    pub(super) fn head(&self, now: Tick) -> Head<'_> {
        match self.pieces.front() {
            None => Head::Nothing,
            Some(piece) if piece.release > now => Head::Wait(piece.release),
            Some(piece) if piece.bytes.is_empty() => Head::End,
            Some(piece) => Head::Bytes(&piece.bytes[piece.done..]),
        }
    }

    /// Takes note that so many bytes of the head are delivered.
    pub(super) fn delivered(&mut self, count: usize) {
        if let Some(piece) = self.pieces.front_mut() {
            piece.done += count;
            self.bytes -= count;
            if piece.done >= piece.bytes.len() {
                self.pieces.pop_front();
            }
        }
    }

    /// Bytes not yet delivered.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is queued, not even the end of the stream.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Lets everything go at once.
    pub(super) fn release(&mut self) {
        self.last = Tick::ZERO;
        for piece in &mut self.pieces {
            piece.release = Tick::ZERO;
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.bytes = 0;
        self.last = Tick::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seed::Seed;

    fn queue() -> Queue {
        Queue::new(Seed(7).stream("queue"))
    }

    /// Delivers everything in steps of at most `step` bytes, jumping from release to release.
    fn drain(queue: &mut Queue, step: usize) -> Vec<(Tick, u8)> {
        let (mut now, mut out) = (Tick::ZERO, Vec::new());
        loop {
            let count = match queue.head(now) {
                Head::Nothing | Head::End => return out,
                Head::Wait(release) => {
                    now = release;
                    continue;
                }
                Head::Bytes(bytes) => {
                    let part = &bytes[..bytes.len().min(step)];
                    out.extend(part.iter().map(|byte| (now, *byte)));
                    part.len()
                }
            };
            queue.delivered(count);
        }
    }

    #[test]
    fn a_burst_is_late_once_and_not_piece_by_piece() {
        let mut queue = queue();
        let latency = Duration::from_millis(100);
        for i in 0..10 {
            queue.push(&[i], Tick::from_micros(u64::from(i)), Some((latency, Duration::ZERO)));
        }
        let last = drain(&mut queue, 1).pop().unwrap();
        assert_eq!(last, (Tick::from_micros(100_009), 9));
    }

    #[test]
    fn extremes_do_not_overflow() {
        for latency in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            for jitter in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                let mut queue = queue();
                queue.push(b"x", Tick::from_micros(5), Some((latency, jitter)));
                assert!(queue.head(Tick::MAX) == Head::Bytes(b"x"), "{latency:?} {jitter:?}");
            }
        }
    }

    #[test]
    fn ending_a_delay_releases_what_is_under_way() {
        let mut queue = queue();
        queue.push(b"ab", Tick::ZERO, Some((Duration::from_secs(60), Duration::ZERO)));
        queue.push(b"", Tick::ZERO, None);
        assert_eq!(queue.head(Tick::ZERO), Head::Wait(Tick::from_micros(60_000_000)));
        queue.release();
        assert_eq!(queue.head(Tick::ZERO), Head::Bytes(b"ab"));
        queue.delivered(2);
        assert_eq!((queue.head(Tick::ZERO), queue.bytes()), (Head::End, 0));
    }

    proptest! {
        #[test]
        fn delays_stay_in_range_and_order_is_kept(
            pieces in prop::collection::vec((0_u64..50_000, 1_usize..40), 1..40),
            latency_ms in 0_u64..40,
            jitter_ms in 0_u64..80,
            step in 1_usize..16,
        ) {
            let (latency, jitter) = (Duration::from_millis(latency_ms), Duration::from_millis(jitter_ms));
            let (mut queue, mut arrival, mut sent) = (queue(), Tick::ZERO, Vec::new());
            for (i, (gap, size)) in pieces.into_iter().enumerate() {
                arrival += Duration::from_micros(gap);
                queue.push(&vec![i as u8; size], arrival, Some((latency, jitter)));
                sent.extend(std::iter::repeat_n((arrival, i as u8), size));
            }
            prop_assert_eq!(queue.bytes(), sent.len());
            let received = drain(&mut queue, step);
            prop_assert_eq!(received.len(), sent.len());
            let mut held = Tick::ZERO;
            for ((at, byte), (arrival, expected)) in received.into_iter().zip(sent) {
                prop_assert_eq!(byte, expected);
                prop_assert!(at >= arrival + latency.saturating_sub(jitter));
                // Never later than its own longest delay, unless the piece ahead was.
                held = held.max(arrival + latency + jitter.min(latency));
                prop_assert!(at <= held);
            }
            prop_assert!(queue.is_empty());
        }
    }
}
