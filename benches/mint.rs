//! What a token costs: the whole of it by the store's way, and beside it the same by plain
//! `jsonwebtoken`, which parses the key each time, and the signature alone, which is the least
//! that it can cost.
//!
//! The tables at the end let the ways take turns, on one core and on all of them, and fail where
//! minting falls below nine tenths of the rate of bare signatures:
//! `cargo bench --bench mint -- ratios`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod paired;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use criterion::{Criterion, Throughput, criterion_group};
use jsonwebtoken::{EncodingKey, Header};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use substorm::identity::UserIndex;
use substorm::seed::Seed;
use substorm::token::{
    Algorithm, Claims, KeySource, Minting, Signer, Subjects, TokenPlan, TokenSource,
};

use paired::{Contender, Rounds};

const ISSUED: u64 = 1_800_000_000;
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// Of the rate of bare signatures, what minting must reach where a signature is most of a token.
const LEAST: f64 = 0.9;

fn plan(algorithm: Algorithm) -> TokenPlan {
    TokenPlan {
        source: TokenSource::Minted,
        algorithm,
        key: KeySource::Generated,
        key_id: None,
        issuer: "https://idp.substorm.test".to_owned(),
        audience: "orders".to_owned(),
        lifetime: Duration::from_secs(900),
        claims: serde_json::Map::new(),
        mutations: vec![],
    }
}

fn subjects() -> Subjects {
    Arc::new(|user, out| {
        use std::fmt::Write as _;
        write!(out, "3f2504e0-4f89-41d3-9a0c-{:012x}", user.0).unwrap();
    })
}

/// One algorithm's three ways to a token or a part of it.
struct Ways {
    algorithm: Algorithm,
    signer: Arc<Signer>,
    claims: Claims,
    /// A payload, and what a token's signature is over.
    payload: Vec<u8>,
    signing_input: Vec<u8>,
}

impl Ways {
    fn of(algorithm: Algorithm) -> Self {
        let signer = Arc::new(Signer::from_plan(&plan(algorithm)).unwrap());
        let claims = Claims::new(&plan(algorithm), Seed(7));
        let mut payload = Vec::new();
        let subject = "3f2504e0-4f89-41d3-9a0c-000000000007";
        claims.write(UserIndex(7), 0, subject, ISSUED, &mut payload);
        let mut token = Vec::new();
        signer.sign(&payload, &mut token).unwrap();
        let end = token.iter().rposition(|byte| *byte == b'.').unwrap();
        token.truncate(end);
        Self { algorithm, signer, claims, payload, signing_input: token }
    }

    /// Subject, claims, encoding and signature, as the store makes them.
    fn prepared(&self) -> impl FnMut() + '_ {
        let subjects = subjects();
        let (mut subject, mut payload, mut token) = (String::new(), Vec::new(), Vec::new());
        let mut user = 0;
        move || {
            user += 1;
            subject.clear();
            subjects(UserIndex(user), &mut subject);
            payload.clear();
            self.claims.write(UserIndex(user), 0, &subject, ISSUED, &mut payload);
            token.clear();
            self.signer.sign(&payload, &mut token).unwrap();
            black_box(&token);
        }
    }

    /// The same claims by plain `jsonwebtoken`.
    fn plain(&self) -> impl FnMut() + '_ {
        let private = self.signer.private_key().unwrap();
        let key = match self.algorithm {
            Algorithm::HS256 => EncodingKey::from_secret(&[7; 32]),
            Algorithm::ES256 => EncodingKey::from_ec_pem(private.as_bytes()).unwrap(),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()).unwrap(),
            _ => EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
        };
        let key_id = Some(self.signer.key_id().to_owned());
        let header = Header { kid: key_id, ..Header::new(self.algorithm.library()) };
        let claims: serde_json::Value = serde_json::from_slice(&self.payload).unwrap();
        move || {
            black_box(jsonwebtoken::encode(&header, &claims, &key).unwrap());
        }
    }

    /// The signature alone, by a key that was parsed once, over as many bytes as a token's.
    fn signature(&self) -> Box<dyn FnMut() + Send + '_> {
        let private = self.signer.private_key().unwrap();
        let pkcs8 = pem::parse(&private).map(pem::Pem::into_contents).unwrap_or_default();
        let (random, message) = (SystemRandom::new(), &*self.signing_input);
        match self.algorithm {
            Algorithm::HS256 => {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
                Box::new(move || {
                    black_box(aws_lc_rs::hmac::sign(&key, message));
                })
            }
            Algorithm::ES256 => {
                let curve = &lc::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(curve, &pkcs8).unwrap();
                Box::new(move || {
                    black_box(pair.sign(&random, message).unwrap());
                })
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
                Box::new(move || {
                    black_box(pair.sign(message));
                })
            }
            other => {
                let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
                let mut out = vec![0; pair.public_modulus_len()];
                let padding: &'static dyn lc::RsaEncoding = match other {
                    Algorithm::PS256 => &lc::RSA_PSS_SHA256,
                    _ => &lc::RSA_PKCS1_SHA256,
                };
                Box::new(move || pair.sign(padding, &random, message, &mut out).unwrap())
            }
        }
    }

    /// Many tokens, by the store's way, on as many cores as this thread may run on.
    fn mint(&self, users: u32) -> impl FnMut() + use<> {
        let minting = Minting::new(&plan(self.algorithm), Seed(7), self.signer.clone(), subjects());
        let go_on = |_| ControlFlow::Continue(());
        move || {
            let keep = |_: UserIndex, token: &[u8]| {
                black_box(token);
                ControlFlow::Continue(())
            };
            minting.each(users, ISSUED, go_on, keep).unwrap();
        }
    }

    /// As many signatures alone, on that many threads.
    fn signatures(&self, users: u32, threads: u32) -> impl FnMut() + '_ {
        move || {
            thread::scope(|scope| {
                for _ in 0..threads {
                    let mut sign = self.signature();
                    scope.spawn(move || (0..users / threads).for_each(|_| sign()));
                }
            });
        }
    }
}

