//! The observer of a run: makes moments of what it is told, and keeps the newest for who asks.
//!
//! It is called by the task that gathers the run, so it copies and returns. The newest moment lies
//! behind a lock that is held only while a pointer is exchanged; there is no queue that could fill.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::measure::{Latency, PhaseRecord};
use crate::outcome::Verdict;
use crate::report::{ActiveFault, Beat, Observer, RunReport, Step};
use crate::units::grouped;

use super::metrics::Counter;
use super::moment::{End, Entry, EntryKind, Moment, Point, Standing};

/// The most entries of a log.
const MOST_ENTRIES: usize = 200;

/// Seconds of the recent past.
const RECENT: usize = 300;

/// What is made for views beside what all of them show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Counts for metrics.
    pub tally: bool,
}

/// Observes a run for any number of views.
#[derive(Debug)]
pub struct Feed {
    newest: watch::Sender<Arc<Moment>>,
    /// Only the run's own tasks take it, one after the other.
    making: Mutex<Making>,
    /// How many look at what only a page needs.
    listeners: Arc<AtomicUsize>,
}

/// Somebody looks at the page; until this is dropped.
#[derive(Debug)]
pub struct Listening(Arc<AtomicUsize>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the next moment is made from.
#[derive(Debug, Default)]
struct Making {
    moment: Moment,
    log: VecDeque<Arc<Entry>>,
    entries: u64,
    recent: VecDeque<Point>,
    phase: String,
    /// Faults of which the log has the beginning, and whether it has the end.
    faults: Vec<(usize, bool)>,
    counter: Option<Counter>,
}

/// Takes the newest moment when it has time.
#[derive(Clone, Debug)]
pub struct Subscriber {
    newest: watch::Receiver<Arc<Moment>>,
    listeners: Arc<AtomicUsize>,
    /// The number of the next moment, if none is missed.
    next: Option<u64>,
    missed: u64,
}

impl Feed {
    /// A feed of a run that has not begun.
    pub fn new(wants: Wants) -> Self {
        let counter = wants.tally.then(Counter::default);
        let making = Making { counter, ..Making::default() };
        Self {
            newest: watch::Sender::new(Arc::default()),
            making: Mutex::new(making),
            listeners: Arc::default(),
        }
    }

    /// A new view's place at the feed.
    pub fn subscribe(&self) -> Subscriber {
        let listeners = Arc::clone(&self.listeners);
        Subscriber { newest: self.newest.subscribe(), listeners, next: None, missed: 0 }
    }

    /// How many look at the page.
    pub fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Relaxed)
    }

    /// Tells views where else the run can be watched, the page first.
    pub fn serves(&self, addresses: &[String]) {
        self.publish(|making| making.moment.addresses = addresses.into());
    }

    /// Tells that the run ended without a report. Views end after this or a run's finish.
    pub fn give_up(&self) {
        self.publish(|making| making.moment.end = Some(End::GaveUp));
    }

    fn publish(&self, change: impl FnOnce(&mut Making)) {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut making);
        making.moment.number += 1;
        making.moment.log = making.log.iter().cloned().collect();
        self.newest.send_replace(Arc::new(making.moment.clone()));
    }
}

impl Subscriber {
    /// The newest moment, whether it is new or not.
    pub fn newest(&mut self) -> Arc<Moment> {
        let moment = Arc::clone(&self.newest.borrow_and_update());
        self.missed += moment.number.saturating_sub(self.next.unwrap_or(moment.number));
        self.next = Some(moment.number + 1);
        moment
    }

    /// The newest moment, if it has not been taken yet.
    pub fn news(&mut self) -> Option<Arc<Moment>> {
        self.newest.has_changed().unwrap_or(false).then(|| self.newest())
    }

    /// Waits for a moment that has not been taken yet; `None` when the feed is gone.
    pub async fn next(&mut self) -> Option<Arc<Moment>> {
        self.newest.changed().await.ok()?;
        Some(self.newest())
    }

    /// Says that somebody looks at what only a page needs.
    pub fn listen(&self) -> Listening {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        Listening(Arc::clone(&self.listeners))
    }

    /// Moments that were replaced before this view had time for them.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl Making {
    fn enter(&mut self, at: Option<Duration>, kind: EntryKind, text: String) {
        if self.log.len() == MOST_ENTRIES {
            self.log.pop_front();
        }
        self.log.push_back(Arc::new(Entry { number: self.entries, at, kind, text }));
        self.entries += 1;
    }

    fn stand(&mut self, beat: &Beat<'_>) {
        if beat.row.phase != self.phase && !beat.row.phase.is_empty() {
            self.phase.clone_from(&beat.row.phase);
            let at = Duration::from_secs(beat.row.second);
            self.enter(Some(at), EntryKind::Phase, format!("phase {}", beat.row.phase));
        }
        for fault in beat.faults {
            self.enter_fault(fault);
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Point {
            second: beat.row.second,
            p50_us: beat.row.response_p50_us,
            p99_us: beat.row.response_p99_us,
            faulted: !beat.faults.is_empty(),
        });
        let recent = self.recent.iter().copied().collect();
        self.moment.standing = Some(Arc::new(standing(beat, recent)));
        if let Some(counter) = &mut self.counter {
            self.moment.tally = Some(Arc::new(counter.count(beat)));
        }
    }

