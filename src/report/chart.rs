//! `charts/verdicts.svg`: answers a second by verdict, with the faults behind them.
//!
//! Two panels share the time axis: all answers, and, on a scale of their own, those that are not
//! correct, which would be a hair's breadth in the first. Colours are those of Okabe and Ito,
//! which people with any common colour vision tell apart; the stack's order is the legend's.

use std::fmt::Display;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::outcome::Verdict;
use crate::units::grouped;

use super::history::Stretch;
use super::model::{FaultReport, RunReport};

/// The file below the folder of charts.
pub const VERDICTS_SVG: &str = "verdicts.svg";

const SIZE: (u32, u32) = (960, 620);
/// Where the lower panel and the legend begin, in pixels below the title.
const LOWER_PANEL: i32 = 280;
const LEGEND: i32 = 526;
/// Columns of the chart; longer runs are averaged over as many seconds as it takes.
const MOST_COLUMNS: usize = 600;

/// Why there is no chart.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the chart of verdicts: {0}")]
pub struct ChartError(String);

fn failed(error: impl Display) -> ChartError {
    ChartError(error.to_string())
}

type Panel<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// From the bottom of the stack to its top, with colours.
const STACK: [(Verdict, RGBColor); Verdict::COUNT] = [
    (Verdict::CorrectAccept, RGBColor(0, 158, 115)),
    (Verdict::CorrectReject, RGBColor(86, 180, 233)),
    (Verdict::Grey, RGBColor(190, 190, 190)),
    (Verdict::Unavailable, RGBColor(240, 228, 66)),
    (Verdict::Error, RGBColor(120, 120, 120)),
    (Verdict::WrongCode, RGBColor(0, 114, 178)),
    (Verdict::Misblamed, RGBColor(204, 121, 167)),
    (Verdict::FalseReject, RGBColor(230, 159, 0)),
    (Verdict::FalseAccept, RGBColor(213, 94, 0)),
    (Verdict::IdentitySwap, RGBColor(0, 0, 0)),
];

/// Answers a second from `at` on, for `length` seconds.
struct Column {
    at: f64,
    length: f64,
    rates: [f64; Verdict::COUNT],
}

fn columns(stretches: &[Stretch]) -> Vec<Column> {
    let each = stretches.len().div_ceil(MOST_COLUMNS).max(1);
    let column = |stretches: &[Stretch]| {
        let length = stretches.iter().map(|stretch| stretch.seconds).sum::<u64>() as f64;
        let mut rates = [0.0; Verdict::COUNT];
        for stretch in stretches {
            for (rate, count) in rates.iter_mut().zip(stretch.verdicts) {
                *rate += count as f64 / length;
            }
        }
        Column { at: stretches[0].second as f64, length, rates }
    };
    stretches.chunks(each).map(column).collect()
}

/// The chart as the text of an SVG file; `None` where there is no row to draw.
pub fn verdicts(report: &RunReport, course: &[Stretch]) -> Result<Option<String>, ChartError> {
    if course.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        let n: u64 = course.iter().flat_map(|stretch| stretch.verdicts).sum();
        let title = format!(
            "{}, seed {}: answers by verdict, n = {}",
            report.scenario,
            report.seed,
            grouped(n)
        );
        let area = area.titled(&title, ("sans-serif", 20)).map_err(failed)?;
        let (panels, legend) = area.split_vertically(LEGEND);
        let (upper, lower) = panels.split_vertically(LOWER_PANEL);
        let columns = columns(course);
        let wrong: Vec<Verdict> =
            STACK.iter().map(|(verdict, _)| *verdict).filter(|v| !v.is_correct()).collect();
        let all = STACK.map(|(verdict, _)| verdict);
        let time = "time since the start of load, s";
        let faults = &report.faults;
        panel(&upper, ["all answers/s", ""], &all, &columns, faults)?;
        panel(&lower, ["not correct/s", time], &wrong, &columns, faults)?;
        draw_legend(&legend, course)?;
        area.present().map_err(failed)?;
    }
    Ok(Some(svg))
}

