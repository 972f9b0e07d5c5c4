//! The `Server-Timing` field (W3C Server Timing): how long the stages of a server's work took, as
//! it tells.
//!
//! A field has metrics, a metric a name and parameters, of which `dur` is a time in milliseconds.
//! What is no metric is passed over, as browsers do it. Reading takes no memory.

use std::time::Duration;

/// The field's name, in lower case.
pub const SERVER_TIMING: &str = "server-timing";

/// One metric of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric<'a> {
    /// Its name: one or more characters of a token (RFC 9110 §5.6.2).
    pub name: &'a str,
    /// What it tells of time.
    pub time: MetricTime,
}

/// What a metric tells of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTime {
    /// It has no `dur`: it is about something else, such as whether a cache was hit.
    None,
    /// So long.
    Took(Duration),
    /// Its `dur` is no number, or one that no duration has.
    Unreadable,
}

/// The metrics of one field's value, in their order.
pub fn metrics(value: &[u8]) -> Metrics<'_> {
    Metrics { rest: value }
}

/// Goes through the metrics of a field.
#[derive(Clone, Debug)]
pub struct Metrics<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Metrics<'a> {
    type Item = Metric<'a>;

    fn next(&mut self) -> Option<Metric<'a>> {
        loop {
            self.skip(|byte| byte == b',' || is_space(byte));
            if self.rest.is_empty() {
                return None;
            }
            let name = self.token();
            let time = self.parameters();
            if !name.is_empty() {
                return Some(Metric { name, time });
            }
        }
    }
}

impl<'a> Metrics<'a> {
    /// Reads up to the comma behind a metric, or to the end. Of two `dur` the first counts.
    fn parameters(&mut self) -> MetricTime {
        let mut time = MetricTime::None;
        while self.skip_to_parameter() {
            let name = self.token();
            self.skip(is_space);
            let value = match self.rest {
                [b'=', rest @ ..] => {
                    self.rest = rest;
                    self.value()
                }
                _ => "",
            };
            if time == MetricTime::None && name.eq_ignore_ascii_case("dur") {
                time = duration(value);
            }
        }
        time
    }

    /// Goes to the name of the next parameter; false if the metric has no more.
    fn skip_to_parameter(&mut self) -> bool {
        loop {
            match self.rest {
                [] | [b',', ..] => return false,
                [b';', rest @ ..] => {
                    self.rest = rest;
                    self.skip(is_space);
                    return true;
                }
                [b'"', ..] => drop(self.quoted()),
                [_, rest @ ..] => self.rest = rest,
            }
        }
    }

