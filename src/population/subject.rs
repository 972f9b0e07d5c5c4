//! How subjects are spelt, and how a user's number is read back from one.
//!
//! Each scheme writes the number, sent through a keyed permutation, into part of its characters
//! and fills the rest from a hash of the number. So subjects of two users always differ, all
//! characters look random, and [`Speller::candidate`] needs no table: it reads the number out,
//! spells that user's subject, and compares.

use super::permutation::Permutation;
use super::plan::SubjectScheme;
use crate::identity::UserIndex;
use crate::seed::{Seed, Stream};

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Numbers of ten digits of which the first is not zero: none is another's prefix.
const INTEGERS: u64 = 9_000_000_000;
const FIRST_INTEGER: u64 = 1_000_000_000;
/// Characters of an email address that carry the number.
const EMAIL_CODE: usize = 7;
const EMAIL_DOMAIN: &str = "@example.test";
const NAMES: [&str; 32] = [
    "ada", "ben", "carla", "dmitri", "elif", "farid", "grace", "hugo", "ines", "jonas", "kofi",
    "lena", "mira", "nils", "olga", "pavel", "quinn", "rosa", "samir", "tara", "umar", "vera",
    "wanda", "xenia", "yusuf", "zoe", "akira", "bruno", "chloe", "diego", "emeka", "freya",
];
/// Characters after a prefix: the first ten carry the number, the others are filling.
const PREFIXED_NUMBER: usize = 10;
const PREFIXED_FILL: usize = 7;
/// Milliseconds between two users' version 7 identifiers: ten million users in two years.
const V7_GAP_MS: u64 = 6_300;
/// 2022-01-01 UTC in Unix milliseconds: the earliest start of a population's first user.
const V7_EPOCH_MS: u64 = 1_640_995_200_000;
const DAY_MS: u64 = 86_400_000;

/// Writes and reads the subjects of one run.
#[derive(Clone, Debug)]
pub(super) struct Speller {
    scheme: SubjectScheme,
    /// From a user's number to the part of the subject that carries it.
    code: Permutation,
    fill: Stream,
    /// When version 7 identifiers begin, in Unix milliseconds.
    v7_start: u64,
}

impl Speller {
    pub(super) fn new(scheme: SubjectScheme, seed: Seed) -> Self {
        let last = match &scheme {
            SubjectScheme::UuidV4
            | SubjectScheme::UuidV7
            | SubjectScheme::Opaque
            | SubjectScheme::Listed(_) => u64::MAX,
            SubjectScheme::Integer => INTEGERS - 1,
            SubjectScheme::Email => 36_u64.pow(EMAIL_CODE as u32) - 1,
            SubjectScheme::Prefixed(_) => 62_u64.pow(PREFIXED_NUMBER as u32) - 1,
        };
        let stream = seed.stream("subject");
        Self {
            scheme,
            code: Permutation::of(last, stream.named("code")),
            fill: stream.named("fill"),
            v7_start: V7_EPOCH_MS + stream.named("start").at(0) % 365 * DAY_MS,
        }
    }

    /// Appends the subject of the user with this number.
    pub(super) fn write(&self, index: u32, out: &mut String) {
        if let SubjectScheme::Listed(table) = &self.scheme {
            return table.0.write(UserIndex(index), out);
        }
        let code = self.code.forward(u64::from(index));
        let fill = self.fill.at(u64::from(index));
        match &self.scheme {
            SubjectScheme::UuidV4 => write_uuid(v4_bits(code, fill), out),
            SubjectScheme::UuidV7 => write_uuid(self.v7_bits(index, code, fill), out),
            SubjectScheme::Integer => digits::<10, 10>(FIRST_INTEGER + code, HEX, out),
            SubjectScheme::Email => {
                out.push_str(NAMES[(fill % NAMES.len() as u64) as usize]);
                out.push('.');
                digits::<EMAIL_CODE, 36>(code, BASE36, out);
                out.push_str(EMAIL_DOMAIN);
            }
            SubjectScheme::Prefixed(prefix) => {
                out.push_str(prefix);
                digits::<PREFIXED_NUMBER, 62>(code, BASE62, out);
                // 62⁷ is far below 2⁶⁴, so the remainders are as good as even.
                digits::<PREFIXED_FILL, 62>(fill, BASE62, out);
                let more = self.fill.named("more").at(u64::from(index));
                digits::<PREFIXED_FILL, 62>(more, BASE62, out);
            }
            SubjectScheme::Opaque => write_base64(u128::from(code) << 64 | u128::from(fill), out),
            SubjectScheme::Listed(_) => {}
        }
    }

