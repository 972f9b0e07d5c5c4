//! What holds for every entry of every registry: faults, mutations, profiles, arrival processes,
//! diagnoses.
//!
//! A new entry is tried as soon as its line is in the registry. What is particular to one registry
//! is tried beside it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use substorm::arrival::{self, Arrival};
use substorm::fault;
use substorm::identity::UserIndex;
use substorm::outcome::profiles;
use substorm::population::{Popularity, Population, PopulationPlan, SubjectScheme};
use substorm::report::RunReport;
use substorm::report::diagnosis;
use substorm::report::findings::Context;
use substorm::report::model::WorkerUse;
use substorm::seed::Seed;
use substorm::setting::{Absent, Kind, Setting, Settings, Value};
use substorm::token::{Expectation, mutation};
use substorm::units::{Rate, Share, parse_span};

/// Words of lower-case letters and digits, joined by `-`.
fn is_kebab(name: &str) -> bool {
    name.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// One or more whole sentences on one line.
fn is_prose(text: &str) -> bool {
    text.len() > 10
        && (text.ends_with('.') || text.ends_with(".\""))
        && !text.starts_with(char::is_whitespace)
        && !text.contains("  ")
        && !text.contains('\n')
}

/// What every registry promises: names by which entries are told apart, found and listed.
fn check_names<'a>(registry: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut names = BTreeSet::new();
    for (name, about) in entries {
        assert!(is_kebab(name), "{registry}: \"{name}\" is not in kebab case");
        assert!(names.insert(name.to_owned()), "{registry}: {name} is there twice");
        assert!(is_prose(about), "{registry}: {name}: about is no sentence: \"{about}\"");
    }
    assert!(!names.is_empty(), "{registry} is empty");
}

/// A default, read as a scenario would be: `None` if it does not fit its kind.
fn read(kind: Kind, text: &str) -> Option<Value> {
    let plain = text.replace('_', "");
    Some(match kind {
        Kind::Text => Value::Text(text.to_owned()),
        Kind::Flag => Value::Flag(text.parse().ok()?),
        Kind::Count { min, max } => {
            Value::Count(plain.parse().ok().filter(|n| (min..=max).contains(n))?)
        }
        Kind::Number { min, max } => {
            Value::Number(plain.parse().ok().filter(|n| (min..=max).contains(n))?)
        }
        Kind::Span { min, max } => {
            Value::Span(parse_span(text).ok().filter(|span| (min..=max).contains(span))?)
        }
        Kind::Rate => Value::Rate(text.parse().ok()?),
        Kind::Share => Value::Share(text.parse().ok()?),
        Kind::Choice(words) => words.contains(&text).then(|| Value::Text(text.to_owned()))?,
        // A list has no form without brackets, so a list cannot have a default.
        Kind::Texts | Kind::Map(_) => return None,
    })
}

fn check_settings(owner: &str, settings: &[Setting]) {
    let mut keys = BTreeSet::new();
    for setting in settings {
        let place = format!("{owner}.{}", setting.key);
        let bare = setting.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(bare && !setting.key.is_empty(), "{place}: a key has lower-case letters and _");
        assert!(keys.insert(setting.key), "{place} is there twice");
        assert!(is_prose(setting.about), "{place}: about is no sentence: \"{}\"", setting.about);
        let (ordered, distinct) = match setting.kind {
            Kind::Count { min, max } => (min < max, true),
            Kind::Number { min, max } => (min < max, true),
            Kind::Span { min, max } => (min < max, true),
            Kind::Choice(words) => {
                (words.len() > 1, words.iter().collect::<BTreeSet<_>>().len() == words.len())
            }
            _ => (true, true),
        };
        assert!(ordered, "{place}: its bounds leave no choice");
        assert!(distinct, "{place}: a word is there twice");
        if let Absent::Default(text) = setting.absent {
            let value = read(setting.kind, text);
            assert!(value.is_some(), "{place}: the default \"{text}\" is not a {:?}", setting.kind);
        }
    }
}

/// What a scenario that leaves everything out gives; `None` if something is required.
fn defaults(settings: &[Setting]) -> Option<Settings> {
    let mut values = Settings::default();
    for setting in settings {
        match setting.absent {
            Absent::Required => return None,
            Absent::Nothing => {}
            Absent::Default(text) => values.insert(setting.key, read(setting.kind, text)?),
        }
    }
    Some(values)
}

