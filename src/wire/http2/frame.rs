//! Frames (RFC 9113 §4 and §6).

/// Bytes in front of each frame's payload.
pub const HEAD: usize = 9;
/// Largest payload that either side may send unless told otherwise.
pub const PAYLOAD_MAX: usize = 16_384;
/// Largest window (§6.9.1).
pub const WINDOW_MAX: i64 = (1 << 31) - 1;
/// The window of a transport at the start, and of streams unless told otherwise.
pub const WINDOW_DEFAULT: i64 = 65_535;

/// What a client sends first (§3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0x0;
pub const HEADERS: u8 = 0x1;
pub const PRIORITY: u8 = 0x2;
pub const RST_STREAM: u8 = 0x3;
pub const SETTINGS: u8 = 0x4;
pub const PUSH_PROMISE: u8 = 0x5;
pub const PING: u8 = 0x6;
pub const GOAWAY: u8 = 0x7;
pub const WINDOW_UPDATE: u8 = 0x8;
pub const CONTINUATION: u8 = 0x9;

/// Of DATA and HEADERS.
pub const END_STREAM: u8 = 0x1;
/// Of SETTINGS and PING.
pub const ACK: u8 = 0x1;
/// Of HEADERS and CONTINUATION.
pub const END_HEADERS: u8 = 0x4;
/// Of DATA and HEADERS.
pub const PADDED: u8 = 0x8;
/// Of HEADERS.
pub const PRIORITISED: u8 = 0x20;

/// Settings (§6.5.2).
pub const HEADER_TABLE_SIZE: u16 = 0x1;
pub const ENABLE_PUSH: u16 = 0x2;
pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
pub const MAX_FRAME_SIZE: u16 = 0x5;

/// The error code of a stream on which nothing was done (§7).
pub const REFUSED_STREAM: u32 = 0x7;
/// The error code of a stream that nobody waits for (§7).
pub const CANCEL: u32 = 0x8;

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub length: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

impl Frame {
    /// Reads the head at the start of `bytes`; `None` if it is not whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, rest @ ..] = bytes.first_chunk::<HEAD>()?;
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let stream = u32::from_be_bytes(*rest) & 0x7fff_ffff;
        Some(Self { length, kind: *kind, flags: *flags, stream })
    }

    /// Whether the flag is set.
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without padding; `None` if there is more padding than payload (§6.1).
    pub fn unpadded(self, payload: &[u8]) -> Option<&[u8]> {
        if !self.has(PADDED) {
            return Some(payload);
        }
        let (padding, rest) = payload.split_first()?;
        rest.get(..rest.len().checked_sub(usize::from(*padding))?)
    }
}

/// Writes the head of a frame.
pub fn write_head(length: usize, kind: u8, flags: u8, stream: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
    out.push(kind);
    out.push(flags);
    out.extend_from_slice(&stream.to_be_bytes());
}

/// Writes a frame whose payload is one number: RST_STREAM or WINDOW_UPDATE.
pub fn write_number(kind: u8, stream: u32, number: u32, out: &mut Vec<u8>) {
    write_head(4, kind, 0, stream, out);
    out.extend_from_slice(&number.to_be_bytes());
}

/// Writes SETTINGS.
pub fn write_settings(settings: &[(u16, u32)], out: &mut Vec<u8>) {
    write_head(settings.len() * 6, SETTINGS, 0, 0, out);
    for (name, value) in settings {
        out.extend_from_slice(&name.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// The number that a payload of four bytes is, its highest bit left out; no error code has that.
pub fn number(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(payload.try_into().ok()?) & 0x7fff_ffff)
}