    /// The number of the user whose subject this may be. Every user's subject gives the user;
    /// another text may give anything, so the caller spells the answer and compares.
    pub(super) fn candidate(&self, subject: &str) -> Option<u32> {
        let text = subject.as_bytes();
        let code = match &self.scheme {
            SubjectScheme::UuidV4 => v4_code(read_uuid(text)?),
            SubjectScheme::UuidV7 => v7_code(read_uuid(text)?),
            SubjectScheme::Integer => number(text, 10)?.checked_sub(FIRST_INTEGER)?,
            SubjectScheme::Email => {
                let local = subject.strip_suffix(EMAIL_DOMAIN)?;
                number(local.split_once('.')?.1.as_bytes(), 36)?
            }
            SubjectScheme::Prefixed(prefix) => number(
                subject.strip_prefix(prefix.as_str())?.as_bytes().get(..PREFIXED_NUMBER)?,
                62,
            )?,
            SubjectScheme::Opaque => read_base64(text)?,
            SubjectScheme::Listed(table) => return table.0.find(subject).map(|user| user.0),
        };
        // Codes of strangers decode to numbers far above any user's, or out of the domain.
        u32::try_from(self.code.backward(code)?).ok()
    }

    /// RFC 9562 §5.7: 48 bits of Unix milliseconds, then version, random, variant, random. Users
    /// are as old as their numbers say, as in a directory that was filled over the years.
    fn v7_bits(&self, index: u32, code: u64, fill: u64) -> u128 {
        let jitter = ((fill >> 32) * V7_GAP_MS) >> 32;
        let at = self.v7_start + u64::from(index) * V7_GAP_MS + jitter;
        let tail = u128::from(code & low(52)) << 10 | u128::from(fill & low(10));
        u128::from(at & low(48)) << 80 | 7 << 76 | u128::from(code >> 52) << 64 | 2 << 62 | tail
    }
}

/// RFC 9562 §5.4: 48 random bits, version, 12 random bits, variant, 62 random bits.
fn v4_bits(code: u64, fill: u64) -> u128 {
    let (head, middle, tail) = (code >> 16, code >> 4 & low(12), code & low(4));
    let tail = u128::from(tail) << 58 | u128::from(fill & low(58));
    u128::from(head) << 80 | 4 << 76 | u128::from(middle) << 64 | 2 << 62 | tail
}

fn v4_code(bits: u128) -> u64 {
    let (head, middle, tail) = (bits >> 80, bits >> 64 & 0xFFF, bits >> 58 & 0xF);
    (head << 16 | middle << 4 | tail) as u64
}

fn v7_code(bits: u128) -> u64 {
    ((bits >> 64 & 0xFFF) << 52 | bits >> 10 & u128::from(low(52))) as u64
}

fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// Appends the last `N` digits of `number` in base `BASE`.
fn digits<const N: usize, const BASE: u64>(mut number: u64, alphabet: &[u8], out: &mut String) {
    let mut text = [0; N];
    for place in text.iter_mut().rev() {
        *place = alphabet[(number % BASE) as usize];
        number /= BASE;
    }
    push_ascii(&text, out);
}

/// Reads what [`digits`] writes, and nothing else: exact digits, no sign, no overflow.
fn number(text: &[u8], base: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, &byte| {
        let digit = match (byte, base) {
            (b'0'..=b'9', _) => byte - b'0',
            (b'a'..=b'z', 36) => byte - b'a' + 10,
            (b'A'..=b'Z', 62) => byte - b'A' + 10,
            (b'a'..=b'z', 62) => byte - b'a' + 36,
            _ => return None,
        };
        sum.checked_mul(base)?.checked_add(u64::from(digit))
    })
}

