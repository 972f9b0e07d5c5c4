//! Substorm's own form: JSON lines that hold what is replayed and nothing else.
//!
//! The first line is `{"format":"substorm-requests","version":1}`. Each other line is a request:
//! `{"at_ns":1500000,"method":"GET","path":"/orders/{user}?page=2","user":"9f0c…"}`, where `at_ns`
//! counts nanoseconds from any origin that the file sticks to, `{user}` stands for the subject of
//! the user, and `user` is any string that tells users apart. `substorm record` writes it.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Fields, Format, first_lines};
use crate::replay::lines;
use crate::replay::raw::{Flaw, Found, Raw, Signs, Sink, When, method};
use crate::replay::stamp::Stamp;

/// See the module.
pub static FORMAT: Format = Format {
    name: "requests",
    about: "Substorm's own JSON lines, which `substorm record` writes.",
    roles: &[],
    takes: |_| false,
    recognises: |head| first_lines(head).next().is_some_and(|line| heading(line).is_some()),
    read: read_all,
};

/// The name in the first line.
const NAME: &str = "substorm-requests";

/// The version that this build writes and reads.
const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
struct Heading<'a> {
    format: &'a str,
    version: u32,
}

/// One line of the form.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Line<'a> {
    /// Nanoseconds from an origin that all lines share.
    pub at_ns: u64,
    /// The method.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// Path and query; `{user}` stands for the subject.
    #[serde(borrow)]
    pub path: Cow<'a, str>,
    /// Who asked; whatever tells users apart.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
}

/// The first line of a file, without its end.
pub fn first_line() -> String {
    serde_json::to_string(&Heading { format: NAME, version: VERSION }).unwrap_or_default()
}

/// The version in a first line.
fn heading(line: &[u8]) -> Option<u32> {
    let heading: Heading<'_> = serde_json::from_slice(line).ok()?;
    (heading.format == NAME).then_some(heading.version)
}

fn read_all(reader: &mut dyn BufRead, _: &Fields, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut unknown = None;
    lines::each(reader, |number, line| {
        let Some(line) = line else {
            return sink(number, Found::Flawed(Flaw::TooLong(lines::LONGEST)));
        };
        match (number, heading(line)) {
            // Files may have been joined, so a first line may stand anywhere.
            (_, Some(VERSION)) => ControlFlow::Continue(()),
            (_, Some(version)) => {
                unknown = Some(version);
                ControlFlow::Break(())
            }
            (_, None) => sink(number, read(line)),
        }
    })?;
    match unknown {
        Some(version) => Err(io::Error::other(format!(
            "version {version} of the format is not known; this build reads version {VERSION}"
        ))),
        None => Ok(()),
    }
}

fn read(line: &[u8]) -> Found<'_> {
    let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else {
        return Found::Flawed(Flaw::Json);
    };
    let Ok(nanos) = i64::try_from(line.at_ns) else { return Found::Flawed(Flaw::Time) };
    if method(line.method.as_bytes()).is_none() {
        return Found::Flawed(Flaw::Http);
    }
    Found::Request(Raw {
        at: When::Began(Stamp { nanos, whole_second: false }),
        method: line.method,
        target: match line.path {
            Cow::Borrowed(path) => Cow::Borrowed(path.as_bytes()),
            Cow::Owned(path) => Cow::Owned(path.into_bytes()),
        },
        has_placeholders: true,
        signs: Signs { named: line.user, ..Signs::default() },
    })
}
