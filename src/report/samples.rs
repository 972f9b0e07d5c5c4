//! Single requests as a Parquet file, for whoever wants to ask more of a run than its histograms
//! tell.
//!
//! Rows are gathered into groups. What makes a file whole is a footer that lists its groups; a footer
//! behind each group would cost the more the longer a run is, with the square of its length. So only
//! the first [`GROUPS_LISTED_EACH`] are listed each time. Later a footer stands behind a gap with room
//! for the next part of as many (a hole, which takes no space on the disk), they are written into the
//! gap, and the file stays whole while it does not know of them yet. Over a whole run each group is
//! listed about [`GROUPS_LISTED_EACH`] times, however many there are.
//!
//! So the file can be read at any time but while a footer is replaced, also after the process was
//! killed: what is missing then is what came since the last footer, a part in
//! [`GROUPS_LISTED_EACH`] of the groups at most, and the group that was gathered. Memory holds one
//! group, and some kilobytes for each one that was written; groups grow with their number.
//! Only columns by which rows are chosen have statistics in the footer.

mod columns;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescriptor, Type};

pub use columns::{COLUMNS, Column, SampleNames};

use crate::load::Tapped;

/// Rows of one of the first groups.
const GROUP_ROWS: usize = 65_536;

/// After so many groups they are twice as large, and after as many more twice again.
const GROUPS_OF_A_SIZE: usize = 1_024;

/// How often they double; the largest have 262,144 rows, 50 MB in memory.
const DOUBLINGS_MAX: usize = 2;

/// So many groups are listed by a footer of their own each. After that, one is written whenever this
/// part of the groups is not listed.
const GROUPS_LISTED_EACH: usize = 512;

/// Columns by which readers choose rows: they have the least and the greatest value of each group.
const CHOSEN_BY: [&str; 4] = ["phase", "class", "verdict", "due_ns"];

/// A file of samples that is being written.
pub struct SampleFile {
    file: File,
    names: SampleNames,
    facts: Vec<KeyValue>,
    schema: Arc<SchemaDescriptor>,
    /// Gives the bytes of the groups, and knows where they lie in the file.
    writer: SerializedFileWriter<Vec<u8>>,
    rows: Vec<Tapped>,
    /// Where the groups end.
    groups_end: u64,
    /// The footer in the file.
    footer: Footer,
    /// See [`GROUPS_LISTED_EACH`].
    listed_each: usize,
    /// Bytes of all footers that were written.
    footer_bytes: u64,
}

/// A footer that stands in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Footer {
    /// Where it begins: behind the groups, perhaps with a gap.
    at: u64,
    /// The groups that it lists.
    groups: usize,
    /// Their rows.
    rows: u64,
}

impl SampleFile {
    /// Begins a file in what was opened, which is emptied. `facts` about the run are kept in it.
    pub fn begin(file: File, names: SampleNames, facts: &[(&str, String)]) -> io::Result<Self> {
        file.set_len(0)?;
        let facts: Vec<KeyValue> = facts
            .iter()
            .map(|(key, value)| KeyValue::new(format!("substorm.{key}"), value.clone()))
            .collect();
        let root = schema().map_err(of_parquet)?;
        let schema = Arc::new(SchemaDescriptor::new(Arc::clone(&root)));
        let properties = Arc::new(properties(facts.clone()));
        let writer = SerializedFileWriter::new(Vec::new(), root, properties).map_err(of_parquet)?;
        let rows = Vec::with_capacity(GROUP_ROWS);
        let mut begun = Self {
            file,
            names,
            facts,
            schema,
            writer,
            rows,
            groups_end: 0,
            footer: Footer::default(),
            listed_each: GROUPS_LISTED_EACH,
            footer_bytes: 0,
        };
        begun.write_out()?;
        begun.list(0)?;
        Ok(begun)
    }

