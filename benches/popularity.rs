//! What it costs to draw the user of a request, by how popular users are; and a plainer way, which
//! adds weights up until they reach the draw.

use criterion::{Criterion, criterion_group, criterion_main};
use substorm::population::{Popularity, Population, PopulationPlan, SubjectScheme};
use substorm::seed::{Seed, unit};

fn population(popularity: Popularity) -> Population {
    let scheme = SubjectScheme::UuidV4;
    Population::new(&PopulationPlan { users: 10_000_000, spare: 0, scheme, popularity }, Seed(7))
}

fn picks(c: &mut Criterion) {
    let mut group = c.benchmark_group("pick");
    let bits = Seed(2).stream("bits");
    for exponent in [0.5, 1.0, 1.1, 2.0, 5.0] {
        let population = population(Popularity::Zipf { exponent });
        let mut i = 0;
        group.bench_function(format!("zipf {exponent}, 10 M users"), |b| {
            b.iter(|| {
                i += 1;
                population.pick(bits.at(i))
            });
        });
    }
    let uniform = population(Popularity::Uniform);
    let mut i = 0;
    group.bench_function("uniform, 10 M users", |b| {
        b.iter(|| {
            i += 1;
            uniform.pick(bits.at(i))
        });
    });
    let weights: Vec<f64> = (1..=1_000).map(|rank| 1.0 / f64::from(rank)).collect();
    let total: f64 = weights.iter().sum();
    group.bench_function("twin: zipf 1, 1,000 users, sum until it is enough", |b| {
        b.iter(|| {
            i += 1;
            let mut left = unit(bits.at(i)) * total;
            weights.iter().position(|weight| {
                left -= weight;
                left <= 0.0
            })
        });
    });
    group.finish();
}

criterion_group!(benches, picks);
criterion_main!(benches);
