//! What a verdict costs: the truth about a user, the faults that a request touched, the judgement;
//! and all of it with the recording, which is to stay below 200 ns. Beside the verdict, a plainer
//! way: histories in a map behind a lock, and every fault of the run looked at.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use substorm::clock::Tick;
use substorm::identity::{Change, UserIndex};
use substorm::measure::{Allowance, Recorder, Sample, Shape};
use substorm::oracle::{Answer, Credential, FaultWindows, History, Identity, Right, judge, truth};
use substorm::outcome::{Class, Reading, Truth, Verdict};
use substorm::population::Lifecycle;
use substorm::seed::{Seed, Stream};

/// When the judged requests begin: all changes are older, and most faults are over.
const BEGIN: Tick = Tick::from_micros(600_000_000);

/// So many users, of whom every hundredth is gone.
fn lifecycle(users: u32) -> Lifecycle {
    let life = Lifecycle::new(users, users);
    for user in (0..users).step_by(100).map(UserIndex) {
        life.asked(user, Change::Delete, Tick::from_micros(1_000));
        life.acknowledged(user, Tick::from_micros(3_000));
    }
    life
}

/// So many faults, of which the last three are under way.
fn windows(faults: usize) -> FaultWindows {
    let windows = FaultWindows::new((0..faults).map(|n| n.is_multiple_of(8)));
    for n in 0..faults {
        let begin = Tick::from_micros(n as u64 * 5_000_000);
        windows.open(n, begin);
        if n + 3 < faults {
            windows.close(n, begin + Duration::from_secs(4));
        }
    }
    windows
}

/// One request: about whom, from when to when, and what came back.
fn request(draws: Stream, users: u32, n: u64) -> (UserIndex, Tick, Tick, Reading) {
    let bits = draws.at(n);
    let user = UserIndex((bits % u64::from(users)) as u32);
    let sent = BEGIN + Duration::from_micros(n * 50);
    let done = sent + Duration::from_micros(200 + (bits >> 40) % 4_000);
    let class = if user.0.is_multiple_of(100) { Class::UserNotFound } else { Class::Accepted };
    (user, sent, done, Reading::certain(class))
}

fn conclude(right: &Right, reading: Reading, store_faulted: bool) -> Verdict {
    let identity = Identity::Same;
    judge(
        right,
        &Answer { reading, identity, lacks_challenge: false, check_failed: false, store_faulted },
    )
}

/// As the load engine does it, but for the reading of the answer's bytes.
fn verdict(
    life: &Lifecycle,
    windows: &FaultWindows,
    (user, sent, done, reading): (UserIndex, Tick, Tick, Reading),
) -> (Right, u64, Verdict) {
    let standing = life.standing(user);
    let history =
        History { state: standing.state, asked: standing.asked, acknowledged: standing.acked };
    let right = truth(history, Credential::Good, sent, done);
    let faults = windows.touching(sent, done);
    (right, faults, conclude(&right, reading, windows.store_faulted(faults)))
}

fn verdicts(c: &mut Criterion) {
    let mut group = c.benchmark_group("verdict");
    let users = 10_000;
    let life = lifecycle(users);
    let draws = Seed(1).stream("requests");
    let mut n = 0;
    for faults in [0, 64] {
        let windows = windows(faults);
        group.bench_function(format!("{faults} faults"), |b| {
            b.iter(|| {
                n += 1;
                verdict(&life, &windows, request(draws, users, n))
            });
        });
    }
    let histories: HashMap<UserIndex, Vec<History>> = (0..users)
        .map(UserIndex)
        .map(|user| {
            let standing = life.standing(user);
            let (state, asked, acknowledged) = (standing.state, standing.asked, standing.acked);
            (user, vec![History { state, asked, acknowledged }])
        })
        .collect();
    let histories = Mutex::new(histories);
    let spans: Vec<(Tick, Tick)> = (0..64)
        .map(|n| {
            let begin = Tick::from_micros(n * 5_000_000);
            (begin, if n < 61 { begin + Duration::from_secs(4) } else { Tick::MAX })
        })
        .collect();
    let spans = Mutex::new(spans);
    group.bench_function("twin: a map behind a lock, 64 faults looked at", |b| {
        b.iter(|| {
            n += 1;
            let (user, sent, done, reading) = request(draws, users, n);
            let history = histories.lock().unwrap()[&user].last().copied().unwrap();
            let right = truth(history, Credential::Good, sent, done);
            let faults =
                spans.lock().unwrap().iter().enumerate().fold(0, |mask, (n, span)| {
                    mask | u64::from(span.0 <= done && sent <= span.1) << n
                });
            (conclude(&right, reading, faults & 1 != 0), faults)
        });
    });
    group.finish();
}

fn judged_and_recorded(c: &mut Criterion) {
    let mut group = c.benchmark_group("judged and recorded");
    let draws = Seed(1).stream("requests");
    let allowance =
        |n: u64| Allowance { verdict: Verdict::FalseAccept, after: Duration::from_millis(n * 50) };
    // With a million users most of the time is a look into memory that is in no cache.
    for (name, users, faults, allowances) in [
        ("10,000 users", 10_000, 0, 1),
        ("10,000 users, 64 faults, 200 allowances", 10_000, 64, 200),
        ("a million users", 1_000_000, 0, 1),
    ] {
        let life = lifecycle(users);
        let windows = windows(faults);
        let mut recorder = Recorder::new(&Shape {
            phases: 100,
            faults,
            defects: 0,
            routes: 5,
            allowances: (0..allowances).map(allowance).collect(),
            ..Shape::default()
        });
        let mut n = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                n += 1;
                let (user, sent, done, reading) = request(draws, users, n);
                let (right, faults, verdict) =
                    verdict(&life, &windows, (user, sent, done, reading));
                recorder.answer(&Sample {
                    phase: 7,
                    route: (n % 5) as usize,
                    truth: right.truth,
                    class: reading.class,
                    verdict,
                    response: done - sent + Duration::from_micros(20),
                    service: done - sent,
                    read_lag: None,
                    known_for: right.known_for,
                    faults,
                    lacks_challenge: false,
                    check_failed: false,
                    first_on_connection: false,
                    defect: None,
                });
            });
        });
        let done: u64 = recorder.phases().iter().map(|record| record.done).sum();
        assert_eq!(done, n, "every answer was recorded");
        let grey: u64 = recorder.phases()[7].matrix[Truth::Grey.index()].iter().sum();
        assert_eq!(grey, 0, "every answer was judged");
    }
    group.finish();
}

criterion_group!(benches, verdicts, judged_and_recorded);
criterion_main!(benches);
