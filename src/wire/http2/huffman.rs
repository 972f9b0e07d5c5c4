//! The Huffman code of HPACK (RFC 7541 Appendix B). It is canonical: the codes follow from their
//! lengths.

/// Bits of each symbol's code; the last symbol ends a string and never occurs in one.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const SHORTEST: usize = 5;
const LONGEST: usize = 30;
const END: u16 = 256;

/// The code, by lengths.
struct Code {
    /// The first code of each length.
    first: [u32; LONGEST + 1],
    /// How many there are.
    count: [u32; LONGEST + 1],
    /// Where their symbols start.
    start: [usize; LONGEST + 1],
    symbols: [u16; 257],
}

const TABLES: Code = code();
static CODE: Code = TABLES;

const fn code() -> Code {
    let mut code = Code {
        first: [0; LONGEST + 1],
        count: [0; LONGEST + 1],
        start: [0; LONGEST + 1],
        symbols: [0; 257],
    };
    let (mut length, mut next, mut placed) = (1, 0, 0);
    while length <= LONGEST {
        next <<= 1;
        code.first[length] = next;
        code.start[length] = placed;
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                code.symbols[placed] = symbol as u16;
                placed += 1;
                next += 1;
            }
            symbol += 1;
        }
        code.count[length] = next - code.first[length];
        length += 1;
    }
    code
}

/// For each eight bits the symbol that they begin with and its length, if it is no longer: so the
/// common ones are found at once. A length of 0 stands for a longer code.
static SHORT: [(u8, u8); 256] = short();

const fn short() -> [(u8, u8); 256] {
    let mut short = [(0, 0); 256];
    let mut length = SHORTEST;
    while length <= 8 {
        let mut place = 0;
        while place < TABLES.count[length] as usize {
            let symbol = TABLES.symbols[TABLES.start[length] + place] as u8;
            let first = (TABLES.first[length] as usize + place) << (8 - length);
            let mut bits = first;
            while bits < first + (1 << (8 - length)) {
                short[bits] = (symbol, length as u8);
                bits += 1;
            }
            place += 1;
        }
        length += 1;
    }
    short
}

/// Appends what the input stands for; false if it stands for nothing.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let mut input = input.iter();
    let (mut bits, mut have) = (0_u64, 0_usize);
    loop {
        while have <= 56 - 8 {
            let Some(byte) = input.next() else { break };
            bits = bits << 8 | u64::from(*byte);
            have += 8;
        }
        if have >= 8 {
            let (symbol, length) = SHORT[(bits >> (have - 8)) as usize & 0xff];
            if length > 0 {
                out.push(symbol);
                have -= usize::from(length);
                continue;
            }
        }
        let Some((symbol, length)) = symbol(bits, have) else {
            // The rest is padding: the beginning of the code that ends a string (§5.2).
            return have < 8 && bits & ((1 << have) - 1) == (1 << have) - 1;
        };
        if symbol == END {
            return false;
        }
        out.push(symbol as u8);
        have -= length;
    }
}

/// The symbol that the highest of these bits stand for, and how many of them.
fn symbol(bits: u64, have: usize) -> Option<(u16, usize)> {
    for length in SHORTEST..=LONGEST.min(have) {
        let code = (bits >> (have - length)) as u32 & ((1 << length) - 1);
        let place = code.wrapping_sub(CODE.first[length]);
        if place < CODE.count[length] {
            return Some((CODE.symbols[CODE.start[length] + place as usize], length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reverse, for the test alone: requests are sent in plain bytes.
    fn encode(text: &[u8]) -> Vec<u8> {
        let (mut bits, mut have, mut out) = (0_u64, 0, Vec::new());
        for byte in text {
            let length = LENGTHS[usize::from(*byte)] as usize;
            let start = CODE.start[length];
            let same = &CODE.symbols[start..start + CODE.count[length] as usize];
            let place = same.iter().position(|s| *s == u16::from(*byte)).unwrap();
            bits = bits << length | u64::from(CODE.first[length] + place as u32);
            have += length;
            while have >= 8 {
                have -= 8;
                out.push((bits >> have) as u8);
            }
        }
        if have > 0 {
            out.push((bits << (8 - have)) as u8 | ((1 << (8 - have)) - 1) as u8);
        }
        out
    }

    #[test]
    fn the_rfcs_examples_decode() {
        // RFC 7541 §C.4.1 and §C.6.1.
        let domain = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        let mut out = Vec::new();
        assert!(decode(&domain, &mut out));
        assert_eq!(out, b"www.example.com");
        out.clear();
        assert!(decode(&[0x64, 0x02], &mut out));
        assert_eq!(out, b"302");
        // Padding of eight bits, padding of zeros, the end inside a string.
        for bad in [&[0x64, 0x02, 0xff][..], &[0x00], &[0xff; 4]] {
            assert!(!decode(bad, &mut Vec::new()), "{bad:x?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_encoded_decodes(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            prop_assert!(decode(&encode(&text), &mut out));
            prop_assert_eq!(out, text);
        }

        #[test]
        fn any_bytes_decode_to_something_or_nothing(input in prop::collection::vec(any::<u8>(), 0..99)) {
            let mut out = Vec::new();
            if decode(&input, &mut out) {
                prop_assert_eq!(encode(&out), input);
            }
        }
    }
}
