//! What reading a user's token costs, from memory and from a mapped file, and beside it the plain
//! ways: strings behind a lock, and a file that is read by system calls.
//!
//! The tables at the end let them take turns, with one reader and with one on each core, and fail
//! where a plain way is the faster one: `cargo bench --bench arena -- ratios`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod paired;

use std::collections::HashMap;
use std::fs::File;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group};
use substorm::identity::UserIndex;
use substorm::seed::{Seed, Stream};
use substorm::token::{
    Algorithm, KeySource, Minting, Subjects, TokenCache, TokenPlan, TokenSource, TokenStore,
};

use paired::{Contender, Rounds};

const ISSUED: u64 = 1_800_000_000;
const USERS: u32 = 200_000;
/// Reads of a turn.
const READS: u64 = 50_000;

/// One population's tokens, in every form.
struct Forms {
    store: TokenStore,
    mapped: TokenStore,
    list: RwLock<Vec<String>>,
    table: RwLock<HashMap<u32, String>>,
    file: File,
    /// Where each token of the file ends.
    ends: Vec<u64>,
    /// Where the cache lies.
    _folder: tempfile::TempDir,
}

impl Forms {
    fn new() -> Self {
        let plan = TokenPlan {
            source: TokenSource::Minted,
            algorithm: Algorithm::HS256,
            key: KeySource::Generated,
            key_id: None,
            issuer: "https://idp.substorm.test".to_owned(),
            audience: "orders".to_owned(),
            lifetime: Duration::from_secs(900),
            claims: serde_json::Map::new(),
            mutations: vec![],
        };
        let subjects: Subjects = Arc::new(|user, out| {
            use std::fmt::Write as _;
            write!(out, "3f2504e0-4f89-41d3-9a0c-{:012x}", user.0).unwrap();
        });
        let folder = tempfile::tempdir().unwrap();
        let cache = TokenCache::open(folder.path()).unwrap();
        let minting =
            Minting::new(&plan, Seed(7), Arc::new(cache.signer(&plan).unwrap()), subjects);
        let go_on = |_| ControlFlow::Continue(());
        let store = TokenStore::mint(minting.clone(), USERS, ISSUED, go_on).unwrap();
        let (mapped, _) = cache.store(minting, USERS, ISSUED, go_on).unwrap();
        let text = |user| {
            store.with_token(UserIndex(user), |token| String::from_utf8(token.to_vec()).unwrap())
        };
        let list: Vec<String> = (0..USERS).map(text).collect();
        let mut file = tempfile::tempfile_in(folder.path()).unwrap();
        std::io::Write::write_all(&mut file, list.concat().as_bytes()).unwrap();
        let mut end = 0;
        let ends = list
            .iter()
            .map(|token| {
                end += token.len() as u64;
                end
            })
            .collect();
        let table = list.iter().cloned().enumerate().map(|(user, text)| (user as u32, text));
        Self {
            table: RwLock::new(table.collect()),
            list: RwLock::new(list),
            store,
            mapped,
            file,
            ends,
            _folder: folder,
        }
    }

    fn read(&self, form: Form, user: u32, out: &mut Vec<u8>) {
        out.clear();
        match form {
            Form::Store => {
                self.store.with_token(UserIndex(user), |token| out.extend_from_slice(token));
            }
            Form::Mapped => {
                self.mapped.with_token(UserIndex(user), |token| out.extend_from_slice(token));
            }
            Form::List => {
                out.extend_from_slice(self.list.read().unwrap()[user as usize].as_bytes());
            }
            Form::Table => {
                out.extend_from_slice(self.table.read().unwrap()[&user].as_bytes());
            }
            Form::File => {
                let start = user.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
                out.resize((self.ends[user as usize] - start) as usize, 0);
                self.file.read_exact_at(out, start).unwrap();
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Form {
    Store,
    Mapped,
    List,
    Table,
    File,
}

const FORMS: [(&str, Form); 5] = [
    ("store in memory", Form::Store),
    ("store in a mapped file", Form::Mapped),
    ("twin: RwLock<Vec<String>>", Form::List),
    ("twin: RwLock<HashMap<u32, String>>", Form::Table),
    ("twin: file, a call each", Form::File),
];

/// Reads the tokens of users that the stream draws.
fn reader(forms: &Forms, form: Form, stream: Stream) -> impl FnMut() + Send + '_ {
    let (mut turn, mut out) = (0, Vec::with_capacity(1_024));
    move || {
        turn += 1;
        forms.read(form, (stream.at(turn) % u64::from(USERS)) as u32, &mut out);
        black_box(&out);
    }
}

fn reads(c: &mut Criterion) {
    let forms = Forms::new();
    let mut group = c.benchmark_group("read");
    group.throughput(Throughput::Elements(1));
    for (name, form) in FORMS {
        group.bench_function(name, |b| b.iter(reader(&forms, form, Seed(1).stream("readers"))));
    }
    for (name, form) in [FORMS[0], FORMS[2]] {
        beside_renewal(&forms, form, || {
            group.bench_function(format!("{name}, beside renewal"), |b| {
                b.iter(reader(&forms, form, Seed(1).stream("readers")));
            });
        });
    }
}

/// Runs `f` while another thread renews shard after shard of the form.
fn beside_renewal(forms: &Forms, form: Form, f: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            static ROUND: AtomicU32 = AtomicU32::new(0);
            let mut now = ISSUED;
            while !done.load(Ordering::Relaxed) {
                now = forms.store.next_renewal().unwrap().max(now);
                forms.store.renew_due(now).unwrap();
                if matches!(form, Form::List) {
                    // What was minted is put in under the lock, as many at once as in a shard.
                    let first = ROUND.fetch_add(1, Ordering::Relaxed) % (USERS / 1_024) * 1_024;
                    let fresh: Vec<String> = (first..first + 1_024)
                        .map(|user| {
                            forms.store.with_token(UserIndex(user), |token| {
                                String::from_utf8_lossy(token).into_owned()
                            })
                        })
                        .collect();
                    let mut list = forms.list.write().unwrap();
                    for (slot, token) in list[first as usize..].iter_mut().zip(fresh) {
                        *slot = token;
                    }
                }
            }
        });
        f();
        done.store(true, Ordering::Relaxed);
    });
}

/// All forms in turns, with so many readers at once.
fn in_turns(forms: &Forms, readers: u64) {
    let contenders = FORMS.map(|(name, form)| {
        Contender::new(name, move || {
            thread::scope(|scope| {
                for number in 0..readers {
                    let stream = Seed(1).stream("readers").nth(number);
                    let mut read = reader(forms, form, stream);
                    scope.spawn(move || (0..READS).for_each(|_| read()));
                }
            });
        })
    });
    let title = format!("{readers} reader{}", if readers == 1 { "" } else { "s" });
    let rounds = Rounds::of(&title, 21, 1, contenders.into());
    rounds.print((READS * readers) as f64, "reads");
    let times = rounds.ratio(1, 4).median;
    assert!(times > 2.0, "a mapped file is only {times:.2} times as fast as one that is read");
    // One reader alone waits for memory, whatever the form; the lock shows where there are more.
    for (number, (name, _)) in FORMS.iter().enumerate().skip(2).filter(|_| readers > 1) {
        let times = rounds.ratio(0, number).median;
        assert!(times > 1.0, "{name} is faster with {title}: {times:.2}");
    }
}

criterion_group!(benches, reads);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    if paired::wanted() {
        let forms = Forms::new();
        in_turns(&forms, 1);
        in_turns(&forms, thread::available_parallelism().map_or(2, |n| n.get() as u64));
    }
}
