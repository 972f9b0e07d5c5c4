//! Standard output of the subcommands whose whole work is to print something, and a word beside it.

use std::io::{self, Write as _};

use crate::harness::Exit;
use crate::report::visible::visible;

/// Prints the text. A reader that has seen enough, such as `head`, is no failure.
pub fn print(text: &str) -> anyhow::Result<Exit> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Passed),
        result => Ok(result.map(|()| Exit::Passed)?),
    }
}

/// A text that may quote the target, as a job of GitHub Actions may print it: there the runner takes
/// `::name::` at the beginning of a line, and `##[name]` anywhere, for a command. Elsewhere it is as
/// it was.
pub fn harmless(text: String) -> String {
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        parted(&text)
    } else {
        text
    }
}

fn parted(text: &str) -> String {
    // Twice, since of three colons the first replacement leaves two.
    let apart = |text: &str| text.replace("::", ":\u{200b}:");
    apart(&apart(&text.replace("##[", "##\u{200b}[")))
}

/// Tells on standard error where something is.
pub fn say(text: &str) {
    tell(text);
}

/// Says on standard error what somebody should know while a subcommand goes on.
pub fn warn(text: &str) {
    tell(&format!("warning: {text}"));
}

/// Says on standard error why a subcommand ends.
pub fn fail(text: &str) {
    tell(&format!("error: {text}"));
}

fn tell(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(tame(text)));
}

/// Lines that may quote somebody else's words, with what would act on a terminal made visible.
fn tame(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(tame("two\nlines: \u{1b}]0;x\u{7}"), "two\nlines: ␛]0;x␇");
    }

    #[test]
    fn no_command_of_a_runner_is_left() {
        let text = parted("body: ##[stop-commands]x\n     ::error::y ::: p50: 3 ms");
        assert!(!text.contains("##[") && !text.contains("::"), "{text}");
        assert_eq!(
            text.replace('\u{200b}', ""),
            "body: ##[stop-commands]x\n     ::error::y ::: p50: 3 ms"
        );
    }
}