fn panel(
    area: &Area<'_>,
    [unit, time]: [&str; 2],
    verdicts: &[Verdict],
    columns: &[Column],
    faults: &[FaultReport],
) -> Result<(), ChartError> {
    let sum = |column: &Column| verdicts.iter().map(|v| column.rates[v.index()]).sum::<f64>();
    // Room above the stack for the names of the faults.
    let room = if time.is_empty() { 1.3 } else { 1.1 };
    let top = columns.iter().map(sum).fold(0.0, f64::max).max(1.0) * room;
    let end = columns.last().map_or(1.0, |column| column.at + column.length);
    let mut panel = ChartBuilder::on(area)
        .margin_left(10)
        .margin_right(18)
        .margin_top(6)
        .set_label_area_size(LabelAreaPosition::Left, 66)
        .set_label_area_size(LabelAreaPosition::Bottom, if time.is_empty() { 20 } else { 40 })
        .build_cartesian_2d(0.0..end, 0.0..top)
        .map_err(failed)?;
    let mut mesh = panel.configure_mesh();
    mesh.disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .y_desc(unit)
        .y_labels(5)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| grouped(y.round() as u64));
    if !time.is_empty() {
        mesh.x_desc(time);
    }
    mesh.draw().map_err(failed)?;
    // Behind the stack, so that its colours stay what the legend says.
    draw_bands(&mut panel, faults, end, top)?;
    draw_stack(&mut panel, verdicts, columns)?;
    if time.is_empty() { draw_names(&mut panel, faults, end, top) } else { Ok(()) }
}

fn draw_stack(
    panel: &mut Panel<'_, '_>,
    verdicts: &[Verdict],
    columns: &[Column],
) -> Result<(), ChartError> {
    let mut floor = vec![0.0; columns.len()];
    for (verdict, colour) in STACK.iter().filter(|(verdict, _)| verdicts.contains(verdict)) {
        let rates: Vec<f64> = columns.iter().map(|column| column.rates[verdict.index()]).collect();
        if rates.iter().all(|rate| *rate == 0.0) {
            continue;
        }
        let roof: Vec<f64> = floor.iter().zip(&rates).map(|(low, rate)| low + rate).collect();
        // Steps, not slopes: a row says what a whole second held.
        let steps = |heights: &[f64]| -> Vec<(f64, f64)> {
            let corners = columns.iter().zip(heights);
            corners.flat_map(|(c, y)| [(c.at, *y), (c.at + c.length, *y)]).collect()
        };
        let mut outline = steps(&roof);
        outline.extend(steps(&floor).into_iter().rev());
        panel
            .draw_series(std::iter::once(Polygon::new(outline, colour.filled())))
            .map_err(failed)?;
        floor = roof;
    }
    Ok(())
}

/// A band for a fault with a duration, a line at its beginning for all.
fn draw_bands(
    panel: &mut Panel<'_, '_>,
    faults: &[FaultReport],
    end: f64,
    top: f64,
) -> Result<(), ChartError> {
    for fault in faults.iter().filter(|fault| fault.at < end) {
        let until = fault.until.unwrap_or(fault.at).min(end);
        let band = Rectangle::new([(fault.at, 0.0), (until, top)], BLACK.mix(0.10).filled());
        panel.draw_series(std::iter::once(band)).map_err(failed)?;
        let edge = [(fault.at, 0.0), (fault.at, top)];
        let edge = PathElement::new(edge, BLACK.mix(0.6).stroke_width(1));
        panel.draw_series(std::iter::once(edge)).map_err(failed)?;
    }
    Ok(())
}

