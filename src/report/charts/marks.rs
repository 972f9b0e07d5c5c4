//! What happened when: faults above the plots of a chart over time, phases below them.
//!
//! Names never overlap. Faults stand in lanes; those that find no room there keep their bars and are
//! counted. A phase that is too narrow for its name keeps its place and is counted.

use crate::report::course::Stretch;
use crate::report::events::Event;
use crate::report::model::{FaultReport, PhaseReport};

use super::Input;
use super::axis::Axis;
use super::style::{AXIS, EDGE, MUTED, SMALL};
use super::svg::{Anchor, Canvas, Path, Rect};
use super::text::{fitted, width};

/// Lanes of faults with names.
const LANES: usize = 4;
/// Height of a lane: a name, and the bar below it.
const LANE: f64 = 18.0;
/// Height of the lane for faults that found no room.
const REST: f64 = 8.0;
/// The least between two names.
const GAP: f64 = 10.0;
/// A phase narrower than this has no part of its name either.
const NARROW: f64 = 34.0;

/// A time with a name, in seconds from the start of load.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What it is called.
    pub name: String,
    /// When it begins.
    pub from: f64,
    /// When it ends; as it begins for something that happens at an instant.
    pub until: f64,
    /// A phase that is left out of the figures.
    pub warm_up: bool,
}

/// Faults and phases of a run.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// By their beginning.
    pub faults: Vec<Span>,
    /// One after the other.
    pub phases: Vec<Span>,
    /// The end of the time axis, in seconds.
    pub end: f64,
}

impl Marks {
    /// Of a run; where its report knows nothing (a run that was killed at once), what the course
    /// tells.
    pub fn of(input: &Input<'_>) -> Self {
        let end = input.course.end() as f64;
        let under_way = input.course.under_way();
        let fault = |(fault, name): (&FaultReport, String)| {
            // One that has not ended goes on; others without an end happen at an instant.
            let goes_on =
                input.report.partial && under_way.split('+').any(|kind| kind == fault.kind);
            let until = fault.until.unwrap_or(if goes_on { end } else { fault.at });
            Span { name, from: fault.at, until: until.max(fault.at), warm_up: false }
        };
        let phase = |phase: &PhaseReport| Span {
            name: phase.name.clone(),
            from: phase.at,
            until: phase.until,
            warm_up: phase.warm_up,
        };
        let mut faults: Vec<Span> =
            input.report.faults.iter().zip(input.report.fault_names()).map(fault).collect();
        let mut phases: Vec<Span> = input.report.phases.iter().map(phase).collect();
        if phases.is_empty() {
            let course = input.course;
            phases = spans(input, |stretch| course.phase(stretch));
            faults = spans(input, |stretch| course.faults(stretch));
        }
        // Notes stand among them: such as the end of load, if answers came later.
        faults.extend(input.events.iter().filter_map(|event| match event {
            Event::Note { at, text } if *at > 0.0 && *at < end - 0.5 => {
                Some(Span { name: text.clone(), from: *at, until: *at, warm_up: false })
            }
            _ => None,
        }));
        faults.retain(|fault| fault.from < end);
        phases.retain(|phase| phase.from < end);
        faults.sort_by(|a, b| a.from.total_cmp(&b.from));
        Self { faults, phases, end }
    }

    /// The time axis of every plot.
    pub fn axis(&self) -> Axis {
        Axis::time(self.end)
    }

    /// Where each fault lies in pixels; an instant is as wide as can be seen.
    fn bars(&self, left: f64, room: f64) -> Vec<(f64, f64)> {
        let axis = self.axis();
        let at = |time: f64| left + room * axis.place(time);
        let bar = |fault: &Span| (at(fault.from), at(fault.until).max(at(fault.from) + 2.0));
        self.faults.iter().map(bar).collect()
    }

    /// Which lane each fault's name stands in, and from where on; `None` for those without room.
    fn lanes(&self, left: f64, room: f64) -> Vec<Option<(usize, f64)>> {
        let mut ends: Vec<f64> = Vec::new();
        let place = |(fault, (from, until)): (&Span, (f64, f64))| {
            let wide = width(&fitted(&fault.name, SMALL, room), SMALL);
            // Near the right edge a name ends there.
            let text = from.min(left + room - wide);
            let free = ends.iter().position(|end| end + GAP <= text);
            let lane = free.or((ends.len() < LANES).then_some(ends.len()))?;
            if lane == ends.len() {
                ends.push(0.0);
            }
            ends[lane] = until.max(text + wide);
            Some((lane, text))
        };
        self.faults.iter().zip(self.bars(left, room)).map(place).collect()
    }

