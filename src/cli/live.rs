//! Views of a run while it goes: which there are, and the threads that they live on.

use std::io::{self, IsTerminal, Write as _};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::live::terminal::Palette;
use crate::live::{Feed, Wants};
use crate::report::Observer as _;
use crate::units::parse_span;

use super::progress::{self, Lines, PATIENCE};
use super::serve::{Served, Serving};
use super::{output, terminal};

/// How a run is shown while it goes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "While the run goes",
          group = clap::ArgGroup::new("served").args(["serve", "metrics"]).multiple(true))]
pub struct LiveArgs {
    /// No progress, only the summary
    #[arg(long, short)]
    quiet: bool,
    /// Lines instead of the whole terminal; so it is without a terminal and in CI in any case
    #[arg(long)]
    no_tui: bool,
    /// A page that shows the run and then becomes its report, at a port or an address
    ///
    /// A port alone is one of this machine, which nobody else reaches. So it is with 127.0.0.1; with
    /// any other address, whoever reaches it sees the run.
    #[arg(long, value_name = "ADDR")]
    pub(super) serve: Option<super::serve::ListenAddr>,
    /// A name by which browsers may call the page, besides localhost and addresses
    #[arg(long, value_name = "NAME", requires = "serve")]
    pub(super) serve_name: Vec<String>,
    /// Metrics for Prometheus at /metrics of a port or an address, likewise
    #[arg(long, value_name = "ADDR")]
    pub(super) metrics: Option<super::serve::ListenAddr>,
    /// How long page and metrics stay after the run; needs --serve or --metrics [default: on a
    /// terminal the page stays until Ctrl-C, else 0s]
    #[arg(long, value_name = "TIME", value_parser = parse_span, requires = "served")]
    pub(super) linger: Option<Duration>,
    /// Send metrics to an OTLP/HTTP receiver, such as http://127.0.0.1:4318
    ///
    /// Headers, such as those that authorise, are read from OTEL_EXPORTER_OTLP_HEADERS.
    #[arg(long, value_name = "URL")]
    pub(super) otlp: Option<String>,
}

/// Everything that watches a run.
pub struct Views {
    feed: Arc<Feed>,
    screen: Option<JoinHandle<io::Result<()>>>,
    served: Option<Served>,
}

/// How the run is shown on this terminal, or in this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Nothing,
    Lines(Lines),
    Whole,
}

impl Views {
    /// Starts them; what cannot be listened on is known before the run begins.
    /// `title` is the scenario's name and its sentence about itself.
    pub fn start(args: &LiveArgs, title: (String, String)) -> anyhow::Result<Self> {
        let serving = Serving::prepare(args)?;
        let show = show(args, Surroundings::here());
        let feed = Arc::new(Feed::new(Wants { tally: serving.wants_tally() }));
        if show == Show::Whole {
            // What was said of it stands on the screen that is about to be covered.
            serving.warnings().iter().for_each(|text| feed.remark(&format!("warning: {text}")));
        }
        let screen = show_on_screen(show, &feed)?;
        let served = serving.start(&feed, title)?;
        if let Some(served) = served.as_ref().filter(|_| show == Show::Whole) {
            // Lines tell it as a remark; on the whole terminal that would go with the view.
            served.announced().iter().for_each(|text| output::say(text));
        }
        Ok(Self { feed, screen, served })
    }

    /// Who is told how the run goes.
    pub fn observer(&self) -> Arc<Feed> {
        Arc::clone(&self.feed)
    }

    /// The run is over: gives the terminal back, so that something else can be printed.
    pub fn end_screen(&mut self, has_report: bool) {
        if !has_report {
            self.feed.give_up();
        }
        let Some(screen) = self.screen.take() else { return };
        let (wait, step) = (PATIENCE, Duration::from_millis(10));
        for _ in 0..(wait.as_millis() / step.as_millis()) {
            if screen.is_finished() {
                break;
            }
            thread::sleep(step);
        }
        // A view that stands still, on a pipe that nobody reads, must not keep the process.
        if screen.is_finished() {
            match screen.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    output::warn(&format!("the view of the run ended early: {error}"));
                }
                Err(_) => output::warn("the view of the run panicked; the run went on without it"),
            }
        } else {
            crate::live::terminal::abandon();
        }
    }

    /// Ends what is served, after as long as it is to stay; `interrupted` is `None` without a report.
    pub fn end(self, interrupted: Option<bool>) {
        if let Some(served) = self.served {
            served.end(interrupted);
        }
    }
}

