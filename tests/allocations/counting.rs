//! An allocator that counts for each thread how often memory was taken, and how much it holds.
//!
//! Counts are kept by the system's number of the thread, so that those of other threads, such as
//! the workers of a run, can be told apart from those of the test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Threads that are counted; what later ones do is not seen.
const MOST_THREADS: usize = 4_096;

static THREADS: [Thread; MOST_THREADS] = [const { Thread::new() }; MOST_THREADS];
static BEGUN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    // Neither lazy nor dropped: it may be asked for at any time of a thread.
    static OWN: Cell<Option<&'static Thread>> = const { Cell::new(None) };
}

struct Thread {
    number: AtomicI32,
    taken: AtomicU64,
    /// Wraps where a thread frees what others took.
    bytes: AtomicU64,
}

/// What a thread did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// How often it took memory, or more of it.
    pub taken: u64,
    /// Bytes that it took and has not given back; below zero where it freed what others took.
    pub bytes: i64,
}

impl Thread {
    const fn new() -> Self {
        Self { number: AtomicI32::new(0), taken: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// The entry of the calling thread.
    fn own() -> Option<&'static Self> {
        OWN.try_with(|own| {
            if own.get().is_none() {
                let thread = THREADS.get(BEGUN.fetch_add(1, Relaxed))?;
                thread.number.store(rustix::thread::gettid().as_raw_nonzero().get(), Relaxed);
                own.set(Some(thread));
            }
            own.get()
        })
        .ok()
        .flatten()
    }

    fn counts(&self) -> Counts {
        Counts { taken: self.taken.load(Relaxed), bytes: self.bytes.load(Relaxed).cast_signed() }
    }
}

fn took(bytes: usize) {
    if let Some(thread) = Thread::own() {
        thread.taken.fetch_add(1, Relaxed);
        thread.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

fn gave_back(bytes: usize) {
    if let Some(thread) = Thread::own() {
        thread.bytes.fetch_sub(bytes as u64, Relaxed);
    }
}

struct Counting;

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe to write; every call is passed on to the system's as it came, \
              whose contract is the same, and counting neither takes memory nor unwinds"
)]
// SAFETY: see the reason above.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        gave_back(layout.size());
        took(size);
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        gave_back(layout.size());
        unsafe { System.dealloc(old, layout) }
    }
}

/// What the calling thread did so far.
pub fn here() -> Counts {
    Thread::own().unwrap().counts()
}

/// What the threads that run now and whose name begins so did so far, by number.
pub fn of_threads_named(prefix: &str) -> Vec<(i32, Counts)> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        // A thread may end while it is looked at.
        let Ok(name) = fs::read_to_string(path.join("comm")) else { continue };
        let number: i32 = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let entry = THREADS.iter().rev().find(|thread| thread.number.load(Relaxed) == number);
        if let Some(thread) = entry.filter(|_| name.starts_with(prefix)) {
            found.push((number, thread.counts()));
        }
    }
    found
}

#[test]
fn what_a_thread_takes_is_counted_for_that_thread() {
    let (first, second) = (Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        let before = here();
        std::thread::Builder::new()
            .name("counted".to_owned())
            .spawn_scoped(scope, || {
                let kept: Vec<Box<u64>> = (0..500).map(Box::new).collect();
                first.wait();
                second.wait();
                drop(kept);
            })
            .unwrap();
        first.wait();
        let others = of_threads_named("counted");
        let own = here();
        second.wait();
        let [(_, other)] = others[..] else { panic!("{others:?}") };
        assert!(other.taken >= 501 && other.bytes > 7_000, "{other:?}");
        assert!(own.taken > before.taken && own.taken - before.taken < 100, "{before:?} {own:?}");
    });
    let before = here();
    let kept = vec![0_u8; 1_000];
    let with = here();
    drop(kept);
    assert_eq!((with.bytes - before.bytes, with.taken - before.taken), (1_000, 1));
    assert_eq!(here().bytes, before.bytes);
}