    /// Adds a row; writes the group if that fills it.
    pub fn push(&mut self, row: Tapped) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() >= group_rows(self.groups()) { self.flush() } else { Ok(()) }
    }

    /// Writes the rows of the unfinished group, if it has any.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(of_parquet)?;
        for column in COLUMNS {
            let writer = group.next_column().and_then(|writer| {
                writer.ok_or_else(|| ParquetError::General("a column is missing".to_owned()))
            });
            let written = writer.and_then(|writer| column.write(&self.rows, &self.names, writer));
            written.map_err(of_parquet)?;
        }
        group.close().map_err(of_parquet)?;
        self.rows.clear();
        self.write_out()
    }

    /// Rows that a reader of the file finds.
    pub fn written(&self) -> u64 {
        self.footer.rows
    }

    /// Groups that were written.
    pub fn groups(&self) -> usize {
        self.writer.flushed_row_groups().len()
    }

    /// Writes what is left, to the disk itself.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.footer.groups < self.groups() || self.footer.at > self.groups_end {
            self.list(0).inspect_err(|_| self.mend(self.groups()))?;
        }
        self.file.sync_all()
    }

    /// Writes the new bytes of the groups, and a footer behind them if it is due.
    fn write_out(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        // They are in the writer's count already, so where the next group lies is right.
        let bytes = std::mem::take(self.writer.inner_mut());
        let groups = self.groups();
        let end = self.groups_end + bytes.len() as u64;
        let unlisted = unlisted_max(groups, self.listed_each);
        let fits = end <= self.footer.at && groups - self.footer.groups <= unlisted;
        let written = self.file.write_all_at(&bytes, self.groups_end).and_then(|()| {
            let before = std::mem::replace(&mut self.groups_end, end);
            if groups == 0 || fits {
                return Ok(());
            }
            // The next groups are about as large as this one, or as all are.
            let size = (end - before).max(end / groups as u64);
            let listed = self.list(size * unlisted as u64);
            listed.inspect_err(|_| self.groups_end = before)
        });
        written.inspect_err(|_| self.mend(groups.saturating_sub(1)))
    }

    /// Writes a footer that lists all groups, behind a gap of so many bytes.
    fn list(&mut self, gap: u64) -> io::Result<()> {
        let groups = self.groups();
        // Without the gap if there is no room for it, such as below a limit of a file's size.
        let placed = self.place(groups, self.groups_end + gap);
        if gap == 0 { placed } else { placed.or_else(|_| self.place(groups, self.groups_end)) }
    }

    /// Writes a footer of the first groups at a place, and ends the file there.
    fn place(&mut self, groups: usize, at: u64) -> io::Result<()> {
        let all = self.writer.flushed_row_groups();
        let listed = all.get(..groups).unwrap_or(all);
        let rows = listed.iter().map(RowGroupMetaData::num_rows).sum::<i64>() as u64;
        let footer = self.footer(listed)?;
        self.footer_bytes += footer.len() as u64;
        self.file.write_all_at(&footer, at)?;
        self.file.set_len(at + footer.len() as u64)?;
        self.footer = Footer { at, groups, rows };
        Ok(())
    }

    /// Makes the file whole after a write that failed, most often for a full disk: with all groups but
    /// the one that was not written, or else with those that were listed before, for whose footer there
    /// was room.
    fn mend(&mut self, groups: usize) {
        let before = self.footer;
        if self.place(groups, self.groups_end).is_err() {
            // What keeps this from being written is told already.
            let _ = self.place(before.groups, before.at);
        }
    }

    /// What stands behind these groups.
    fn footer(&self, groups: &[RowGroupMetaData]) -> io::Result<Vec<u8>> {
        let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let properties = self.writer.properties();
        let file = FileMetaData::new(
            properties.writer_version().as_num(),
            rows,
            Some(properties.created_by().to_owned()),
            Some(self.facts.clone()),
            Arc::clone(&self.schema),
            None,
        );
        let whole = ParquetMetaData::new(file, groups.to_vec());
        let mut footer = Vec::new();
        ParquetMetaDataWriter::new(&mut footer, &whole).finish().map_err(of_parquet)?;
        Ok(footer)
    }
}

/// Rows of a group behind so many others.
fn group_rows(groups: usize) -> usize {
    GROUP_ROWS << (groups / GROUPS_OF_A_SIZE).min(DOUBLINGS_MAX)
}

/// How many of so many groups may be written and not listed.
fn unlisted_max(groups: usize, listed_each: usize) -> usize {
    groups / listed_each
}

/// Opens a file for samples, or makes it; what is in it stays until [`SampleFile::begin`].
pub fn open(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(path)
}

