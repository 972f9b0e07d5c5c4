//! A run on the whole terminal, drawn anew when there is something new.
//!
//! [`draw()`] is a pure function of what it shows. [`watch()`] owns the terminal for as long as the
//! run goes, and gives it back as it was: at the end, on an error, and when something panics.
//!
//! Keys end the run as Ctrl-C does elsewhere: raw mode keeps the terminal from sending the signal,
//! so the view sends it.

mod draw;
mod figures;
mod panels;
mod screen;
mod state;
mod words;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rustix::process::{Signal, getpid, kill_process};

pub use draw::draw;
pub use screen::abandon;
pub use state::{Palette, State};

use self::screen::Screen;
use super::feed::Subscriber;

/// How long a key waits for the view to look at it, and a moment to be drawn, at most.
const LOOK: Duration = Duration::from_millis(100);

/// Shows the run on `out`, which is the terminal, until it ends.
pub fn watch(mut feed: Subscriber, out: impl Write, palette: Palette) -> io::Result<()> {
    let mut screen = Screen::take(out)?;
    let mut state = State::new(feed.newest(), palette);
    let mut is_due = true;
    while !state.is_over() && screen.is_ours() {
        if is_due {
            screen.draw(|frame| draw(frame, &state))?;
        }
        is_due = false;
        if event::poll(LOOK)? {
            is_due = take(&event::read()?, &mut state);
        }
        if let Some(moment) = feed.news() {
            is_due |= state.show(moment);
            state.missed = feed.missed();
        }
    }
    screen.give_back()
}

/// Does what an event asks for; whether it must be drawn.
fn take(event: &Event, state: &mut State) -> bool {
    match event {
        Event::Resize(..) => true,
        Event::Key(key) if key.kind == KeyEventKind::Press => {
            match asked(*key) {
                Asked::End => {
                    state.asked_to_end = state.asked_to_end.saturating_add(1);
                    // Whoever watches for signals tells the first from the second.
                    let _ = kill_process(getpid(), Signal::INT);
                }
                Asked::Pause => state.pause(),
                Asked::Help => state.shows_help = !state.shows_help,
                Asked::Back => state.shows_help = false,
                Asked::Nothing => return false,
            }
            true
        }
        _ => false,
    }
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    End,
    Pause,
    Help,
    Back,
    Nothing,
}

fn asked(key: KeyEvent) -> Asked {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => Asked::End,
        KeyCode::Char(_) if control => Asked::Nothing,
        KeyCode::Char('q') => Asked::End,
        KeyCode::Char('p' | ' ') => Asked::Pause,
        KeyCode::Char('?' | 'h') => Asked::Help,
        KeyCode::Esc => Asked::Back,
        _ => Asked::Nothing,
    }
}

/// The newest moment of a view.
type Shown = Arc<super::Moment>;

#[cfg(test)]
mod tests;
