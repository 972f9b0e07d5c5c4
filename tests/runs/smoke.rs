//! The smoke scenario as a newcomer runs it: everything that a run leaves is there and adds up.

use std::path::Path;

use crate::support::run;

#[test]
fn smoke_passes_and_its_figures_add_up() {
    let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke.toml");
    let ran = run(&smoke, &[]);
    assert_eq!(ran.code, 0, "{}", ran.output);
    let count =
        |pointer: &str| ran.run.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap();
    let (due, sent, done) =
        (count("/requests/due"), count("/requests/sent"), count("/requests/done"));
    let (unsent, censored) = (count("/requests/unsent"), count("/requests/censored"));
    assert_eq!((due, sent), (sent + unsent, done + censored), "{}", ran.output);
    for table in ["verdicts", "classes"] {
        let total = ran.run[table]["total"].as_object().unwrap();
        let sum: u64 = total.values().filter_map(serde_json::Value::as_u64).sum();
        assert_eq!(sum, done, "{table} of all answers");
    }
    assert!(ran.verdict("unavailable") > 0, "the outage bit: {}", ran.output);
    assert!(count("/revocation_lag/users") >= 15, "{}", ran.output);
    assert!(ran.output.contains("PASSED"), "{}", ran.output);
}
