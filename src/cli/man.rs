//! `substorm man`: manual pages, one for each subcommand. What the grammar does not know is added:
//! exit codes, the environment, files, and where to read on.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::output;
use crate::harness::Exit;

/// Entries of a section: what is described, in which pages, and what it means.
type Entries = &'static [(&'static str, &'static [&'static str], &'static str)];

/// The page of the whole, and that of the subcommand that matters most.
const MAIN: &[&str] = &["substorm", "substorm-run"];

const EXITS: [(Exit, &str); 7] = [
    (Exit::Passed, "Ran, is valid, and all thresholds hold."),
    (Exit::ThresholdMissed, "A threshold does not hold."),
    (Exit::BadInput, "The command line or the scenario is wrong."),
    (Exit::NotCarriedOut, "It could not be carried out."),
    (
        Exit::Invalid,
        "The measurement is invalid: the generator was behind, a fault had no hit, or most answers \
         could not be judged. Never a pass.",
    ),
    (Exit::NotUndone, "Something could not be undone; substorm-heal(1) tries again."),
    (Exit::Interrupted, "Interrupted, and everything is undone."),
];

const ENVIRONMENT: Entries = &[
    (
        "SUBSTORM_TOKEN_CACHE",
        MAIN,
        "The folder in which tokens are kept between runs, as with --token-cache.",
    ),
    (
        "SUBSTORM_SCIM_TOKEN",
        &["substorm", "substorm-heal"],
        "Bearer token of the SCIM service, as with --scim-token.",
    ),
    (
        "OTEL_EXPORTER_OTLP_HEADERS",
        MAIN,
        "Headers for --otlp: name=value, joined by commas, percent-encoded. Never printed.",
    ),
    (
        "NO_COLOR",
        &["substorm", "substorm-run", "substorm-report"],
        "Turns colours off, whatever its value, unless it is empty.",
    ),
    ("CI", MAIN, "Lines instead of the view of the whole terminal, unless empty, 0 or false."),
    ("TERM", MAIN, "Lines instead of the view of the whole terminal where it is dumb or empty."),
    ("GITHUB_ACTIONS", MAIN, "Where it is true, what a run found is printed as annotations too."),
    ("GITHUB_STEP_SUMMARY", MAIN, "In GitHub Actions, the file to which the summary is added."),
];

const FILES: Entries = &[
    (
        "reports/SCENARIO-TIME-SEED/",
        &["substorm", "substorm-run", "substorm-report", "substorm-heal"],
        "The folder of a run; --out of substorm-run(1) names another place than reports.",
    ),
    (
        "run.json",
        &["substorm", "substorm-run", "substorm-report"],
        "In it: everything about the run in figures. substorm schema --run describes it.",
    ),
    (
        "report.html, summary.md, junit.xml, charts/",
        &["substorm", "substorm-run", "substorm-report"],
        "In it: the report for people, for a comment, for a CI system, and its pictures.",
    ),
];

/// Print the manual page, or write those of all subcommands
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write substorm.1, substorm-run.1 and so on into this folder, which is made if need be
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Prints or writes them.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.folder else {
        if io::stdout().is_terminal() {
            output::say("to read it as a page: substorm man | man -l -");
        }
        return output::print(&page(&command)?);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| write(&command, folder))
        .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
    Ok(Exit::Passed)
}

/// Writes the page of a command and those of its subcommands.
fn write(command: &Command, folder: &Path) -> io::Result<()> {
    for subcommand in shown_subcommands(command) {
        write(subcommand, folder)?;
    }
    std::fs::write(folder.join(format!("{}.1", name(command))), page(command)?)
}

fn shown_subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set())
}

/// `substorm`, `substorm-run`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The page of a command that is built. Its version is in the footer.
fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone())
        .source(concat!("substorm ", env!("CARGO_PKG_VERSION")))
        .manual("Substorm Manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    text.extend(synopsis(command).to_roff().into_bytes());
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let has_subcommands = shown_subcommands(command).next().is_some();
    if has_subcommands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut more = Roff::new();
    let name = name(command);
    if MAIN.contains(&name) {
        more.control("SH", ["EXIT STATUS"]);
        for (exit, meaning) in EXITS {
            entry(&mut more, &exit.code().to_string(), meaning);
        }
    }
    section(&mut more, "ENVIRONMENT", ENVIRONMENT, name);
    section(&mut more, "FILES", FILES, name);
    let others: &[&str] = match name {
        "substorm" => &["substorm-run", "substorm-report"],
        "substorm-run" => &["substorm", "substorm-check", "substorm-report", "substorm-heal"],
        _ => &["substorm", "substorm-run"],
    };
    more.control("SH", ["SEE ALSO"]);
    let others: Vec<String> = others.iter().map(|other| format!("{other}(1)")).collect();
    more.text([roman(others.join(", "))]);
    Ok(String::from_utf8_lossy(&text).into_owned() + &more.to_roff())
}

/// How the command is called: its options with what they take, and its arguments. Where the values are
/// known, they stand instead of a name for them.
fn synopsis(command: &Command) -> Roff {
    let shown = |arg: &&Arg| !arg.is_hide_set();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut line = vec![bold(name)];
    let options = command.get_arguments().filter(|arg| !arg.is_positional());
    for arg in options.chain(command.get_positionals()).filter(shown) {
        let (open, close) = if arg.is_required_set() { ("", "") } else { ("[", "]") };
        line.push(roman(format!(" {open}")));
        line.extend(option_name(arg));
        line.extend(taken(arg));
        let many = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        let many = many && arg.get_value_delimiter().is_none();
        line.push(roman(format!("{close}{}", if many { "..." } else { "" })));
    }
    if shown_subcommands(command).next().is_some() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text(line);
    roff
}