    /// Draws names and bars of the faults from `top` on; gives the height that it took, and how
    /// many have no name there.
    pub fn draw_faults(
        &self,
        canvas: &mut Canvas,
        (left, top): (f64, f64),
        room: f64,
    ) -> (f64, usize) {
        let lanes = self.lanes(left, room);
        let count = lanes.iter().flatten().map(|(lane, _)| lane + 1).max().unwrap_or(0);
        let unnamed = lanes.iter().filter(|lane| lane.is_none()).count();
        let mut bars = Path::default();
        for ((fault, (x, until)), lane) in self.faults.iter().zip(self.bars(left, room)).zip(lanes)
        {
            let lane_top = top + lane.map_or(count, |(lane, _)| lane) as f64 * LANE;
            let y = if lane.is_some() { lane_top + 13.5 } else { lane_top + 1.0 };
            bars.rectangle(Rect { x, y, width: until - x, height: 3.0 });
            if let Some((_, text)) = lane {
                let name = fitted(&fault.name, SMALL, room);
                canvas.text((text, lane_top + 10.5), Anchor::Start, SMALL, &MUTED, &name);
            }
        }
        canvas.area(&bars, &EDGE);
        let rest = if unnamed > 0 { REST } else { 0.0 };
        let space = if count > 0 { 4.0 } else { 0.0 };
        (count as f64 * LANE + rest + space, unnamed)
    }

    /// Bands behind a plot.
    pub fn bands(&self, plot: Rect) -> Path {
        let mut bands = Path::default();
        for (from, until) in self.bars(plot.x, plot.width) {
            bands.rectangle(Rect { x: from, width: until - from, ..plot });
        }
        bands
    }

    /// Lines over a plot where faults begin and end.
    pub fn edges(&self, plot: Rect) -> Path {
        let mut edges = Path::default();
        let mut places: Vec<f64> = self
            .bars(plot.x, plot.width)
            .into_iter()
            .flat_map(|(from, until)| [from, until])
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|a, b| (*a - *b).abs() < 3.0);
        for x in places {
            edges.move_to(x, plot.y).up_or_down(plot.bottom());
        }
        edges
    }

    /// Draws the phases from `top` on; gives how many have no name there.
    pub fn draw_phases(&self, canvas: &mut Canvas, (left, top): (f64, f64), room: f64) -> u64 {
        let axis = self.axis();
        let at = |time: f64| left + room * axis.place(time);
        let (mut bars, mut dashed) = (Path::default(), Path::default());
        let mut unnamed = 0;
        for phase in &self.phases {
            let (from, until) = (at(phase.from), at(phase.until));
            let path = if phase.warm_up { &mut dashed } else { &mut bars };
            // A gap between neighbours, however narrow they are.
            let gap = ((until - from) * 0.2).min(1.5);
            path.move_to(from + gap, top + 2.0).across((until - gap).max(from + gap + 0.5));
            let room = until - from - 6.0;
            let name = fitted(&phase.name, SMALL, room);
            if name == phase.name || room >= NARROW && !name.is_empty() {
                let middle = f64::midpoint(from, until);
                canvas.text((middle, top + 14.0), Anchor::Middle, SMALL, &MUTED, &name);
            } else {
                unnamed += 1;
            }
        }
        canvas.line(&bars, &AXIS, 2.0, "");
        canvas.line(&dashed, &AXIS, 2.0, "2 2");
        unnamed
    }
}

/// Stretches that follow each other under one name.
fn spans<'a>(input: &Input<'a>, name: impl Fn(&'a Stretch) -> &'a str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for stretch in input.course.stretches() {
        let name = name(stretch);
        let (from, until) = (stretch.second as f64, (stretch.second + stretch.seconds) as f64);
        match spans.last_mut() {
            Some(last) if last.name == name && last.until >= from => last.until = until,
            _ => spans.push(Span { name: name.to_owned(), from, until, warm_up: false }),
        }
    }
    spans.retain(|span| !span.name.is_empty());
    spans
}