fn show_on_screen(show: Show, feed: &Arc<Feed>) -> io::Result<Option<JoinHandle<io::Result<()>>>> {
    let view = feed.subscribe();
    let work: Box<dyn FnOnce() -> io::Result<()> + Send> = match show {
        Show::Nothing => return Ok(None),
        Show::Lines(lines) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            let style = terminal::style(&io::stderr());
            Box::new(move || {
                runtime.block_on(progress::watch(view, lines, style));
                Ok(())
            })
        }
        Show::Whole => {
            let palette = terminal::palette();
            Box::new(move || watch_whole(view, palette))
        }
    };
    thread::Builder::new().name("view".to_owned()).spawn(work).map(Some)
}

/// The whole terminal, from the run's first step: it watches for signals by then, and whatever it has
/// to say before stands on the terminal.
fn watch_whole(mut view: crate::live::Subscriber, palette: Palette) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let has_begun = runtime.block_on(async {
        loop {
            match view.next().await {
                Some(moment) if moment.end.is_none() && moment.step.is_none() => {}
                moment => break moment.is_some_and(|moment| moment.end.is_none()),
            }
        }
    });
    if !has_begun {
        return Ok(());
    }
    let shown = crate::live::terminal::watch(view, io::stderr(), palette);
    io::stderr().flush()?;
    shown
}

/// What decides how a run is shown, beside the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Surroundings {
    stderr_is_terminal: bool,
    stdout_is_terminal: bool,
    /// In CI, or on a terminal whose cursor cannot be moved: what is written stays.
    is_log: bool,
}

impl Surroundings {
    fn here() -> Self {
        Self {
            stderr_is_terminal: io::stderr().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            is_log: terminal::in_ci() || terminal::is_dumb(),
        }
    }
}

fn show(args: &LiveArgs, here: Surroundings) -> Show {
    if args.quiet {
        Show::Nothing
    } else if !here.stderr_is_terminal || here.is_log {
        Show::Lines(Lines::Log)
    } else if args.no_tui || !here.stdout_is_terminal {
        Show::Lines(Lines::Rewritten)
    } else {
        Show::Whole
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        live: LiveArgs,
    }

    fn args(arguments: &[&str]) -> LiveArgs {
        Command::parse_from(["run"].iter().chain(arguments)).live
    }

    #[test]
    fn lingering_wants_something_that_stays() {
        let parsed = |arguments: &[&str]| {
            Command::try_parse_from(["run", "--linger", "3s"].iter().chain(arguments)).is_ok()
        };
        assert!(!parsed(&[]) && !parsed(&["--otlp", "http://127.0.0.1:4318"]));
        assert!(parsed(&["--serve", "0"]) && parsed(&["--metrics", "0"]));
        assert!(parsed(&["--serve", "0", "--metrics", "0"]));
        assert_eq!(args(&["--serve", "0", "--metrics", "0"]).linger, None);
    }

    #[test]
    fn the_whole_terminal_is_taken_only_where_there_is_one() {
        let here =
            Surroundings { stderr_is_terminal: true, stdout_is_terminal: true, is_log: false };
        assert_eq!(show(&args(&[]), here), Show::Whole);
        assert_eq!(show(&args(&["--quiet"]), here), Show::Nothing);
        assert_eq!(show(&args(&["--no-tui"]), here), Show::Lines(Lines::Rewritten));
        let piped = Surroundings { stdout_is_terminal: false, ..here };
        assert_eq!(show(&args(&[]), piped), Show::Lines(Lines::Rewritten));
        for other in [
            Surroundings { stderr_is_terminal: false, ..here },
            Surroundings { is_log: true, ..here },
        ] {
            assert_eq!(show(&args(&[]), other), Show::Lines(Lines::Log), "{other:?}");
        }
    }
}