/// `-q|--quiet`; nothing for what has no name on the command line.
fn option_name(arg: &Arg) -> Vec<Inline> {
    let short = arg.get_short().map(|short| bold(format!("-{short}")));
    let long = arg.get_long().map(|long| bold(format!("--{long}")));
    match (short, long) {
        (Some(short), Some(long)) => vec![short, roman("|"), long],
        (short, long) => short.into_iter().chain(long).collect(),
    }
}

/// ` FILE`, ` {all|wrong}`, ` {html|junit},...`; nothing for a switch.
fn taken(arg: &Arg) -> Vec<Inline> {
    if !arg.get_num_args().is_some_and(|range| range.takes_values()) {
        return Vec::new();
    }
    let values = arg.get_possible_values();
    let mut values = values.iter().filter(|value| !value.is_hide_set()).peekable();
    let mut line = Vec::new();
    if !arg.is_positional() {
        line.push(roman(" "));
    }
    if values.peek().is_some() {
        line.push(roman("{"));
        for (n, value) in values.enumerate() {
            line.push(roman(if n == 0 { "" } else { "|" }));
            line.push(bold(value.get_name()));
        }
        line.push(roman("}"));
    } else {
        let names = arg.get_value_names().unwrap_or_default();
        let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
        line.push(italic(names.join(" ")));
    }
    if let Some(delimiter) = arg.get_value_delimiter() {
        line.push(roman(format!("{delimiter}...")));
    }
    line
}

fn section(roff: &mut Roff, title: &str, entries: Entries, page: &str) {
    let here: Vec<_> = entries.iter().filter(|(_, pages, _)| pages.contains(&page)).collect();
    if here.is_empty() {
        return;
    }
    roff.control("SH", [title]);
    for (term, _, meaning) in here {
        entry(roff, term, meaning);
    }
}

fn entry(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subcommand_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man/man1");
        run(&Args { folder: Some(pages.clone()) }).unwrap();
        let command = super::super::command();
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            let page = std::fs::read_to_string(pages.join(format!("substorm-{name}.1"))).unwrap();
            // As roff writes them.
            let about = subcommand.get_about().unwrap().to_string();
            let about = about.replace('-', "\\-").replace('\'', "\\*(Aq");
            assert!(page.contains(&about), "{name}: {page}");
            assert!(page.contains("NAME") && page.contains("OPTIONS"), "{name}: {page}");
        }
        let read = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap();
        let page = read("substorm.1");
        assert!(page.contains("substorm\\-run(1)"), "{page}");
        for page in [page, read("substorm-run.1")] {
            for title in ["EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
                assert!(page.contains(title), "{title}: {page}");
            }
            assert!(page.contains("GITHUB_STEP_SUMMARY"), "{page}");
        }
        // As they are typed, without the signs of roff.
        let synopsis = |name: &str| {
            let page = read(name);
            let (_, from) = page.split_once("SYNOPSIS\n").unwrap();
            let (line, _) = from.split_once("\n.SH").unwrap();
            let plain = ["\\fB", "\\fI", "\\fR", "\\"];
            plain.iter().fold(line.to_owned(), |line, sign| line.replace(sign, ""))
        };
        for (name, wanted) in [
            ("substorm.1", " COMMAND"),
            ("substorm-run.1", " [--out DIR]"),
            ("substorm-run.1", " [--format {all|none|text|html|markdown|"),
            ("substorm-run.1", "events},...]"),
            ("substorm-run.1", " [--samples-of {all|wrong}]"),
            ("substorm-run.1", " [-q|--quiet]"),
            ("substorm-run.1", "[--set KEY=VALUE]..."),
            ("substorm-run.1", " FILE"),
            ("substorm-completions.1", " {bash|elvish|fish|powershell|zsh}"),
        ] {
            assert!(synopsis(name).contains(wanted), "{name}: {wanted}\n{}", synopsis(name));
        }
        let is_told = |arg: &&Arg| !arg.is_hide_set() && arg.get_action().takes_values();
        // Every value that an option or an argument can have is in its page.
        for subcommand in command.get_subcommands() {
            let page = read(&format!("substorm-{}.1", subcommand.get_name()));
            for arg in subcommand.get_arguments().filter(is_told) {
                let values = arg.get_possible_values();
                for value in values.iter().filter(|value| !value.is_hide_set()) {
                    let value = value.get_name().replace('-', "\\-");
                    let (synopsis, options) = page.split_once("DESCRIPTION").unwrap();
                    assert!(
                        synopsis.contains(&value) && options.contains(&value),
                        "{}: {page}",
                        arg.get_id()
                    );
                }
            }
        }
        let mut command = super::super::command();
        let help = command.find_subcommand_mut("run").unwrap().render_long_help().to_string();
        for value in ["- markdown:", "- none:", "- wrong:"] {
            assert!(help.contains(value), "{value}: {help}");
        }
        let footer = concat!("substorm ", env!("CARGO_PKG_VERSION"));
        for name in ["substorm.1", "substorm-run.1", "substorm-heal.1", "substorm-list.1"] {
            let page = read(name);
            let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
            assert!(title.contains(footer), "{name}: {title}");
        }
    }
}
