//! `substorm report`: a run again, in any of its forms, also one that was killed or is of an older
//! version.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::harness::Exit;
use crate::report::RunReport;
use crate::report::console::summary;
use crate::report::folder::RUN_JSON;
use crate::report::formats::{self, FORMATS, Format, Source};
use crate::report::partial::folder_of;

use super::Failure;

/// Print the summary of a run from its folder, or render it in other formats
///
/// One text format without --out goes to standard output. Several, or those of several files, are
/// written into the run's folder, or into the one that --out names.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What to render, joined by commas
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = names())]
    format: Vec<String>,
    /// Where files are written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write report.html and open it with the system's browser
    #[arg(long)]
    open: bool,
}

/// Every format.
pub(super) const ALL: &str = "all";

fn names() -> PossibleValuesParser {
    [every()].into_iter().chain(named()).collect::<Vec<_>>().into()
}

/// The word for all of them.
pub(super) fn every() -> PossibleValue {
    PossibleValue::new(ALL).help("All of them")
}

/// The formats as values of an option.
pub(super) fn named() -> impl Iterator<Item = PossibleValue> {
    FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about))
}

/// Runs the subcommand. It ends well if what was asked for is there, however the run ended.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let source = Source::load(&args.folder).map_err(|error| {
        if error.is_bad_path() { Failure::bad_input(error.to_string()) } else { error.into() }
    })?;
    let folder = folder_of(&args.folder);
    let mut wanted: Vec<&Format> = Vec::new();
    let asked = args.format.iter().map(String::as_str).chain(args.open.then_some(PAGE));
    let meant = asked
        .flat_map(|name| FORMATS.iter().filter(move |format| name == ALL || name == format.name));
    for format in meant {
        if !wanted.iter().any(|known| known.name == format.name) {
            wanted.push(format);
        }
    }
    if let Some(out) = &args.out
        && wanted.iter().any(|format| format.is_record())
        && !is_same(folder, out)
        && out.join(RUN_JSON).exists()
    {
        return Err(Failure::bad_input(format!(
            "{} is the folder of another run, whose records are not written over; name another with --out",
            out.display()
        )));
    }
    match (wanted.as_slice(), &args.out) {
        ([], None) => print_summary(&source.report, None),
        ([], Some(_)) => {
            let message =
                "--out says where, but not what; name formats, such as --format html,junit";
            return Err(Failure::bad_input(message));
        }
        ([one], None) if !args.open && one.name == PAGE && std::io::stdout().is_terminal() => {
            return Err(Failure::bad_input(format!(
                "{} is for a browser, not for a terminal: --open shows it there, --out DIR writes it, \
                 a pipe takes it",
                one.file
            )));
        }
        ([one], None) if !args.open => match one.text(&source.material(), folder) {
            Some(text) => print_bytes(&text?),
            None => write(&source, &wanted, folder, folder)?,
        },
        (_, out) => {
            let out = out.as_deref().unwrap_or(folder);
            write(&source, &wanted, folder, out)?;
            if args.open {
                open(&out.join(page().file))?;
            }
        }
    }
    Ok(Exit::Passed)
}

/// The format that browsers open.
const PAGE: &str = "html";

fn page() -> &'static Format {
    formats::named(PAGE).unwrap_or(&FORMATS[0])
}

/// Writes each format and says where. What the run recorded is not written over itself.
fn write(source: &Source, wanted: &[&Format], folder: &Path, out: &Path) -> anyhow::Result<()> {
    let own = is_same(folder, out);
    let material = source.material();
    for format in wanted {
        let written = if own && format.is_record() {
            vec![folder.join(format.file)]
        } else {
            format.write(&material, folder, out)?
        };
        for path in written {
            print_bytes(format!("{}\n", path.display()).as_bytes());
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        // A folder that is yet to be made is not the run's.
        _ => false,
    }
}

fn open(page: &Path) -> anyhow::Result<()> {
    let page = page.canonicalize()?;
    open::that_detached(&page).map_err(|_| {
        let shown = page.display();
        anyhow::anyhow!("no program here opens {shown}; open it in a browser yourself")
    })
}

fn print_bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    // Whoever closed the pipe has read enough.
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Prints a summary to standard output, and where the run's folder is.
pub fn print_summary(report: &RunReport, folder: Option<&Path>) {
    let mut text = summary(report, super::terminal::style(&std::io::stdout()));
    if let Some(folder) = folder {
        text.extend(["Report:    ", &folder.display().to_string(), "\n"]);
    }
    print_bytes(super::output::harmless(text).as_bytes());
}
