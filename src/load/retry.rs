//! Requests that clients ask again, in the order of their instants.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::context::Job;
use crate::clock::Tick;

/// What is asked again, and when.
#[derive(Debug, Default)]
pub struct Retries(BinaryHeap<Reverse<Entry>>);

/// Ordered by its instant, then by the request's number, so that equal instants have an order.
#[derive(Debug)]
struct Entry(Job);

impl Entry {
    fn key(&self) -> (Tick, u64) {
        (self.0.due, self.0.seq)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Retries {
    /// Adds a request that is due again at its `due` instant; gives it back if `most` wait already.
    pub fn push(&mut self, job: Job, most: usize) -> Result<(), Job> {
        if self.0.len() >= most {
            return Err(job);
        }
        self.0.push(Reverse(Entry(job)));
        Ok(())
    }

    /// When the next one is due.
    pub fn next_at(&self) -> Option<Tick> {
        self.0.peek().map(|Reverse(entry)| entry.0.due)
    }

    /// The next one, if it is due by `now`.
    pub fn pop(&mut self, now: Tick) -> Option<Job> {
        if self.next_at()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(entry)| entry.0)
    }

    /// Takes out all that wait.
    pub fn drain(&mut self) -> impl Iterator<Item = Job> + '_ {
        self.0.drain().map(|Reverse(entry)| entry.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::UserIndex;
    use crate::load::mix::Credentials;

    fn job(seq: u64, micros: u64) -> Job {
        Job {
            seq,
            phase: 0,
            due: Tick::from_micros(micros),
            user: UserIndex(0),
            route: 0,
            asked: None,
            credentials: Credentials::Own,
            attempt: 1,
        }
    }

    #[test]
    fn come_out_when_they_are_due_and_no_more_wait_than_there_is_room_for() {
        let mut retries = Retries::default();
        for (seq, at) in [(1, 30), (2, 10), (3, 20)] {
            assert!(retries.push(job(seq, at), 3).is_ok());
        }
        assert!(retries.push(job(4, 5), 3).is_err());
        assert_eq!(retries.next_at(), Some(Tick::from_micros(10)));
        assert!(retries.pop(Tick::from_micros(9)).is_none());
        let order: Vec<u64> =
            std::iter::from_fn(|| retries.pop(Tick::from_micros(25))).map(|job| job.seq).collect();
        assert_eq!(order, [2, 3]);
        assert_eq!(retries.drain().count(), 1);
    }
}
