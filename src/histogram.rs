//! A histogram of whole numbers whose memory goes with the numbers that occur.
//!
//! Its cells are those of HdrHistogram (Tene) with three significant digits: below 2,048 each
//! number has a cell of its own; above, cells are twice as wide in each octave as in the one
//! before, and none is wider than a thousandth of what it holds. So counts and quantiles are those
//! of an HdrHistogram that was given the same numbers. What differs is where the cells are: not in
//! one array up to the largest number, but in *pages* of 64, which are there from the first number
//! on that falls into them. Sixteen pages are a *group*, an octave of numbers. So a few numbers
//! take some hundred bytes, where the array takes up to 250 thousand.
//!
//! It knows nothing of units and formats.

/// Bits of a number that tell cells of one octave apart: 1,024 cells, for three digits.
const PRECISION: u32 = 10;
/// Cells of a page. Smaller ones would take less memory at first and more as time goes on: what
/// falls between two numbers that occurred is likely to occur.
const PAGE: usize = 64;
/// Pages of a group.
const GROUP: usize = 16;
/// Groups up to [`LIMIT`]; one more than is used, so that five bits are always an index.
const GROUPS: usize = 32;
/// Stands for a group that is not there, in one byte; there are fewer groups.
const NO_GROUP: u8 = u8::MAX;
/// Stands for a page that is not there; there are fewer pages.
const NO_PAGE: u16 = u16::MAX;

/// The largest number told apart, 2⁴⁰ − 1. Larger ones count as this one.
pub const LIMIT: u64 = (1 << 40) - 1;

/// The numbers that a histogram does not tell apart: one below 2,048, a range above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(u16);

impl Cell {
    /// The cell that a number falls into.
    #[inline]
    pub const fn of(number: u64) -> Self {
        let number = if number > LIMIT { LIMIT } else { number };
        let shift = (number | ((2 << PRECISION) - 1)).ilog2() - PRECISION;
        Self((((shift as u64) << PRECISION) + (number >> shift)) as u16)
    }

    /// The smallest number that falls into it.
    pub const fn lowest(self) -> u64 {
        let shift = self.shift();
        (self.0 as u64 - ((shift as u64) << PRECISION)) << shift
    }

    /// The largest number that falls into it.
    pub const fn highest(self) -> u64 {
        self.lowest() + (1 << self.shift()) - 1
    }

    /// By how many bits its numbers are cut.
    const fn shift(self) -> u32 {
        (self.0 as u32 >> PRECISION).saturating_sub(1)
    }

    const fn group(self) -> usize {
        (self.0 as usize >> PRECISION) % GROUPS
    }

    /// The page within the group.
    const fn page(self) -> usize {
        self.0 as usize / PAGE % GROUP
    }

    /// The place within the page.
    const fn place(self) -> usize {
        self.0 as usize % PAGE
    }
}

/// Counts of cells that follow each other.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Page([u32; PAGE]);

/// Counts of numbers.
#[derive(Clone, Debug)]
pub struct Histogram {
    count: u64,
    /// Where each group is among `groups`.
    group_at: [u8; GROUPS],
    /// Where each page of a group is among `pages`.
    groups: Vec<[u16; GROUP]>,
    pages: Vec<Page>,
    /// The first cell of each of `pages`.
    firsts: Vec<Cell>,
    /// How often the count of a cell went over its 32 bits, by cell. Empty but in very long runs.
    carries: Vec<(Cell, u32)>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            count: 0,
            group_at: [NO_GROUP; GROUPS],
            groups: Vec::new(),
            pages: Vec::new(),
            firsts: Vec::new(),
            carries: Vec::new(),
        }
    }
}

impl Histogram {
    /// Counts one number of this cell.
    #[inline]
    pub fn add(&mut self, cell: Cell) {
        self.add_many(cell, 1);
    }

    /// Counts so many numbers of this cell.
    #[inline]
    pub fn add_many(&mut self, cell: Cell, times: u32) {
        let Some(count) = self.place(cell) else {
            self.open(cell);
            return self.add_many(cell, times);
        };
        let sum = u64::from(*count) + u64::from(times);
        *count = sum as u32;
        self.count += u64::from(times);
        if sum > u64::from(u32::MAX) {
            self.carry(cell, (sum >> u32::BITS) as u32);
        }
    }

