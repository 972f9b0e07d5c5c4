//! Options of the command line, the environment, and the digest.

use std::time::Duration;

use super::SMALLEST;
use crate::arrival::Arrival;
use crate::scenario::{Overrides, Plan, ScenarioError, parse, read};
use crate::units::Share;

const TWO: &str = "name = \"x\"\n[[phase]]\nname = \"a\"\nfor = \"10s\"\n\
                   [[phase]]\nname = \"b\"\nfor = \"20s\"\narrival = { constant = \"50/s\" }\n\
                   [[fault]]\nkind = \"store-outage\"\nat = \"b+4s\"\nfor = \"2s\"\n";

fn with(options: &Overrides) -> Result<Plan, ScenarioError> {
    read("x.toml", TWO, options, &|_| None)
}

fn set(keys: &[&str]) -> Result<Plan, ScenarioError> {
    with(&Overrides { set: keys.iter().map(ToString::to_string).collect(), ..Overrides::default() })
}

#[test]
fn set_reaches_entries_by_number_and_by_name() {
    let plan = set(&[
        "phase.0.for=3s",
        "phase.b.for = \"5s\"",
        "fault.store-outage.at=a",
        "population.users=77",
        "population.popularity={ zipf = 1.5 }",
        "gateway.cache.invalidation=true",
        "thresholds.\"p99(response_time)\"=< 1s",
    ])
    .unwrap();
    assert_eq!(plan.length(), Duration::from_secs(8));
    assert_eq!((plan.population.users, plan.faults[0].at), (77, Duration::ZERO));
    assert!(plan.policies.cache.invalidation);
    assert_eq!(plan.thresholds, [("p99(response_time)".to_owned(), "< 1s".to_owned())]);
    assert_eq!(plan.overrides[0], "--set phase.0.for=3s");
}

#[test]
fn errors_point_at_the_options_text() {
    let error = set(&["phase.steady.for=3s", "population.usres=3", "nonsense", "name.x=1"]);
    insta::assert_snapshot!(error.unwrap_err().to_string());
}

#[test]
fn options_with_names_of_their_own_are_read_like_the_file() {
    let options = Overrides {
        target: Some("http://192.0.2.7:80".to_owned()),
        seed: Some(u64::MAX),
        rate_scale: Some(f64::NAN),
        duration_scale: Some(0.0),
        ..Overrides::default()
    };
    let text = with(&options).unwrap_err().to_string();
    for part in [
        "--target:1:1: target.url: 192.0.2.7 is not this machine",
        "--allow-target 192.0.2.7",
        "store-outage works only on the embedded stack",
        "--seed:1:1: seed: found",
        "--rate-scale:1:1: found NaN; must be above 0",
        "--duration-scale:1:1: found 0;",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
    let allowed = Overrides {
        target: Some("http://192.0.2.7:80".to_owned()),
        allow_targets: vec!["192.0.2.7".to_owned()],
        ..Overrides::default()
    };
    let plan = read("x.toml", SMALLEST, &allowed, &|_| None).unwrap();
    assert_eq!(plan.target.unwrap().approach.endpoint.host, "192.0.2.7");
}

#[test]
fn scales_stretch_rates_and_times() {
    let options =
        Overrides { rate_scale: Some(2.0), duration_scale: Some(0.5), ..Overrides::default() };
    let plan = with(&options).unwrap();
    assert_eq!(plan.length(), Duration::from_secs(15));
    assert_eq!(plan.faults[0].at, Duration::from_secs(7));
    assert_eq!(plan.faults[0].until, Some(Duration::from_secs(8)));
    let Arrival::Open(process) = &plan.phases[1].arrival else { panic!("an open phase") };
    assert!((process.rate_at(Duration::ZERO).as_per_second() - 100.0).abs() < 1e-9);
    assert_ne!(plan.digest, with(&Overrides::default()).unwrap().digest);
}

#[test]
fn the_digest_knows_meaning_from_layout() {
    let digest = |text: &str| parse(text).unwrap().digest;
    let plain = digest(TWO);
    assert_eq!(plain.len(), 64);
    let spelt = TWO
        .replace("name = \"x\"", "# a comment\nabout = \"prose\"\nseed = 1\nname = 'x'")
        .replace("\"10s\"", "\"10000ms\"")
        .replace("{ constant = \"50/s\" }", "{ constant = { rate = \"3000/m\" } }")
        + "[population]\nusers = 10_000\n";
    assert_eq!(digest(&spelt), plain, "layout, comments, prose and defaults change nothing");
    for (from, to) in [("\"50/s\"", "\"51/s\""), ("\"x\"", "\"y\""), ("b+4s", "b+5s")] {
        assert_ne!(digest(&TWO.replace(from, to)), plain, "{from} to {to}");
    }
    assert_ne!(digest(&format!("seed = 2\n{TWO}")), plain);
}

#[test]
fn secrets_come_from_the_environment_and_stay_there() {
    let text = format!(
        "{SMALLEST}[target]\nurl = \"http://127.0.0.1:1\"\nscim = \"http://127.0.0.1:2\"\n\
         scim_token = \"${{T}}\"\n[[token.mutation]]\nkind = \"sub-case\"\nshare = \"${{S}}\"\n\
         [population]\nusers = \"${{N}}\"\n"
    );
    let given = |secret: &'static str| {
        move |name: &str| match name {
            "T" => Some(secret.to_owned()),
            "S" => Some("5%".to_owned()),
            "N" => Some("12".to_owned()),
            _ => None,
        }
    };
    let plan = |secret| read("x", &text, &Overrides::default(), &given(secret)).unwrap();
    let (one, other) = (plan("one"), plan("other"));
    assert_eq!(one.target.as_ref().unwrap().scim_token.as_deref(), Some("one"));
    assert_eq!(one.token.mutations[0].share, Share::new(0.05).unwrap());
    assert_eq!(one.population.users, 12);
    assert_eq!(one.digest, other.digest);
    assert!(!one.text.contains("one") || one.text.contains("${T}"));
    let wrong = |name: &str| (name != "S").then(|| "5".to_owned()).or(Some("hunter2".to_owned()));
    let error = read("x", &text, &Overrides::default(), &wrong).unwrap_err().to_string();
    assert!(error.contains("what `${S}` stands for is not a share"), "{error}");
    assert!(!error.contains("hunter2"), "what the environment holds is not shown: {error}");
}
