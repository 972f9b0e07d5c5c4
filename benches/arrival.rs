//! What an instant costs: walking a schedule of each kind, and a plainer way to make one.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use substorm::arrival::{Arrival, named};
use substorm::seed::Seed;
use substorm::setting::{Settings, Value};
use substorm::units::Rate;

const LENGTH: Duration = Duration::from_secs(10);

fn schedules(c: &mut Criterion) {
    let mut group = c.benchmark_group("schedule");
    group.throughput(Throughput::Elements(100_000)).sample_size(20);
    let rate = |per_second| Value::Rate(Rate::per_second(per_second).expect("a positive figure"));
    let text = |word: &str| Value::Text(word.to_owned());
    let second = |n| Value::Span(Duration::from_secs(n));
    let cases: [(&str, &[(&'static str, Value)]); 6] = [
        ("constant", &[("rate", rate(10_000.0))]),
        ("poisson", &[("rate", rate(10_000.0))]),
        ("ramp", &[("from", rate(0.0)), ("to", rate(20_000.0)), ("spacing", text("even"))]),
        ("ramp", &[("from", rate(0.0)), ("to", rate(20_000.0)), ("spacing", text("poisson"))]),
        ("step", &[("from", rate(5_000.0)), ("to", rate(15_000.0)), ("steps", Value::Count(50))]),
        (
            "spike",
            &[
                ("base", rate(5_000.0)),
                ("peak", rate(55_000.0)),
                ("at", second(3)),
                ("for", second(1)),
            ],
        ),
    ];
    for (number, (name, values)) in cases.iter().enumerate() {
        let mut settings = Settings::default();
        for (key, value) in *values {
            settings.insert(key, value.clone());
        }
        let kind = named(name).expect("a kind in the registry");
        let Ok(Arrival::Open(process)) = (kind.build)(&settings, LENGTH) else {
            continue;
        };
        group.bench_function(format!("{number} {name}"), |b| {
            b.iter(|| process.instants(Seed(1).stream("due"), LENGTH).map(black_box).count());
        });
    }
    let stream = Seed(1).stream("due");
    group.bench_function("twin: poisson by a coin each microsecond", |b| {
        b.iter(|| (0..10_000_000_u64).filter(|micro| stream.unit_at(*micro) < 0.01).count());
    });
    group.finish();
}

criterion_group!(benches, schedules);
criterion_main!(benches);