    /// A token or a quoted text.
    fn value(&mut self) -> &'a str {
        self.skip(is_space);
        match self.rest {
            [b'"', ..] => self.quoted(),
            _ => self.token(),
        }
    }

    /// What stands between quotation marks, as it is written; to the end where the second is missing.
    fn quoted(&mut self) -> &'a str {
        let text = self.rest.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = text.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (inner, rest) = match end {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => (text, &text[text.len()..]),
        };
        self.rest = rest;
        // What is no text is no number either.
        std::str::from_utf8(inner).unwrap_or_default()
    }

    fn token(&mut self) -> &'a str {
        let end = self.rest.iter().position(|&byte| !is_token(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        // Token characters are ASCII.
        std::str::from_utf8(token).unwrap_or_default()
    }

    fn skip(&mut self, unwanted: impl Fn(u8) -> bool) {
        while let [first, rest @ ..] = self.rest
            && unwanted(*first)
        {
            self.rest = rest;
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A time that is written in milliseconds.
fn duration(millis: &str) -> MetricTime {
    let millis = millis.trim_ascii().parse::<f64>().unwrap_or(f64::NAN);
    // Refuses what is below zero, infinite or no number.
    Duration::try_from_secs_f64(millis / 1e3).map_or(MetricTime::Unreadable, MetricTime::Took)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Vec<(String, MetricTime)> {
        metrics(value.as_bytes()).map(|metric| (metric.name.to_owned(), metric.time)).collect()
    }

    fn took(name: &str, micros: u64) -> (String, MetricTime) {
        (name.to_owned(), MetricTime::Took(Duration::from_micros(micros)))
    }

    #[test]
    fn a_gateway_s_own_field_is_read() {
        let field = "verify;dur=0.120, cache;desc=miss;dur=0.000, lookup;dur=1.500";
        assert_eq!(read(field), [took("verify", 120), took("cache", 0), took("lookup", 1_500)]);
    }

    #[test]
    fn parameters_come_in_any_order_and_spelling() {
        let field = r#"a ; DUR = 2 ;desc="x, y;dur=9 \" z" , b;desc=q;dur="3.25"	,c;x;dur=1e1"#;
        assert_eq!(read(field), [took("a", 2_000), took("b", 3_250), took("c", 10_000)]);
        assert_eq!(read("a;dur=1;dur=2"), [took("a", 1_000)]);
        assert_eq!(read("a;dur=1,a;dur=2"), [took("a", 1_000), took("a", 2_000)]);
    }

    #[test]
    fn what_has_no_time_or_none_that_can_be_is_told_apart() {
        let none = ("a".to_owned(), MetricTime::None);
        for field in ["a", "a;", "a;desc=\"dur=5\"", "a;duration=5", "a b;c", "a;=5;=dur"] {
            assert_eq!(read(field), std::slice::from_ref(&none), "{field}");
        }
        let unreadable = ("a".to_owned(), MetricTime::Unreadable);
        for value in ["", "x", "-1", "nan", "inf", "1e300", "\"1", "1.2.3", "\"1\\2\""] {
            // A quotation mark that is not closed takes in all that follows, and so is no number
            // unless nothing does.
            let field = format!("a;dur={value}; b");
            assert_eq!(read(&field), std::slice::from_ref(&unreadable), "{field}");
        }
        assert_eq!(read("a;dur"), [unreadable]);
    }

    #[test]
    fn garbage_is_passed_over_up_to_the_next_comma() {
        assert_eq!(read(""), []);
        assert_eq!(read(" ,, \t,"), []);
        assert_eq!(
            read("\"quoted, name\";dur=1, (x);dur=2, b;dur=3 oops \"a,b\" ;x,c"),
            [took("b", 3_000), ("c".to_owned(), MetricTime::None)]
        );
        assert_eq!(metrics(b"\xff;dur=1, \"\xff\", d;dur=\"\xff\",e;dur=5").count(), 2);
    }

    proptest! {
        /// What the fuzz target holds: names are tokens, and a comma outside quotation marks parts
        /// metrics as two fields would.
        #[test]
        fn metrics_of_one_field_are_those_of_its_parts(
            value in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(&b"a;,=\"\\ \tdur.1"[..])], 0..60,
            ),
        ) {
            let whole: Vec<Metric<'_>> = metrics(&value).collect();
            let is_token = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
            prop_assert!(whole.iter().all(|metric| is_token(metric.name)));
            if !value.contains(&b'"') {
                let parts: Vec<Metric<'_>> = value.split(|&b| b == b',').flat_map(metrics).collect();
                prop_assert_eq!(whole, parts);
            }
        }

        /// Whatever comes, reading ends, and what was written well is found between it.
        #[test]
        fn any_bytes_are_read_to_their_end(
            bytes in prop::collection::vec(any::<u8>(), 0..200), micros in 0_u64..100_000_000,
        ) {
            let names = metrics(&bytes).map(|metric| metric.name.len());
            prop_assert!(names.clone().all(|length| length > 0));
            prop_assert!(names.count() <= bytes.len());
            // An open quotation mark would swallow what follows.
            let mut field: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'"').collect();
            field.extend(format!(",last;dur={:.3}", micros as f64 / 1e3).bytes());
            let last = metrics(&field).last().unwrap();
            prop_assert_eq!((last.name, last.time), ("last", MetricTime::Took(Duration::from_micros(micros))));
        }
    }
}
