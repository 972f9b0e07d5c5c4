//! Header compression (RFC 7541): reading in full, writing in plain.
//!
//! Requests are written without the dynamic table and without the Huffman code: a load's tokens are
//! never the same for long, so neither would save much, and both cost time.

use std::collections::VecDeque;

use super::huffman;

/// Fields that have numbers from the start (Appendix A), from 1.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Bytes of fields that a peer may have us remember (SETTINGS_HEADER_TABLE_SIZE); the default.
const TABLE_MAX: usize = 4096;
/// What each entry counts beside its bytes (§4.1).
const ENTRY_COST: usize = 32;
/// Most bytes of an answer's fields.
const FIELDS_MAX: usize = 64 * 1024;

/// A block that is no HPACK, or too large. The transport is of no further use then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A block that was read and what it came to. Answers to a load are much alike, so the next one is
/// often the same.
#[derive(Debug, Default)]
struct Last {
    block: Vec<u8>,
    fields: Fields,
    /// Which of the fields it had us remember.
    remembered: Vec<usize>,
}

/// Decoded fields, in one piece of memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
    /// Where each field starts, and the lengths of name and value.
    spans: Vec<(usize, usize, usize)>,
}

impl Fields {
    /// Holds what others hold.
    fn copy_from(&mut self, other: &Self) {
        self.bytes.clone_from(&other.bytes);
        self.spans.clone_from(&other.spans);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|&(start, name, value)| {
            let field = &self.bytes[start..start + name + value];
            field.split_at(name)
        })
    }

    fn get(&self, number: usize) -> (&[u8], &[u8]) {
        let (start, name, value) = self.spans.get(number).copied().unwrap_or_default();
        self.bytes[start..start + name + value].split_at(name)
    }
}

/// Reads blocks of fields, one after another as they come.
#[derive(Debug)]
pub struct Decoder {
    /// What the peer has had us remember, the newest first: name and value in one, and the
    /// length of the name.
    entries: VecDeque<(Vec<u8>, usize)>,
    size: usize,
    size_max: usize,
    /// Memory of entries that are gone.
    spare: Vec<Vec<u8>>,
    /// Holds if it means the same still, whatever the table has come to; an empty block never does.
    last: Last,
}

impl Default for Decoder {
    fn default() -> Self {
        let (entries, spare) = (VecDeque::new(), Vec::new());
        Self { entries, size: 0, size_max: TABLE_MAX, spare, last: Last::default() }
    }
}

impl Decoder {
    /// Reads a whole block; its fields replace those in `fields`.
    pub fn decode(&mut self, block: &[u8], fields: &mut Fields) -> Result<(), Malformed> {
        if !block.is_empty() && block == self.last.block {
            fields.copy_from(&self.last.fields);
            for at in 0..self.last.remembered.len() {
                self.remember(fields.get(self.last.remembered[at]));
            }
            return Ok(());
        }
        self.last.block.clear();
        self.last.remembered.clear();
        fields.clear();
        let mut input = Input(block);
        // It sets the table's size, or builds on what is in it.
        let (mut resizes, mut refers) = (false, false);
        while let Some(&first) = input.0.first() {
            match first {
                0x80.. => {
                    let index = input.integer(7)?;
                    refers |= index > STATIC.len();
                    self.copy(index, true, fields)?;
                }
                0x40.. => {
                    refers |= self.literal(&mut input, 6, fields)?;
                    let number = fields.spans.len() - 1;
                    self.remember(fields.get(number));
                    self.last.remembered.push(number);
                }
                0x20.. => {
                    let size = input.integer(5)?;
                    // Only in front of the fields (§4.2), and never more than we allow.
                    if size > TABLE_MAX || !fields.spans.is_empty() {
                        return Err(Malformed);
                    }
                    self.size_max = size;
                    self.evict(0);
                    resizes = true;
                }
                _ => refers |= self.literal(&mut input, 4, fields)?,
            }
            if fields.bytes.len() + fields.spans.len() * ENTRY_COST > FIELDS_MAX {
                return Err(Malformed);
            }
        }
        // What a block adds to the table it adds again the next time, and what it reads from there
        // is something else then.
        if !resizes && (!refers || self.last.remembered.is_empty()) {
            self.last.block.extend_from_slice(block);
            self.last.fields.copy_from(fields);
        }
        Ok(())
    }

