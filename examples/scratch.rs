//! scratch
#![allow(warnings)]
use std::time::Duration;
use substorm::clock::Tick;
use substorm::identity::{Change, UserIndex};
use substorm::measure::{Allowance, Recorder, Sample, Shape};
use substorm::oracle::*;
use substorm::outcome::*;
use substorm::population::Lifecycle;
use substorm::seed::{Seed, Stream};
const BEGIN: Tick = Tick::from_micros(600_000_000);

#[inline(never)]
fn generate(draws: Stream, users: u32, n: u64) -> (UserIndex, Tick, Tick, Reading) {
    let bits = draws.at(n);
    let user = UserIndex((bits % u64::from(users)) as u32);
    let sent = BEGIN + Duration::from_micros(n * 50);
    let done = sent + Duration::from_micros(200 + (bits >> 40) % 4_000);
    let class = if user.0 % 100 == 0 { Class::UserNotFound } else { Class::Accepted };
    (user, sent, done, Reading::certain(class))
}
#[inline(never)]
fn judged(
    life: &Lifecycle,
    windows: &FaultWindows,
    user: UserIndex,
    sent: Tick,
    done: Tick,
    reading: Reading,
) -> (Right, u64, Verdict) {
    let standing = life.standing(user);
    let history =
        History { state: standing.state, asked: standing.asked, acknowledged: standing.acked };
    let right = truth(history, Credential::Good, sent, done);
    let faults = windows.touching(sent, done);
    let v = judge(
        &right,
        &Answer {
            reading,
            identity: Identity::Same,
            lacks_challenge: false,
            store_faulted: windows.store_faulted(faults),
        },
    );
    (right, faults, v)
}
#[inline(never)]
fn record(recorder: &mut Recorder, s: &Sample) {
    recorder.answer(s)
}

fn main() {
    let args: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let (mode, n, users, faults, allow) =
        (args[0], args[1], args[2] as u32, args[3] as usize, args[4]);
    let life = Lifecycle::new(users, users);
    for user in (0..users).step_by(100).map(UserIndex) {
        life.asked(user, Change::Delete, Tick::from_micros(1_000));
        life.acknowledged(user, Tick::from_micros(3_000));
    }
    let windows = FaultWindows::new((0..faults).map(|n| n % 8 == 0));
    for n in 0..faults {
        let begin = Tick::from_micros(n as u64 * 5_000_000);
        windows.open(n, begin);
        if n + 3 < faults {
            windows.close(n, begin + Duration::from_secs(4));
        }
    }
    let mut recorder = Recorder::new(&Shape {
        phases: 100,
        faults,
        defects: 0,
        routes: 5,
        allowances: (0..allow)
            .map(|n| Allowance {
                verdict: Verdict::FalseAccept,
                after: Duration::from_millis(n * 50),
            })
            .collect(),
    });
    let draws = Seed(1).stream("x");
    let start = std::time::Instant::now();
    let mut sum = 0u64;
    for i in 0..n {
        let (user, sent, done, reading) = generate(draws, users, i);
        if mode == 0 {
            sum += user.0 as u64;
            continue;
        }
        let (right, f, verdict) = judged(&life, &windows, user, sent, done, reading);
        if mode == 1 {
            sum += f + verdict.index() as u64;
            continue;
        }
        record(
            &mut recorder,
            &Sample {
                phase: 7,
                route: (user.0 % 5) as usize,
                truth: right.truth,
                class: reading.class,
                verdict,
                response: done - sent + Duration::from_micros(20),
                service: done - sent,
                known_for: right.known_for,
                faults: f,
                lacks_challenge: false,
                check_failed: false,
                first_on_connection: false,
                defect: None,
            },
        );
    }
    println!("{} {:.1} ns each", sum, start.elapsed().as_nanos() as f64 / n as f64);
}
