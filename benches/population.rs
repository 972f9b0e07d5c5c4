//! What a request costs the population: spelling the subject to compare the answer with, and
//! reading the user's standing. Beside each, a plainer way to do the same.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use substorm::clock::Tick;
use substorm::identity::{Change, UserIndex};
use substorm::population::{Lifecycle, Popularity, Population, PopulationPlan, SubjectScheme};
use substorm::seed::Seed;

const MANY: u32 = 10_000_000;

fn population(scheme: SubjectScheme) -> Population {
    let popularity = Popularity::Uniform;
    Population::new(&PopulationPlan { users: MANY, spare: 0, scheme, popularity }, Seed(7))
}

fn subjects(c: &mut Criterion) {
    let mut group = c.benchmark_group("subject");
    let stream = Seed(1).stream("users");
    for (name, scheme) in [
        ("uuid", SubjectScheme::UuidV4),
        ("uuidv7", SubjectScheme::UuidV7),
        ("integer", SubjectScheme::Integer),
        ("email", SubjectScheme::Email),
        ("prefixed", SubjectScheme::Prefixed("usr_".to_owned())),
        ("opaque", SubjectScheme::Opaque),
    ] {
        let population = population(scheme);
        let (mut out, mut i) = (String::with_capacity(64), 0);
        group.bench_function(format!("write/{name}"), |b| {
            b.iter(|| {
                i += 1;
                out.clear();
                population.write_subject(UserIndex((stream.at(i) % 10_000_000) as u32), &mut out);
                black_box(out.len())
            });
        });
        let subject = population.subject(UserIndex(4_242));
        group.bench_function(format!("index_of/{name}"), |b| {
            b.iter(|| population.index_of(black_box(&subject)));
        });
    }
    let mut i = 0;
    group.bench_function("twin: format! a uuid", |b| {
        b.iter(|| {
            i += 2;
            let (a, z) = (stream.at(i), stream.at(i + 1));
            let (mid, version, variant) = (a >> 16 & 0xFFFF, a & 0xFFF | 0x4000, z >> 50 | 0x8000);
            format!(
                "{:08x}-{mid:04x}-{version:04x}-{variant:04x}-{:012x}",
                a >> 32,
                z & 0xFFFF_FFFF_FFFF
            )
        });
    });
    group.finish();
}

fn lifecycle(c: &mut Criterion) {
    let mut group = c.benchmark_group("lifecycle");
    group.sample_size(20);
    let life = Lifecycle::new(MANY, MANY);
    let stream = Seed(3).stream("users");
    let mut i = 0;
    group.bench_function("standing of any of 10 M users", |b| {
        b.iter(|| {
            i += 1;
            life.standing(UserIndex((stream.at(i) % 10_000_000) as u32))
        });
    });
    let locked: Vec<_> = (0..MANY).map(|_| std::sync::RwLock::new(Tick::ZERO)).collect();
    group.bench_function("twin: the same behind a lock a user", |b| {
        b.iter(|| {
            i += 1;
            locked[(stream.at(i) % 10_000_000) as usize].read().map(|at| *at).ok()
        });
    });
    group.bench_function("asked and acknowledged", |b| {
        b.iter(|| {
            i += 1;
            let user = UserIndex((stream.at(i) % 1_000) as u32);
            life.asked(user, Change::Enable, Tick::from_micros(i));
            life.acknowledged(user, Tick::from_micros(i));
        });
    });
    group.bench_function("choose 1 % of 10 M users", |b| {
        b.iter_batched_ref(
            || Lifecycle::new(MANY, MANY),
            |life| life.choose_live(stream, MANY / 100),
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, subjects, lifecycle);
criterion_main!(benches);
