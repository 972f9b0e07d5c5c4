//! Lines of a stream, of bounded length: what is too long is passed over and not kept.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

/// The longest line that is kept, in bytes.
pub const LONGEST: usize = 1 << 20;

/// Gives each line that is not blank, without its end, with its number from 1; `None` for one that
/// is too long. Ends at the end of the stream or when told to.
pub fn each(
    reader: &mut dyn BufRead,
    mut take: impl FnMut(u64, Option<&[u8]>) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let Some(fits) = next(reader, &mut line)? else { return Ok(()) };
        number += 1;
        let kept = fits.then(|| line.trim_ascii());
        if kept.is_some_and(<[u8]>::is_empty) {
            continue;
        }
        if take(number, kept).is_break() {
            return Ok(());
        }
    }
}

/// Reads a line; whether it was kept whole, or `None` at the end.
fn next(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let (mut any, mut fits) = (false, true);
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(any.then_some(fits));
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        if line.len() + part.len() > LONGEST {
            fits = false;
        } else if fits {
            line.extend_from_slice(part);
        }
        let used = end.map_or(available.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(fits));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn collect(text: &[u8]) -> Vec<(u64, Option<usize>)> {
        let mut found = Vec::new();
        let mut reader = BufReader::with_capacity(7, text);
        each(&mut reader, |number, line| {
            found.push((number, line.map(<[u8]>::len)));
            ControlFlow::Continue(())
        })
        .unwrap();
        found
    }

    #[test]
    fn lines_keep_their_numbers() {
        assert_eq!(collect(b"one\r\n\n  \nfour\nfive"), [(1, Some(3)), (4, Some(4)), (5, Some(4))]);
        assert_eq!(collect(b""), []);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let text = [vec![b'x'; LONGEST + 1], b"\nnext\n".to_vec()].concat();
        assert_eq!(collect(&text), [(1, None), (2, Some(4))]);
        let mut endless = BufReader::new(io::repeat(b'y').take(20 << 20));
        let mut line = Vec::new();
        assert_eq!(next(&mut endless, &mut line).unwrap(), Some(false));
        assert!(line.capacity() <= 2 * LONGEST, "{}", line.capacity());
    }

    #[test]
    fn reading_ends_when_told_to() {
        let mut seen = 0;
        each(&mut &b"a\nb\nc\n"[..], |_, _| {
            seen += 1;
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(seen, 2);
    }
}