fn one_token(c: &mut Criterion) {
    for algorithm in ALGORITHMS {
        let mut group = c.benchmark_group(format!("token/{algorithm}"));
        group.throughput(Throughput::Elements(1));
        let ways = Ways::of(algorithm);
        group.bench_function("prepared", |b| b.iter(ways.prepared()));
        group.bench_function("twin: jsonwebtoken", |b| b.iter(ways.plain()));
        group.bench_function("the signature alone", |b| b.iter(ways.signature()));
    }
}

/// Whole tokens beside bare signatures, one after the other.
fn tokens_beside_signatures() {
    for algorithm in ALGORITHMS {
        let ways = Ways::of(algorithm);
        let turns = if matches!(algorithm, Algorithm::RS256 | Algorithm::PS256) { 60 } else { 800 };
        let contenders = vec![
            Contender::new("token", ways.prepared()),
            Contender::new("signature alone", ways.signature()),
            Contender::new("jsonwebtoken::encode", ways.plain()),
        ];
        let rounds = Rounds::of(&format!("{algorithm}, one core"), 21, turns, contenders);
        rounds.print(1.0, "tokens");
        let share = rounds.ratio(0, 1).median;
        let signs_long = algorithm != Algorithm::HS256;
        assert!(!signs_long || share >= LEAST, "{algorithm}: {share:.3} of the signature's rate");
    }
}

/// A population's tokens beside as many bare signatures, on all cores and on one.
fn populations_beside_signatures() {
    let all = sched_getaffinity(None).unwrap();
    let cores = all.count();
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|cpu| all.is_set(*cpu)).unwrap());
    let on = |cores: &CpuSet, mut turn: Box<dyn FnMut()>| {
        let cores = *cores;
        move || {
            sched_setaffinity(None, &cores).unwrap();
            turn();
        }
    };
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let ways = Ways::of(algorithm);
        // Whole shards, as many for each core.
        let users = cores * 1_024 * if algorithm == Algorithm::HS256 { 16 } else { 1 };
        let contenders = vec![
            Contender::new("population, all cores", on(&all, Box::new(ways.mint(users)))),
            Contender::new("signatures alone, all cores", ways.signatures(users, cores)),
            Contender::new("population, one core", on(&one, Box::new(ways.mint(users)))),
        ];
        let title = format!("{algorithm}, {cores} cores");
        let rounds =
            Rounds::of(&title, if algorithm == Algorithm::RS256 { 5 } else { 15 }, 1, contenders);
        rounds.print(f64::from(users), "tokens");
        let (share, growth) = (rounds.ratio(0, 1).median, rounds.ratio(0, 2).median);
        let signs_long = algorithm != Algorithm::HS256;
        assert!(!signs_long || share >= LEAST, "{algorithm}: {share:.3} of the signatures' rate");
        let least = 0.8 * f64::from(cores);
        assert!(growth >= least, "{algorithm}: {growth:.2} times one core on {cores} cores");
    }
}

criterion_group!(benches, one_token);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    if paired::wanted() {
        tokens_beside_signatures();
        populations_beside_signatures();
    }
}
