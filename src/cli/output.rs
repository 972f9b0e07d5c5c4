//! Standard output of the subcommands whose whole work is to print something, and a word beside it.

use std::io::{self, Write as _};

use crate::harness::Exit;

/// Prints the text. A reader that has seen enough, such as `head`, is no failure.
pub fn print(text: &str) -> anyhow::Result<Exit> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Passed),
        result => Ok(result.map(|()| Exit::Passed)?),
    }
}

/// Tells on standard error where something is.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says on standard error what somebody should know while a subcommand goes on.
pub fn warn(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}
