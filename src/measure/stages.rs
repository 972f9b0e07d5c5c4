//! Times of the stages that the target's answers tell of (`Server-Timing`).
//!
//! The names are the target's, so their number is bounded: the first [`STAGES_MAX`] of a run have a
//! histogram in each phase, and what is beyond is counted and left out.

use std::array::from_fn;
use std::sync::{Arc, OnceLock};

use crate::outcome::{MetricTime, Observation, SERVER_TIMING, metrics};

use super::latency::Latency;
use super::record::PhaseRecord;
use super::recorder::Recorder;

/// Names that are told apart.
pub const STAGES_MAX: usize = 16;

/// The longest name, in bytes.
const NAME_MAX: usize = 32;

/// Metrics of one field that are looked at; those beyond count as one.
const METRICS_MAX: usize = 64;

/// The names of stages in the order in which they were first told of. All workers of a run have the
/// same list, so that an index means the same everywhere. The default has room for none, and takes
/// no memory.
#[derive(Clone, Debug, Default)]
pub struct StageNames(Option<Arc<[OnceLock<Box<str>>; STAGES_MAX]>>);

impl StageNames {
    /// A list without names, with room for [`STAGES_MAX`].
    pub fn new() -> Self {
        Self(Some(Arc::new(from_fn(|_| OnceLock::new()))))
    }

    /// The place of a name, which is given one if there is room and the name is fit to be shown:
    /// ASCII letters, digits, `-`, `_` and `.`, at most 32 of them. Takes memory once for a name.
    fn place(&self, name: &str) -> Option<usize> {
        // Places are filled in their order, so that a name that comes to two workers at the same
        // time gets one.
        self.names().position(|known| *known == *name).or_else(|| self.add(name))
    }

    #[cold]
    fn add(&self, name: &str) -> Option<usize> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.len() > NAME_MAX || !name.bytes().all(is_plain) {
            return None;
        }
        let mut places = self.0.as_deref()?.iter();
        places.position(|place| **place.get_or_init(|| name.into()) == *name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.as_deref().into_iter().flatten().map_while(OnceLock::get).map(|name| &**name)
    }
}

impl Recorder {
    /// Adds the stages that an answer tells of to those of its phase.
    #[inline]
    pub fn stages_told(&mut self, phase: usize, seen: &Observation<'_>) {
        // Names of other lengths are passed over at the cost of one comparison.
        for field in seen.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(SERVER_TIMING)) {
            self.stages_of_field(phase, field.value);
        }
    }

    #[inline(never)]
    fn stages_of_field(&mut self, phase: usize, value: &[u8]) {
        let (names, record) = self.stage_names_and_phase(phase);
        let mut told = metrics(value);
        for metric in told.by_ref().take(METRICS_MAX) {
            // Only what took time has a place: names without any must not fill the list.
            match metric.time {
                MetricTime::None => {}
                MetricTime::Took(span) => match names.place(metric.name) {
                    Some(place) => record.stages[place].record(span),
                    None => record.stages_left_out += 1,
                },
                MetricTime::Unreadable => record.stages_left_out += 1,
            }
        }
        record.stages_left_out += u64::from(told.next().is_some());
    }

    /// The stages of a record, one of these phases or a sum of several, by name, in the order in
    /// which they were first told of; those without any time are left out.
    pub fn stages<'a>(
        &'a self,
        record: &'a PhaseRecord,
    ) -> impl Iterator<Item = (&'a str, &'a Latency)> {
        self.stage_names().names().zip(&record.stages).filter(|(_, times)| times.count() > 0)
    }
}

#[cfg(test)]
mod tests {
    use httparse::Header;

    use super::super::recorder::Shape;
    use super::*;

    fn recorder() -> Recorder {
        Recorder::new(&Shape { phases: 2, stages: StageNames::new(), ..Shape::default() })
    }

