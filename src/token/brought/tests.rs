//! Whole files: whose tokens are whose, and everything that can be wrong.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::algorithm::Algorithm;
use super::super::plan::{KeySource, TokenPlan, TokenSource};
use super::super::signer::Signer;
use super::super::store::TokenStore;
use super::*;

const NOW: u64 = 1_800_000_000;
const SPAN: Span = Span { now: NOW, end: NOW + 100 };

fn jwt(claims: &Value) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn named(subject: &str) -> String {
    jwt(&json!({"iss": "x", "sub": subject, "exp": NOW + 1_000}))
}

fn read_most(text: &str, most: Option<u32>) -> Result<BroughtTokens, BroughtError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    BroughtTokens::read(file.path(), most, SPAN)
}

fn read(text: &str) -> Result<BroughtTokens, BroughtError> {
    read_most(text, None)
}

fn subject(tokens: &BroughtTokens, user: u32) -> String {
    let mut out = String::new();
    tokens.write(UserIndex(user), &mut out);
    out
}

/// What is wrong with which lines, and the count.
fn wrong(text: &str) -> (Vec<(u64, String)>, u64) {
    match read(text).unwrap_err() {
        BroughtError::Lines(wrong) => (wrong.first, wrong.count),
        other => panic!("{other}"),
    }
}

#[test]
fn the_nth_token_is_the_nth_users() {
    let users = SHARD + 3;
    let lines: Vec<String> = (0..users).map(|user| named(&format!("user|{user}"))).collect();
    let text = format!("# mine\n\n{}\n", lines.join("\r\n"));
    let tokens = read(&text).unwrap();
    assert_eq!((tokens.len(), tokens.expired(), tokens.ending()), (users, 0, &[][..]));
    assert!(tokens.have_subjects());
    let store = TokenStore::brought(&tokens);
    assert_eq!(store.len(), users);
    for (user, line) in (0..).map(UserIndex).zip(&lines) {
        store.with_token(user, |token| assert_eq!(token, line.as_bytes()));
        let name = format!("user|{}", user.0);
        assert_eq!(subject(&tokens, user.0), name);
        assert_eq!(tokens.find(&name), Some(user));
    }
    for stranger in ["", "user|", "user|9999999", "USER|1"] {
        assert_eq!(tokens.find(stranger), None, "{stranger}");
    }
    assert_eq!(subject(&tokens, users), "");
    assert_eq!(store.next_renewal(), None);
    assert!(store.renew_due(u64::MAX).unwrap().is_none());
    assert_eq!(tokens.bytes(), lines.iter().map(|line| line.len() as u64).sum::<u64>());

    let few = read_most(&text, Some(5)).unwrap();
    assert_eq!((few.len(), few.find("user|4"), few.find("user|5")), (5, Some(UserIndex(4)), None));
}

#[test]
fn users_of_opaque_tokens_are_their_numbers() {
    let tokens = read("first\nsecond\na.b.c\n").unwrap();
    assert!(!tokens.have_subjects());
    assert_eq!(subject(&tokens, 2), "2");
    assert_eq!(tokens.find("2"), Some(UserIndex(2)));
    for stranger in ["3", "02", "+2", "", "first"] {
        assert_eq!(tokens.find(stranger), None, "{stranger}");
    }
}

#[test]
fn every_wrong_line_is_told_with_its_number() {
    let (a, b, none) = (named("a"), named("b"), jwt(&json!({"iss": "x"})));
    let empty = jwt(&json!({"sub": ""}));
    let list = jwt(&json!({"sub": ["a"]}));
    let text =
        format!("{a}\nhas space\n# note\n{b}\n{a}\n{empty}\n\n{list}\n{none}\nopaque\n{b}\n");
    let (lines, count) = wrong(&text);
    let expected = [
        (2, "holds white space inside the token, at column 4"),
        (6, "has an empty `sub`"),
        (8, "has a `sub` that is neither a string nor a whole number"),
        (9, "is no JWT with a `sub`, as those before it are"),
        (10, "is no JWT with a `sub`, as those before it are"),
        (5, "has the `sub` of line 1"),
        (11, "has the `sub` of line 4"),
    ];
    assert_eq!(lines, expected.map(|(line, what)| (line, what.to_owned())));
    assert_eq!(count, 7);
    let (lines, _) = wrong(&format!("opaque\n{a}\n"));
    assert_eq!(lines, [(2, "has a `sub`, which those before it have not".to_owned())]);
}

