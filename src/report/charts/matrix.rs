//! What should have been answered against what was: truth by class of answer.

use plotters::element::{Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use crate::outcome::{Class, Truth};
use crate::report::model::ByName;
use crate::report::wording::percent;
use crate::units::grouped;

use super::axis::{Axis, Scale, Unit};
use super::frame::Frame;
use super::hover::{Plot, Series};
use super::outline::PIXEL;
use super::style::{
    BACKGROUND, HEAT_1, HEAT_2, HEAT_3, HEAT_4, HEAT_6, HEAT_7, HEAT_8, Ink, LABEL, MUTED, SMALL,
    TEXT, Theme, VERMILION, WIDTH, lettering,
};
use super::surface::Rect;
use super::text::fitted;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "matrix",
    title: "Truth by answer",
    about: "Columns are what the right answer was, rows what was answered; a cell has the number \
            of answers and their share of the column. Framed cells are wrong: somebody was let in \
            who must not be, or turned away who must be let in. Warm-up is left out.",
    draw,
};

/// Where the columns begin.
const LEFT: f64 = 170.0;
const RIGHT: f64 = 16.0;
const ROW: f64 = 40.0;
/// Levels on which either text or background colour is legible, in both themes.
static LEVELS: [&Ink; 7] = [&HEAT_1, &HEAT_2, &HEAT_3, &HEAT_4, &HEAT_6, &HEAT_7, &HEAT_8];
/// Up to this one the colour of text is.
const DARK_TEXT: usize = 4;

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let matrix = &input.report.matrix;
    let truths: Vec<(Truth, &ByName)> = Truth::ALL
        .into_iter()
        .filter_map(|truth| Some((truth, matrix.get(truth.name())?)))
        .collect();
    let n: u64 = truths.iter().flat_map(|(_, answers)| answers.values()).sum();
    if n == 0 {
        return None;
    }
    let of = |answers: &ByName, class: Class| answers.get(class.name()).copied().unwrap_or(0);
    let classes: Vec<Class> = Class::ALL
        .into_iter()
        .filter(|class| truths.iter().any(|(_, answers)| of(answers, *class) > 0))
        .collect();
    let figures = format!("n = {} answers, warm-up left out", grouped(n));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let is_any_wrong = truths
        .iter()
        .any(|(truth, row)| classes.iter().any(|c| is_wrong(*truth, *c) && of(row, *c) > 0));
    let note = if is_any_wrong { "framed: wrong answers" } else { "no wrong answer" };
    let style = lettering(LABEL, &MUTED, HPos::Left);
    frame.sheet.draw(&Text::new(note, (16.0, frame.y + 14.0), style));
    let top = frame.y + 52.0;
    // A cell of a single column would be a bar.
    let wide = ((WIDTH - LEFT - RIGHT) / truths.len() as f64).min(220.0);
    let most = truths.iter().flat_map(|(_, answers)| answers.values()).max().copied();
    let mut wrong = Vec::new();
    for (column, (truth, answers)) in truths.iter().enumerate() {
        let sum: u64 = answers.values().sum();
        let x = LEFT + wide * column as f64;
        let middle = x + wide / 2.0;
        let text = |y, size, ink, text: &str| {
            let text = fitted(text, size, wide - 8.0);
            frame.sheet.draw(&Text::new(text, (middle, y), lettering(size, ink, HPos::Center)));
        };
        text(top - 22.0, LABEL, &TEXT, truth.name());
        text(top - 7.0, SMALL, &MUTED, &format!("n = {}", grouped(sum)));
        for (row, class) in classes.iter().enumerate() {
            let y = top + ROW * row as f64;
            let rect = Rect { x: x + 1.5, y: y + 1.5, width: wide - 3.0, height: ROW - 3.0 };
            let count = of(answers, *class);
            let Some(level) = level(count, most.unwrap_or(1)) else {
                text(y + ROW / 2.0 + 4.0, SMALL, &MUTED, "0");
                continue;
            };
            frame.sheet.draw(&Rectangle::new(rect.corners(), LEVELS[level].filled()));
            let ink = if level < DARK_TEXT { &TEXT } else { &BACKGROUND };
            text(y + 18.0, 13.0, ink, &grouped(count));
            text(y + 32.0, SMALL, ink, &percent(count, sum));
            if is_wrong(*truth, *class) {
                wrong.push(Rectangle::new(rect.corners(), VERMILION.stroke_width(3 * PIXEL)));
            }
        }
    }
    frame.sheet.draw_series(wrong);
    let style = lettering(LABEL, &TEXT, HPos::Right);
    for (row, class) in classes.iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5) + 4.0;
        frame.sheet.draw(&Text::new(class.name(), (LEFT - 10.0, y), &style));
        let (y, width) = (top + ROW * row as f64, wide * truths.len() as f64);
        frame.hover_named(values(*class, &truths, Rect { x: LEFT, y, width, height: ROW }));
    }
    frame.y = top + ROW * classes.len() as f64 + 4.0;
    Some(frame.finish())
}

