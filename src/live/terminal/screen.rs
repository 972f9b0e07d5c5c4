//! The terminal, taken and given back.
//!
//! While it is taken it is in raw mode and shows its other screen. It is given back once: by
//! [`Screen::give_back`], by dropping, or by the first panic of any thread, whose message would
//! otherwise be lost with the other screen.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};

/// Whether a view has the terminal. There is one terminal a process.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while it is taken.
#[derive(Debug)]
pub struct Screen<W: Write> {
    terminal: Terminal<CrosstermBackend<io::BufWriter<W>>>,
}

impl<W: Write> Screen<W> {
    /// Takes the terminal that `out` writes to.
    pub fn take(out: W) -> io::Result<Self> {
        HOOK.call_once(give_back_on_panic);
        let terminal = Terminal::new(CrosstermBackend::new(io::BufWriter::new(out)))?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // From here on dropping gives it back.
        let mut screen = Self { terminal };
        // The terminal's own way to clear asks where the cursor is, which not every terminal answers.
        execute!(screen.terminal.backend_mut(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(screen)
    }

    /// Whether it is still taken: a panic elsewhere gives it back.
    #[expect(clippy::unused_self, reason = "who has no screen has nothing to ask")]
    pub fn is_ours(&self) -> bool {
        TAKEN.load(Ordering::SeqCst)
    }

    /// Draws what has changed.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(picture).map(|_| ())
    }

    /// Gives the terminal back as it was.
    pub fn give_back(mut self) -> io::Result<()> {
        self.restore()
    }

    fn restore(&mut self) -> io::Result<()> {
        if TAKEN.swap(false, Ordering::SeqCst) {
            let left = execute!(self.terminal.backend_mut(), LeaveAlternateScreen, Show);
            disable_raw_mode()?;
            left?;
        }
        Ok(())
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.restore();
    }
}

fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        abandon();
        before(panic);
    }));
}

/// Gives the terminal back although a view still has it, which does not draw any more.
pub fn abandon() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
