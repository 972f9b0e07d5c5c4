//! What scenarios come to, and what is said of wrong ones.

mod committed;
mod effects;
mod files;
mod options;
mod pages;
mod recordings;
mod replays;
mod robust;
mod source;

use std::time::Duration;

use super::*;
use crate::fault::Action;
use crate::identity::Change;

const SMALLEST: &str = "name = \"x\"\n[[phase]]\nname = \"steady\"\nfor = \"10s\"\n";

#[test]
fn the_smallest_scenario_is_a_name_and_a_phase() {
    let plan = parse(SMALLEST).unwrap();
    assert_eq!((plan.name.as_str(), plan.seed.0), ("x", 1));
    assert_eq!(plan.length(), Duration::from_secs(10));
    assert_eq!(plan.policies, crate::gateway::Policies::default());
    assert_eq!(plan.sync, crate::directory::sync::SyncPlan::default());
    assert_eq!(plan.estimate.requests, 1_000);
    assert!(plan.target.is_none() && plan.faults.is_empty());
    assert_eq!(plan.load.routes[0].request.path, "/me");
}

#[test]
fn faults_find_their_place_on_the_timeline() {
    let text = format!(
        "{SMALLEST}[[phase]]\nname = \"late\"\nfor = \"20s\"\n\
         [[fault]]\nkind = \"user-create\"\nat = \"late+5s\"\ncount = 7\n\
         [[fault]]\nkind = \"churn\"\nat = \"2s\"\nfor = \"4s\"\nrate = \"5/s\"\n\
         [[fault]]\nkind = \"cache-flush\"\nat = \"steady\"\nevery = \"10s\"\n"
    );
    let plan = parse(&text).unwrap();
    let at: Vec<_> = plan.faults.iter().map(|f| (f.kind, f.at.as_secs())).collect();
    let flush = "cache-flush";
    assert_eq!(at, [(flush, 0), ("churn", 2), (flush, 10), ("user-create", 15), (flush, 20)]);
    assert_eq!(plan.population.spare, 17);
    assert!(matches!(plan.faults[3].action, Action::ChangeUsers { change: Change::Create, .. }));
    assert_eq!(plan.faults[3].until, Some(Duration::from_secs(16)));
}

