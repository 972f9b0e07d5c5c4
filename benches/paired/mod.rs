//! Ratios that hold on a machine whose speed drifts: contenders take turns, round by round, and
//! each round is compared with itself.

use std::fmt::Write as _;
use std::io::Write as _;

use substorm::clock::Clock;

/// Something to be timed: its name, and what one turn of it does.
pub struct Contender<'a> {
    /// How it is called in the table.
    pub name: &'a str,
    /// One turn.
    pub turn: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender.
    pub fn new(name: &'a str, turn: impl FnMut() + 'a) -> Self {
        Self { name, turn: Box::new(turn) }
    }
}

/// Least, median and greatest of some figures.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The one in the middle.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let (min, max) = (figures[0], figures[figures.len() - 1]);
        Self { min, median: figures[figures.len() / 2], max }
    }
}

/// What the contenders took, round by round.
pub struct Rounds {
    title: String,
    names: Vec<String>,
    /// Nanoseconds of a turn, by contender and round.
    nanos: Vec<Vec<f64>>,
}

impl Rounds {
    /// Lets the contenders take turns: in each of `count` rounds, `turns` turns of each.
    pub fn of(title: &str, count: usize, turns: u32, mut contenders: Vec<Contender<'_>>) -> Self {
        let clock = Clock::start();
        let mut nanos = vec![Vec::with_capacity(count); contenders.len()];
        for round in 0..=count {
            for (contender, nanos) in contenders.iter_mut().zip(&mut nanos) {
                let began = clock.now();
                (0..turns).for_each(|_| (contender.turn)());
                let took = (clock.now() - began).as_secs_f64() * 1e9 / f64::from(turns);
                // The first round warms caches up.
                if round > 0 {
                    nanos.push(took);
                }
            }
        }
        let names = contenders.iter().map(|contender| contender.name.to_owned()).collect();
        Self { title: title.to_owned(), names, nanos }
    }

    /// How many times as fast the contender is as another, over the rounds.
    pub fn ratio(&self, contender: usize, other: usize) -> Spread {
        let pairs = self.nanos[contender].iter().zip(&self.nanos[other]);
        Spread::of(pairs.map(|(own, other)| other / own).collect())
    }

    /// Turns in a second, over the rounds.
    pub fn rate(&self, contender: usize) -> Spread {
        Spread::of(self.nanos[contender].iter().map(|nanos| 1e9 / nanos).collect())
    }

    /// Prints each contender's turns a second and how fast the first is beside it; `unit` says how
    /// much of what a turn is.
    pub fn print(&self, turn: f64, unit: &str) {
        let mut text = String::new();
        for (number, name) in self.names.iter().enumerate() {
            let (rate, ratio) = (self.rate(number), self.ratio(0, number));
            let _ = writeln!(
                text,
                "{:<22} {name:<34} {:>11.0} {unit}/s   first is {:.3} / {:.3} / {:.3} of it",
                self.title,
                rate.median * turn,
                ratio.min,
                ratio.median,
                ratio.max,
            );
        }
        std::io::stdout().write_all(text.as_bytes()).expect("standard output takes it");
    }
}

/// Whether the ratios are wanted: in a benchmark without a filter, or with the filter `ratios`.
pub fn wanted() -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters = arguments.iter().filter(|argument| !argument.starts_with('-'));
    arguments.iter().any(|argument| argument == "--bench")
        && filters.clone().all(|filter| filter == "ratios")
}
