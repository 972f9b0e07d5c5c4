//! The view that takes the whole terminal, in a terminal: the pseudo-terminal of `script`, which
//! every Debian has (util-linux).

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use super::{scenario, turn};

/// Shows the other screen, and the one that was there before (xterm's control sequences, DECSET).
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// The longest that a run of these tests may take, its build of debug notwithstanding.
const PATIENCE: Duration = Duration::from_secs(60);

struct Terminal {
    script: Child,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// A run in a terminal of 100 columns and 30 rows; then the terminal's settings and the code.
    fn run(out: &Path, environment: &str, arguments: &str) -> Self {
        let command = format!(
            "stty rows 30 cols 100; env -u CI -u NO_COLOR -u GITHUB_ACTIONS TERM=xterm-256color \
             {environment} '{}' run '{}' --out '{}' {arguments}; echo \"code $?\"; stty -a",
            env!("CARGO_BIN_EXE_substorm"),
            scenario("short.toml").display(),
            out.display(),
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, of util-linux, makes the terminal");
        let mut pipe = script.stdout.take().unwrap();
        let (send, output) = sync_channel(1_024);
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                if send.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { script, output, seen: String::new() }
    }

    /// Reads until the text is there.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) => panic!("{text:?} did not come ({why}): {:?}", self.seen),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        let stdin = self.script.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Everything up to the end.
    fn end(mut self) -> String {
        self.wait_for("-echoprt");
        drop(self.script.stdin.take());
        self.script.wait().unwrap();
        self.seen
    }
}

/// What came after the terminal was given back, with its settings as they were.
fn assert_given_back(seen: &str) -> &str {
    let at = seen.rfind(LEAVE).expect("the other screen was left");
    assert!(seen.find(ENTER).is_some_and(|entered| entered < at));
    let after = &seen[at..];
    assert!(after.contains(SHOW_CURSOR));
    for setting in ["isig", "icanon", "echo"] {
        let mut words = after.split_whitespace();
        assert!(words.any(|word| word == setting), "{setting} of {after}");
    }
    after
}

#[test]
fn the_view_shows_the_run_and_the_summary_follows() {
    let _turn = turn();
    let out = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run(out.path(), "", "");
    terminal.wait_for(ENTER);
    terminal.wait_for("Verdicts");
    terminal.wait_for("store-outage");
    terminal.press("?");
    terminal.wait_for("Keys");
    let seen = terminal.end();
    let after = assert_given_back(&seen);
    assert!(after.contains("short") && after.contains("code "), "{after}");
    assert!(after.contains("run.json") || after.contains("PASSED"), "{after}");
    assert!(!after.contains("Findings so far"), "nothing of the view is left");
}

#[test]
fn a_key_ends_the_run_as_a_signal_does() {
    let _turn = turn();
    let out = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run(out.path(), "", "--duration-scale 20");
    terminal.wait_for("Verdicts");
    terminal.press("q");
    terminal.wait_for("ending");
    let seen = terminal.end();
    let after = assert_given_back(&seen);
    assert!(after.contains("code 130"), "{after}");
    assert!(after.contains("INTERRUPTED"), "{after}");
}

#[test]
fn there_are_lines_where_the_terminal_is_not_to_be_taken() {
    let _turn = turn();
    for (environment, arguments) in [("", "--no-tui"), ("CI=true", ""), ("TERM=dumb", "")] {
        let out = tempfile::tempdir().unwrap();
        let seen = Terminal::run(out.path(), environment, arguments).end();
        assert!(!seen.contains(ENTER), "{environment} {arguments}: {seen:?}");
        assert!(seen.contains("code "), "{seen:?}");
        let has_lines = seen.contains("load begins") || seen.contains("steady ");
        assert!(has_lines, "{environment} {arguments}: {seen:?}");
    }
}