fn schema() -> Result<Arc<Type>, ParquetError> {
    let fields = COLUMNS.iter().map(|column| column.schema().map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("request").with_fields(fields).build().map(Arc::new)
}

fn properties(facts: Vec<KeyValue>) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("substorm version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(facts));
    for column in COLUMNS {
        if let Some(encoding) = column.encoding() {
            let path = ColumnPath::from(column.name);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, encoding);
        }
    }
    for name in CHOSEN_BY {
        let path = ColumnPath::from(name);
        properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    properties.build()
}

fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => io::Error::other(source),
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::*;
    use crate::clock::Tick;
    use crate::identity::UserIndex;
    use crate::measure::Sample;
    use crate::outcome::{Class, Truth, Verdict};

    const RUN_FOLDER: &str = include_str!("../../docs/run-folder.md");

    fn row(seq: u64) -> Tapped {
        let sample = Sample {
            phase: 1,
            route: 0,
            truth: Truth::MustAccept,
            class: Class::Timeout,
            verdict: Verdict::Error,
            response: Duration::from_nanos(1_500),
            service: Duration::from_micros(1),
            read_lag: None,
            known_for: Duration::ZERO,
            faults: 0b110,
            lacks_challenge: false,
            check_failed: false,
            first_on_connection: true,
            defect: None,
        };
        let (due, sent) = (Tick::from_nanos(900), Tick::from_nanos(1_400));
        Tapped { seq, user: UserIndex(u32::MAX), attempt: 2, due, sent, status: 0, sample }
    }

    fn begin(path: &Path) -> SampleFile {
        let names = SampleNames {
            start: Tick::from_micros(1),
            phases: vec![("warm-up".into(), true), ("steady".into(), false)],
            routes: vec!["GET /".into()],
            defects: Vec::new(),
            faults: ["a", "b", "c"].map(str::to_owned).into(),
        };
        SampleFile::begin(open(path).unwrap(), names, &[("of", "all".to_owned())]).unwrap()
    }

    fn rows(path: &Path) -> Vec<String> {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().to_string()).collect()
    }

    #[test]
    fn each_column_is_described_once() {
        let table = RUN_FOLDER.split("\n## Samples").nth(1).unwrap();
        for column in COLUMNS {
            let cell = format!("`{}`", column.name);
            let lines = table.lines().filter(|line| line.starts_with('|'));
            let cells = lines.filter_map(|line| line.split('|').nth(1));
            assert_eq!(cells.filter(|cells| cells.contains(&cell)).count(), 1, "{cell}");
        }
    }

    #[test]
    fn the_file_is_whole_after_each_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        let mut file = begin(&path);
        assert_eq!(rows(&path).len(), 0);
        for group in 1..=3 {
            file.push(row(group)).unwrap();
            assert_eq!((rows(&path).len() as u64, file.written()), (group - 1, group - 1));
            file.flush().unwrap();
            file.flush().unwrap();
            assert_eq!((rows(&path).len() as u64, file.written()), (group, group));
        }
        file.push(row(4)).unwrap();
        file.finish().unwrap();
        assert_eq!((rows(&path).len(), file.written()), (4, 4));
    }

    #[test]
    fn groups_grow_with_their_number() {
        assert_eq!([0, 1, 1_023].map(group_rows), [65_536; 3]);
        assert_eq!([1_024, 2_047].map(group_rows), [131_072; 2]);
        assert_eq!([2_048, 4_096, usize::MAX].map(group_rows), [262_144; 3]);
    }

    #[test]
    fn each_group_is_listed_a_bounded_number_of_times_however_many_there_are() {
        let listings = |groups: usize| {
            let (mut listed, mut listings) = (0, 0);
            for group in 1..=groups {
                if group - listed > unlisted_max(group, GROUPS_LISTED_EACH) {
                    listed = group;
                    listings += group;
                }
            }
            listings
        };
        assert_eq!(listings(500), 500 * 501 / 2, "each of the first has a footer");
        for groups in [1_000, 10_000, 100_000] {
            let each = listings(groups) / groups;
            assert!((GROUPS_LISTED_EACH / 3..=GROUPS_LISTED_EACH).contains(&each), "{each}");
        }
    }

    #[test]
    fn footers_of_many_groups_cost_no_more_for_each_and_the_file_stays_whole() {
        const EACH: usize = 4;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        let mut file = begin(&path);
        file.listed_each = EACH;
        let (mut unlisted_most, mut costs) = (0, Vec::new());
        for group in 1..=200_u64 {
            // Groups of very different sizes, so that some do not fit into the gap.
            for seq in 0..=(group % 7 * (group / 20)) {
                file.push(row(seq)).unwrap();
            }
            file.flush().unwrap();
            if group % 8 == 0 || group > 190 {
                assert_eq!(rows(&path).len() as u64, file.written(), "{group}");
            }
            unlisted_most = unlisted_most.max(file.groups() - file.footer.groups);
            if group % 100 == 0 {
                costs.push(file.footer_bytes as f64 / group as f64);
            }
        }
        assert!((20..=200 / EACH).contains(&unlisted_most), "{unlisted_most}");
        // With a footer behind each group the second hundred costs three times the first.
        assert!(costs[1] < costs[0] * 1.3, "{costs:?}");
        let pushed: u64 = (1..=200).map(|group| 1 + group % 7 * (group / 20)).sum();
        assert!(file.written() < pushed, "some are not listed yet");
        file.finish().unwrap();
        assert_eq!((rows(&path).len() as u64, file.written()), (pushed, pushed));
        assert_eq!(file.footer.at, file.groups_end, "no gap is left");
    }

    #[test]
    fn a_full_group_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = begin(&folder.path().join("samples.parquet"));
        for seq in 1..GROUP_ROWS as u64 {
            file.push(row(seq)).unwrap();
        }
        assert_eq!((file.groups(), file.written()), (0, 0));
        file.push(row(0)).unwrap();
        assert_eq!((file.groups(), file.written()), (1, GROUP_ROWS as u64));
    }

    #[test]
    fn columns_that_rows_are_chosen_by_have_statistics() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        let mut file = begin(&path);
        file.push(row(7)).unwrap();
        file.finish().unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let columns = reader.metadata().row_group(0).columns().iter();
        let have = columns.filter(|column| column.statistics().is_some());
        let have: Vec<String> = have.map(|column| column.column_path().string()).collect();
        assert_eq!(have, ["phase", "due_ns", "class", "verdict"]);
    }

    #[test]
    fn a_file_that_was_there_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 100_000, "not before it begins");
        let mut file = begin(&path);
        file.push(row(7)).unwrap();
        file.finish().unwrap();
        assert_eq!(rows(&path).len(), 1);
    }

    #[test]
    fn a_row_is_the_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        let mut file = begin(&path);
        file.push(row(7)).unwrap();
        file.finish().unwrap();
        insta::assert_snapshot!(rows(&path)[0]);
    }
}
