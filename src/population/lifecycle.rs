//! What happened to each user, readable from every worker without a lock.
//!
//! Two words a user:
//!
//! | word | 40 bits | 2 bits | 2 bits | 20 bits |
//! |---|---|---|---|---|
//! | change | asked, µs | state after it | state before it | generation |
//! | ack | acknowledged, µs | unused | taken, unused | generation acknowledged |
//!
//! A change is two single stores, each of one word: `asked` writes the change word with the next
//! generation, `acknowledged` writes the ack word with that generation. A reader loads the change
//! word and then the ack word:
//!
//! - same generation: the change is acknowledged, and both words speak of it;
//! - ack older: the change is under way. This is a state the user was really in, so a writer that
//!   is held up between its two stores holds no reader up;
//! - ack newer: a whole change happened between the two loads; load again. That takes a round
//!   trip to a directory, so it happens once at most in practice.
//!
//! So no snapshot mixes two changes, and no reader waits for a writer.
//!
//! *Taken* sets a user aside for one fault: from the choice, which may be well before the change,
//! to its acknowledgement no other fault is given that user.
//!
//! Memory order: stores are `Release` and loads `Acquire`, so a reader that sees an ack word sees
//! the change word written before it. After each store stands a sequentially consistent fence:
//! the truth must be visible to all before the request that it speaks of goes out to the
//! directory, which is another process. Writers pay for it; readers do not.
//!
//! Limits: instants to a microsecond, up to 12.7 days from the clock's origin (later ones stay at
//! the end of that range); `asked` is rounded down and `acknowledged` up, so that the interval
//! never leaves out what was uncertain. One thread at a time may change one user; different
//! users may be changed at once.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

use super::permutation::Permutation;
use crate::clock::Tick;
use crate::identity::{Change, UserIndex, UserState};
use crate::seed::Stream;

const TIME_BITS: u32 = 40;
const LAST_MICRO: u64 = (1 << TIME_BITS) - 1;
const TIME_SHIFT: u32 = 64 - TIME_BITS;
const STATE_SHIFT: u32 = 22;
const BEFORE_SHIFT: u32 = 20;
const GENERATION_BITS: u32 = 20;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;
const TAKEN: u64 = 1 << GENERATION_BITS;

/// What is known of one user at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state that the last change leads to.
    pub state: UserState,
    /// The state before it; the same as `state` while nothing has changed.
    pub before: UserState,
    /// When the last change was asked for; [`Tick::ZERO`] while nothing has changed.
    pub asked: Tick,
    /// When it was acknowledged; `None` while it is under way or its outcome is unknown.
    pub acked: Option<Tick>,
    /// Changes so far, modulo 2²⁰. Two snapshots with the same figure speak of the same change.
    pub changes: u32,
}

/// The truth about every user of a run.
#[derive(Debug)]
pub struct Lifecycle {
    entries: Vec<Entry>,
    /// Whether anything was ever asked for. While nothing was, nobody's entry has to be fetched,
    /// which with many users means from main memory.
    changed: AtomicBool,
    /// Users that were there at the start.
    initial: u32,
    /// Users that are live with nothing under way.
    live: AtomicU32,
    /// The first spare user that was never handed out.
    next_spare: AtomicU32,
}

/// Both words of a user lie in one cache line.
#[derive(Debug)]
#[repr(align(16))]
struct Entry {
    change: AtomicU64,
    ack: AtomicU64,
}

impl Lifecycle {
    /// `initial` users that have been live since [`Tick::ZERO`], then absent ones up to `total`.
    pub fn new(initial: u32, total: u32) -> Self {
        let initial = initial.min(total);
        let entry = |index| {
            let state = if index < initial { UserState::Live } else { UserState::Absent };
            let word = state_bits(state) << STATE_SHIFT | state_bits(state) << BEFORE_SHIFT;
            Entry { change: AtomicU64::new(word), ack: AtomicU64::new(0) }
        };
        Self {
            entries: (0..total).map(entry).collect(),
            changed: AtomicBool::new(false),
            initial,
            live: AtomicU32::new(initial),
            next_spare: AtomicU32::new(initial),
        }
    }

    /// Users in the table.
    #[expect(clippy::len_without_is_empty, reason = "asked for as a bound, never whether zero")]
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// A consistent snapshot. A user outside the table is absent and always was.
    pub fn standing(&self, user: UserIndex) -> Standing {
        if !self.changed.load(Ordering::Acquire) && user.0 < self.initial {
            return Standing::unchanged(UserState::Live);
        }
        let Some(entry) = self.entries.get(user.as_usize()) else {
            return Standing::unchanged(UserState::Absent);
        };
        loop {
            let change = entry.change.load(Ordering::Acquire);
            let ack = entry.ack.load(Ordering::Acquire);
            match age(change, ack) {
                0 => return Standing::read(change, Some(ack)),
                // Less than half the circle behind.
                behind if behind <= GENERATION_MASK / 2 => return Standing::read(change, None),
                _ => std::hint::spin_loop(),
            }
        }
    }

