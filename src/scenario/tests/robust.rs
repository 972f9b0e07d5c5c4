//! No text makes the reader panic.

use proptest::prelude::*;

use crate::scenario::{Overrides, parse, read};

/// A scenario with something of everything.
const WHOLE: &str = include_str!("whole.toml");

#[test]
fn a_scenario_with_something_of_everything_is_right() {
    if let Err(error) = parse(WHOLE) {
        panic!("{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let shown = parse(&text).map(|plan| plan.name).map_err(|error| error.to_string());
        prop_assert!(shown.is_ok() || !shown.unwrap_err().is_empty());
    }

    /// Real scenarios with a piece cut out, or with another in its place, come nearer to the code
    /// behind the parser than random text does.
    #[test]
    fn a_damaged_scenario_is_read_or_refused(
        from in 0..WHOLE.len(),
        length in 0_usize..40,
        instead in prop_oneof![
            Just(""), Just("0"), Just("-1"), Just("9223372036854775807"), Just("nan"), Just("inf"),
            Just("\"0s\""), Just("\"720h\""), Just("\"1e9/s\""), Just("\"100%\""), Just("{}"),
            Just("[]"), Just("[[1], {}]"), Just("\"${X}\""), Just("1979-05-27"), Just("\n[x]\n"),
            Just("'''"), Just("."), Just("é"),
        ],
    ) {
        let until = (from + length).min(WHOLE.len());
        let mut text = WHOLE.as_bytes().to_vec();
        text.splice(from..until, instead.bytes());
        if let Err(error) = parse(&String::from_utf8_lossy(&text)) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_option_is_taken_or_refused(
        set in "([a-z.0-9\"]{0,12}|phase|fault|token|steady|[.]){0,4}=?\\PC{0,12}",
        scale in any::<f64>(),
        seed in any::<Option<u64>>(),
    ) {
        let options = Overrides {
            set: vec![set],
            seed,
            rate_scale: Some(scale),
            duration_scale: Some(scale),
            ..Overrides::default()
        };
        if let Err(error) = read("x", WHOLE, &options, &|_| None) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