    /// Takes back one number of this cell; false if none was counted.
    pub fn take_back(&mut self, cell: Cell) -> bool {
        let carried = self.carries.iter().position(|(carried, _)| *carried == cell);
        match (self.place(cell), carried) {
            (Some(count @ 1..), _) => *count -= 1,
            (Some(count), Some(at)) => {
                *count = u32::MAX;
                self.carries[at].1 -= 1;
                self.carries.retain(|(_, times)| *times > 0);
            }
            (_, None) | (None, _) => return false,
        }
        self.count -= 1;
        true
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        for (parts, &first) in other.pages.iter().zip(&other.firsts) {
            let sums = self.page(first);
            let mut is_over = false;
            for (sum, part) in sums.0.iter_mut().zip(&parts.0) {
                *sum = sum.wrapping_add(*part);
                is_over |= *sum < *part;
            }
            if is_over {
                let over = sums.0.iter().zip(&parts.0).map(|(sum, part)| sum < part);
                let over: Vec<bool> = over.collect();
                for (cell, _) in (first.0..).zip(over).filter(|(_, is_over)| *is_over) {
                    self.carry(Cell(cell), 1);
                }
            }
        }
        for &(cell, times) in &other.carries {
            self.carry(cell, times);
        }
        self.count += other.count;
    }

    /// Forgets every number and keeps the memory for those to come.
    pub fn clear(&mut self) {
        self.count = 0;
        self.group_at = [NO_GROUP; GROUPS];
        self.groups.clear();
        self.pages.clear();
        self.firsts.clear();
        self.carries.clear();
    }

    /// How many numbers were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The cells that numbers fell into, in ascending order, with how many each.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, u64)> {
        self.in_order().flat_map(|page| self.counts(page)).filter(|(_, count)| *count > 0)
    }

    /// The pages that are there, by their numbers, with the first cell of each.
    fn in_order(&self) -> impl Iterator<Item = (&Page, Cell)> {
        let groups = self.group_at.iter().filter_map(|&at| self.groups.get(usize::from(at)));
        let places = groups.flatten().map(|&at| usize::from(at));
        places.filter_map(|at| Some((self.pages.get(at)?, *self.firsts.get(at)?)))
    }

    /// The cells of a page with their counts.
    fn counts(&self, (page, first): (&Page, Cell)) -> impl Iterator<Item = (Cell, u64)> {
        let cells = (first.0..).map(Cell).zip(page.0);
        cells.map(|(cell, count)| (cell, u64::from(count) + self.carried(cell)))
    }

    /// How many numbers fell into a page.
    fn sum(&self, (page, first): (&Page, Cell)) -> u64 {
        let cells = (first.0..).take(if self.carries.is_empty() { 0 } else { PAGE });
        let carried: u64 = cells.map(|cell| self.carried(Cell(cell))).sum();
        page.0.iter().map(|&count| u64::from(count)).sum::<u64>() + carried
    }

    /// For each of `shares` (0 to 1, ascending) the cell that so many of all numbers do not
    /// exceed; `None` when empty.
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> Option<[Cell; N]> {
        let rank =
            |share: f64| ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let found = self.ranks(shares.map(rank));
        found.iter().all(Option::is_some).then(|| found.map(Option::unwrap_or_default))
    }

    /// For each of `ranks` (ascending) the cell of the number that has this place, from 1, among
    /// all by size; `None` if there are fewer.
    pub fn ranks<const N: usize>(&self, ranks: [u64; N]) -> [Option<Cell>; N] {
        let mut pages = self.in_order().map(|page| (page, self.sum(page)));
        let (mut page, mut before) = (pages.next(), 0);
        ranks
            .map(|rank| {
                // Whole pages are passed over by their sums.
                while let Some((_, sum)) = page
                    && before + sum < rank
                {
                    before += sum;
                    page = pages.next();
                }
                let mut seen = before;
                let mut counts = self.counts(page?.0).filter(|(_, count)| *count > 0);
                counts.find(|(_, count)| {
                    seen += count;
                    seen >= rank
                })
            })
            .map(|found| found.map(|(cell, _)| cell))
    }

    /// The count of a cell, without what it carried, if its page is there.
    #[inline]
    fn place(&mut self, cell: Cell) -> Option<&mut u32> {
        // What is not there has an index that no list reaches, so looking is also checking.
        let group = self.groups.get(usize::from(self.group_at[cell.group()]))?;
        let page = self.pages.get_mut(usize::from(group[cell.page()]))?;
        Some(&mut page.0[cell.place()])
    }

    /// The page that a cell is in; makes it if it is not there.
    fn page(&mut self, cell: Cell) -> &mut Page {
        if self.place(cell).is_none() {
            self.open(cell);
        }
        let group = self.groups[usize::from(self.group_at[cell.group()])];
        &mut self.pages[usize::from(group[cell.page()])]
    }

    /// Makes the page that a cell is in.
    #[cold]
    #[inline(never)]
    fn open(&mut self, cell: Cell) {
        let at = &mut self.group_at[cell.group()];
        if *at == NO_GROUP {
            *at = self.groups.len() as u8;
            make_room(&mut self.groups);
            self.groups.push([NO_PAGE; GROUP]);
        }
        self.groups[usize::from(*at)][cell.page()] = self.pages.len() as u16;
        make_room(&mut self.pages);
        make_room(&mut self.firsts);
        self.pages.push(Page([0; PAGE]));
        self.firsts.push(Cell(cell.0 - cell.place() as u16));
    }

    #[cold]
    fn carry(&mut self, cell: Cell, times: u32) {
        match self.carries.binary_search_by_key(&cell, |(carried, _)| *carried) {
            Ok(at) => self.carries[at].1 = self.carries[at].1.saturating_add(times),
            Err(at) => self.carries.insert(at, (cell, times)),
        }
    }

    fn carried(&self, cell: Cell) -> u64 {
        if self.carries.is_empty() {
            return 0;
        }
        let found = self.carries.binary_search_by_key(&cell, |(carried, _)| *carried);
        found.map_or(0, |at| u64::from(self.carries[at].1) << u32::BITS)
    }
}