    /// Records that a change was asked for. Call it before the request goes out.
    pub fn asked(&self, user: UserIndex, change: Change, at: Tick) {
        let Some(entry) = self.entries.get(user.as_usize()) else { return };
        self.changed.store(true, Ordering::Release);
        let last = entry.change.load(Ordering::Acquire);
        if settled_live(last, entry.ack.load(Ordering::Acquire)) {
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
        let micros = (at.as_nanos() / 1_000).min(LAST_MICRO);
        let word = micros << TIME_SHIFT
            | state_bits(change.leads_to()) << STATE_SHIFT
            | (last >> STATE_SHIFT & 3) << BEFORE_SHIFT
            | (last + 1) & GENERATION_MASK;
        entry.change.store(word, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Records that the change last asked for has been confirmed. Call it after the answer came;
    /// a second call for the same change does nothing.
    pub fn acknowledged(&self, user: UserIndex, at: Tick) {
        let Some(entry) = self.entries.get(user.as_usize()) else { return };
        let change = entry.change.load(Ordering::Acquire);
        if age(change, entry.ack.load(Ordering::Acquire)) == 0 {
            return;
        }
        let micros = at.as_nanos().div_ceil(1_000).min(LAST_MICRO);
        entry.ack.store(micros << TIME_SHIFT | change & GENERATION_MASK, Ordering::Release);
        fence(Ordering::SeqCst);
        if state_of(change >> STATE_SHIFT) == UserState::Live {
            self.live.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that the outcome of the change last asked for is unknown: it stays under way until
    /// a later change of the user is acknowledged, and is never judged.
    ///
    /// Nothing needs writing. The method is there so that callers say what they mean.
    pub fn failed(&self, user: UserIndex) {
        debug_assert!(self.standing(user).acked.is_none(), "user {} has nothing under way", user.0);
    }

    /// Users that are live with nothing under way.
    pub fn live_users(&self) -> u32 {
        self.live.load(Ordering::Relaxed)
    }

    /// Takes up to `count` different users that are live with nothing under way, evenly drawn. The
    /// same stream and the same truth give the same users in the same order.
    ///
    /// Whoever takes a user may change it, and nobody else: no later call gives it until its next
    /// change is acknowledged. Time goes with the users looked at: all of them if too few are live.
    pub fn choose_live(&self, stream: Stream, count: u32) -> Vec<UserIndex> {
        let count = count.min(self.live_users());
        self.shuffled(stream).filter(|user| self.take(*user)).take(count as usize).collect()
    }

    /// All users in an order that the stream stands for.
    fn shuffled(&self, stream: Stream) -> impl Iterator<Item = UserIndex> {
        let order = Permutation::of(u64::from(self.len()).saturating_sub(1), stream);
        (0..self.len()).map(move |place| UserIndex(order.forward(u64::from(place)) as u32))
    }

    /// Sets a user aside, if it is live with nothing under way and not taken.
    fn take(&self, user: UserIndex) -> bool {
        let Some(entry) = self.entries.get(user.as_usize()) else { return false };
        let change = entry.change.load(Ordering::Acquire);
        let ack = entry.ack.load(Ordering::Acquire);
        settled_live(change, ack)
            && ack & TAKEN == 0
            // Fails if somebody else took it, or changed it, since.
            && entry
                .ack
                .compare_exchange(ack, ack | TAKEN, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// The next `count` spare users, which were never created and never handed out before; fewer
    /// if no more are left.
    pub fn choose_absent_spare(&self, count: u32) -> Vec<UserIndex> {
        let next = |from: u32| Some(from.saturating_add(count).min(self.len()));
        let from = match self.next_spare.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(from) | Err(from) => from,
        };
        (from..from.saturating_add(count).min(self.len())).map(UserIndex).collect()
    }

    /// Spare users that are still to be handed out.
    pub fn spare_left(&self) -> u32 {
        self.len() - self.next_spare.load(Ordering::Relaxed).min(self.len())
    }
}

impl Standing {
    /// Whether the user is in this state and no change is under way.
    pub fn is_settled(&self, state: UserState) -> bool {
        self.state == state && self.acked.is_some()
    }

    fn unchanged(state: UserState) -> Self {
        Self { state, before: state, asked: Tick::ZERO, acked: Some(Tick::ZERO), changes: 0 }
    }

    fn read(change: u64, ack: Option<u64>) -> Self {
        Self {
            state: state_of(change >> STATE_SHIFT),
            before: state_of(change >> BEFORE_SHIFT),
            asked: Tick::from_micros(change >> TIME_SHIFT),
            acked: ack.map(|word| Tick::from_micros(word >> TIME_SHIFT)),
            changes: (change & GENERATION_MASK) as u32,
        }
    }
}

/// Generations that the ack word lies behind the change word, on a circle of 2²⁰.
fn age(change: u64, ack: u64) -> u64 {
    change.wrapping_sub(ack) & GENERATION_MASK
}

fn settled_live(change: u64, ack: u64) -> bool {
    age(change, ack) == 0 && state_of(change >> STATE_SHIFT) == UserState::Live
}

fn state_bits(state: UserState) -> u64 {
    match state {
        UserState::Absent => 0,
        UserState::Live => 1,
        UserState::Disabled => 2,
    }
}

fn state_of(bits: u64) -> UserState {
    match bits & 3 {
        1 => UserState::Live,
        2 => UserState::Disabled,
        _ => UserState::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    const USER: UserIndex = UserIndex(3);

    #[test]
    fn a_user_goes_through_its_life() {
        let life = Lifecycle::new(5, 8);
        assert_eq!(life.standing(USER), Standing::unchanged(UserState::Live));
        assert_eq!(life.standing(UserIndex(5)), Standing::unchanged(UserState::Absent));
        assert_eq!(life.standing(UserIndex(99)), Standing::unchanged(UserState::Absent));

        life.asked(USER, Change::Disable, Tick::from_nanos(1_999));
        let standing = life.standing(USER);
        assert_eq!((standing.before, standing.state), (UserState::Live, UserState::Disabled));
        assert_eq!((standing.asked, standing.acked), (Tick::from_micros(1), None));
        assert_eq!((standing.changes, life.live_users()), (1, 4));

        life.acknowledged(USER, Tick::from_nanos(5_001));
        assert_eq!(life.standing(USER).acked, Some(Tick::from_micros(6)));
        life.acknowledged(USER, Tick::from_micros(50));
        assert_eq!(life.standing(USER).acked, Some(Tick::from_micros(6)), "the first one counts");

        life.asked(USER, Change::Enable, Tick::from_micros(70));
        assert_eq!(life.live_users(), 4);
        life.acknowledged(USER, Tick::from_micros(71));
        assert_eq!((life.live_users(), life.standing(USER).changes), (5, 2));
        assert!(life.standing(USER).is_settled(UserState::Live));
    }

    #[test]
    fn what_failed_is_under_way_until_the_next_acknowledgement() {
        let life = Lifecycle::new(5, 5);
        life.asked(USER, Change::Delete, Tick::from_micros(1));
        life.failed(USER);
        assert_eq!((life.standing(USER).acked, life.live_users()), (None, 4));
        life.asked(USER, Change::Recreate, Tick::from_micros(2));
        assert_eq!(life.standing(USER).acked, None);
        life.acknowledged(USER, Tick::from_micros(3));
        assert!(life.standing(USER).is_settled(UserState::Live));
        assert_eq!(life.live_users(), 5);
    }

    #[test]
    fn instants_reach_twelve_days_and_then_stay() {
        let life = Lifecycle::new(5, 5);
        let day = std::time::Duration::from_secs(86_400);
        life.asked(USER, Change::Delete, Tick::ZERO + day * 12);
        life.acknowledged(USER, Tick::ZERO + day * 30);
        let standing = life.standing(USER);
        assert_eq!(standing.asked, Tick::ZERO + day * 12);
        assert_eq!(standing.acked, Some(Tick::from_micros(LAST_MICRO)));
        assert_eq!(standing.state, UserState::Absent);
    }

    #[test]
    fn generations_go_round_without_confusion() {
        let life = Lifecycle::new(5, 5);
        for round in 0..(1_u64 << GENERATION_BITS) + 3 {
            let change = if round % 2 == 0 { Change::Delete } else { Change::Recreate };
            life.asked(USER, change, Tick::from_micros(round));
            assert!(life.standing(USER).acked.is_none(), "round {round}");
            life.acknowledged(USER, Tick::from_micros(round));
            assert_eq!(life.standing(USER).acked, Some(Tick::from_micros(round)));
        }
        assert_eq!(life.standing(USER).changes, 3);
    }

    #[test]
    fn a_user_takes_sixteen_bytes() {
        assert_eq!((size_of::<Entry>(), align_of::<Entry>()), (16, 16));
    }

    /// A thousand users, of whom the first half are gone.
    fn half_gone() -> Lifecycle {
        let life = Lifecycle::new(1_000, 1_500);
        for index in 0..500 {
            life.asked(UserIndex(index), Change::Delete, Tick::ZERO);
            life.acknowledged(UserIndex(index), Tick::ZERO);
        }
        life
    }

    #[test]
    fn the_chosen_are_live_different_and_the_same_again() {
        let stream = Seed(9).stream("choice");
        let chosen = half_gone().choose_live(stream, 100);
        let distinct: std::collections::HashSet<_> = chosen.iter().collect();
        assert_eq!((chosen.len(), distinct.len()), (100, 100));
        assert!(chosen.iter().all(|user| (500..1_000).contains(&user.0)), "{chosen:?}");
        assert_eq!(half_gone().choose_live(stream, 100), chosen);
        assert_ne!(half_gone().choose_live(stream.nth(1), 100), chosen);
        assert_eq!(half_gone().choose_live(stream, 5_000).len(), 500);
        assert!(Lifecycle::new(0, 0).choose_live(stream, 3).is_empty());
    }

    #[test]
    fn who_is_taken_is_nobody_elses_until_changed() {
        let (life, stream) = (half_gone(), Seed(9).stream("choice"));
        let mine = life.choose_live(stream, 300);
        let yours = life.choose_live(stream, 300);
        assert_eq!((yours.len(), life.live_users()), (200, 500));
        assert!(yours.iter().all(|user| !mine.contains(user)));
        assert!(life.standing(mine[0]).is_settled(UserState::Live), "taken is not changed");
        for change in [Change::Disable, Change::Enable] {
            life.asked(mine[0], change, Tick::from_micros(1));
            assert!(life.choose_live(stream, 1).is_empty());
            life.acknowledged(mine[0], Tick::from_micros(2));
        }
        assert_eq!(life.choose_live(stream, 9), [mine[0]]);
    }

    #[test]
    fn two_threads_never_take_the_same_user() {
        let life = Lifecycle::new(20_000, 20_000);
        let take = |n| {
            let life = &life;
            move || life.choose_live(Seed(n).stream("choice"), 15_000)
        };
        let (mut all, others) = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(take(1)), scope.spawn(take(2)));
            (one.join().unwrap(), other.join().unwrap())
        });
        all.extend(others);
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (20_000, 20_000));
    }

    #[test]
    fn all_are_as_likely_to_be_chosen() {
        let mut counts = [0_u32; 200];
        for round in 0..2_000 {
            let life = Lifecycle::new(200, 200);
            for user in life.choose_live(Seed(1).stream("even").nth(round), 10) {
                counts[user.as_usize()] += 1;
            }
        }
        // 100 expected, standard deviation below 10.
        assert!(counts.iter().all(|count| (50..160).contains(count)), "{counts:?}");
    }

    #[test]
    fn spare_users_are_handed_out_once() {
        let life = Lifecycle::new(5, 8);
        assert_eq!(life.choose_absent_spare(2), [UserIndex(5), UserIndex(6)]);
        assert_eq!((life.choose_absent_spare(2), life.spare_left()), (vec![UserIndex(7)], 0));
        assert!(life.choose_absent_spare(u32::MAX).is_empty());
    }

    /// Writers change users as fast as they can while readers check that each snapshot is of one
    /// change: the n-th change is asked at 10n µs, acknowledged at 10n + 3, and leads to a state
    /// that n decides.
    #[test]
    fn no_reader_ever_sees_two_changes_mixed() {
        const ROUNDS: u64 = 100_000;
        let life = Lifecycle::new(2, 2);
        std::thread::scope(|scope| {
            for user in [UserIndex(0), UserIndex(1)] {
                let life = &life;
                scope.spawn(move || {
                    for n in 1..=ROUNDS {
                        let change = if n % 2 == 1 { Change::Disable } else { Change::Enable };
                        life.asked(user, change, Tick::from_micros(10 * n));
                        life.acknowledged(user, Tick::from_micros(10 * n + 3));
                    }
                });
                scope.spawn(move || {
                    let mut last = 0;
                    while last < ROUNDS {
                        let seen = life.standing(user);
                        let n = seen.asked.as_micros() / 10;
                        assert_eq!(u64::from(seen.changes), n & GENERATION_MASK);
                        assert!(n >= last, "time ran backwards from {last} to {n}");
                        let odd = n % 2 == 1;
                        assert_eq!(seen.state == UserState::Disabled, odd, "{seen:?}");
                        assert_eq!(seen.before == UserState::Disabled, n > 0 && !odd, "{seen:?}");
                        if let (Some(acked), 1..) = (seen.acked, n) {
                            assert_eq!(acked.as_micros(), 10 * n + 3, "{seen:?}");
                        }
                        last = if seen.acked.is_some() { n } else { last.max(n - 1) };
                    }
                });
            }
        });
        assert_eq!(life.live_users(), 2);
    }
}