/// One row's cells: how many of each truth were answered so.
fn values(class: Class, truths: &[(Truth, &ByName)], rect: Rect) -> Plot {
    let of = |answers: &ByName| answers.get(class.name()).copied().unwrap_or(0);
    let series = |name: &str, unit, value: &dyn Fn(&ByName) -> f64| Series {
        name: name.into(),
        unit,
        values: truths.iter().map(|(_, answers)| Some(value(answers))).collect(),
    };
    let share = |answers: &ByName| of(answers) as f64 / answers.values().sum::<u64>().max(1) as f64;
    let axis = |name, to| Axis { name, unit: Unit::Count, scale: Scale::Linear, from: 0.0, to };
    let name = |truth: &Truth| format!("{}, answered {}", truth.name(), class.name());
    Plot {
        rect,
        x: axis("truth", truths.len() as f64),
        y: axis("answer", 1.0),
        at: (0..truths.len()).map(|column| column as f64).collect(),
        names: truths.iter().map(|(truth, _)| name(truth)).collect(),
        steps: true,
        series: vec![
            series("answers", Unit::Count, &|answers| of(answers) as f64),
            series("share of the column", Unit::Share, &share),
        ],
    }
}

/// The level of a count, by its logarithm; `None` for none.
fn level(count: u64, most: u64) -> Option<usize> {
    let place = (count as f64).ln_1p() / (most as f64).ln_1p();
    (count > 0).then(|| ((place * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1))
}

/// Whether an answer says the opposite of the truth. Others may be wrong for other reasons: a right
/// reject with a wrong code, or a failure.
fn is_wrong(truth: Truth, class: Class) -> bool {
    match truth {
        Truth::MustAccept => class.is_reject(),
        Truth::MustRejectAbsent | Truth::MustRejectDisabled | Truth::MustRejectToken => {
            class == Class::Accepted
        }
        Truth::Grey => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::course::Course;
    use crate::report::model::RunReport;

    #[test]
    fn each_row_has_its_own_values_under_the_pointer() {
        let mut report = RunReport::default();
        for (truth, class, count) in [
            (Truth::MustAccept, Class::Accepted, 90),
            (Truth::MustAccept, Class::UserNotFound, 10),
            (Truth::MustRejectAbsent, Class::Accepted, 1),
            (Truth::MustRejectAbsent, Class::UserNotFound, 3),
        ] {
            let answers = report.matrix.entry(truth.name().into()).or_default();
            answers.insert(class.name().into(), count);
        }
        let input = Input { report: &report, course: &Course::default(), events: &[] };
        let plots = draw(&input, Theme::Light).unwrap().hover.plots;
        assert!(plots.len() == 2 && plots[0].rect.bottom() <= plots[1].rect.y);
        for (class, counts, shares) in [
            (Class::Accepted, [90.0, 1.0], [0.9, 0.25]),
            (Class::UserNotFound, [10.0, 3.0], [0.1, 0.75]),
        ] {
            let plot = &plots[usize::from(class != Class::Accepted)];
            let truths = [Truth::MustAccept, Truth::MustRejectAbsent];
            let names = truths.map(|truth| format!("{}, answered {}", truth.name(), class.name()));
            assert_eq!(plot.names, names);
            let values: Vec<_> = plot.series.iter().map(|series| &series.values[..]).collect();
            assert_eq!(values, [counts, shares].map(|values| values.map(Some)), "{names:?}");
        }
    }
}
