//! A recording's file as a stream of plain bytes: gzip and Zstandard are undone on the way.
//!
//! What a file is packed with is told by its first bytes and not by its name. Several gzip members
//! or Zstandard frames one after the other, as log rotation with `cat` leaves them, are one stream.
//! Memory does not depend on the size: a gzip window is 32 KiB, and a Zstandard frame that asks for
//! a larger window than [`LARGEST_WINDOW_LOG`] is refused.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

/// The largest window of a Zstandard frame, as a power of two in bytes: 128 MiB, which is also
/// where `zstd -d` stops by itself.
const LARGEST_WINDOW_LOG: u32 = 27;

/// Bytes that are read at a time.
const BUFFER: usize = 256 << 10;

/// Bytes of the beginning by which a format is recognised.
const HEAD: u64 = 64 << 10;

/// What a file is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Nothing.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstandard,
}

impl Packing {
    fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one of the sixteen kinds of frame that may be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstandard,
            _ => Self::Plain,
        }
    }

    /// As it is called in what people read; empty for nothing.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => "gzip",
            Self::Zstandard => "zstd",
        }
    }
}

/// A recording that is being read.
pub struct Source {
    /// Plain bytes.
    pub reader: BufReader<Box<dyn Read>>,
    /// What it was packed with.
    pub packing: Packing,
    /// Bytes of the file, as it lies on the disk.
    pub size: u64,
    consumed: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
}

impl Source {
    /// Opens a file. Anything but a regular one is refused: a replay may read it more than once.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let consumed = Rc::new(Cell::new(0));
        let counted = Counted { inner: file, count: Rc::clone(&consumed) };
        let mut raw = BufReader::with_capacity(BUFFER, counted);
        let packing = Packing::of(raw.fill_buf()?);
        let plain: Box<dyn Read> = match packing {
            Packing::Plain => Box::new(raw),
            Packing::Gzip => Box::new(MultiGzDecoder::new(raw)),
            Packing::Zstandard => {
                let mut decoder = zstd::Decoder::with_buffer(raw)?;
                decoder.window_log_max(LARGEST_WINDOW_LOG)?;
                Box::new(decoder)
            }
        };
        let unpacked = Rc::new(Cell::new(0));
        let plain: Box<dyn Read> = Box::new(Counted { inner: plain, count: Rc::clone(&unpacked) });
        let mut reader = BufReader::with_capacity(BUFFER, plain);
        // A mark that some programs put before UTF-8.
        if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        Ok(Self { reader, packing, size: data.len(), consumed, unpacked })
    }

    /// How far reading is.
    pub fn position(&self) -> Position {
        Position { consumed: Rc::clone(&self.consumed), unpacked: Rc::clone(&self.unpacked) }
    }
}

/// How far the reading of a [`Source`] is, to a buffer's length.
pub struct Position {
    consumed: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
}

impl Position {
    /// Bytes of the file.
    pub fn consumed(&self) -> u64 {
        self.consumed.get()
    }

    /// Plain bytes.
    pub fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }
}

/// The first plain bytes of a file.
pub fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    Source::open(path)?.reader.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::NamedTempFile;

    use super::*;

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> (io::Result<Vec<u8>>, Packing) {
        let file = file(bytes);
        let mut source = Source::open(file.path()).unwrap();
        let mut text = Vec::new();
        let read = source.reader.read_to_end(&mut text);
        (read.map(|_| text), source.packing)
    }

    #[test]
    fn packed_files_are_read_as_they_are() {
        let text = b"one\ntwo\n".repeat(100_000);
        let (first, second) = text.split_at(text.len() / 3);
        let (plain, packing) = read(&text);
        assert_eq!((plain.unwrap() == text, packing), (true, Packing::Plain));
        let (members, packing) = read(&[gzip(first), gzip(second)].concat());
        assert_eq!((members.unwrap() == text, packing), (true, Packing::Gzip));
        let frames = [first, second].map(|part| zstd::encode_all(part, 3).unwrap()).concat();
        let (frames, packing) = read(&frames);
        assert_eq!((frames.unwrap() == text, packing), (true, Packing::Zstandard));
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_not_an_end() {
        let text = b"one\ntwo\n".repeat(100_000);
        for packed in [gzip(&text), zstd::encode_all(&text[..], 3).unwrap()] {
            assert!(read(&packed[..packed.len() / 2]).0.is_err());
        }
    }

    #[test]
    fn a_window_that_takes_too_much_memory_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(LARGEST_WINDOW_LOG + 1).unwrap();
        encoder.write_all(b"one\n").unwrap();
        let packed = encoder.finish().unwrap();
        let file = file(&packed);
        let error = Source::open(file.path()).err().unwrap().to_string();
        assert!(error.contains("memory"), "{error}");
    }

    #[test]
    fn a_mark_before_the_text_is_passed_over() {
        let file = file(b"\xef\xbb\xbf{}");
        assert_eq!(head(file.path()).unwrap(), b"{}");
        assert!(Source::open(file.path().parent().unwrap()).is_err());
    }

    #[test]
    fn the_position_tells_how_much_is_read() {
        let text = b"line\n".repeat(1_000_000);
        let file = file(&gzip(&text));
        let mut source = Source::open(file.path()).unwrap();
        let position = source.position();
        let before = position.unpacked();
        assert!(before <= BUFFER as u64);
        io::copy(&mut source.reader, &mut io::sink()).unwrap();
        assert_eq!((position.unpacked(), position.consumed()), (text.len() as u64, source.size));
    }
}
