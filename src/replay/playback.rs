//! From a recording's file to requests with due instants.
//!
//! The way of a line: its format reads it; who it is from is hashed and its target cleaned, and
//! with that everything secret is gone; it is put in order; users get numbers in the order in which
//! they are met; and what was made t after the first request is due t ÷ speed into the phase.
//!
//! A recording that starts again does so one mean gap behind its last request, so that its rate
//! stays what it is.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::identity::UserIndex;

use super::clean::entry;
use super::formats::{self, Format};
use super::order::Order;
use super::plan::{ReplayError, ReplayPlan};
use super::raw::{Found, Raw, When};
use super::request::Asked;
use super::source::{self, Position, Source};
use super::stamp::Stamp;
use super::tally::{Tally, add};
use super::users::Users;
use super::who::Pseudonyms;

/// A request of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it is due, from the start of the phase.
    pub at: Duration,
    /// What is asked for, and as whom.
    pub asked: Asked,
}

/// Why a playback ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The recording is at its end.
    Recording,
    /// What comes next is due after the phase.
    Phase,
    /// Whoever takes the requests wants no more.
    Told,
    /// As many bytes as allowed have been read.
    Budget,
}

/// Plays one recording for one phase.
pub struct Playback<'a> {
    plan: &'a ReplayPlan,
    /// Requests due at this instant or later belong to no phase.
    length: Duration,
    tally: &'a Tally,
    users: Users,
    pseudonyms: Pseudonyms,
    format: &'static Format,
    /// Most bytes to read, unpacked.
    budget: u64,
    /// Whoever takes the requests wants no more.
    stop: Option<&'a AtomicBool>,
    /// From the first request of a lap to the last that was given out, as recorded.
    pub span: Duration,
    /// Bytes of the file that were read, in the last lap.
    pub consumed: u64,
}

/// One time through the recording.
struct Lap<'a, 'o> {
    playback: &'a mut Playback<'o>,
    position: Position,
    order: Order,
    /// When the lap starts, in recorded nanoseconds from the first request of all.
    base: i64,
    first: Option<i64>,
    last: i64,
    count: u64,
    untold: u64,
    ended: Ended,
    error: Option<ReplayError>,
    line: u64,
}

impl<'a> Playback<'a> {
    /// A playback for a phase of this length and so many users; finds out the format.
    pub fn open(
        plan: &'a ReplayPlan,
        length: Duration,
        users: u32,
        tally: &'a Tally,
    ) -> Result<Self, ReplayError> {
        let unreadable = |source| ReplayError::Unreadable { file: plan.file.clone(), source };
        let format = match plan.format {
            Some(format) => format,
            None => formats::recognise(&source::head(&plan.file).map_err(unreadable)?)
                .ok_or_else(|| ReplayError::UnknownFormat { file: plan.file.clone() })?,
        };
        check_fields(plan, format)?;
        let pseudonyms = Pseudonyms::fresh().map_err(unreadable)?;
        Ok(Self {
            plan,
            length,
            tally,
            users: Users::new(users),
            pseudonyms,
            format,
            budget: u64::MAX,
            stop: None,
            span: Duration::ZERO,
            consumed: 0,
        })
    }

    /// Reads so many bytes at most, counted unpacked.
    #[must_use]
    pub fn within(self, budget: u64) -> Self {
        Self { budget, ..self }
    }

    /// Ends as soon as the flag is set, also where nothing becomes due.
    #[must_use]
    pub fn until(self, stop: &'a AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// The recording's format.
    pub fn format(&self) -> &'static Format {
        self.format
    }

    /// Gives every request that is due, in order.
    pub fn run(
        &mut self,
        mut take: impl FnMut(Due) -> ControlFlow<()>,
    ) -> Result<Ended, ReplayError> {
        let mut base = 0;
        loop {
            let (ended, next) = self.lap(base, &mut take)?;
            if ended != Ended::Recording {
                return Ok(ended);
            }
            add(&self.tally.laps, 1);
            match next {
                Some(next) if self.plan.repeat => base = next,
                _ => return Ok(Ended::Recording),
            }
        }
    }

    /// One time through; with it, where the next one starts, if there was anything in this one.
    fn lap(
        &mut self,
        base: i64,
        take: &mut dyn FnMut(Due) -> ControlFlow<()>,
    ) -> Result<(Ended, Option<i64>), ReplayError> {
        let file = self.plan.file.clone();
        let source = Source::open(&file);
        let mut source =
            source.map_err(|source| ReplayError::Unreadable { file: file.clone(), source })?;
        let (format, fields) = (self.format, &self.plan.fields);
        let order = Order::new(self.plan.window);
        let mut lap = Lap {
            playback: self,
            position: source.position(),
            order,
            base,
            first: None,
            last: 0,
            count: 0,
            untold: 0,
            ended: Ended::Recording,
            error: None,
            line: 0,
        };
        let read = (format.read)(&mut source.reader, fields, &mut |line, found| {
            lap.take(line, found, take)
        });
        if let Err(source) = read {
            let line = lap.line;
            lap.error.get_or_insert(ReplayError::BrokenOff { file, line, source });
        }
        lap.close(take)
    }
}