fn draw_names(
    panel: &mut Panel<'_, '_>,
    faults: &[FaultReport],
    end: f64,
    top: f64,
) -> Result<(), ChartError> {
    let font = ("sans-serif", 12).into_font();
    for (n, fault) in faults.iter().filter(|fault| fault.at < end).enumerate() {
        // Neighbours' names stand on different lines; near the right edge they would run out.
        let line = top * (0.99 - 0.055 * (n % 4) as f64);
        let late = fault.at > end * 0.82;
        let at = if late { fault.at - end * 0.16 } else { fault.at + end * 0.004 };
        let name = Text::new(fault.kind.clone(), (at, line), font.clone());
        panel.draw_series(std::iter::once(name)).map_err(failed)?;
    }
    Ok(())
}

/// Every verdict that occurred, with how often.
fn draw_legend(area: &Area<'_>, course: &[Stretch]) -> Result<(), ChartError> {
    const PER_LINE: i32 = 4;
    let shown = STACK.iter().filter_map(|(verdict, colour)| {
        let n: u64 = course.iter().map(|stretch| stretch.verdicts[verdict.index()]).sum();
        (n > 0).then(|| (format!("{} (n = {})", verdict.name(), grouped(n)), *colour))
    });
    for (place, (text, colour)) in (0..).zip(shown) {
        let x = 66 + (place % PER_LINE) * 222;
        let y = 6 + (place / PER_LINE) * 19;
        let swatch = Rectangle::new([(x, y), (x + 12, y + 12)], colour.filled());
        area.draw(&swatch).map_err(failed)?;
        area.draw(&Text::new(text, (x + 18, y), ("sans-serif", 13))).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn course(seconds: u64) -> Vec<Stretch> {
        let row = |second| {
            let mut row = Stretch { second, seconds: 1, verdicts: [0; Verdict::COUNT] };
            row.verdicts[Verdict::CorrectAccept.index()] = 1_900 + second % 7 * 20;
            row.verdicts[Verdict::CorrectReject.index()] = second * 4;
            if (10..13).contains(&second) {
                row.verdicts[Verdict::FalseAccept.index()] = 40 - (second - 10) * 12;
            }
            if (20..25).contains(&second) {
                row.verdicts[Verdict::Unavailable.index()] = 230;
                row.verdicts[Verdict::Error.index()] = 5;
            }
            row
        };
        (0..seconds).map(row).collect()
    }

    #[test]
    fn shows_what_occurred_with_its_number_and_the_faults() {
        let svg = verdicts(&sample::deleted_users(), &course(35)).unwrap().unwrap();
        for wanted in [
            "deleted-users, seed 7",
            "false_accept (n = 84)",
            "unavailable (n = 1,150)",
            "store-outage",
            "user-delete",
            "time since the start of load, s",
        ] {
            assert!(svg.contains(wanted), "{wanted}");
        }
        assert!(!svg.contains("identity_swap"));
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn a_long_run_is_averaged_and_stays_small() {
        let long = columns(&course(36_000));
        assert_eq!(long.len(), 600);
        let mean =
            long.iter().map(|c| c.rates[Verdict::CorrectAccept.index()]).sum::<f64>() / 600.0;
        assert!((mean - 1_960.0).abs() < 2.0, "{mean}");
        let svg = verdicts(&sample::correct(), &course(36_000)).unwrap().unwrap();
        assert!(svg.len() < 300_000, "{}", svg.len());
    }

    #[test]
    fn nothing_to_draw_is_no_chart() {
        assert!(verdicts(&sample::correct(), &[]).unwrap().is_none());
        // A second without a single answer is drawn all the same.
        let quiet = [Stretch { second: 0, seconds: 1, verdicts: [0; Verdict::COUNT] }];
        assert!(verdicts(&RunReport::default(), &quiet).unwrap().is_some());
    }

    #[test]
    fn every_verdict_has_its_own_colour() {
        for (n, (verdict, colour)) in STACK.iter().enumerate() {
            assert!(STACK[n + 1..].iter().all(|(v, c)| v != verdict && c != colour));
        }
    }
}