    /// A field that is spelt out, or at least its value. True if the table has its name.
    fn literal(
        &mut self,
        input: &mut Input<'_>,
        prefix: u8,
        fields: &mut Fields,
    ) -> Result<bool, Malformed> {
        let index = input.integer(prefix)?;
        match index {
            0 => {
                let start = fields.bytes.len();
                input.string(&mut fields.bytes)?;
                fields.spans.push((start, fields.bytes.len() - start, 0));
            }
            _ => self.copy(index, false, fields)?,
        }
        let before = fields.bytes.len();
        input.string(&mut fields.bytes)?;
        let length = fields.bytes.len() - before;
        fields.spans.last_mut().ok_or(Malformed)?.2 = length;
        Ok(index > STATIC.len())
    }

    /// Adds the field with this number, or its name alone.
    fn copy(&self, index: usize, whole: bool, fields: &mut Fields) -> Result<(), Malformed> {
        let start = fields.bytes.len();
        let (name, value) = match index.checked_sub(1).ok_or(Malformed)? {
            n if n < STATIC.len() => (STATIC[n].0.as_bytes(), STATIC[n].1.as_bytes()),
            n => {
                let (bytes, name) = self.entries.get(n - STATIC.len()).ok_or(Malformed)?;
                bytes.split_at(*name)
            }
        };
        let value = if whole { value } else { &[] };
        fields.bytes.extend_from_slice(name);
        fields.bytes.extend_from_slice(value);
        fields.spans.push((start, name.len(), value.len()));
        Ok(())
    }

    /// Remembers a field that was read (§4.4).
    fn remember(&mut self, (name, value): (&[u8], &[u8])) {
        let cost = name.len() + value.len() + ENTRY_COST;
        self.evict(cost);
        if cost > self.size_max {
            return;
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
        self.entries.push_front((bytes, name.len()));
        self.size += cost;
    }

    /// Makes room for this much.
    fn evict(&mut self, cost: usize) {
        while self.size + cost > self.size_max {
            let Some((bytes, _)) = self.entries.pop_back() else { return };
            self.size -= bytes.len() + ENTRY_COST;
            self.spare.push(bytes);
        }
    }
}

/// The rest of a block.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A number whose first byte has this many bits of it (§5.1).
    fn integer(&mut self, prefix: u8) -> Result<usize, Malformed> {
        let most = (1_usize << prefix) - 1;
        let mut value = usize::from(self.byte()?) & most;
        if value < most {
            return Ok(value);
        }
        // Nothing that we allow has more than three further bytes.
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn string(&mut self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let coded = self.0.first().is_some_and(|first| first & 0x80 != 0);
        let length = self.integer(7)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        if !coded {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        if huffman::decode(bytes, out) { Ok(()) } else { Err(Malformed) }
    }
}

/// How a peer may treat a field that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// As it likes.
    Plain,
    /// It must not put it into a table, where others could guess at it (§7.1.3).
    Secret,
}

impl Care {
    /// The bits that say so: without indexing, or never indexed (§6.2.2, §6.2.3).
    fn pattern(self) -> u8 {
        if self == Self::Secret { 0x10 } else { 0x00 }
    }
}

/// Writes a field whose name is spelt out.
pub fn write_field(name: &[u8], value: &[u8], care: Care, out: &mut Vec<u8>) {
    out.push(care.pattern());
    write_string(name, out);
    write_string(value, out);
}

/// Writes a field of which the static table has the name.
pub fn write_known(index: usize, value: &[u8], care: Care, out: &mut Vec<u8>) {
    write_integer(index, 4, care.pattern(), out);
    write_string(value, out);
}

/// Writes a field that the static table has whole.
pub fn write_index(index: u8, out: &mut Vec<u8>) {
    out.push(0x80 | index);
}

/// Writes that the peer need remember nothing.
pub fn write_no_table(out: &mut Vec<u8>) {
    out.push(0x20);
}

fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    write_integer(bytes.len(), 7, 0x00, out);
    out.extend_from_slice(bytes);
}