/// RFC 9562 §4: groups of 8, 4, 4, 4 and 12 hexadecimal digits, in lower case.
fn write_uuid(bits: u128, out: &mut String) {
    let mut text = [b'-'; 36];
    let mut shift = 128;
    for (place, byte) in text.iter_mut().enumerate() {
        if !matches!(place, 8 | 13 | 18 | 23) {
            shift -= 4;
            *byte = HEX[(bits >> shift) as usize & 15];
        }
    }
    push_ascii(&text, out);
}

fn read_uuid(text: &[u8]) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    text.iter().filter(|byte| **byte != b'-').try_fold(0_u128, |bits, &byte| {
        let digit = char::from(byte).to_digit(16)?;
        Some(bits << 4 | u128::from(digit))
    })
}

/// RFC 4648 §5 without padding: 16 bytes in 22 characters, the last of which holds two bits.
fn write_base64(bits: u128, out: &mut String) {
    let mut text = [0; 22];
    for (place, byte) in text[..21].iter_mut().enumerate() {
        *byte = BASE64_URL[(bits >> (122 - 6 * place)) as usize & 63];
    }
    text[21] = BASE64_URL[(bits << 4) as usize & 63];
    push_ascii(&text, out);
}

/// The number's half of what [`write_base64`] writes: the first 64 of 128 bits.
fn read_base64(text: &[u8]) -> Option<u64> {
    if text.len() != 22 {
        return None;
    }
    let bits = text[..11].iter().try_fold(0_u128, |bits, byte| {
        let sextet = BASE64_URL.iter().position(|letter| letter == byte)?;
        Some(bits << 6 | sextet as u128)
    })?;
    Some((bits >> 2) as u64)
}

