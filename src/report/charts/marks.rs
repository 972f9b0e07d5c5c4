//! What happened when: faults above the plots of a chart over time, phases below them.
//!
//! Names never overlap. Faults stand in lanes; those that find no room there keep their bars and are
//! counted. A phase that is too narrow for its name keeps its place and is counted.

use plotters::element::{Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use crate::report::course::Stretch;
use crate::report::events::Event;
use crate::report::model::{FaultReport, PhaseReport};

use super::Input;
use super::axis::Axis;
use super::style::{AXIS, EDGE, MUTED, SMALL, lettering, stroke};
use super::surface::{Point, Rect, Sheet};
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
    pub fn draw_faults(&self, sheet: &Sheet, (left, top): Point, room: f64) -> (f64, usize) {
        let lanes = self.lanes(left, room);
        let count = lanes.iter().flatten().map(|(lane, _)| lane + 1).max().unwrap_or(0);
        let unnamed = lanes.iter().filter(|lane| lane.is_none()).count();
        let style = lettering(SMALL, &MUTED, HPos::Left);
        let mut bars = Vec::new();
        for ((fault, (x, until)), lane) in self.faults.iter().zip(self.bars(left, room)).zip(lanes)
        {
            let lane_top = top + lane.map_or(count, |(lane, _)| lane) as f64 * LANE;
            let y = if lane.is_some() { lane_top + 13.5 } else { lane_top + 1.0 };
            let bar = Rect { x, y, width: until - x, height: 3.0 };
            bars.push(Rectangle::new(bar.corners(), EDGE.filled()));
            if let Some((_, text)) = lane {
                let name = fitted(&fault.name, SMALL, room);
                sheet.draw(&Text::new(name, (text, lane_top + 10.5), &style));
            }
        }
        sheet.draw_series(bars);
        let rest = if unnamed > 0 { REST } else { 0.0 };
        let space = if count > 0 { 4.0 } else { 0.0 };
        (count as f64 * LANE + rest + space, unnamed)
    }

    /// Bands behind a plot.
    pub fn bands(&self, plot: Rect) -> impl Iterator<Item = Rect> {
        let bars = self.bars(plot.x, plot.width).into_iter();
        bars.map(move |(from, until)| Rect { x: from, width: until - from, ..plot })
    }

    /// Lines over a plot where faults begin and end.
    pub fn edges(&self, plot: Rect) -> impl Iterator<Item = [Point; 2]> {
        let bars = self.bars(plot.x, plot.width).into_iter();
        let mut places: Vec<f64> = bars.flat_map(|(from, until)| [from, until]).collect();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|a, b| (*a - *b).abs() < 3.0);
        places.into_iter().map(move |x| [(x, plot.y), (x, plot.bottom())])
    }

    /// Draws the phases from `top` on; gives how many have no name there.
    pub fn draw_phases(&self, sheet: &Sheet, (left, top): Point, room: f64) -> u64 {
        let axis = self.axis();
        let at = |time: f64| left + room * axis.place(time);
        let ends = |phase: &Span| (at(phase.from), at(phase.until));
        for (is_warm_up, dash) in [(false, ""), (true, "2 2")] {
            let phases = self.phases.iter().filter(|phase| phase.warm_up == is_warm_up);
            sheet.draw_series(phases.map(ends).map(|(from, until)| {
                // A gap between neighbours, however narrow they are.
                let gap = ((until - from) * 0.2).min(1.5);
                let until = (until - gap).max(from + gap + 0.5);
                stroke(&AXIS, 2.0, dash).path([(from + gap, top + 2.0), (until, top + 2.0)])
            }));
        }
        let style = lettering(SMALL, &MUTED, HPos::Center);
        let mut unnamed = 0;
        for phase in &self.phases {
            let (from, until) = ends(phase);
            let room = until - from - 6.0;
            let name = fitted(&phase.name, SMALL, room);
            if name == phase.name || room >= NARROW && !name.is_empty() {
                sheet.draw(&Text::new(name, (f64::midpoint(from, until), top + 14.0), &style));
            } else {
                unnamed += 1;
            }
        }
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