#[test]
fn ten_wrong_lines_are_told_and_the_rest_counted() {
    let text = "a b\n".repeat(25);
    let error = read(&text).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 11, "{error}");
    assert!(error.contains(":10: holds") && error.ends_with("and 15 more"), "{error}");
    let same = format!("{}\n", named("a")).repeat(3_000);
    assert_eq!(wrong(&same).1, 2_999);
}

#[test]
fn a_file_without_a_usable_token_says_so() {
    for text in ["", "\n\n# nothing\n"] {
        assert!(matches!(read(text), Err(BroughtError::Empty { .. })), "{text:?}");
    }
    let missing = BroughtTokens::read(Path::new("/no/such/file"), None, SPAN).unwrap_err();
    assert!(missing.to_string().contains("/no/such/file cannot be read"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    assert!(BroughtTokens::read(folder.path(), None, SPAN).is_err());
}

#[test]
fn expired_tokens_are_counted_and_those_that_will_be() {
    let until = |subject: &str, exp: u64| jwt(&json!({"sub": subject, "exp": exp}));
    let lines = [until("a", NOW), until("b", NOW + 1), until("c", NOW + 101), named("d")];
    let tokens = read(&lines.join("\n")).unwrap();
    assert_eq!(tokens.expired(), 1);
    assert_eq!(tokens.ending(), [(UserIndex(0), NOW), (UserIndex(1), NOW + 1)]);
    let all = [until("a", NOW), until("b", 5)].join("\n");
    let error = read(&all).unwrap_err();
    assert!(matches!(error, BroughtError::Expired { count: 2, .. }), "{error}");
}

#[test]
fn nothing_shows_a_token() {
    let token = named("somebody");
    let secret = token.split('.').nth(1).unwrap();
    let tokens = read(&token).unwrap();
    let store = TokenStore::brought(&tokens);
    let twice = read(&format!("{token}\n{token}\nBearer {token}\n")).unwrap_err();
    for shown in [format!("{tokens:?} {store:?}"), format!("{twice} {twice:?}")] {
        assert!(!shown.contains(secret) && !shown.contains("c2ln"), "{shown}");
    }
}

fn plan(algorithm: Algorithm) -> TokenPlan {
    TokenPlan {
        source: TokenSource::Minted,
        algorithm,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(100),
        claims: serde_json::Map::new(),
        mutations: vec![],
    }
}

#[test]
fn the_first_token_must_be_what_the_scenario_is_about() {
    let plan = plan(Algorithm::ES256);
    let signer = Signer::from_plan(&plan).unwrap();
    let by = |signer: &Signer, claims: Value| {
        let mut out = Vec::new();
        signer.sign(claims.to_string().as_bytes(), &mut out).unwrap();
        read(std::str::from_utf8(&out).unwrap()).unwrap()
    };
    let claims =
        |iss: &str, aud: Value| json!({"iss": iss, "aud": aud, "sub": "a", "exp": NOW * 2});
    let good = claims("https://idp.test", json!("orders"));
    assert!(by(&signer, good.clone()).suit(&signer, &plan, true).is_ok());
    let listed = claims("https://idp.test", json!(["x", "orders"]));
    assert!(by(&signer, listed).suit(&signer, &plan, true).is_ok());

    let says = |tokens: BroughtTokens, plan: &TokenPlan, by_plan: bool, what: &str| {
        let error = tokens.suit(&signer, plan, by_plan).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let other = claims("https://other.test", json!("orders"));
    says(by(&signer, other.clone()), &plan, true, "`iss` is \"https://other.test\"");
    assert!(by(&signer, other).suit(&signer, &plan, false).is_ok());
    says(by(&signer, claims("https://idp.test", json!(["x"]))), &plan, true, "set `audience`");
    let stranger = Signer::from_plan(&plan).unwrap();
    says(by(&stranger, good.clone()), &plan, false, "names the key");
    let posing = Signer::new(Algorithm::ES256, &KeySource::Generated, Some(signer.key_id()));
    says(by(&posing.unwrap(), good.clone()), &plan, false, "not signed with `key`");
    let other = self::plan(Algorithm::EdDSA);
    says(by(&signer, good), &other, false, "signed with ES256, and `algorithm` is EdDSA");
    says(read("opaque").unwrap(), &plan, false, "no JWT");
}

#[test]
fn a_pipe_is_read_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let tokens = std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&path, format!("{}\n{}\n", named("a"), named("b"))).unwrap());
        BroughtTokens::read(&path, None, SPAN).unwrap()
    });
    assert_eq!((tokens.len(), subject(&tokens, 1).as_str()), (2, "b"));
}
