//! The one place where a recorded request loses its secrets.
//!
//! What goes in may hold subjects, tokens, passwords; what comes out holds a cleaned target and a
//! keyed hash. Nothing else of a request is kept: no header field, no body, no address.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::ops::ControlFlow;

use super::formats::requests::Line;
use super::formats::{Fields, Format, Selector, signs_of};
use super::raw::{Flaw, Found, Raw, method};
use super::request::{Entry, Request};
use super::target::{Cleaning, LONGEST, Target};
use super::who::{Pseudonyms, Sign};

/// The request without anything secret, and what told who made it; `None` where it names no path.
pub(super) fn entry(
    raw: &Raw<'_>,
    cleaning: &Cleaning,
    pseudonyms: &Pseudonyms,
) -> Result<Option<(Entry, Sign)>, Flaw> {
    if raw.target.len() > LONGEST {
        return Err(Flaw::Target);
    }
    let Some(target) = Target::read(&raw.target, cleaning) else { return Ok(None) };
    let (user, token) = (target.user(), target.token());
    let identified = pseudonyms.identify(&raw.signs, user.as_deref(), token.as_deref());
    let clean = target.clean(&identified.names, cleaning, raw.has_placeholders);
    let entry = Entry { request: Request::new(&raw.method, clean), who: identified.who };
    Ok(Some((entry, identified.sign)))
}

/// Reads a recording's bytes in a format, without regard to time: each line or record with its
/// number, and the request in it, if there is one that can be sent again.
pub fn each_request(
    format: &Format,
    reader: &mut dyn BufRead,
    fields: &Fields,
    cleaning: &Cleaning,
    mut take: impl FnMut(u64, Result<Option<Entry>, Flaw>),
) -> io::Result<()> {
    let pseudonyms = Pseudonyms::fresh()?;
    (format.read)(reader, fields, &mut |line, found| {
        take(
            line,
            match found {
                Found::Request(raw) => {
                    entry(&raw, cleaning, &pseudonyms).map(|found| found.map(|(entry, _)| entry))
                }
                Found::Without => Ok(None),
                Found::Flawed(flaw) => Err(flaw),
            },
        );
        ControlFlow::Continue(())
    })
}

/// Disguises live requests: what a recording of them may hold.
pub struct Disguise {
    pseudonyms: Pseudonyms,
    cleaning: Cleaning,
    selector: Option<Selector>,
}

impl Disguise {
    /// With a key of its own, kept nowhere else. The user is told by the part of the request that
    /// `selector` names, or else as in a recording.
    pub fn new(cleaning: Cleaning, selector: Option<Selector>) -> io::Result<Self> {
        Ok(Self { pseudonyms: Pseudonyms::fresh()?, cleaning, selector })
    }

    /// The line of a request that came `at_ns` nanoseconds into the recording, from `address` unless
    /// its header fields tell better; `None` for one that cannot be sent again.
    pub fn line<'a>(
        &self,
        at_ns: u64,
        verb: &str,
        target: &str,
        fields: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
        address: &'a str,
    ) -> Option<Line<'static>> {
        let mut signs = signs_of(fields, self.selector.as_ref());
        signs.address = signs.address.or(Some(Cow::Borrowed(address)));
        let raw = Raw {
            at: super::raw::When::Untold,
            method: Cow::Borrowed(method(verb.as_bytes())?),
            target: Cow::Borrowed(target.as_bytes()),
            has_placeholders: false,
            signs,
        };
        let (Entry { request, who }, _) = entry(&raw, &self.cleaning, &self.pseudonyms).ok()??;
        Some(Line {
            at_ns,
            method: request.method,
            path: Cow::Owned(request.target.into_string()),
            user: Some(Cow::Owned(who.hex())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_request_leaves_nothing_but_its_shape() {
        let disguise = Disguise::new(Cleaning::default(), None).unwrap();
        let fields = [
            ("authorization", "Basic bWFyay1zdWJqZWN0Om1hcmstc2VjcmV0"),
            ("cookie", "sid=mark-cookie"),
        ];
        let line = |target| {
            let fields = fields.iter().map(|(name, value)| (*name, Cow::Borrowed(*value)));
            disguise.line(7, "GET", target, fields, "mark-address")
        };
        let found = line("/u/mark-subject?page=2&api_key=mark-key").unwrap();
        assert_eq!((&*found.method, &*found.path, found.at_ns), ("GET", "/u/{user}?page=2", 7));
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("mark"), "{text}");
        assert_eq!(line("/other").unwrap().user, found.user);
        assert!(line("*").is_none());
    }

    #[test]
    fn what_a_recording_holds_is_asked_for_when_it_is_read() {
        use crate::replay::formats::requests::{FORMAT, first_line};

        let disguise = Disguise::new(Cleaning::default(), None).unwrap();
        let fields = [("authorization", "Basic bWFyay1zdWJqZWN0Om1hcmstc2VjcmV0")];
        for (asked, written) in [
            ("/u/mark-subject.json", "/u/{user}.json"),
            ("/a?q=mail:mark-subject,x&page=2", "/a?q=mail:{user},x&page=2"),
            ("/a;of=mark%2Dsubject/b?{user}", "/a;of={user}/b?%7Buser%7D"),
        ] {
            let fields = fields.iter().map(|(name, value)| (*name, Cow::Borrowed(*value)));
            let line = disguise.line(7, "GET", asked, fields, "mark-address").unwrap();
            assert_eq!(line.path, written);
            let text = first_line() + "\n" + &serde_json::to_string(&line).unwrap() + "\n";
            let mut read = Vec::new();
            let take = |_, found: Result<Option<Entry>, Flaw>| read.extend(found.unwrap());
            let cleaning = Cleaning::default();
            each_request(&FORMAT, &mut text.as_bytes(), &Fields::new(), &cleaning, take).unwrap();
            let targets: Vec<_> = read.iter().map(|entry| &*entry.request.target).collect();
            assert_eq!(targets, [written]);
        }
    }
}
