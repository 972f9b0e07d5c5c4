//! The lines of a file of tokens, in bounded memory whatever the file holds.
//!
//! A line is a token. Blank lines and lines that begin with `#` are passed over, white space around
//! a token is no part of it, lines end in LF or CRLF, and a byte order mark may come first.

use std::io::{self, BufRead, Read as _};

/// Longest line that is read, in bytes: servers take header fields of 4 to 64 KiB.
pub(super) const LONGEST: usize = 64 << 10;

/// The byte order mark in UTF-8, which some editors put first.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The number of a line, from 1; and its token, or what is wrong with it: a verb phrase that shows
/// nothing of it.
pub(super) type Line<'a> = (u64, Result<&'a [u8], String>);

/// Reads lines that hold something.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// Of the line that was read last, from 1.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: Vec::with_capacity(2 * 1024), number: 0 }
    }

    /// The next line that holds something.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let Some(whole) = self.read()? else { return Ok(None) };
            if !whole {
                let what =
                    format!("is longer than {} bytes", crate::units::grouped(LONGEST as u64));
                return Ok(Some((self.number, Err(what))));
            }
            let mark = if self.number == 1 && self.line.starts_with(MARK) { MARK.len() } else { 0 };
            let text = &self.line[mark..];
            let before = text.len() - text.trim_ascii_start().len();
            let token = text.trim_ascii();
            if token.is_empty() || token.starts_with(b"#") {
                continue;
            }
            let range = mark + before..mark + before + token.len();
            let token = &self.line[range.clone()];
            return Ok(Some((self.number, check(token, range.start).map(|()| token))));
        }
    }

    /// Reads a line without its end; whether all of it was kept, or `None` at the end of the file.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        // Room for either end of a line.
        let most = LONGEST as u64 + 2;
        let read = (&mut self.input).take(most).read_until(b'\n', &mut self.line)?;
        self.number += u64::from(read > 0);
        let ended = self.line.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && read as u64 == most {
            self.input.skip_until(b'\n')?;
            return Ok(Some(false));
        }
        Ok((read > 0).then_some(self.line.len() <= LONGEST + 1))
    }
}

/// Whether every byte may stand in a header field (RFC 9110 §5.5) without being mistaken for the
/// end of the token; `before` bytes of the line come before it.
fn check(token: &[u8], before: usize) -> Result<(), String> {
    // All of them rather than up to the first that is wrong: so many are looked at at once.
    if token.iter().fold(true, |fit, byte| fit & byte.is_ascii_graphic()) {
        return Ok(());
    }
    let at = token.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or_default();
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"Bearer ")) {
        return Err("begins with \"Bearer\"; give the token alone".to_owned());
    }
    let what = match token[at] {
        b' ' | b'\t' => "white space inside the token",
        byte if byte.is_ascii() => "a control character",
        _ => "a byte that is not ASCII",
    };
    Err(format!("holds {what}, at column {}", before + at + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Result<String, String>)> {
        // Small pieces, so that lines are put together.
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text));
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            found.push((number, line.map(|token| String::from_utf8(token.to_vec()).unwrap())));
        }
        found
    }

    #[test]
    fn tokens_are_told_from_everything_around_them() {
        let text = b"\xEF\xBB\xBFfirst.a.b\r\n\r\n# a comment\n  second.c.d \t\n\n\nthird";
        let expected = [(1, "first.a.b"), (4, "second.c.d"), (7, "third")];
        assert_eq!(all(text), expected.map(|(line, token)| (line, Ok(token.to_owned()))));
        assert_eq!(all(b""), []);
        assert_eq!(
            all(b"\n \n\xEF\xBB\xBF"),
            [(3, Err("holds a byte that is not ASCII, at column 1".into()))]
        );
    }

    #[test]
    fn what_would_break_a_request_is_named_and_not_shown() {
        let wrong = [
            (&b"abc\0def"[..], "a control character, at column 4"),
            (b" a\rb", "a control character, at column 3"),
            (b"a b", "white space inside the token, at column 2"),
            (b"a\x7f", "a control character, at column 2"),
            (b"\xC3\xA9", "not ASCII, at column 1"),
            (b"Bearer abc", "give the token alone"),
        ];
        for (line, why) in wrong {
            let found = all(line).remove(0).1.unwrap_err();
            assert!(found.contains(why) && !found.contains("abc"), "{found}");
        }
    }

    #[test]
    fn lines_without_end_take_no_memory() {
        let longest = "x".repeat(LONGEST);
        for end in ["", "\n", "\r\n", "\r\n\n\n"] {
            let text = format!("{longest}{end}");
            assert_eq!(all(text.as_bytes()), [(1, Ok(longest.clone()))]);
        }
        for end in ["yz", "yz\n", "yz\r\n", "y\r\n"] {
            let found = all(format!("{longest}{end}").as_bytes());
            assert!(found[0].1.is_err() && found.len() == 1, "{found:?}");
        }
        let endless = [&vec![b'x'; 5 * LONGEST][..], b"\nnext\n"].concat();
        let mut lines = Lines::new(&*endless);
        let (number, line) = lines.next().unwrap().unwrap();
        assert!(number == 1 && line.unwrap_err().contains("longer than 65,536 bytes"));
        assert!(lines.line.capacity() < 3 * LONGEST, "{}", lines.line.capacity());
        assert_eq!(lines.next().unwrap().unwrap(), (2, Ok(&b"next"[..])));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            for (line, token) in all(&bytes) {
                prop_assert!(line >= 1);
                if let Ok(token) = token {
                    prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
                }
            }
        }
    }
}
