//! A sentence about what the figures mean, and how serious it is.
//!
//! A sentence may end with the beginning of a target's answer. In `run.json` that stands escaped;
//! forms that people read show it as the target wrote it ([`Finding::text`]), and those that can set it
//! apart from what Substorm says ([`Finding::parts`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::visible::{readable, visible};

/// Before what a target answered, in findings about single answers. It goes on to the sentence's end.
pub const BODY: &str = ", body: ";

/// How serious a finding is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody was let in who must not be, or as somebody else.
    Critical,
    /// The gateway was wrong.
    Wrong,
    /// The run cannot tell, or only in part.
    Doubt,
    /// Worth knowing.
    #[default]
    Note,
    /// As it should be.
    Good,
}

impl Severity {
    /// One word, as on a label; the name in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Wrong => "wrong",
            Self::Doubt => "doubt",
            Self::Note => "note",
            Self::Good => "good",
        }
    }
}

/// One sentence about what the figures mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// The sentence, with the figure that it stands on.
    pub sentence: String,
}

impl Finding {
    /// What Substorm says, and what the target answered, where the sentence ends with that. Both are
    /// readable and hold nothing hidden.
    pub fn parts(&self) -> (String, Option<String>) {
        match self.sentence.split_once(BODY) {
            Some((told, body)) => (visible(told).into_owned() + BODY, Some(readable(body))),
            None => (visible(&self.sentence).into_owned(), None),
        }
    }

    /// The whole sentence as people read it, on one line and with nothing hidden.
    pub fn text(&self) -> String {
        let (told, body) = self.parts();
        told + &body.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_name_in_files() {
        for severity in
            [Severity::Critical, Severity::Wrong, Severity::Doubt, Severity::Note, Severity::Good]
        {
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.word());
        }
    }

    #[test]
    fn what_a_target_said_is_readable_and_apart() {
        let body = "{\"error\":\"\u{1b}[31mno\u{202e}\"}\n".as_bytes().escape_ascii();
        let sentence = format!("status 401 on GET /\u{200b}me{BODY}{body}…");
        let finding = Finding { severity: Severity::Note, sentence };
        let wanted = "{\"error\":\"␛[31mno<U+202E>\"}␊…";
        let told = "status 401 on GET /<U+200B>me, body: ".to_owned();
        assert_eq!(finding.parts(), (told.clone(), Some(wanted.to_owned())));
        assert_eq!(finding.text(), told + wanted);
        let plain = Finding { sentence: "3 failed\n::error::x".into(), ..finding };
        assert_eq!(plain.parts(), ("3 failed␊::error::x".to_owned(), None));
    }
}
