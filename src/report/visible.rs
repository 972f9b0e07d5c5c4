//! Texts of others as people can read them: a target's quotation marks stand as they are, and what
//! would act on a screen or hide itself is shown.
//!
//! *Hidden* are control characters (C0, DEL, C1), those that set the direction of writing (Unicode
//! Standard Annex #9 §2), and those that take no room or are blank without being spaces (fillers, the
//! empty Braille pattern): a text that holds them shows in another order or as another text than it is.
//! The selectors of variants U+FE00 to U+FE0F stay, for emoji are written with them. What Markdown, HTML, XML or a terminal makes of the rest is the business
//! of each form.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character acts on a screen, or cannot be seen on it and is no space.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// The text on one line, with a sign for each hidden character: that of its name for the old control
/// characters (`␊`, `␛`), its number for all others (`<U+202E>`).
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            // The block "Control Pictures" has them in the same order.
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => out.push('\u{2421}'),
            c if is_hidden(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "<U+{:04X}>", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// What a target said, from the form in which `run.json` keeps it
/// ([`escape_ascii`](slice::escape_ascii)): `{\"error\":\"…\"}` becomes `{"error":"…"}`. Bytes that are
/// no UTF-8 show as `�`.
pub fn readable(escaped: &str) -> String {
    let (text, end) = escaped.strip_suffix('…').map_or((escaped, ""), |text| (text, "…"));
    let bytes = unescaped(text);
    // A character that was cut through is none of the target's.
    let whole = match std::str::from_utf8(&bytes) {
        Err(error) if !end.is_empty() && error.error_len().is_none() => {
            &bytes[..error.valid_up_to()]
        }
        _ => &bytes,
    };
    visible(&String::from_utf8_lossy(whole)).into_owned() + end
}

/// Undoes [`escape_ascii`](slice::escape_ascii); what it would not have written stays as it is.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, length) = match (first, after) {
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [quoted @ (b'\\' | b'\'' | b'"'), ..]) => (*quoted, 2),
            (b'\\', [b'x', high, low, ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, 4),
                _ => (first, 1),
            },
            _ => (first, 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_target_said_is_read_as_it_said_it() {
        for (body, wanted) in [
            (r#"{"error":"it's `a|b`"}"#, r#"{"error":"it's `a|b`"}"#),
            ("two\nlines\tand\r\n", "two␊lines␉and␍␊"),
            ("\u{1b}[31mred\u{7f}\u{0}", "␛[31mred␡␀"),
            ("\u{202e}txt.exe\u{2066}\u{200b}", "<U+202E>txt.exe<U+2066><U+200B>"),
            ("\u{85}\u{9b}31m", "<U+0085><U+009B>31m"),
            ("<script>x</script>", "<script>x</script>"),
            (r"C:\new\x1b", r"C:\new\x1b"),
            ("größer 😀", "größer 😀"),
        ] {
            assert_eq!(readable(&body.as_bytes().escape_ascii().to_string()), wanted);
        }
        assert_eq!(readable(&b"\xff\xfe!".escape_ascii().to_string()), "\u{fffd}\u{fffd}!");
        assert_eq!(readable(r"caf\xc3…"), "caf…", "cut within a character");
        assert_eq!(readable(r"bad \xff…"), "bad \u{fffd}…");
        assert_eq!(readable(r"\q \x \xg0 \"), r"\q \x \xg0 \", "not of that form");
    }

    #[test]
    fn what_is_blank_and_no_space_shows() {
        for c in "\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180f}\u{2800}\u{3164}\u{ffa0}\u{e0100}\u{e01ef}"
            .chars()
        {
            assert_eq!(visible(&format!("a{c}b")), format!("a<U+{:04X}>b", u32::from(c)));
        }
        for text in ["❤\u{fe0f}", "a b", "a\u{a0}b\u{3000}c", "ㅎ각"] {
            assert_eq!(visible(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in "\\PC{0,20}[\u{0}-\u{ff}\u{2000}-\u{2070}\u{e0000}-\u{e007f}]{0,20}") {
            prop_assert!(!visible(&text).contains(is_hidden));
            prop_assert!(!readable(&text).contains(is_hidden));
            if !text.contains(is_hidden) {
                prop_assert!(visible(&text) == text);
            }
        }

        #[test]
        fn unescaping_undoes_escaping(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(unescaped(&bytes.escape_ascii().to_string()), bytes);
        }
    }
}
