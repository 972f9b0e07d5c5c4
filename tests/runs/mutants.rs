//! The oracle is proved by what it must catch: each known bug of the reference gateway by the
//! verdict that names it, and nothing at all of the correct gateway.

use crate::support::{Ran, run, scenario};

/// The bug, and a threshold that it must miss.
const CAUGHT_BY: &[(&str, &str)] = &[
    ("fails-open", "false_accept"),
    ("unauthorized-on-outage", "misblamed"),
    ("error-on-unknown-user", "error"),
    ("swaps-identities", "identity_swap"),
    ("keeps-negative-entries", "false_reject"),
    ("ignores-invalidation", "false_accept"),
    ("folds-subject", "false_accept"),
    ("keys-cache-on-token", "false_accept"),
    ("skips-expiry", "false_accept"),
    ("accepts-alg-none", "false_accept"),
    ("forgets-challenge", "wrong_code"),
    ("resurrects-users", "false_accept"),
];

fn try_gateway(arguments: &[&str]) -> Ran {
    run(&scenario("mutants.toml"), arguments)
}

#[test]
fn every_mutant_is_caught_by_the_verdict_that_names_it() {
    let known = substorm::gateway::Mutant::NAMES;
    let tried: Vec<&str> = CAUGHT_BY.iter().map(|(mutant, _)| *mutant).collect();
    assert_eq!(tried, known, "every mutant is tried");
    for (mutant, threshold) in CAUGHT_BY {
        let ran = try_gateway(&["--set", &format!("gateway.mutant={mutant}")]);
        assert_eq!(ran.code, 1, "{mutant}: {}", ran.output);
        let (value, pass) = ran.threshold(threshold);
        assert!(!pass && value > 0.0, "{mutant}: {threshold} is {value}\n{}", ran.output);
    }
}

#[test]
fn the_correct_gateway_raises_no_alarm_over_ten_seeds() {
    for seed in 1..=10 {
        let ran = try_gateway(&["--seed", &seed.to_string()]);
        assert_eq!(ran.code, 0, "seed {seed}: {}", ran.output);
        assert!(ran.verdict("correct_accept") > 1_000, "seed {seed}: {}", ran.output);
        assert!(ran.verdict("correct_reject") > 20, "seed {seed}: {}", ran.output);
        assert!(ran.verdict("unavailable") > 0, "seed {seed}: the outage bit nobody");
    }
}
