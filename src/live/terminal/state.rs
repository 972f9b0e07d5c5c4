//! What the view shows: the moment, and what was asked of the view itself.

use ratatui::style::{Color, Modifier, Style};

use crate::outcome::Verdict;
use crate::report::model::Severity;

use super::Shown;

/// Everything that a picture is drawn from.
#[derive(Clone, Debug)]
pub struct State {
    /// What is shown.
    pub moment: Shown,
    /// The newest one, which is not shown while the view is paused.
    newest: Shown,
    /// Whether the view stands still.
    pub is_paused: bool,
    /// Whether the help lies over it.
    pub shows_help: bool,
    /// How often the run was asked to end.
    pub asked_to_end: u32,
    /// Moments that there was no time for.
    pub missed: u64,
    /// How it is coloured.
    pub palette: Palette,
}

/// Colours, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen, so that its theme holds.
    Coloured,
    /// Bold and dim alone.
    Plain,
}

impl State {
    /// The view of a moment.
    pub fn new(moment: Shown, palette: Palette) -> Self {
        Self {
            newest: Shown::clone(&moment),
            moment,
            is_paused: false,
            shows_help: false,
            asked_to_end: 0,
            missed: 0,
            palette,
        }
    }

    /// Takes a new moment; whether it must be drawn.
    pub fn show(&mut self, moment: Shown) -> bool {
        self.newest = moment;
        if !self.is_paused {
            self.moment = Shown::clone(&self.newest);
        }
        !self.is_paused
    }

    /// Stands still, or goes on from where the run is by now.
    pub fn pause(&mut self) {
        self.is_paused = !self.is_paused;
        self.moment = Shown::clone(&self.newest);
    }

    /// Whether the run has ended.
    pub fn is_over(&self) -> bool {
        self.newest.end.is_some()
    }
}

impl Palette {
    fn colour(self, colour: Color) -> Style {
        match self {
            Self::Coloured => Style::new().fg(colour),
            Self::Plain => Style::new(),
        }
    }

    /// Names of figures, rules, and what matters less.
    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What matters most.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// As it should be.
    pub fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// To be looked at.
    pub fn doubt(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Wrong.
    pub fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A fault, which is wrong on purpose.
    pub fn fault(self) -> Style {
        self.colour(Color::Magenta)
    }

    /// The bars of times.
    pub fn bar(self) -> Style {
        self.colour(Color::Cyan)
    }

    /// Of a verdict.
    pub fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::CorrectAccept | Verdict::CorrectReject => self.good(),
            Verdict::Grey => self.faint(),
            Verdict::Unavailable | Verdict::WrongCode => self.doubt(),
            _ => self.bad(),
        }
    }

    /// Of a finding.
    pub fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical | Severity::Wrong => self.bad(),
            Severity::Doubt => self.doubt(),
            Severity::Note => Style::new(),
            Severity::Good => self.good(),
        }
    }
}
