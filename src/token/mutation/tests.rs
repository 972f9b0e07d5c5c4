//! Conformance of every kind in the registry, judged by a plain and strict verifier: signature,
//! issuer, audience and times by `jsonwebtoken`, then the subject must be a user's, byte for byte.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

use std::fmt::Write as _;

use super::*;
use crate::identity::UserIndex;
use crate::seed::Seed;
use crate::token::{Algorithm, KeySource, Minting, Signer, TokenPlan, TokenSource};

const SUBJECTS: [&str; 8] = [
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "018f3e2a-7b1c-7d4e-8f90-a1b2c3d4e5f6",
    "1234567890",
    "zoë.0a1b2c3@example.test",
    "rene\u{301}e.4d5e6f7@example.test",
    "usr_0a1B2c3D4e5F6g7H8i9J0k1L",
    "auth0|0a1B2c3D4e5F6g7H8i9J0k1L",
    "Zq8-x_TbV3kLmN0pQrStUw",
];

fn plan(algorithm: Algorithm) -> TokenPlan {
    TokenPlan {
        source: TokenSource::Minted,
        algorithm,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(60),
        claims: serde_json::Map::new(),
        mutations: vec![],
    }
}

struct Run {
    plan: TokenPlan,
    minting: Minting,
    issued: u64,
}

impl Run {
    fn new(algorithm: Algorithm) -> Self {
        let plan = plan(algorithm);
        let signer = Arc::new(Signer::from_plan(&plan).unwrap());
        let minting = Minting::new(
            &plan,
            Seed(7),
            signer,
            Arc::new(|user, out| out.push_str(SUBJECTS[user.as_usize()])),
        );
        // A little ago, as in a run, but inside the lifetime that the pool gives.
        Self { plan, minting, issued: crate::clock::unix_now() - 100 }
    }

    fn pool(&self, seed: u64, kinds: &[&str]) -> MutatedTokens {
        let from = PoolPlan {
            plan: &self.plan,
            minting: &self.minting,
            seed: Seed(seed),
            users: SUBJECTS.len() as u32,
            issued: self.issued,
            valid_for: Duration::from_secs(3_600),
        };
        MutatedTokens::prepare(&from, kinds).unwrap()
    }

    /// As whom a strict verifier lets the token in.
    fn let_in_as(&self, token: &[u8]) -> Option<usize> {
        #[derive(serde::Deserialize)]
        struct Claims {
            sub: String,
        }
        let header = decode_header(token).ok()?;
        if header.crit.is_some() || header.alg != self.plan.algorithm.library() {
            return None;
        }
        let set = self.minting.signer().verifier_jwks();
        let set: JwkSet = serde_json::from_value(set).unwrap();
        let key = DecodingKey::from_jwk(set.find(&header.kid?)?).unwrap();
        let mut rules = Validation::new(header.alg);
        rules.leeway = 0;
        rules.validate_nbf = true;
        rules.set_audience(&[&self.plan.audience]);
        rules.set_issuer(&[&self.plan.issuer]);
        rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        let claims = decode::<Claims>(token, &key, &rules).ok()?.claims;
        SUBJECTS.iter().position(|subject| *subject == claims.sub)
    }
}

fn names() -> Vec<&'static str> {
    REGISTRY.iter().map(|kind| kind.name).collect()
}

#[test]
fn names_are_sorted_unique_and_in_kebab_case() {
    let kebab = |name: &str| {
        name.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
    };
    assert!(names().is_sorted_by(|a, b| a < b), "{:?}", names());
    for kind in REGISTRY {
        assert!(kebab(kind.name), "{}", kind.name);
        assert!(kind.name.starts_with("sub-") || kind.name.starts_with("token-"));
        let variants: BTreeSet<_> = kind.variants.iter().map(|variant| variant.name).collect();
        assert_eq!(variants.len(), kind.variants.len(), "{}", kind.name);
        assert_eq!(named(kind.name).unwrap().name, kind.name);
    }
    assert_eq!(nearest_name("sub-whitspace"), Some("sub-whitespace"));
}

#[test]
fn each_kind_says_what_it_does_and_why_the_answer_is_right() {
    for kind in REGISTRY {
        assert!(kind.about.ends_with('.') && kind.about.len() > 20, "{}", kind.name);
        assert!(kind.source.contains('§'), "{} names no section", kind.name);
        if let Expectation::Reject(classes) = kind.expectation {
            assert!(classes.iter().next().is_some(), "{}", kind.name);
            assert!(classes.iter().all(Class::is_reject), "{}", kind.name);
        }
    }
}

#[test]
fn each_file_is_in_the_registry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/token/mutation");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("sub_") || name.starts_with("token_"))
        .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
        .collect();
    assert_eq!(files, names().into_iter().map(str::to_owned).collect());
}

