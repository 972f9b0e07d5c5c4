//! `latency.hlog`, read by the public Python and JavaScript libraries: histograms of a tag, added
//! up over all seconds, are those of `run.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Ran, same, tools};

type Tags = BTreeMap<String, BTreeMap<String, f64>>;

/// Counts and places by tag, as `run.json` has them.
fn wanted(ran: &Ran) -> Tags {
    let rows = ran.run["latency"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["phase"] != "*" && row["class"] != "*");
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        let tag = format!("{}/{}/{}", text("phase"), text("class"), text("kind"));
        let places = ["count", "p50", "p99", "max"];
        (tag, places.map(|name| (name.to_owned(), row[name].as_f64().unwrap())).into())
    })
    .collect()
}

fn check(ran: &Ran, reader: &str, found: &str) {
    let found: Value = serde_json::from_str(found).unwrap();
    let tags: Tags = serde_json::from_value(found["tags"].clone()).unwrap();
    let wanted = wanted(ran);
    assert_eq!(tags.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{reader}");
    for (tag, wanted) in &wanted {
        let found = &tags[tag];
        assert!(
            (found["count"] - wanted["count"]).abs() < 0.5,
            "{reader} {tag}: {found:?} {wanted:?}"
        );
        for place in ["p50", "p99", "max"] {
            let (found, wanted) = (found[place] as u64, wanted[place] as u64);
            assert!(same(found, wanted), "{reader} {tag} {place}: {found} instead of {wanted}");
        }
    }
    // Instants are those of the load, a second each.
    let (begin, end) = (found["begin"].as_f64().unwrap(), found["end"].as_f64().unwrap());
    let now = substorm::clock::utc_now().unix_timestamp() as f64;
    assert!((now - 300.0..=now).contains(&begin), "{reader}: {begin}, now {now}");
    assert!((5.0..=8.0).contains(&(end - begin)), "{reader}: {begin} to {end}");
}

#[test]
fn python_and_javascript_read_the_log() {
    let ran = Ran::with(&[]);
    assert!(ran.run["latency"].as_array().unwrap().len() > 20, "{}", ran.output);
    let log = ran.path("latency.hlog");
    check(&ran, "hdrhistogram (Python)", &tools::python("readers/hlog.py", &[&log]));
    check(&ran, "hdr-histogram-js", &tools::node("readers/hlog.js", &[&log]));
}
