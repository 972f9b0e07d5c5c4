//! The chunked transfer coding (RFC 9112 §7.1), decoded as it comes.

use crate::outcome::Failure;

/// Decodes one body; holds no bytes of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chunked {
    state: State,
    /// Bytes of the chunk that are still to come.
    left: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// In the size line; the number of digits so far.
    #[default]
    Start,
    Size,
    Extension,
    Data,
    DataEnd,
    /// At the start of a trailer line.
    Trailer,
    /// Inside a trailer line.
    TrailerLine,
    Done,
}

impl Chunked {
    /// Takes what it can of `input`, shows the data to `data`, and gives the number of bytes
    /// taken. Less than all of them means that the body has ended.
    pub fn advance(&mut self, input: &[u8], mut data: impl FnMut(&[u8])) -> Result<usize, Failure> {
        let mut at = 0;
        while at < input.len() && self.state != State::Done {
            if self.state == State::Data {
                let part = (input.len() - at).min(usize::try_from(self.left).unwrap_or(usize::MAX));
                data(&input[at..at + part]);
                at += part;
                self.left -= part as u64;
                if self.left == 0 {
                    self.state = State::DataEnd;
                }
            } else {
                self.step(input[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// Whether the whole body has been taken.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    fn step(&mut self, byte: u8) -> Result<(), Failure> {
        self.state = match (self.state, byte) {
            (State::Start | State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                self.left = self
                    .left
                    .checked_mul(16)
                    .and_then(|left| left.checked_add(u64::from(digit)))
                    .ok_or(Failure::Protocol)?;
                State::Size
            }
            (State::Size, b';' | b' ' | b'\t') => State::Extension,
            (State::Size | State::Extension, b'\n') if self.left == 0 => State::Trailer,
            (State::Size | State::Extension, b'\n') => State::Data,
            (State::Size, b'\r') => State::Size,
            (State::Extension, _) => State::Extension,
            (State::DataEnd, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => State::Start,
            (State::Trailer, b'\r') => State::Trailer,
            (State::Trailer, b'\n') => State::Done,
            (State::TrailerLine, b'\n') => State::Trailer,
            (State::Trailer | State::TrailerLine, _) => State::TrailerLine,
            _ => return Err(Failure::Protocol),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, usize, bool), Failure> {
        let mut chunked = Chunked::default();
        let (mut body, mut taken) = (Vec::new(), 0);
        for piece in input.chunks(step) {
            let n = chunked.advance(piece, |data| body.extend_from_slice(data))?;
            taken += n;
            if n < piece.len() {
                break;
            }
        }
        Ok((body, taken, chunked.is_done()))
    }

    #[test]
    fn reads_extensions_trailers_and_stops_at_the_end() {
        let input =
            b"4;x=1\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nA: b\r\n\r\nHTTP";
        for step in [1, 2, 3, 7, 100] {
            let (body, taken, done) = decode(input, step).unwrap();
            assert_eq!(body, b"Wikipedia in \r\n\r\nchunks.");
            assert_eq!((taken, done), (input.len() - 4, true), "step {step}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for input in [&b"x\r\n"[..], b"\r\n", b"11111111111111111\r\n", b"-1\r\n", b"1\r\nab"] {
            assert_eq!(decode(input, 100), Err(Failure::Protocol), "{input:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_never_panic(input: Vec<u8>, step in 1_usize..9) {
            let _ = decode(&input, step);
        }
    }
}
