//! A head that has been parsed before need not be parsed again.
//!
//! A server's answers mostly begin with the same bytes, at least for a second, until `Date`
//! changes. Comparing them with the last head costs a fraction of reading them. What follows from
//! the bytes is kept beside them, so equal bytes have equal meaning, whoever sent them.

use std::ops::Range;

use httparse::{EMPTY_HEADER, Header};

/// Heads with more fields are parsed each time.
const FIELDS_MAX: usize = 16;

/// Room to show the fields of a known head in.
pub type Fields<'b> = [Header<'b>; FIELDS_MAX];

/// Room that shows nothing yet.
pub const NO_FIELDS: Fields<'static> = [EMPTY_HEADER; FIELDS_MAX];

/// The last head that was read, and what it means.
#[derive(Clone, Debug)]
pub struct KnownHead<M> {
    bytes: Vec<u8>,
    /// The fields' names, one after the other.
    names: String,
    /// Of each field: where its name ends in `names`, and where its value lies in `bytes`.
    fields: Vec<(usize, Range<usize>)>,
    meaning: Option<M>,
}

impl<M> Default for KnownHead<M> {
    fn default() -> Self {
        Self { bytes: Vec::new(), names: String::new(), fields: Vec::new(), meaning: None }
    }
}

impl<M: Copy> KnownHead<M> {
    /// What the head means, if `input` begins with it; its fields are shown in `room`.
    pub fn recall<'h, 'k>(
        &'k self,
        input: &[u8],
        room: &'h mut Fields<'k>,
    ) -> Option<(M, &'h [Header<'k>])> {
        let meaning = self.meaning?;
        if !input.starts_with(&self.bytes) {
            return None;
        }
        let mut from = 0;
        for (shown, (until, value)) in room.iter_mut().zip(&self.fields) {
            let name = self.names.get(from..*until)?;
            *shown = Header { name, value: self.bytes.get(value.clone())? };
            from = *until;
        }
        Some((meaning, room.get(..self.fields.len())?))
    }

    /// Keeps a head: `bytes` are all of it, and `fields` lie within them.
    pub fn remember(&mut self, bytes: &[u8], fields: &[Header<'_>], meaning: M) {
        self.meaning = None;
        if fields.len() > FIELDS_MAX {
            return;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let start = bytes.as_ptr().addr();
        // Of an empty value the place does not matter, and it may lie outside.
        let range = |part: &[u8]| match part.as_ptr().addr().checked_sub(start) {
            Some(at) if !part.is_empty() => at..at + part.len(),
            _ => 0..0,
        };
        self.names.clear();
        self.fields.clear();
        for field in fields {
            self.names.push_str(field.name);
            self.fields.push((self.names.len(), range(field.value)));
        }
        self.meaning = Some(meaning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = Option<(u8, Vec<(String, Vec<u8>)>)>;

    fn shown(known: &KnownHead<u8>, input: &[u8]) -> Shown {
        let mut room = NO_FIELDS;
        let (meaning, fields) = known.recall(input, &mut room)?;
        let fields = fields.iter().map(|f| (f.name.to_owned(), f.value.to_vec())).collect();
        Some((meaning, fields))
    }

    #[test]
    fn recalls_equal_bytes_only() {
        let head = b"HTTP/1.1 200 OK\r\nA: b\r\nEmpty:\r\n\r\n";
        let mut room = [EMPTY_HEADER; 4];
        let mut response = httparse::Response::new(&mut room);
        response.parse(head).unwrap();
        let mut known = KnownHead::default();
        assert_eq!(shown(&known, head), None);
        known.remember(head, response.headers, 7);
        let again = [head.as_slice(), b"body"].concat();
        let fields = vec![("A".to_owned(), b"b".to_vec()), ("Empty".to_owned(), Vec::new())];
        assert_eq!(shown(&known, &again), Some((7, fields)));
        assert_eq!(shown(&known, &head[..head.len() - 1]), None);
        assert_eq!(shown(&known, &head.to_ascii_lowercase()), None);
    }

    #[test]
    fn forgets_what_has_too_many_fields() {
        let mut known = KnownHead::default();
        known.remember(b"x", &[], 1);
        known.remember(b"y", &[EMPTY_HEADER; FIELDS_MAX + 1], 2);
        assert_eq!(shown(&known, b"x"), None);
        assert_eq!(shown(&known, b"y"), None);
    }
}