/// Grows a list by a quarter: there are many histograms, and twice the room is rarely needed.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 4).max(1));
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram as Dense;
    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &[(u64, u32)]) -> Histogram {
        let mut histogram = Histogram::default();
        for &(number, times) in numbers {
            histogram.add_many(Cell::of(number), times);
        }
        histogram
    }

    fn dense(numbers: &[(u64, u32)]) -> Dense<u64> {
        let mut histogram = Dense::new(3).unwrap();
        for &(number, times) in numbers {
            histogram.record_n(number.min(LIMIT), u64::from(times)).unwrap();
        }
        histogram
    }

    /// Small and large numbers alike, and edges of cells.
    fn number() -> impl Strategy<Value = u64> {
        let power = |bits: u32, off: u64| (1_u64 << bits).wrapping_add(off).wrapping_sub(2);
        prop_oneof![
            0_u64..5_000,
            (0_u32..41, any::<u64>()).prop_map(|(bits, n)| n & ((1 << bits) - 1)),
            (1_u32..42, 0_u64..4).prop_map(move |(bits, off)| power(bits, off)),
            Just(u64::MAX),
        ]
    }

    fn numbers() -> impl Strategy<Value = Vec<(u64, u32)>> {
        prop::collection::vec((number(), prop_oneof![3 => 1_u32..5, 1 => any::<u32>()]), 0..120)
    }

    #[test]
    fn cells_follow_each_other_without_gap_or_overlap() {
        assert_eq!((Cell::of(0).lowest(), Cell::of(0).highest()), (0, 0));
        let last = Cell::of(LIMIT);
        for n in 0..last.0 {
            let (cell, next) = (Cell(n), Cell(n + 1));
            assert_eq!(cell.highest() + 1, next.lowest());
            assert_eq!((Cell::of(cell.lowest()), Cell::of(cell.highest())), (cell, cell));
            assert!(cell.highest() - cell.lowest() <= cell.lowest() / 1_000, "{cell:?}");
        }
        assert_eq!((last.highest(), Cell::of(u64::MAX)), (LIMIT, last));
    }

    #[test]
    fn memory_goes_with_what_occurs() {
        let mut histogram = of(&[(1_000_000, 1)]);
        assert_eq!((histogram.groups.len(), histogram.pages.len()), (1, 1));
        histogram = of(&[(300, 1), (301, 9), (320, 1), (60_000_000, 1)]);
        assert_eq!((histogram.groups.len(), histogram.pages.len()), (2, 3));
        let room = histogram.pages.capacity();
        histogram.clear();
        assert_eq!((histogram.count(), histogram.cells().count()), (0, 0));
        assert_eq!(histogram.pages.capacity(), room);
        assert_eq!(histogram.quantiles([0.5]), None);
        let cells = of(&[(3, 2), (9, 1)]).ranks([1, 2, 3, 4]).map(|cell| cell.map(Cell::lowest));
        assert_eq!(cells, [Some(3), Some(3), Some(9), None]);
    }

    proptest! {
        /// The same cells, counts, largest number and quantiles as the array form has.
        #[test]
        fn equals_an_hdrhistogram(
            numbers in numbers(), mut shares in prop::collection::vec(0.000_001_f64..=1.0, 8),
        ) {
            let (sparse, dense) = (of(&numbers), dense(&numbers));
            prop_assert_eq!(sparse.count(), dense.len());
            let cells: Vec<(u64, u64)> =
                sparse.cells().map(|(cell, count)| (cell.highest(), count)).collect();
            let expected: Vec<(u64, u64)> = dense
                .iter_recorded()
                .map(|step| (step.value_iterated_to(), step.count_at_value()))
                .collect();
            prop_assert_eq!(cells, expected);
            shares.sort_by(f64::total_cmp);
            shares.push(1.0);
            let shares: [f64; 9] = shares.try_into().unwrap();
            let found = sparse.quantiles(shares).map(|cells| cells.map(Cell::highest));
            let expected = shares.map(|share| dense.value_at_quantile(share));
            prop_assert_eq!(found, (!dense.is_empty()).then_some(expected));
        }

        /// Merging parts, also into a used and emptied one, gives what counting together gives.
        #[test]
        fn merging_equals_counting_together(left in numbers(), right in numbers()) {
            let mut merged = of(&right);
            merged.clear();
            merged.merge(&of(&left));
            merged.merge(&of(&right));
            let both = of(&[left, right].concat());
            prop_assert_eq!(merged.count(), both.count());
            prop_assert!(merged.cells().eq(both.cells()));
        }

        /// What was counted can be taken back, and nothing else.
        #[test]
        fn taking_back_undoes_counting(kept in numbers(), taken in number(), times in 1_u32..4) {
            let mut histogram = of(&kept);
            let cell = Cell::of(taken);
            histogram.add_many(cell, times);
            for _ in 0..times {
                prop_assert!(histogram.take_back(cell));
            }
            let before = of(&kept);
            prop_assert!(histogram.cells().eq(before.cells()));
            let left = before.cells().any(|(other, _)| other == cell);
            prop_assert_eq!(histogram.take_back(cell), left);
        }
    }

    #[test]
    fn counts_go_beyond_32_bits() {
        let mut histogram = of(&[(7, u32::MAX), (8, 3)]);
        histogram.add(Cell::of(7));
        assert_eq!(histogram.cells().next(), Some((Cell::of(7), 1 << 32)));
        assert!(histogram.take_back(Cell::of(7)));
        assert_eq!(histogram.cells().next(), Some((Cell::of(7), (1 << 32) - 1)));
        assert!(histogram.carries.is_empty());
        let other = histogram.clone();
        histogram.merge(&other);
        histogram.merge(&other);
        let counts: Vec<u64> = histogram.cells().map(|(_, count)| count).collect();
        assert_eq!(
            (counts, histogram.count()),
            (vec![3 * ((1 << 32) - 1), 9], 3 * ((1 << 32) + 2))
        );
    }
}