    /// An answer with these fields.
    fn tell(recorder: &mut Recorder, fields: &[(&str, &str)]) {
        let headers: Vec<Header<'_>> =
            fields.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        let seen = Observation { status: 200, headers: &headers, body: b"", arrival: None };
        recorder.stages_told(1, &seen);
    }

    fn told(recorder: &Recorder) -> Vec<(String, u64, Option<u64>)> {
        let stages = recorder.stages(&recorder.phases()[1]);
        stages.map(|(name, times)| (name.to_owned(), times.count(), times.at(1.0))).collect()
    }

    #[test]
    fn stages_are_gathered_by_name_from_all_fields() {
        let mut recorder = recorder();
        tell(&mut recorder, &[("Server-Timing", "lookup;dur=1.5"), ("Date", "x;dur=1")]);
        tell(
            &mut recorder,
            &[
                ("server-timing", "cache;desc=hit, db;dur=0.2"),
                ("SERVER-TIMING", "lookup;dur=0.75"),
            ],
        );
        let wanted = [("lookup".to_owned(), 2, Some(1_500)), ("db".to_owned(), 1, Some(200))];
        assert_eq!(told(&recorder), wanted);
        assert_eq!(recorder.phases()[1].stages_left_out, 0);
        assert_eq!(recorder.stages(&recorder.phases()[0]).count(), 0);
    }

    #[test]
    fn an_answer_without_the_field_touches_nothing() {
        let mut recorder = recorder();
        tell(&mut recorder, &[("Date", "now"), ("X-Server-Time", "a;dur=1")]);
        assert_eq!(recorder.touched().count(), 0);
    }

    #[test]
    fn names_without_a_place_are_counted_and_left_out() {
        let mut recorder = recorder();
        for n in 0..STAGES_MAX + 3 {
            tell(&mut recorder, &[("server-timing", &format!("s{n};dur=1"))]);
        }
        assert_eq!(told(&recorder).len(), STAGES_MAX);
        assert_eq!(recorder.phases()[1].stages_left_out, 3);

        let mut recorder = self::recorder();
        let long = "x".repeat(NAME_MAX + 1);
        for name in ["a|b", "a`b", long.as_str()] {
            tell(&mut recorder, &[("server-timing", &format!("{name};dur=1,ok;dur=x"))]);
        }
        assert_eq!((told(&recorder), recorder.phases()[1].stages_left_out), (vec![], 6));
    }

    #[test]
    fn names_without_a_time_take_no_place() {
        let mut recorder = recorder();
        for n in 0..2 * STAGES_MAX {
            tell(&mut recorder, &[("server-timing", &format!("n{n};desc=x, u{n};dur=x"))]);
        }
        tell(&mut recorder, &[("server-timing", "db;dur=1")]);
        assert_eq!(told(&recorder), [("db".to_owned(), 1, Some(1_000))]);
        assert_eq!(recorder.phases()[1].stages_left_out, 2 * STAGES_MAX as u64);
    }

    #[test]
    fn of_an_endless_field_so_much_is_read() {
        let mut recorder = recorder();
        tell(&mut recorder, &[("server-timing", &"a;dur=1,".repeat(10 * METRICS_MAX))]);
        assert_eq!(told(&recorder), [("a".to_owned(), METRICS_MAX as u64, Some(1_000))]);
        assert_eq!(recorder.phases()[1].stages_left_out, 1);
    }

    #[test]
    fn workers_that_learn_of_names_at_once_agree() {
        let names = StageNames::new();
        let names = &names;
        let places = move |from: usize| {
            (0..STAGES_MAX).map(move |n| {
                let name = format!("n{}", (from + n) % STAGES_MAX);
                let place = names.place(&name);
                (name, place)
            })
        };
        let mut all: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..4).map(|n| scope.spawn(move || places(n * 4).collect::<Vec<_>>())).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        all.sort();
        all.dedup();
        assert_eq!(all.len(), STAGES_MAX, "{all:?}");
        assert!(all.iter().all(|(_, place)| place.is_some()), "{all:?}");
    }
}
