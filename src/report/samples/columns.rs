//! The columns of a file of samples: name, type, and what of a request is in it.

use std::collections::HashMap;
use std::time::Duration;

use parquet::basic::{ConvertedType, Encoding, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::Type;

use crate::clock::Tick;
use crate::load::Tapped;

/// What rows say in words or from the start of load, and requests say by number.
#[derive(Clone, Debug, Default)]
pub struct SampleNames {
    /// When load began.
    pub start: Tick,
    /// The phases, and whether they are warm-up.
    pub phases: Vec<(String, bool)>,
    /// The routes.
    pub routes: Vec<String>,
    /// The kinds of defect.
    pub defects: Vec<String>,
    /// The kinds of the faults.
    pub faults: Vec<String>,
}

impl SampleNames {
    fn phase(&self, row: &Tapped) -> &str {
        self.phases.get(row.sample.phase).map_or("", |(name, _)| name)
    }

    fn is_warm_up(&self, row: &Tapped) -> bool {
        self.phases.get(row.sample.phase).is_some_and(|(_, warm_up)| *warm_up)
    }

    fn defect(&self, row: &Tapped) -> Option<&str> {
        self.defects.get(row.sample.defect?).map(String::as_str)
    }

    /// Kinds of the faults under way, in the order of the plan, joined as in `timeline.csv`.
    fn faults(&self, bits: u64) -> String {
        let kinds = self.faults.iter().take(64).enumerate();
        let kinds = kinds.filter(|(n, _)| bits & (1 << n) != 0).map(|(_, kind)| kind.as_str());
        kinds.collect::<Vec<_>>().join("+")
    }

    /// From the start of load in nanoseconds; below zero before it.
    fn nanos(&self, at: Tick) -> i64 {
        at.as_nanos().cast_signed().wrapping_sub(self.start.as_nanos().cast_signed())
    }
}

/// One column.
pub struct Column {
    /// Its name; numbers have their unit in it.
    pub name: &'static str,
    values: Values,
}

/// What of a request is in a column.
#[derive(Clone, Copy)]
enum Values {
    /// Yes or no.
    Flag(fn(&Tapped, &SampleNames) -> bool),
    /// Yes or no, where there was an answer.
    Answer(fn(&Tapped) -> bool),
    /// A number without sign, of 32 bits.
    Small(fn(&Tapped) -> Option<u32>),
    /// A number of 64 bits. Most grow from row to row, or are of a size.
    Large(fn(&Tapped, &SampleNames) -> Option<i64>),
    /// One of few words.
    Word(for<'a> fn(&Tapped, &'a SampleNames) -> Option<&'a str>),
    /// The faults under way.
    Faults,
}

const fn flag(name: &'static str, of: fn(&Tapped, &SampleNames) -> bool) -> Column {
    Column { name, values: Values::Flag(of) }
}

const fn answer(name: &'static str, of: fn(&Tapped) -> bool) -> Column {
    Column { name, values: Values::Answer(of) }
}

const fn small(name: &'static str, of: fn(&Tapped) -> Option<u32>) -> Column {
    Column { name, values: Values::Small(of) }
}

const fn large(name: &'static str, of: fn(&Tapped, &SampleNames) -> Option<i64>) -> Column {
    Column { name, values: Values::Large(of) }
}

const fn word(
    name: &'static str,
    of: for<'a> fn(&Tapped, &'a SampleNames) -> Option<&'a str>,
) -> Column {
    Column { name, values: Values::Word(of) }
}

