//! What a token costs: the whole of it by the store's way, and beside it the same by plain
//! `jsonwebtoken`, which parses the key each time, and the signature alone. Then the store: how
//! fast all cores fill it, and what a read costs with and without a renewal beside it.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jsonwebtoken::{EncodingKey, Header};
use substorm::identity::UserIndex;
use substorm::seed::Seed;
use substorm::token::{
    Algorithm, Claims, KeySource, Minting, Signer, Subjects, TokenPlan, TokenStore,
};

const ISSUED: u64 = 1_800_000_000;

fn plan(algorithm: Algorithm) -> TokenPlan {
    TokenPlan {
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

fn minting(algorithm: Algorithm) -> Minting {
    let plan = plan(algorithm);
    let signer = Arc::new(Signer::from_plan(&plan).unwrap());
    Minting::new(&plan, Seed(7), signer, subjects())
}

type Sign = Box<dyn FnMut(&[u8])>;

/// The signature alone, over a message as long as a token's.
fn raw(algorithm: Algorithm, pkcs8: &[u8]) -> Sign {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::HS256 => {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
            Box::new(move |message| {
                black_box(aws_lc_rs::hmac::sign(&key, message));
            })
        }
        Algorithm::ES256 => {
            let pair =
                EcdsaKeyPair::from_pkcs8(&lc::ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
            Box::new(move |message| {
                black_box(pair.sign(&random, message).unwrap());
            })
        }
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).unwrap();
            Box::new(move |message| {
                black_box(pair.sign(message));
            })
        }
        _ => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
            let mut out = vec![0; pair.public_modulus_len()];
            let padding: &dyn lc::RsaEncoding = match algorithm {
                Algorithm::PS256 => &lc::RSA_PSS_SHA256,
                _ => &lc::RSA_PKCS1_SHA256,
            };
            Box::new(move |message| pair.sign(padding, &random, message, &mut out).unwrap())
        }
    }
}

fn one_token(c: &mut Criterion) {
    for algorithm in
        [Algorithm::HS256, Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA]
    {
        let mut group = c.benchmark_group(format!("token/{algorithm}"));
        group.throughput(Throughput::Elements(1));
        let signer = Signer::from_plan(&plan(algorithm)).unwrap();
        let claims = Claims::new(&plan(algorithm), Seed(7));
        let subjects = subjects();
        let (mut subject, mut payload, mut token) = (String::new(), Vec::new(), Vec::new());
        let mut user = 0;
        group.bench_function("prepared", |b| {
            b.iter(|| {
                user += 1;
                subject.clear();
                subjects(UserIndex(user), &mut subject);
                payload.clear();
                claims.write(UserIndex(user), 0, &subject, ISSUED, &mut payload);
                token.clear();
                signer.sign(&payload, &mut token).unwrap();
                black_box(token.len())
            });
        });

        let private = signer.private_key().unwrap();
        let key = match algorithm {
            Algorithm::HS256 => EncodingKey::from_secret(&[7; 32]),
            Algorithm::ES256 => EncodingKey::from_ec_pem(private.as_bytes()).unwrap(),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()).unwrap(),
            _ => EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
        };
        let header =
            Header { kid: Some(signer.key_id().to_owned()), ..Header::new(algorithm.library()) };
        let value: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        group.bench_function("jsonwebtoken", |b| {
            b.iter(|| black_box(jsonwebtoken::encode(&header, &value, &key).unwrap()));
        });

        let pkcs8 = pem::parse(&private).map(pem::Pem::into_contents).unwrap_or_default();
        let mut sign = raw(algorithm, &pkcs8);
        group.bench_function("signature", |b| b.iter(|| sign(&token)));
    }
}

fn store(c: &mut Criterion) {
    let mut group = c.benchmark_group("store");
    group.sample_size(10);
    let users = 20_000;
    group.throughput(Throughput::Elements(u64::from(users)));
    for algorithm in [Algorithm::HS256, Algorithm::ES256] {
        let minting = minting(algorithm);
        group.bench_function(format!("mint/{algorithm}"), |b| {
            b.iter_batched(
                || minting.clone(),
                |minting| {
                    TokenStore::mint(minting, users, ISSUED, |_| ControlFlow::Continue(())).unwrap()
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();

    let mut group = c.benchmark_group("read");
    let store =
        TokenStore::mint(minting(Algorithm::HS256), 200_000, ISSUED, |_| ControlFlow::Continue(()))
            .unwrap();
    let stream = Seed(1).stream("readers");
    let mut copy = Vec::with_capacity(1_024);
    let mut i = 0;
    let mut read = || {
        i += 1;
        copy.clear();
        let user = UserIndex((stream.at(i) % 200_000) as u32);
        store.with_token(user, |token| copy.extend_from_slice(token));
        black_box(copy.len())
    };
    group.bench_function("quiet", |b| b.iter(&mut read));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut now = ISSUED;
            while !done.load(Ordering::Relaxed) {
                now = store.next_renewal().unwrap().max(now);
                store.renew_due(now).unwrap();
            }
        });
        group.bench_function("beside renewal", |b| b.iter(&mut read));
        done.store(true, Ordering::Relaxed);
    });
}

criterion_group!(benches, one_token, store);
criterion_main!(benches);