/// Values that a kind allows, its bounds among them.
fn samples(kind: Kind) -> Vec<Value> {
    let texts = |lists: &[&[&str]]| {
        let list = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        lists.iter().map(list).map(Value::Texts).collect()
    };
    let rates = [0.0, 1.0 / 3600.0, 0.9, 1_000.0, 1e7, 1e300];
    match kind {
        Kind::Text => ["", "x", "sub-case", "größe \0"].map(|t| Value::Text(t.to_owned())).into(),
        Kind::Flag => vec![Value::Flag(false), Value::Flag(true)],
        Kind::Count { min, max } => [min, u64::midpoint(min, max), max].map(Value::Count).into(),
        Kind::Number { min, max } => [min, f64::midpoint(min, max), max].map(Value::Number).into(),
        Kind::Span { min, max } => {
            let short = Duration::from_secs(1).clamp(min, max);
            [min, short, max].map(Value::Span).into()
        }
        Kind::Rate => rates.map(|rate| Value::Rate(Rate::per_second(rate).unwrap())).into(),
        Kind::Share => [0.0, 1e-9, 0.5, 1.0].map(|s| Value::Share(Share::new(s).unwrap())).into(),
        Kind::Choice(words) => words.iter().map(|word| Value::Text((*word).to_owned())).collect(),
        Kind::Texts => texts(&[&[], &["x"], &["sub-case"], &["sub-case", "sub-case"]]),
        Kind::Map(words) => {
            let all = words.iter().map(|word| ((*word).to_owned(), "x".to_owned()));
            vec![Value::Map(BTreeMap::new()), Value::Map(all.collect())]
        }
    }
}

/// Settings that the scenario's reader would let through: each key left out or at some value.
fn chosen(settings: &[Setting], choices: &[Index]) -> Settings {
    let mut values = Settings::default();
    for (setting, choice) in settings.iter().zip(choices) {
        let mut samples = samples(setting.kind);
        match setting.absent {
            Absent::Required => {}
            Absent::Default(text) => samples.extend(read(setting.kind, text)),
            Absent::Nothing if choice.index(3) == 0 => continue,
            Absent::Nothing => {}
        }
        values.insert(setting.key, choice.get(&samples).clone());
    }
    values
}

/// More than any kind has settings.
fn choices() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 16)
}

/// A refusal names what it is about.
fn check_refusal(owner: &str, message: &str) {
    assert!(message.len() > 10 && !message.ends_with('.'), "{owner} refuses with \"{message}\"");
}

#[test]
fn profiles_are_in_order() {
    check_names("profiles", profiles::REGISTRY.iter().map(|p| (p.name, p.about)));
    for profile in profiles::REGISTRY {
        assert!(std::ptr::eq(profiles::named(profile.name).unwrap(), *profile));
    }
    assert!(profiles::named("").is_none());
}

#[test]
fn mutations_are_in_order() {
    check_names("mutations", mutation::REGISTRY.iter().map(|kind| (kind.name, kind.about)));
    for kind in mutation::REGISTRY {
        let name = kind.name;
        assert!(std::ptr::eq(mutation::named(name).unwrap(), *kind));
        assert!(name.starts_with("sub-") || name.starts_with("token-"), "{name}: of what?");
        assert!(
            kind.source.contains("RFC") || kind.source.contains('§'),
            "{name}: {}",
            kind.source
        );
        // A variant may be named after the claim that it is about, such as `user_id`.
        let is_word = |word: &&str| !word.is_empty() && !word.contains(char::is_whitespace);
        let variants: BTreeSet<_> = kind.variants.iter().map(|variant| variant.name).collect();
        assert!(
            !variants.is_empty() && variants.len() == kind.variants.len(),
            "{name}: {variants:?}"
        );
        assert!(variants.iter().all(is_word), "{name}: {variants:?}");
        if let Expectation::Reject(classes) = kind.expectation {
            let reasons: Vec<_> = classes.iter().collect();
            assert!(!reasons.is_empty(), "{name} is turned away for no reason");
            assert!(reasons.iter().all(|class| class.is_reject()), "{name}: {reasons:?}");
        }
    }
    assert!(mutation::named("").is_none());
}