fn write_integer(value: usize, prefix: u8, pattern: u8, out: &mut Vec<u8>) {
    let most = (1_usize << prefix) - 1;
    if value < most {
        out.push(pattern | value as u8);
        return;
    }
    out.push(pattern | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
        let mut fields = Fields::default();
        decoder.decode(block, &mut fields)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(fields.iter().map(|(name, value)| (text(name), text(value))).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_rfcs_answers_decode_one_after_another() {
        // RFC 7541 §C.6.1 and §C.6.2, whose table has 256 bytes.
        let first = [
            0x3f, 0xe1, 0x01, 0x48, 0x82, 0x64, 0x02, 0x58, 0x85, 0xae, 0xc3, 0x77, 0x1a, 0x4b,
            0x61, 0x96, 0xd0, 0x7a, 0xbe, 0x94, 0x10, 0x54, 0xd4, 0x44, 0xa8, 0x20, 0x05, 0x95,
            0x04, 0x0b, 0x81, 0x66, 0xe0, 0x82, 0xa6, 0x2d, 0x1b, 0xff, 0x6e, 0x91, 0x9d, 0x29,
            0xad, 0x17, 0x18, 0x63, 0xc7, 0x8f, 0x0b, 0x97, 0xc8, 0xe9, 0xae, 0x82, 0xae, 0x43,
            0xd3,
        ];
        let mut decoder = Decoder::default();
        let mut expected = vec![
            pair(":status", "302"),
            pair("cache-control", "private"),
            pair("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
            pair("location", "https://www.example.com"),
        ];
        assert_eq!(decoded(&mut decoder, &first), Ok(expected.clone()));
        assert_eq!(decoder.size, 222);
        let second = [0x48, 0x83, 0x64, 0x0e, 0xff, 0xc1, 0xc0, 0xbf];
        expected[0] = pair(":status", "307");
        assert_eq!(decoded(&mut decoder, &second), Ok(expected));
        assert_eq!(decoder.size, 222, "the oldest had to go");
        // The same block means something else once the table has changed.
        let newest = [0xbe];
        assert_eq!(decoded(&mut decoder, &newest), Ok(vec![pair(":status", "307")]));
        assert_eq!(decoded(&mut decoder, &newest), Ok(vec![pair(":status", "307")]));
        assert_eq!(decoded(&mut decoder, &[0x40, 1, b'a', 1, b'b']), Ok(vec![pair("a", "b")]));
        assert_eq!(decoded(&mut decoder, &newest), Ok(vec![pair("a", "b")]));
    }

    #[test]
    fn what_is_no_hpack_is_refused() {
        for bad in [
            &[0x80][..],
            &[0xbe],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0x00, 0x7f],
            &[0x00, 0x03, b'a'],
            &[0x3f, 0xff, 0xff, 0x03],
            &[0x82, 0x20],
            &[0x48, 0x81, 0x00],
        ] {
            assert_eq!(decoded(&mut Decoder::default(), bad), Err(Malformed), "{bad:x?}");
        }
        let mut bomb = vec![0x40, 0x01, b'a', 0x7f, 0x80, 0x1e];
        bomb.resize(6 + 127 + 3840, b'x');
        bomb.extend(std::iter::repeat_n(0xbe, 100));
        assert_eq!(decoded(&mut Decoder::default(), &bomb), Err(Malformed), "over the limit");
    }

    /// They add to the table, read from it, do both, or change its size.
    const BLOCKS: &[&[u8]] = &[
        &[0x88, 0x40, 1, b'a', 1, b'b'],
        &[0x88, 0x40, 1, b'c', 2, b'd', b'e', 0x61, 1, b'x'],
        &[0x82, 0xbe],
        &[0xbe],
        &[0xbe, 0x40, 1, b'q', 1, b'z'],
        &[0x7e, 1, b'r', 0xbe],
        &[0x0f, 0x2f, 1, b'n'],
        &[0x3f, 0x2d, 0x40, 1, b'f', 1, b'g'],
        &[0x20, 0x3f, 0xe1, 0x1f],
    ];

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            fields in prop::collection::vec(("[a-z-]{1,20}", "[ -~]{0,300}"), 0..9),
        ) {
            let mut block = Vec::new();
            for (name, value) in &fields {
                let care = if name.len() % 2 == 0 { Care::Plain } else { Care::Secret };
                write_field(name.as_bytes(), value.as_bytes(), care, &mut block);
            }
            prop_assert_eq!(decoded(&mut Decoder::default(), &block), Ok(fields));
        }

        /// That a block was the last one before, too, is a short cut and nothing else.
        #[test]
        fn a_block_means_the_same_with_and_without_the_short_cut(
            blocks in prop::collection::vec(prop::sample::select(BLOCKS), 1..12),
            times in 1_usize..5,
        ) {
            let (mut quick, mut plain) = (Decoder::default(), Decoder::default());
            for decoder in [&mut quick, &mut plain] {
                decoded(decoder, BLOCKS[0]).unwrap();
            }
            for block in blocks.iter().flat_map(|block| std::iter::repeat_n(block, times)) {
                plain.last = Last::default();
                let read = decoded(&mut quick, block);
                prop_assert_eq!(&read, &decoded(&mut plain, block));
                prop_assert_eq!(&quick.entries, &plain.entries);
                prop_assert_eq!((quick.size, quick.size_max), (plain.size, plain.size_max));
                if read.is_err() {
                    // A transport ends with it.
                    break;
                }
            }
        }

        #[test]
        fn any_bytes_are_fields_or_malformed(
            blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
        ) {
            let mut decoder = Decoder::default();
            for block in blocks {
                let _ = decoded(&mut decoder, &block);
                prop_assert!(decoder.size <= TABLE_MAX);
            }
        }
    }
}