fn push_ascii(text: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(text).expect("alphabets are ASCII"));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn schemes() -> [SubjectScheme; 7] {
        [
            SubjectScheme::UuidV4,
            SubjectScheme::UuidV7,
            SubjectScheme::Integer,
            SubjectScheme::Email,
            SubjectScheme::Prefixed("auth0|".to_owned()),
            SubjectScheme::Prefixed(String::new()),
            SubjectScheme::Opaque,
        ]
    }

    fn subject(speller: &Speller, index: u32) -> String {
        let mut out = String::new();
        speller.write(index, &mut out);
        out
    }

    #[test]
    fn numbers_are_read_back_from_subjects() {
        for scheme in schemes() {
            let speller = Speller::new(scheme.clone(), Seed(11));
            for index in (0..100_000).chain([9_999_999, 20_000_000, u32::MAX]) {
                let subject = subject(&speller, index);
                assert_eq!(speller.candidate(&subject), Some(index), "{scheme:?}: {subject}");
                assert!(subject.is_ascii() && subject.len() <= super::super::LONGEST_SUBJECT);
            }
        }
    }

    proptest! {
        /// Reading back is what makes subjects of different users different, whatever the seed.
        #[test]
        fn any_number_is_read_back_with_any_seed(seed: u64, index: u32, which in 0..7_usize) {
            let speller = Speller::new(schemes()[which].clone(), Seed(seed));
            prop_assert_eq!(speller.candidate(&subject(&speller, index)), Some(index));
        }

        #[test]
        fn any_text_is_read_without_harm(text: String, which in 0..7_usize) {
            let speller = Speller::new(schemes()[which].clone(), Seed(1));
            if let Some(index) = speller.candidate(&text) {
                // A stranger's text may decode to a number; spelling it tells them apart.
                prop_assert!(subject(&speller, index) != text);
            }
        }
    }

    #[test]
    fn subjects_differ_even_without_regard_to_case() {
        for scheme in schemes() {
            let speller = Speller::new(scheme.clone(), Seed(1));
            let seen: HashSet<String> =
                (0..50_000).map(|index| subject(&speller, index).to_ascii_lowercase()).collect();
            assert_eq!(seen.len(), 50_000, "{scheme:?}");
        }
    }

    #[test]
    fn uuids_say_their_version_and_variant() {
        for (scheme, version) in [(SubjectScheme::UuidV4, 4), (SubjectScheme::UuidV7, 7)] {
            let speller = Speller::new(scheme, Seed(3));
            for index in 0..1_000 {
                let text = subject(&speller, index);
                let id = uuid::Uuid::parse_str(&text).unwrap();
                assert_eq!(id.get_version_num(), version);
                assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
                assert_eq!(id.hyphenated().to_string(), text);
            }
        }
    }

    #[test]
    fn version_7_times_are_in_the_past_and_follow_the_numbers() {
        let speller = Speller::new(SubjectScheme::UuidV7, Seed(3));
        let millis = |index| {
            let id = uuid::Uuid::parse_str(&subject(&speller, index)).unwrap();
            let (secs, nanos) = id.get_timestamp().unwrap().to_unix();
            secs * 1_000 + u64::from(nanos) / 1_000_000
        };
        assert!((1..2_000).all(|index| millis(index - 1) <= millis(index)));
        assert!(millis(0) >= V7_EPOCH_MS);
        // 2026-01-01.
        assert!(millis(9_999_999) < 1_767_225_600_000);
    }

    #[test]
    fn integers_have_ten_digits_and_no_leading_zero() {
        let speller = Speller::new(SubjectScheme::Integer, Seed(5));
        for index in 0..10_000 {
            let text = subject(&speller, index);
            assert!(text.len() == 10 && !text.starts_with('0'), "{text}");
            assert!(text.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        }
    }

    #[test]
    fn the_shapes_are_the_promised_ones() {
        let show = |scheme| subject(&Speller::new(scheme, Seed(5)), 7);
        let email = show(SubjectScheme::Email);
        let (name, code) = email.strip_suffix(EMAIL_DOMAIN).unwrap().split_once('.').unwrap();
        assert!(NAMES.contains(&name) && code.len() == EMAIL_CODE, "{email}");
        let prefixed = show(SubjectScheme::Prefixed("usr_".to_owned()));
        let rest = prefixed.strip_prefix("usr_").unwrap();
        assert!(rest.len() == 24 && rest.bytes().all(|b| b.is_ascii_alphanumeric()), "{prefixed}");
        let opaque = show(SubjectScheme::Opaque);
        assert!(opaque.len() == 22 && opaque.bytes().all(|b| BASE64_URL.contains(&b)), "{opaque}");
    }

    #[test]
    fn every_varying_character_looks_random() {
        // For each place: how often each byte occurs; the most frequent must not stand out.
        for (scheme, letters) in [
            (SubjectScheme::UuidV4, 16),
            (SubjectScheme::Integer, 10),
            (SubjectScheme::Prefixed("u_".to_owned()), 62),
            (SubjectScheme::Opaque, 64),
        ] {
            let speller = Speller::new(scheme.clone(), Seed(21));
            let users = 20_000;
            let mut counts = vec![[0_u32; 256]; 40];
            for index in 0..users {
                for (place, byte) in subject(&speller, index).bytes().enumerate() {
                    counts[place][usize::from(byte)] += 1;
                }
            }
            for (place, counts) in counts.iter().enumerate() {
                let kinds = counts.iter().filter(|count| **count > 0).count();
                let most = f64::from(*counts.iter().max().unwrap());
                // Fixed characters, the variant digit and the last of base64 have fewer letters.
                if kinds > 9 {
                    let mean = f64::from(users) / kinds as f64;
                    assert!(kinds + 1 >= letters, "{scheme:?} at {place}: {kinds} letters");
                    assert!(most < mean + 6.0 * mean.sqrt(), "{scheme:?} at {place}: {most}");
                }
            }
        }
    }

    #[test]
    fn strangers_are_nobody_or_somebody_else() {
        for scheme in schemes() {
            let speller = Speller::new(scheme.clone(), Seed(11));
            let own = subject(&speller, 42);
            let long = "9".repeat(300);
            for text in [
                "",
                " ",
                "+123456789",
                "0",
                "1234567890",
                "é@example.test",
                "auth0|",
                "@example.test",
                ".@example.test",
                "00000000-0000-4000-8000-000000000000",
                "------------------------------------",
                long.as_str(),
                &own[1..],
                &own[..1],
                "AAAAAAAAAAAAAAAAAAAAAA",
                "ééééééééééé",
                "€€€€€€€€€€€€",
            ] {
                if let Some(index) = speller.candidate(text) {
                    assert_ne!(subject(&speller, index), text, "{scheme:?}");
                }
            }
        }
    }
}