#[test]
fn every_mutation_changes_some_populations_tokens() {
    let population = |scheme| {
        let plan = PopulationPlan { users: 50, spare: 0, scheme, popularity: Popularity::Uniform };
        Population::new(&plan, Seed(1))
    };
    let subjects: Vec<String> = [
        SubjectScheme::UuidV4,
        SubjectScheme::UuidV7,
        SubjectScheme::Integer,
        SubjectScheme::Email,
        SubjectScheme::Prefixed("usr_".to_owned()),
        SubjectScheme::Opaque,
    ]
    .into_iter()
    .map(population)
    .flat_map(|users| (0..50).map(move |index| users.subject(UserIndex(index))))
    .collect();
    for kind in mutation::REGISTRY {
        let changed = subjects.iter().any(|subject| kind.applies(subject));
        assert!(changed, "{} leaves the subjects of every scheme as they are", kind.name);
    }
}

#[test]
fn faults_are_in_order() {
    check_names("faults", fault::REGISTRY.iter().map(|kind| (kind.name, kind.about)));
    for kind in fault::REGISTRY {
        assert!(std::ptr::eq(fault::named(kind.name).unwrap(), *kind));
        check_settings(kind.name, kind.settings);
        if let Some(values) = defaults(kind.settings)
            && let Err(message) = (kind.build)(&values)
        {
            check_refusal(kind.name, &message);
        }
    }
    assert!(fault::named("").is_none());
}

#[test]
fn diagnoses_are_in_order() {
    check_names("diagnoses", diagnosis::REGISTRY.iter().map(|d| (d.name, d.about)));
    let mut extreme = RunReport { load_s: f64::NAN, ..RunReport::default() };
    extreme.requests.due = u64::MAX;
    extreme.connections.descriptor_exhausted = 1;
    extreme.generator.workers = vec![WorkerUse { cpu_share: f64::INFINITY, ..<_>::default() }];
    extreme.generator.steal_share = Some(f64::NAN);
    for kind in diagnosis::REGISTRY {
        let name = kind.name;
        for report in [&RunReport::default(), &extreme] {
            let Some(found) = (kind.find)(report, &Context::default()) else { continue };
            // A sentence in the middle of a list: no full stop, one line.
            let text = &found.sentence;
            assert!(!text.ends_with('.') && !text.contains(['\n', '\t']), "{name}: {text}");
        }
        assert_eq!((kind.find)(&RunReport::default(), &Context::default()), None, "{name}");
    }
}

#[test]
fn arrival_processes_are_in_order() {
    check_names("arrivals", arrival::REGISTRY.iter().map(|kind| (kind.name, kind.about)));
    for kind in arrival::REGISTRY {
        assert!(std::ptr::eq(arrival::named(kind.name).unwrap(), *kind));
        check_settings(kind.name, kind.settings);
        if let Some(bare) = kind.bare {
            let own = kind.settings.iter().any(|setting| setting.key == bare);
            assert!(own, "{}: the bare key {bare} is not among its settings", kind.name);
            let others = kind.settings.iter().filter(|setting| setting.key != bare);
            let needs_more = others.clone().any(|s| matches!(s.absent, Absent::Required));
            assert!(!needs_more, "{}: a bare value leaves required keys out", kind.name);
        }
        if let Some(values) = defaults(kind.settings) {
            (kind.build)(&values, Duration::from_secs(1)).unwrap();
        }
    }
    assert!(arrival::named("").is_none());
}

proptest! {
    #[test]
    fn faults_take_or_refuse_whatever_is_allowed(choices in choices(), which: Index) {
        let kind = which.get(fault::REGISTRY);
        if let Err(message) = (kind.build)(&chosen(kind.settings, &choices)) {
            check_refusal(kind.name, &message);
        }
    }

    #[test]
    fn arrival_processes_take_or_refuse_whatever_is_allowed(
        choices in choices(), which: Index, nanos in 1_u64..2_592_000_000_000_000,
    ) {
        let (kind, length) = (which.get(arrival::REGISTRY), Duration::from_nanos(nanos));
        match (kind.build)(&chosen(kind.settings, &choices), length) {
            Err(message) => check_refusal(kind.name, &message),
            Ok(Arrival::Closed { users, .. }) => prop_assert!(users > 0),
            Ok(Arrival::Replay(plan)) => {
                prop_assert!(plan.speed > 0.0 && plan.speed.is_finite() && plan.survey.is_none());
            }
            Ok(Arrival::Open(process)) => {
                let due = process.expected(length);
                prop_assert!(due.is_finite() && due >= 0.0, "{} expects {due}", kind.name);
                let first: Vec<_> =
                    process.instants(Seed(1).stream("due"), length).take(100).collect();
                prop_assert!(first.is_sorted() && first.iter().all(|at| *at < length));
                prop_assert!(process.rate_at(length).as_per_second().is_finite());
            }
        }
    }
}