impl Lap<'_, '_> {
    fn take(
        &mut self,
        line: u64,
        found: Found<'_>,
        take: &mut dyn FnMut(Due) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.playback.stop.is_some_and(|stop| stop.load(Relaxed)) {
            self.ended = Ended::Told;
            return ControlFlow::Break(());
        }
        self.line = line;
        let tally = self.playback.tally;
        add(&tally.lines, 1);
        let flow = match found {
            Found::Request(raw) => self.request(line, &raw, take),
            Found::Without => {
                add(&tally.without, 1);
                ControlFlow::Continue(())
            }
            Found::Flawed(flaw) => {
                tally.malformed(line, flaw);
                ControlFlow::Continue(())
            }
        };
        if flow.is_continue() && self.position.unpacked() > self.playback.budget {
            self.ended = Ended::Budget;
            return ControlFlow::Break(());
        }
        flow
    }

    fn request(
        &mut self,
        line: u64,
        raw: &Raw<'_>,
        take: &mut dyn FnMut(Due) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Playback { plan, tally, pseudonyms, .. } = &*self.playback;
        if !plan.methods.is_empty() && !plan.methods.iter().any(|one| **one == *raw.method) {
            add(&tally.left_out, 1);
            return ControlFlow::Continue(());
        }
        let (entry, sign) = match entry(raw, &plan.cleaning, pseudonyms) {
            Ok(Some(found)) => found,
            Ok(None) => {
                add(&tally.without, 1);
                return ControlFlow::Continue(());
            }
            Err(flaw) => {
                tally.malformed(line, flaw);
                return ControlFlow::Continue(());
            }
        };
        let when = match (raw.at, plan.rate) {
            (When::Untold, None) => {
                let file = plan.file.clone();
                self.error = Some(ReplayError::NeedsRate { file, line });
                return ControlFlow::Break(());
            }
            (When::Untold, Some(rate)) => {
                let seconds = self.untold as f64 / rate.as_per_second();
                self.untold += 1;
                add(&tally.untimed, 1);
                let nanos = (seconds * 1e9).round() as i64;
                When::Began(Stamp { nanos, whole_second: false })
            }
            (when, _) => when,
        };
        tally.told(sign);
        self.pass_on(take, |order, out| order.push(when, entry, out))
    }

    /// What the order gives out becomes due.
    fn pass_on(
        &mut self,
        take: &mut dyn FnMut(Due) -> ControlFlow<()>,
        act: impl FnOnce(&mut Order, &mut super::order::Out<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Self { playback, order, base, first, last, count, ended, .. } = self;
        act(order, &mut |at, entry| {
            let offset = at.saturating_sub(*first.get_or_insert(at));
            let due = due(base.saturating_add(offset), playback.plan.speed);
            if due >= playback.length {
                *ended = Ended::Phase;
                return ControlFlow::Break(());
            }
            (*last, *count) = (offset, *count + 1);
            playback.span = playback.span.max(Duration::from_nanos(offset as u64));
            let number = playback.users.number(entry.who);
            playback.tally.users.store(u64::from(playback.users.len()), Relaxed);
            let Some(user) = number else {
                add(&playback.tally.unmapped, 1);
                return ControlFlow::Continue(());
            };
            add(&playback.tally.due, 1);
            let asked = Asked { user: UserIndex(user), request: Arc::new(entry.request) };
            let flow = take(Due { at: due, asked });
            if flow.is_break() {
                *ended = Ended::Told;
            }
            flow
        })
    }

    fn close(
        mut self,
        take: &mut dyn FnMut(Due) -> ControlFlow<()>,
    ) -> Result<(Ended, Option<i64>), ReplayError> {
        if self.error.is_none() && matches!(self.ended, Ended::Recording | Ended::Budget) {
            let _ = self.pass_on(take, Order::finish);
        }
        add(&self.playback.tally.late, self.order.late());
        self.playback.consumed = self.position.consumed();
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.count == 0 {
            return Ok((self.ended, None));
        }
        let gaps = i64::try_from(self.count - 1).unwrap_or(i64::MAX);
        let gap = self.last.checked_div(gaps).unwrap_or(0);
        // Requests that were all made at one instant tell nothing of a rate.
        let gap = if gap > 0 { gap } else { 1_000_000_000 };
        Ok((self.ended, Some(self.base.saturating_add(self.last).saturating_add(gap))))
    }
}

/// Recorded nanoseconds at a speed. Up to 104 days they are whole in a double.
fn due(offset: i64, speed: f64) -> Duration {
    let nanos = offset.max(0) as u64;
    // Nothing is gained by dividing by one but a rounding.
    let is_as_recorded = (speed - 1.0).abs() < f64::EPSILON;
    Duration::from_nanos(if is_as_recorded { nanos } else { (nanos as f64 / speed) as u64 })
}

/// Whether the scenario names only what the format can tell.
fn check_fields(plan: &ReplayPlan, format: &'static Format) -> Result<(), ReplayError> {
    for (role, name) in &plan.fields {
        if !format.roles.contains(&role.as_str()) {
            return Err(ReplayError::NoSuchField { role: role.clone(), format });
        }
        if !(format.takes)(name) {
            return Err(ReplayError::NotASelector { name: name.clone(), format });
        }
    }
    Ok(())
}