#[test]
fn a_correct_verifier_answers_as_expected() {
    for algorithm in [Algorithm::ES256, Algorithm::HS256, Algorithm::RS256] {
        let run = Run::new(algorithm);
        let pool = run.pool(7, &names());
        for slot in 0..pool.kinds() {
            for token in pool.all(slot) {
                let found = run.let_in_as(token.bytes);
                let right = match token.expectation {
                    Expectation::Accept => Some(token.user.as_usize()),
                    Expectation::Reject(_) => None,
                };
                let text = String::from_utf8_lossy(&token.bytes[..token.bytes.len().min(2_000)]);
                let (kind, variant) = (token.kind, token.variant);
                assert_eq!(found, right, "{algorithm} {kind} {variant}: {text}");
            }
        }
    }
}

#[test]
fn every_variant_is_made_and_differs_from_the_good_token() {
    let mut made = HashSet::new();
    for algorithm in [Algorithm::EdDSA, Algorithm::HS256] {
        let run = Run::new(algorithm);
        let mut good = HashMap::new();
        run.minting
            .each(
                SUBJECTS.len() as u32,
                run.issued,
                |_| ControlFlow::Continue(()),
                |user, token| {
                    good.insert(user, token.to_vec());
                    ControlFlow::Continue(())
                },
            )
            .unwrap();
        let pool = run.pool(7, &names());
        for slot in 0..pool.kinds() {
            for token in pool.all(slot) {
                assert_ne!(token.bytes, good[&token.user], "{} {}", token.kind, token.variant);
                made.insert((token.kind, token.variant));
            }
        }
    }
    for kind in REGISTRY {
        for variant in kind.variants {
            assert!(made.contains(&(kind.name, variant.name)), "{} {}", kind.name, variant.name);
        }
    }
}

#[test]
fn the_seed_decides() {
    let run = Run::new(Algorithm::HS256);
    let kinds = ["sub-case", "sub-whitespace", "token-expired", "sub-number"];
    let bytes = |seed: u64| {
        let pool = run.pool(seed, &kinds);
        let token = |bits: u64| {
            let token = pool.pick((bits % 4) as usize, bits << 50);
            (token.bytes.to_vec(), token.user, token.variant)
        };
        (0..200).map(token).collect::<Vec<_>>()
    };
    assert!(bytes(7) == bytes(7));
    assert!(bytes(7) != bytes(8));
}

#[test]
fn picking_reaches_all_tokens_of_a_slot() {
    let run = Run::new(Algorithm::HS256);
    let pool = run.pool(7, &["sub-case", "sub-long"]);
    assert_eq!((pool.kinds(), pool.slot_of("sub-long"), pool.slot_of("no")), (2, Some(1), None));
    let all = pool.all(0).count();
    let picked: HashSet<Vec<u8>> =
        (0..2_048_u64).map(|i| pool.pick(0, i << 53).bytes.to_vec()).collect();
    assert_eq!(picked.len(), all);
    let _ = (pool.pick(0, u64::MAX), pool.pick(1, u64::MAX));
    let bytes: usize = pool.all(1).map(|token| token.bytes.len()).sum();
    assert!((1 << 20..5 << 20).contains(&bytes), "{bytes} bytes of long subjects");
    assert!(pool.pick(1, 0).bytes.len() > 64 << 10);
}

#[test]
fn a_kind_that_changes_nothing_is_an_error_with_an_example() {
    let plan = plan(Algorithm::HS256);
    let signer = Arc::new(Signer::from_plan(&plan).unwrap());
    let digits = Arc::new(|user: UserIndex, out: &mut String| {
        out.push_str(&(5_000_000_000 + u64::from(user.0)).to_string());
    });
    let minting = Minting::new(&plan, Seed(7), signer, digits);
    let from = PoolPlan {
        plan: &plan,
        minting: &minting,
        seed: Seed(7),
        users: 100,
        issued: 1_800_000_000,
        valid_for: Duration::ZERO,
    };
    let error = |kind| MutatedTokens::prepare(&from, &[kind]).unwrap_err().to_string();
    for kind in ["sub-case", "sub-uuid-form"] {
        assert!(error(kind).contains("subjects such as \"5000000000\""), "{}", error(kind));
        assert!(!named(kind).unwrap().applies("5000000000"));
    }
    assert!(error("sub-cas").contains("did you mean \"sub-case\""), "{}", error("sub-cas"));
    assert_eq!(MutatedTokens::prepare(&from, &[]).unwrap().kinds(), 0);
    for kind in REGISTRY {
        let some = SUBJECTS.iter().any(|subject| kind.applies(subject));
        assert!(some, "{} never applies", kind.name);
    }
}

/// The table of `docs/tokens.md`.
fn table() -> String {
    let mut out =
        String::from("| kind | what is done | a correct gateway | because |\n|---|---|---|---|\n");
    for kind in REGISTRY {
        let answer = match kind.expectation {
            Expectation::Accept => "lets the user in".to_owned(),
            Expectation::Reject(classes) => {
                let names: Vec<_> =
                    classes.iter().map(|class| format!("`{}`", class.name())).collect();
                names.join(" or ")
            }
        };
        writeln!(out, "| `{}` | {} | {answer} | {} |", kind.name, kind.about, kind.source).unwrap();
    }
    out
}

#[test]
fn the_page_about_tokens_has_every_kind() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tokens.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table()), "docs/tokens.md should hold this table:\n{}", table());
}
