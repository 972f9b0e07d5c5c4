//! Every `substorm …` that a page or a pipeline shows is accepted by the command line's parser.

use clap::error::ErrorKind;

use super::{files, root};

/// Where commands are shown.
const PLACES: &[&str] =
    &["README.md", "CONTRIBUTING.md", "docs", "deploy", "action.yml", ".github"];

/// A page's lines, with those that go on joined to one, and without what is shown as plain text:
/// that is what a program prints.
fn shown(text: &str) -> Vec<String> {
    let mut printed = false;
    let joined = text.replace("\\\n", " ");
    let is_command = |line: &&str| {
        match line.trim() {
            "```text" => printed = true,
            fence if fence.starts_with("```") => printed = false,
            _ => {}
        }
        !printed
    };
    joined.lines().filter(is_command).map(str::to_owned).collect()
}

/// The commands of a line: what follows the word `substorm` where a command can begin.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("substorm ") {
        let before = rest[..at].trim_end_matches("target/release/").trim_end_matches("./");
        let begins = before.trim().is_empty()
            || before.ends_with(['`', '\'', '('])
            || ["$ ", "- ", "run: ", "&& ", "; ", "| ", "-- "]
                .iter()
                .any(|end| before.ends_with(end));
        rest = &rest[at + "substorm ".len()..];
        // Within quotation marks of whatever kind, the command ends with them.
        let end = before.chars().last().filter(|last| "`'".contains(*last));
        let text = end.and_then(|end| rest.split(end).next()).unwrap_or(rest);
        if begins && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '-') {
            found.push(words(text));
        }
    }
    found
}

/// The words of a shell command up to its end. A word that stands for any number of words, and an
/// ellipsis, is left out.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut end = |word: &mut String| {
        let one = std::mem::take(word);
        if !(one.is_empty() || one == "…" || one == "..." || one.contains("[@]")) {
            words.push(one);
        }
    };
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('\'' | '"', None) => quote = Some(c),
            ('>' | '|' | ';' | '&' | ')' | '`', None) => break,
            ('#', None) if word.is_empty() => break,
            (c, None) if c.is_whitespace() => end(&mut word),
            (c, None) => word.push(c),
        }
    }
    end(&mut word);
    words
}

#[test]
fn every_command_that_is_shown_is_accepted() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for path in PLACES.iter().flat_map(|place| files(place)) {
        // Pictures and data show no commands.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for line in shown(&text) {
            for words in commands(&line) {
                seen += 1;
                let command = substorm::cli::command();
                let arguments = std::iter::once("substorm").chain(words.iter().map(String::as_str));
                let Err(error) = command.try_get_matches_from(arguments) else { continue };
                // A subcommand may be spoken of by its name alone.
                let by_name =
                    words.len() == 1 && error.kind() == ErrorKind::MissingRequiredArgument;
                let is_help =
                    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
                if !(by_name || is_help) {
                    let name = path.strip_prefix(root()).unwrap().display();
                    wrong.push(format!("{name}: {}\n  {error}", line.trim()));
                }
            }
        }
    }
    assert!(seen > 40, "only {seen} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_are_found_where_they_stand() {
    let of =
        |line: &str| commands(line).into_iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(
        of("substorm run mine.toml --set 'a=b c' > x  # why"),
        ["run|mine.toml|--set|a=b c"]
    );
    assert_eq!(
        of("then `substorm heal DIR` and `substorm report DIR --format …`"),
        ["heal|DIR", "report|DIR|--format"]
    );
    assert_eq!(
        of("    - substorm check a.toml && substorm plan a.toml"),
        ["check|a.toml", "plan|a.toml"]
    );
    assert_eq!(of("script: 'substorm run a.toml --out r',"), ["run|a.toml|--out|r"]);
    assert_eq!(of("substorm run \"$S\" \"${more[@]}\""), ["run|$S"]);
    assert!(of("Point substorm at it. A substorm is weather.").is_empty());
    assert!(of("image: registry/substorm Substorm").is_empty());
}
