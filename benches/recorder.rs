//! What recording costs: one answer, and the second in which the books are handed over. Beside
//! them, plainer ways: dense histograms in an array, and the same found by a key.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use substorm::measure::{Allowance, Recorder, Sample, Shape};
use substorm::outcome::{Class, Truth, Verdict};
use substorm::seed::{Seed, Stream};

/// A run that tests much: every list is long.
fn shape() -> Shape {
    let allowance = |n: u64| Allowance {
        verdict: if n.is_multiple_of(2) { Verdict::FalseAccept } else { Verdict::FalseReject },
        after: Duration::from_millis(n * 50),
    };
    Shape {
        phases: 100,
        faults: 64,
        defects: 20,
        routes: 5,
        allowances: (0..200).map(allowance).collect(),
        ..Shape::default()
    }
}

/// Times around 0.4 ms, one in a hundred up to 40 ms.
fn micros(draws: Stream, n: u64) -> u64 {
    let body = 150.0 + 1_000.0 * draws.unit_at(2 * n).powi(3);
    let tail = 1.0 / (0.01 + draws.unit_at(2 * n + 1)).min(1.0);
    (body * tail.max(1.0)) as u64
}

/// Nine in ten accepted, the rest refused in several ways, a few of them wrongly.
fn samples() -> Vec<Sample> {
    let draws = Seed(1).stream("samples");
    (0..4_096)
        .map(|n| {
            let (class, verdict) = match draws.named("class").at(n) % 100 {
                0..90 => (Class::Accepted, Verdict::CorrectAccept),
                90..97 => (Class::UserNotFound, Verdict::CorrectReject),
                97..99 => (Class::Accepted, Verdict::FalseAccept),
                _ => (Class::StoreUnavailable, Verdict::Unavailable),
            };
            let service = micros(draws, n);
            Sample {
                phase: 7,
                route: (draws.named("route").at(n) % 5) as usize,
                truth: Truth::MustAccept,
                class,
                verdict,
                response: Duration::from_micros(service + 30),
                service: Duration::from_micros(service),
                read_lag: None,
                known_for: Duration::from_millis(draws.named("known").at(n) % 12_000),
                faults: 0b1000,
                lacks_challenge: false,
                check_failed: false,
                first_on_connection: n.is_multiple_of(100),
                defect: None,
            }
        })
        .collect()
}

/// The counts and histograms of [`Recorder`] that each answer goes into, in the plainest form.
#[derive(Clone)]
struct Dense {
    matrix: [[u64; Class::COUNT]; Truth::COUNT],
    verdicts: [u64; Verdict::COUNT],
    response: Vec<Option<Histogram<u64>>>,
    service: Vec<Option<Histogram<u64>>>,
    routes: Vec<([u64; Verdict::COUNT], Histogram<u64>)>,
    beyond: Vec<u64>,
}

impl Dense {
    fn new(shape: &Shape) -> Self {
        let routes = (0..shape.routes).map(|_| ([0; Verdict::COUNT], Histogram::new(3).unwrap()));
        Self {
            matrix: [[0; Class::COUNT]; Truth::COUNT],
            verdicts: [0; Verdict::COUNT],
            response: vec![None; Class::COUNT],
            service: vec![None; Class::COUNT],
            routes: routes.collect(),
            beyond: vec![0; shape.allowances.len()],
        }
    }

    fn answer(&mut self, shape: &Shape, sample: &Sample) {
        let class = sample.class.index();
        self.matrix[sample.truth.index()][class] += 1;
        self.verdicts[sample.verdict.index()] += 1;
        let add = |histogram: &mut Histogram<u64>, span: Duration| {
            histogram.record(span.as_micros() as u64).unwrap();
        };
        let fresh = || Histogram::new(3).unwrap();
        add(self.response[class].get_or_insert_with(fresh), sample.response);
        add(self.service[class].get_or_insert_with(fresh), sample.service);
        let (verdicts, response) = &mut self.routes[sample.route];
        verdicts[sample.verdict.index()] += 1;
        add(response, sample.response);
        for (beyond, allowance) in self.beyond.iter_mut().zip(&shape.allowances) {
            let counts = sample.verdict == allowance.verdict && sample.known_for > allowance.after;
            *beyond += u64::from(counts);
        }
    }

    fn merge(&mut self, other: &Self) {
        let pairs = self.response.iter_mut().zip(&other.response);
        for (sum, part) in pairs.chain(self.service.iter_mut().zip(&other.service)) {
            if let Some(part) = part {
                sum.get_or_insert_with(|| Histogram::new(3).unwrap()).add(part).unwrap();
            }
        }
        for ((_, sum), (_, part)) in self.routes.iter_mut().zip(&other.routes) {
            sum.add(part).unwrap();
        }
    }
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    let (shape, samples) = (shape(), samples());
    let mut next = (0..samples.len()).cycle();
    let mut recorder = Recorder::new(&shape);
    group.bench_function("recorder", |b| {
        b.iter(|| recorder.answer(&samples[next.next().unwrap_or(0)]));
    });
    let mut dense = Dense::new(&shape);
    group.bench_function("twin: dense histograms, each allowance", |b| {
        b.iter(|| dense.answer(&shape, &samples[next.next().unwrap_or(0)]));
    });
    let mut keyed: HashMap<(usize, Class, usize, bool), Histogram<u64>> = HashMap::new();
    group.bench_function("twin: histograms by key", |b| {
        b.iter(|| {
            let sample = &samples[next.next().unwrap_or(0)];
            let times = [
                (usize::MAX, false, sample.response),
                (usize::MAX, true, sample.service),
                (sample.route, false, sample.response),
            ];
            for (route, is_service, span) in times {
                let key = (sample.phase, sample.class, route, is_service);
                let histogram = keyed.entry(key).or_insert_with(|| Histogram::new(3).unwrap());
                histogram.record(span.as_micros() as u64).unwrap();
            }
        });
    });
    group.finish();
}

/// A second of answers from one worker goes into the second's sum and from there into the total.
fn hand_over(c: &mut Criterion) {
    let mut group = c.benchmark_group("hand-over");
    let (shape, samples) = (shape(), samples());
    group.throughput(Throughput::Elements(1)).sample_size(50);
    let (mut second, mut totals) = (Recorder::new(&shape), Recorder::new(&shape));
    let mut filled = Recorder::new(&shape);
    let fill = |recorder: &mut Recorder| {
        samples.iter().cycle().take(20_000).for_each(|sample| recorder.answer(sample));
    };
    fill(&mut filled);
    group.bench_function("recorder", |b| {
        b.iter_batched_ref(
            || filled.clone(),
            |filled| {
                second.merge(filled);
                filled.clear();
                totals.merge(&second);
                second.clear();
            },
            BatchSize::SmallInput,
        );
    });
    let mut dense = Dense::new(&shape);
    for sample in &samples {
        dense.answer(&shape, sample);
    }
    let mut all = dense.clone();
    group.bench_function("twin: dense histograms, new ones each second", |b| {
        b.iter(|| {
            let mut second = Dense::new(&shape);
            second.merge(&dense);
            all.merge(&second);
            black_box(Dense::new(&shape));
        });
    });
    group.finish();
}

criterion_group!(benches, answers, hand_over);
criterion_main!(benches);
