//! The scenario reader: any text is a plan or a list of errors, and the same one each time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use substorm::scenario::parse;

fuzz_target!(|text: &str| match parse(text) {
    Ok(plan) => {
        let again = parse(text).expect("what was a plan is one");
        assert_eq!(plan.digest, again.digest);
        let _ = format!("{plan:?}");
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