    fn enter_fault(&mut self, fault: &ActiveFault) {
        let known = self.faults.iter().position(|(index, _)| *index == fault.index);
        let at = known.unwrap_or_else(|| {
            let text = format!("{} began: {}", fault.name, fault.text);
            self.enter(Some(fault.began), EntryKind::FaultBegan, text);
            self.faults.push((fault.index, false));
            self.faults.len() - 1
        });
        if let (Some(until), true, false) = (fault.until, fault.over, self.faults[at].1) {
            self.enter(Some(until), EntryKind::FaultEnded, format!("{} ended", fault.name));
            self.faults[at].1 = true;
        }
    }
}

fn standing(beat: &Beat<'_>, recent: Arc<[Point]>) -> Standing {
    let mut response = Latency::default();
    for (_, record) in beat.second.touched() {
        record.response.iter().for_each(|class| response.merge(class));
    }
    let sum = |of: fn(&PhaseRecord) -> u64| beat.totals.iter().map(of).sum();
    let mut verdicts = [0; Verdict::COUNT];
    for record in beat.totals {
        verdicts.iter_mut().zip(record.verdicts).for_each(|(sum, part)| *sum += part);
    }
    Standing {
        elapsed: beat.elapsed,
        length: beat.length,
        row: beat.row.clone(),
        now: response.quantiles(),
        report: Arc::clone(beat.report),
        due: sum(|record| record.due),
        sent: sum(PhaseRecord::went_out),
        done: sum(|record| record.done),
        verdicts,
        faults: beat.faults.to_vec(),
        recent,
    }
}

/// A step in words; how far it is stays out of a log.
pub fn step_text(step: &Step) -> String {
    match step {
        Step::Minting { total, .. } => format!("minting {} tokens", grouped(*total)),
        Step::Starting { embedded: true } => "starting the embedded stack".to_owned(),
        Step::Starting { embedded: false } => "reaching the target".to_owned(),
        Step::Seeding { users } => format!("seeding {} users", grouped(*users)),
        Step::Loading => "load begins".to_owned(),
    }
}

impl Observer for Feed {
    fn step(&self, step: &Step) {
        self.publish(|making| {
            let before = making.moment.step.replace(*step);
            if before.is_none_or(|before| discriminant(&before) != discriminant(step)) {
                making.enter(None, EntryKind::Step, step_text(step));
            }
        });
    }

    fn remark(&self, text: &str) {
        self.publish(|making| making.enter(None, EntryKind::Remark, text.to_owned()));
    }

    fn beat(&self, beat: &Beat<'_>) {
        let watched = self.listeners() > 0;
        self.publish(|making| {
            making.stand(beat);
            // A copy of two megabytes, for who looks at charts alone.
            making.moment.course = watched.then(|| Arc::new(beat.course.clone()));
        });
    }

    fn finished(&self, report: &Arc<RunReport>, totals: &[PhaseRecord], folder: &Path) {
        self.publish(|making| {
            if let Some(counter) = &mut making.counter {
                making.moment.tally = Some(Arc::new(counter.finish(report, totals)));
            }
            let report = Arc::clone(report);
            making.moment.end = Some(End::Finished { report, folder: folder.to_owned() });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wins_and_what_was_missed_is_counted() {
        let feed = Feed::new(Wants::default());
        let (mut quick, mut slow) = (feed.subscribe(), feed.subscribe());
        assert_eq!((quick.newest().number, slow.newest().number), (0, 0));
        for n in 0..10 {
            feed.remark(&format!("remark {n}"));
            assert_eq!(quick.news().map(|moment| moment.number), Some(n + 1));
            assert!(quick.news().is_none());
        }
        assert_eq!(slow.news().map(|moment| moment.number), Some(10));
        assert_eq!((quick.missed(), slow.missed()), (0, 9));
        // What happened is told to the slow one all the same.
        assert_eq!(slow.newest().log.len(), 10);
    }

    #[test]
    fn a_log_keeps_the_last_entries_and_their_numbers() {
        let feed = Feed::new(Wants::default());
        let all = MOST_ENTRIES as u64 + 5;
        for n in 0..all {
            feed.remark(&n.to_string());
        }
        let moment = feed.subscribe().newest();
        assert_eq!(moment.log.len(), MOST_ENTRIES);
        assert_eq!(moment.log.last().map(|entry| entry.number), Some(all - 1));
    }

    #[test]
    fn who_listens_is_counted_until_they_go() {
        let feed = Feed::new(Wants::default());
        let view = feed.subscribe();
        let (one, two) = (view.listen(), view.listen());
        assert_eq!(feed.listeners(), 2);
        drop((one, two));
        assert_eq!(feed.listeners(), 0);
    }
}
