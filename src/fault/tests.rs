//! What holds of every kind in the registry, and what each makes of its settings.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::setting::{Absent, Kind, Value};

/// Settings that a kind takes: its required keys, and `count` where users are chosen.
fn least(kind: &FaultKind) -> Settings {
    let mut settings = Settings::default();
    for setting in kind.settings {
        let value = match setting.kind {
            Kind::Span { .. } => Value::Span(Duration::from_secs(5)),
            Kind::Rate => Value::Rate("10/s".parse().unwrap()),
            Kind::Share => Value::Share("50%".parse().unwrap()),
            Kind::Count { .. } => Value::Count(3),
            Kind::Choice(words) => Value::Text(words[0].to_owned()),
            _ => continue,
        };
        let chooses_twice =
            setting.key == "share" && kind.settings.iter().any(|s| s.key == "count");
        if !chooses_twice && setting.key != "jitter" {
            settings.insert(setting.key, value);
        }
    }
    settings
}

#[test]
fn every_kind_keeps_to_the_registrys_rules() {
    let mut names = BTreeSet::new();
    for kind in REGISTRY {
        assert!(names.insert(kind.name), "{} occurs twice", kind.name);
        assert!(kind.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", kind.name);
        assert!(kind.about.ends_with('.'), "{}: about is a sentence", kind.name);
        assert!(std::ptr::eq(named(kind.name).unwrap(), *kind));
        let mut keys = BTreeSet::new();
        for setting in kind.settings {
            assert!(keys.insert(setting.key), "{}: {} occurs twice", kind.name, setting.key);
            assert!(!["kind", "at", "every", "times"].contains(&setting.key), "{}", kind.name);
            assert!(setting.about.ends_with('.'), "{}.{}", kind.name, setting.key);
        }
        let action = (kind.build)(&least(kind));
        assert!(action.is_ok(), "{}: {action:?}", kind.name);
        assert_eq!(action, (kind.build)(&least(kind)), "{}: a pure function", kind.name);
        let user_fault = matches!(
            action,
            Ok(Action::ChangeUsers { .. } | Action::Churn { .. } | Action::Mutate { .. })
        );
        assert_eq!(kind.embedded_only, !user_fault, "{}: needs the embedded stack", kind.name);
    }
}

#[test]
fn no_kind_panics_without_its_settings_and_required_keys_are_missed() {
    for kind in REGISTRY {
        let built = (kind.build)(&Settings::default());
        let required =
            kind.settings.iter().any(|s| matches!(s.absent, Absent::Required) && s.key != "for");
        assert!(!required || built.is_err(), "{} built without a required key", kind.name);
    }
}

#[test]
fn users_are_chosen_by_share_or_count_never_both() {
    let kind = named("user-delete").unwrap();
    let mut settings = Settings::default();
    assert!((kind.build)(&settings).unwrap_err().contains("neither"));
    settings.insert("count", Value::Count(7));
    let Ok(Action::ChangeUsers { who, change, .. }) = (kind.build)(&settings) else {
        panic!("a delete changes users");
    };
    assert_eq!((who, change), (Selection::Count(7), Change::Delete));
    settings.insert("share", Value::Share("1%".parse().unwrap()));
    assert!((kind.build)(&settings).unwrap_err().contains("both"));
}

#[test]
fn impossible_settings_are_refused_with_the_bound() {
    let refused = |name: &str, change: &dyn Fn(&mut Settings)| {
        let kind = named(name).unwrap();
        let mut settings = least(kind);
        change(&mut settings);
        (kind.build)(&settings).unwrap_err()
    };
    let slow = refused("store-slow", &|s| s.insert("jitter", Value::Span(Duration::from_secs(6))));
    assert!(slow.contains("`jitter` is 6s") && slow.contains("5s"), "{slow}");
    let churn = refused("churn", &|s| s.insert("rate", Value::Rate("5000/s".parse().unwrap())));
    assert!(churn.contains("1000/s"), "{churn}");
    let wrong = refused("gateway-misconfig", &|s| {
        s.insert("mistake", Value::Text("lower-case".into()));
        s.insert("value", Value::Text("x".into()));
    });
    assert!(wrong.contains("lower-case"), "{wrong}");
    let none = refused("malformed-subs", &|s| s.insert("share", Value::Share(Share::NONE)));
    assert!(none.contains("0%"), "{none}");
}
