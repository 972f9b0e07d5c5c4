//! Scenarios that bring their tokens: what follows from the file, and what it rules out.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::unix_now;
use crate::identity::UserIndex;
use crate::population::Population;
use crate::scenario::{IdentityProof, Outline, Overrides, Plan, ScenarioError, load, parse};

const PHASE: &str = "[[phase]]\nname = \"steady\"\nfor = \"10s\"\n";
pub(super) const TARGET: &str = "[target]\nurl = \"http://127.0.0.1:1\"\n";
pub(super) const SOURCE: &str = "source = { file = \"tokens.txt\" }\n";

/// A folder with a scenario and a file of tokens.
pub(super) struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    pub(super) fn new(tokens: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokens.txt"), tokens).unwrap();
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        std::fs::write(folder.path().join("key.pem"), key).unwrap();
        Self { folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("scenario.toml")
    }

    fn load(&self, rest: &str) -> Result<Plan, ScenarioError> {
        self.load_with(rest, &Overrides::default())
    }

    fn load_with(&self, rest: &str, overrides: &Overrides) -> Result<Plan, ScenarioError> {
        std::fs::write(self.path(), format!("name = \"own\"\n{rest}\n{PHASE}")).unwrap();
        load(&self.path(), overrides)
    }

    /// What is wrong: `line:column: key: message` each, without the folder's name.
    fn wrong(&self, rest: &str) -> String {
        let error = self.load(rest).unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

pub(super) fn jwt(subject: &str, expires: u64) -> String {
    let payload = format!("{{\"sub\":\"{subject}\",\"exp\":{expires}}}");
    format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
}

fn three() -> String {
    let later = unix_now() + 1_000_000;
    ["ann", "bob", "cyd"].map(|name| jwt(name, later)).join("\n")
}

#[test]
fn the_population_is_that_of_the_tokens() {
    let room = Room::new(&three());
    let plan = room.load(&format!("[token]\n{SOURCE}{TARGET}")).unwrap();
    assert_eq!((plan.population.users, plan.population.spare), (3, 0));
    assert_eq!(Population::new(&plan.population, plan.seed).subject(UserIndex(1)), "bob");
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    let outline = Outline(&plan).to_string();
    assert!(outline.contains("3 users") && outline.contains("from "), "{outline}");
    assert!(!outline.contains("c2ln"), "{outline}");

    let two = format!("[population]\nusers = 2\n[token]\n{SOURCE}{TARGET}");
    let two = room.load(&two).unwrap();
    assert_eq!(two.population.users, 2);
    assert_ne!(two.digest, plan.digest);
    let written = format!("[population]\nusers = 3\n[token]\n{SOURCE}{TARGET}");
    assert_eq!(room.load(&written).unwrap().digest, plan.digest);
    let wrong = room.wrong(&format!("[population]\nusers = 4\n[token]\n{SOURCE}{TARGET}"));
    assert!(wrong.contains("scenario.toml:3:9: population.users: found 4"), "{wrong}");
    assert!(wrong.contains("has 3 tokens"), "{wrong}");
}

#[test]
fn the_command_line_can_bring_them_too() {
    let room = Room::new(&three());
    let set = vec!["token.source.file=tokens.txt".to_owned()];
    let overrides = Overrides { set, ..Overrides::default() };
    let plan = room.load_with(TARGET, &overrides).unwrap();
    assert_eq!(plan.population.users, 3);
}

#[test]
fn wrong_lines_are_told_below_the_key() {
    let room = Room::new(&format!("{}\n\na b\n{}\n", three(), three()));
    let wrong = room.wrong(&format!("[token]\n{SOURCE}{TARGET}"));
    let expected = "scenario.toml:3:19: token.source.file: 4 lines of tokens.txt cannot be used\n \
                    3 | source = { file = \"tokens.txt\" }\n   |                   ^^^^^^^^^^^^\n   \
                    = tokens.txt:5: holds white space inside the token, at column 2\n     \
                    tokens.txt:6: has the `sub` of line 1\n     \
                    tokens.txt:7: has the `sub` of line 2\n     \
                    tokens.txt:8: has the `sub` of line 3";
    assert_eq!(wrong, expected);
    let wrong = Room::new("").wrong(&format!("[token]\n{SOURCE}{TARGET}"));
    assert!(wrong.contains("tokens.txt holds no token"), "{wrong}");
    let wrong = room.wrong(&format!("[token]\nsource = {{ file = \"none\" }}\n{TARGET}"));
    assert!(wrong.contains("none cannot be read"), "{wrong}");
    let wrong = room.wrong(&format!("[token]\nsource = \"tokens.txt\"\n{TARGET}"));
    assert!(wrong.contains("token.source: found") && wrong.contains("a table"), "{wrong}");
}

#[test]
fn a_text_alone_reads_no_file() {
    let text = format!("name = \"own\"\n[token]\nsource = {{ file = \"/etc/hostname\" }}\n{PHASE}");
    let error = parse(&text).unwrap_err().to_string();
    assert!(error.contains("only for a scenario that is a file"), "{error}");
}

#[test]
fn what_would_make_tokens_anew_needs_the_key() {
    let room = Room::new(&three());
    let mutation = "[[token.mutation]]\nkind = \"sub-whitespace\"\nshare = \"1%\"\n";
    let fault =
        "[[fault]]\nkind = \"malformed-subs\"\nat = \"steady\"\nfor = \"1s\"\nshare = \"1%\"\n";
    let wrong = room.wrong(&format!("[token]\n{SOURCE}{mutation}{TARGET}{fault}"));
    assert!(wrong.contains("scenario.toml:5:8: token.mutation[0].kind: "), "{wrong}");
    assert!(wrong.contains("scenario.toml:10:8: fault[0].kind: malformed-subs"), "{wrong}");
    assert_eq!(wrong.matches("needs the key that signed the tokens").count(), 2, "{wrong}");
    let key = format!("[token]\n{SOURCE}key = \"key.pem\"\n{mutation}{TARGET}{fault}");
    room.load(&key).unwrap();

    let wrong = room.wrong(&format!("[token]\n{SOURCE}"));
    assert!(wrong.contains("scenario.toml:3:10: token.source: the embedded stack"), "{wrong}");
    room.load(&format!("[token]\n{SOURCE}key = \"key.pem\"\n")).unwrap();
}

#[test]
fn there_are_no_tokens_for_new_users() {
    let room = Room::new(&three());
    let scim = "scim = \"http://127.0.0.1:1/scim\"\n";
    let create = "[[fault]]\nkind = \"user-create\"\nat = \"steady\"\ncount = 1\n";
    let churn = "[[fault]]\nkind = \"churn\"\nat = \"steady\"\nfor = \"1s\"\nrate = \"1/s\"\n";
    let wrong = room.wrong(&format!("[token]\n{SOURCE}{TARGET}{scim}{create}{churn}"));
    for name in ["user-create makes new users", "churn makes new users"] {
        assert!(wrong.contains(name), "{wrong}");
    }
    for kind in ["user-delete", "user-disable", "user-recreate"] {
        let gap = if kind == "user-recreate" { "gap = \"1s\"\n" } else { "" };
        let fault = format!("[[fault]]\nkind = \"{kind}\"\nat = \"steady\"\ncount = 1\n{gap}");
        room.load(&format!("[token]\n{SOURCE}{TARGET}{scim}{fault}")).unwrap();
        let wrong = room.wrong(&format!("[token]\n{SOURCE}{TARGET}{fault}"));
        assert!(wrong.contains("needs the address of their directory"), "{wrong}");
    }
    let wrong = room.wrong(&format!("[population]\nsubject = \"uuid\"\n[token]\n{SOURCE}{TARGET}"));
    assert!(wrong.contains("scenario.toml:3:11: population.subject: "), "{wrong}");
}

#[test]
fn tokens_without_a_name_prove_nothing() {
    let room = Room::new("first\nsecond\n");
    let plan = room.load(&format!("[token]\n{SOURCE}{TARGET}")).unwrap();
    assert_eq!(Population::new(&plan.population, plan.seed).subject(UserIndex(1)), "1");
    assert!(Outline(&plan).to_string().contains("without a sub"));
    assert_eq!(plan.identity, IdentityProof::None);
    room.load(&format!("[token]\n{SOURCE}{TARGET}identity = \"none\"\n")).unwrap();
    let more = "identity = { header = \"X-User\" }\nscim = \"http://127.0.0.1:1/scim\"\n";
    let mutation = "key = \"key.pem\"\n[[token.mutation]]\nkind = \"sub-empty\"\nshare = \"1%\"\n";
    let wrong = room.wrong(&format!("[token]\n{SOURCE}{mutation}{TARGET}{more}"));
    for key in ["target.identity: the tokens have no", "target.scim: ", "token.mutation[0].kind: "]
    {
        assert!(wrong.contains(key), "{wrong}");
    }
    let wrong = room.wrong(&format!("[token]\n{SOURCE}key = \"key.pem\"\n"));
    assert!(wrong.contains("token.source: the tokens are no JWTs with a `sub`"), "{wrong}");
}

#[test]
fn tokens_that_expire_are_told_of() {
    let now = unix_now();
    let room = Room::new(&[jwt("a", 5), jwt("b", now + 30), jwt("c", now + 9_000)].join("\n"));
    let plan = room.load(&format!("[token]\n{SOURCE}{TARGET}")).unwrap();
    let [expired, ending] = &plan.warnings[..] else { panic!("{:?}", plan.warnings) };
    assert!(expired.starts_with("1 of the 3 tokens of ") && expired.contains("have expired"));
    assert!(ending.starts_with("1 of the 3 tokens of ") && ending.contains("before the run"));
    assert!(Outline(&plan).to_string().contains(&format!("warning: {expired}")));
    let wrong = Room::new(&jwt("a", 5)).wrong(&format!("[token]\n{SOURCE}{TARGET}"));
    assert!(wrong.contains("all 1 tokens of tokens.txt have expired"), "{wrong}");
}