fn errors(text: &str) -> String {
    parse(text).expect_err("this scenario is wrong").to_string()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_where() {
    insta::assert_snapshot!(errors(include_str!("tests/wrong.toml")));
}

/// One line of a scenario each, and what its error must say.
const WRONG_FAULTS: &[(&str, &str)] = &[
    ("kind = \"cache-flush\"\nat = \"10s\"", "starts at 10s, but the load ends at 10s"),
    ("kind = \"cache-flush\"\nat = \"steady+11s\"", "lasts 10s, so this is after it"),
    ("kind = \"store-outage\"\nat = \"8s\"\nfor = \"3s\"", "end at 11s, but the load ends at 10s"),
    ("kind = \"user-delete\"\nat = \"8s\"\ncount = 1\nover = \"3s\"", "fault[0].over"),
    ("kind = \"store-slow\"\nat = \"1s\"\nfor = \"1s\"", "the key `latency` is missing"),
    ("kind = \"cache-stale\"\nat = \"1s\"\nfor = \"1s\"", "set `invalidation = true`"),
    ("kind = \"user-delete\"\nat = \"1s\"\ncount = 10001", "takes 10,001 users, but only 10,000"),
    ("kind = \"cache-flush\"\nat = \"1s\"\ntimes = 2", "no meaning without `every`"),
    ("kind = \"store-outage\"\nat = \"1s\"\nfor = \"3s\"\nevery = \"2s\"", "overlap itself"),
    ("kind = \"cache-flush\"\nat = \"1s\"\nevery = \"4s\"\ntimes = 9", "not all of them start"),
    ("kind = \"sync-drop\"\nat = \"1s\"\nfor = \"1s\"\nshare = \"0%\"", "`share` is 0%"),
    (
        "kind = \"malformed-subs\"\nat = \"1s\"\nfor = \"1s\"\nkinds = [\"sub-case\", \"sub-cas\"]",
        "fault[0].kinds[1]: there is no mutation \"sub-cas\"",
    ),
];

#[test]
fn faults_that_cannot_be_are_refused_with_the_reason() {
    for (fault, reason) in WRONG_FAULTS {
        let text = errors(&format!("{SMALLEST}[[fault]]\n{fault}\n"));
        assert!(text.contains(reason), "{fault}\n{text}");
        assert_eq!(text.matches("scenario:").count(), 1, "one error for one mistake:\n{text}");
    }
}

#[test]
fn faults_that_would_share_a_link_are_refused() {
    let outage =
        |at: u32| format!("[[fault]]\nkind = \"store-outage\"\nat = \"{at}s\"\nfor = \"3s\"\n");
    let slow = "[[fault]]\nkind = \"store-slow\"\nat = \"3s\"\nfor = \"1s\"\nlatency = \"1ms\"\n";
    assert!(parse(&format!("{SMALLEST}{}{}", outage(0), outage(4))).is_ok());
    let touching = errors(&format!("{SMALLEST}{}{}", outage(0), outage(3)));
    assert!(touching.contains("still has hold of the link"), "{touching}");
    let text = errors(&format!("{SMALLEST}{}{slow}", outage(1)));
    assert!(text.contains("while store-outage still has hold of the link to the store"), "{text}");
    let sync = "[[fault]]\nkind = \"sync-pause\"\nat = \"2s\"\nfor = \"1s\"\n";
    assert!(parse(&format!("{SMALLEST}{}{sync}", outage(1))).is_ok(), "another link");
}

#[test]
fn defects_come_to_no_more_than_all_requests() {
    let text = "[[token.mutation]]\nkind = \"sub-case\"\nshare = \"60%\"\n\
                [[fault]]\nkind = \"malformed-subs\"\nat = \"1s\"\nfor = \"1s\"\nshare = ";
    assert!(parse(&format!("{SMALLEST}{text}\"40%\"\n")).is_ok());
    let text = errors(&format!("{SMALLEST}{text}\"41%\"\n"));
    assert!(text.contains("comes to 101%"), "{text}");
}

#[test]
fn without_a_list_every_defect_of_the_subject_that_shows_is_meant() {
    let text = format!(
        "{SMALLEST}[population]\nsubject = \"integer\"\n\
         [[fault]]\nkind = \"malformed-subs\"\nat = \"1s\"\nfor = \"1s\"\n"
    );
    let plan = parse(&text).unwrap();
    let Action::Mutate { kinds, .. } = &plan.faults[0].action else { panic!("a mutation") };
    assert!(kinds.len() > 10 && kinds.iter().all(|kind| kind.starts_with("sub-")), "{kinds:?}");
    assert!(!kinds.contains(&"sub-case".to_owned()), "digits have no case");
    let named = text.replace("for = \"1s\"\n[[fault]]", "") + "kinds = [\"sub-case\"]\n";
    assert!(errors(&named).contains("sub-case changes nothing in a subject such as"));
}

#[test]
fn a_target_takes_only_what_works_on_it() {
    let target = "[target]\nurl = \"http://127.0.0.1:8080/api/\"\n";
    let plan = parse(&format!("{SMALLEST}{target}")).unwrap();
    let found = plan.target.unwrap();
    assert_eq!(
        (
            found.approach.endpoint.host.as_str(),
            found.approach.endpoint.port,
            found.prefix.as_str()
        ),
        ("127.0.0.1", 8080, "/api")
    );
    let outage = "[[fault]]\nkind = \"store-outage\"\nat = \"1s\"\nfor = \"1s\"\n";
    assert!(errors(&format!("{SMALLEST}{target}{outage}")).contains("only on the embedded stack"));
    let delete = "[[fault]]\nkind = \"user-delete\"\nat = \"1s\"\ncount = 1\n";
    assert!(errors(&format!("{SMALLEST}{target}{delete}")).contains("`scim` in `[target]`"));
    let scim = "scim = \"http://localhost:9000/scim/v2\"\nscim_token = \"s3cret\"\n";
    let plan = parse(&format!("{SMALLEST}{target}{scim}{delete}")).unwrap();
    assert!(
        !format!("{plan:?}").replace(&plan.text, "").contains("s3cret\""),
        "no secret in a log"
    );
    for url in ["ftp://127.0.0.1", "http://u:p@127.0.0.1", "http://127.0.0.1/?q", "127.0.0.1", ""] {
        let text = errors(&format!("{SMALLEST}[target]\nurl = \"{url}\"\n"));
        assert!(text.contains("target.url"), "{url}: {text}");
    }
}

#[test]
fn the_way_to_a_target_is_read_and_shown_without_secrets() {
    let text = format!(
        "{SMALLEST}[target]\nurl = \"https://localhost/api\"\nhttp = \"2\"\n\
         proxy = \"http://mary:hunter2@127.0.0.1:3128\"\n[target.tls]\nversion = \"1.3\"\n"
    );
    let plan = parse(&text).unwrap();
    let approach = &plan.target.as_ref().unwrap().approach;
    assert_eq!((approach.scheme(), approach.authority().as_str()), ("https", "localhost"));
    let shown = Outline(&plan).to_string();
    let way = "HTTP/2 over TLS 1.3, through the proxy 127.0.0.1:3128";
    assert!(shown.contains(way) && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn ways_that_lead_nowhere_are_refused() {
    for (keys, expected) in [
        ("url = \"https://127.0.0.1\"\nhttp = \"3\"", "HTTP/3 is not spoken"),
        ("url = \"http://127.0.0.1\"\ntls = { insecure = true }", "target.tls: has no meaning"),
        ("url = \"https://127.0.0.1\"\ntls = { cert = \"a\" }", "without `key`"),
        ("url = \"https://127.0.0.1\"\ntls = { ca = [\"a\"], insecure = true }", "`ca`"),
        ("url = \"http://127.0.0.1\"\nconnect_to = \"127.0.0.1\"", "target.connect_to: found"),
        ("url = \"http://127.0.0.1\"\nconnect_to = \"192.0.2.1:80\"", "--allow-target 192.0.2.1"),
        (
            "url = \"http://127.0.0.1\"\nproxy = \"http://192.0.2.1:3128\"",
            "--allow-target 192.0.2.1",
        ),
        (
            "url = \"http://192.0.2.1\"\nproxy = \"http://127.0.0.1:3128\"",
            "--allow-target 192.0.2.1",
        ),
        ("url = \"http://127.0.0.1\"\nproxy = \"socks5://127.0.0.1:1\"", "target.proxy: expected"),
        ("url = \"http://127.0.0.1\"\nproxy = \"http://:x\"\nunix = \"s\"", "does not go with"),
    ] {
        let text = errors(&format!("{SMALLEST}[target]\n{keys}\n"));
        assert!(text.contains(expected), "{keys}: {expected} not in {text}");
    }
    let text = "[load]\nengine = \"reqwest\"\n[target]\nurl = \"http://gateway.test\"\n\
                connect_to = \"127.0.0.1:80\"\n";
    assert!(errors(&format!("{SMALLEST}{text}")).contains("load.engine: \"reqwest\" knows no"));
    // Where something else is connected to, the URL's host is but a name.
    for way in ["connect_to = \"127.0.0.1:80\"", "unix = \"/run/gateway.sock\""] {
        let text = format!("{SMALLEST}[target]\nurl = \"http://gateway.test\"\n{way}\n");
        assert!(parse(&text).is_ok(), "{way}");
    }
}
