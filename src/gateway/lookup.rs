//! Asking a directory for a subject over HTTP.
//!
//! `GET {base}/users/{subject}` answers 200 with the user, or 404. Subjects are percent-encoded
//! byte by byte, so that no spelling of one can name another path.

use std::sync::Arc;
use std::time::Duration;

use hyper::{StatusCode, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::cache::{Found, Record};
use super::client::{Client, NoAnswer};
use super::stats::Stats;

/// All but letters, digits, `-` and `_`. A dot is encoded, because `..` is no segment of a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// What a directory says of a user.
#[derive(Deserialize)]
struct User {
    subject: String,
    active: bool,
}

/// Asks directories.
pub struct Lookup {
    client: Client,
    limit: Duration,
    stats: Arc<Stats>,
}

impl Lookup {
    /// Asks with this time limit for each question.
    pub fn new(client: Client, limit: Duration, stats: Arc<Stats>) -> Self {
        Self { client, limit, stats }
    }

    /// Asks the directory at `base`; an error says why there is no telling.
    pub async fn ask(&self, base: &str, subject: &str) -> Result<Found, &'static str> {
        self.stats.lookups.count();
        let found = self.ask_uncounted(base, subject).await;
        if found.is_err() {
            self.stats.failed_lookups.count();
        }
        found
    }

    async fn ask_uncounted(&self, base: &str, subject: &str) -> Result<Found, &'static str> {
        let address = format!("{base}/users/{}", utf8_percent_encode(subject, ENCODED));
        let uri = Uri::try_from(address).map_err(|_| "the directory's address is malformed")?;
        let answer = self.client.get(&uri, self.limit, MAX_ANSWER).await.map_err(reason)?;
        match answer.status {
            StatusCode::OK => {
                let user: User = serde_json::from_slice(&answer.body)
                    .map_err(|_| "the directory's answer is malformed")?;
                Ok(Some(Record { subject: user.subject.into(), active: user.active }))
            }
            // 400 and 414 are for subjects that no user of the directory can have.
            StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::BAD_REQUEST
            | StatusCode::URI_TOO_LONG => Ok(None),
            _ => Err("the directory answered with an error"),
        }
    }
}

fn reason(failure: NoAnswer) -> &'static str {
    match failure {
        NoAnswer::Unreachable => "the directory could not be reached",
        NoAnswer::Broken => "the directory broke off",
        NoAnswer::Late => "the directory did not answer in time",
        NoAnswer::TooLarge => "the directory's answer is too large",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_subject_names_another_path() {
        for (subject, path) in [
            ("a-b_c", "a-b_c"),
            ("..", "%2E%2E"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("%41", "%2541"),
            ("é \0", "%C3%A9%20%00"),
        ] {
            assert_eq!(utf8_percent_encode(subject, ENCODED).to_string(), path);
        }
    }
}