/// All columns in their order; `docs/run-folder.md` describes them.
pub const COLUMNS: &[Column] = &[
    large("seq", |row, _| Some(row.seq.cast_signed())),
    small("attempt", |row| Some(row.attempt)),
    flag("probe", |row, _| row.is_probe()),
    word("phase", |row, names| Some(names.phase(row))),
    flag("warm_up", |row, names| names.is_warm_up(row)),
    word("route", |row, names| names.routes.get(row.sample.route).map(String::as_str)),
    small("user", |row| Some(row.user.0)),
    word("defect", |row, names| names.defect(row)),
    large("due_ns", |row, names| Some(names.nanos(row.due))),
    large("sent_ns", |row, names| Some(names.nanos(row.sent))),
    large("done_ns", |row, names| Some(names.nanos(row.done()))),
    large("send_lag_us", |row, _| Some(micros(row.send_lag()))),
    large("response_us", |row, _| Some(micros(row.sample.response))),
    large("service_us", |row, _| Some(micros(row.sample.service))),
    large("read_lag_us", |row, _| row.sample.read_lag.map(micros)),
    word("truth", |row, _| Some(row.sample.truth.name())),
    word("class", |row, _| Some(row.sample.class.name())),
    word("verdict", |row, _| Some(row.sample.verdict.name())),
    small("status", |row| (row.status > 0).then_some(u32::from(row.status))),
    flag("check_failed", |row, _| row.sample.check_failed),
    Column { name: "faults", values: Values::Faults },
    answer("connection_reused", |row| !row.sample.first_on_connection),
];

/// Whole microseconds, rounded as the histograms round.
fn micros(span: Duration) -> i64 {
    i64::try_from((span.as_nanos() + 500) / 1_000).unwrap_or(i64::MAX)
}

impl Column {
    /// Its part of the schema.
    pub(super) fn schema(&self) -> Result<Type> {
        let unsigned =
            LogicalType::Integer(parquet::basic::IntType { bit_width: 32, is_signed: false });
        let (physical, logical) = match self.values {
            Values::Flag(_) | Values::Answer(_) => (Physical::BOOLEAN, None),
            Values::Small(_) => (Physical::INT32, Some(unsigned)),
            Values::Large(_) => (Physical::INT64, None),
            Values::Word(_) | Values::Faults => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(self.name, physical)
            .with_repetition(self.repetition())
            .with_logical_type(logical)
            .with_converted_type(ConvertedType::NONE)
            .build()
    }

    fn repetition(&self) -> Repetition {
        match self.values {
            Values::Flag(_) => Repetition::REQUIRED,
            _ => Repetition::OPTIONAL,
        }
    }

    /// The encoding of its pages; `None` for what the writer takes by itself: a dictionary, or bits.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        match self.values {
            Values::Large(_) => Some(Encoding::DELTA_BINARY_PACKED),
            _ => None,
        }
    }

    /// Writes it for these rows.
    pub(super) fn write(
        &self,
        rows: &[Tapped],
        names: &SampleNames,
        mut writer: SerializedColumnWriter<'_>,
    ) -> Result<()> {
        match self.values {
            Values::Flag(of) => {
                let values: Vec<bool> = rows.iter().map(|row| of(row, names)).collect();
                writer.typed::<BoolType>().write_batch(&values, None, None)?;
            }
            Values::Answer(of) => {
                let (values, levels) = present(rows, |row| (row.status > 0).then(|| of(row)));
                writer.typed::<BoolType>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Small(of) => {
                let (values, levels) = present(rows, |row| of(row).map(u32::cast_signed));
                writer.typed::<Int32Type>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Large(of) => {
                let (values, levels) = present(rows, |row| of(row, names));
                writer.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Word(of) => {
                // One copy of each word, which all rows share.
                let mut words: HashMap<&str, ByteArray> = HashMap::new();
                let (values, levels) = present(rows, |row| {
                    let word = of(row, names)?;
                    Some(words.entry(word).or_insert_with(|| word.into()).clone())
                });
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Faults => {
                let mut words: HashMap<u64, ByteArray> = HashMap::new();
                let (values, levels) = present(rows, |row| {
                    let bits = Some(row.sample.faults).filter(|bits| *bits != 0)?;
                    let word = words.entry(bits);
                    Some(word.or_insert_with(|| names.faults(bits).as_str().into()).clone())
                });
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
        }
        writer.close()
    }
}

/// The values that are there, and for each row whether one is.
fn present<T>(rows: &[Tapped], of: impl FnMut(&Tapped) -> Option<T>) -> (Vec<T>, Vec<i16>) {
    let mut values = Vec::with_capacity(rows.len());
    let mut levels = Vec::with_capacity(rows.len());
    for value in rows.iter().map(of) {
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    (values, levels)
}
