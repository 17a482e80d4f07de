//! Sums of trailing windows, rounded once.
//!
//! A sum that loses nothing may be slid: what left it leaves no trace, and its nearest float is a function of the window
//! alone, in whatever order it was made. So vectors are filled with what follows each other in memory, rows of a column
//! ([`Along`]) or columns of a row ([`Across`]).
//!
//! Values are cut in two at the unit of one grid, and what is below it has to be on a second one. Units are so large beside
//! the largest value in reach that sums of each part are whole numbers of units below 2^53, which floats hold; and the two
//! sums are added, with one rounding. Where a value has bits below both grids, as beside one 2^39 times as large in windows
//! of 128, the sums of some rows of that column are made of [`Exact`] numbers.

use crate::simd::at_every_level;
use crate::simd::lanes::Lanes;
use crate::table::{Table, TableMut};
use crate::timeseries::limbs::Exact;
use crate::timeseries::sums_across::Across;
use crate::timeseries::sums_along::Along;
use crate::timeseries::windows::Windows;

/// The least and the most rows of a batch, which has twice the rows of a window where possible.
const LEAST: usize = 256;
const MOST: usize = 2048;

/// The most floats of a vector.
pub(crate) const WIDEST: usize = 8;

/// A number for each column of a vector.
pub(crate) type Each = [f64; WIDEST];

/// A bit for each column of a vector, set where something was lost.
pub(crate) type Lost = u8;

/// Grids for sums of at most 2^b values below 2^e, where b is at least 4 because of the changes in a vector of rows. They
/// are given by what has to be added to a value, and taken away again, to round it to a unit.
#[derive(Clone, Copy)]
pub(crate) struct Grids {
    pub(crate) limit: Each,
    pub(crate) coarse: Each,
    pub(crate) fine: Each,
}

impl Grids {
    fn new(largest: Each, width: usize) -> Self {
        let b = i64::from((width.max(2 * WIDEST) - 1).ilog2() + 1);
        // Far enough from the ends of the floats; what does not fit on such grids lacks something when it is cut.
        let e = largest.map(|largest| ((largest.to_bits() >> 52) as i64 - 1022).clamp(-700, 1000 - b));
        let power = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
        Self {
            limit: e.map(power),
            coarse: e.map(|e| 1.5 * power(e + b)),
            fine: e.map(|e| 1.5 * power(e + 2 * b - 53)),
        }
    }
}

/// The sums of the parts of values, and how many they are.
#[derive(Clone, Copy)]
pub(crate) struct Sums {
    pub(crate) coarse: Each,
    pub(crate) fine: Each,
    pub(crate) count: Each,
}

impl Sums {
    const NONE: Self = Self { coarse: [0.0; WIDEST], fine: [0.0; WIDEST], count: [0.0; WIDEST] };
}

/// Cuts vectors of values, and looks at what they lose.
pub(crate) struct Cutter<L: Lanes> {
    lanes: L,
    coarse: L::Words,
    fine: L::Words,
    lost: L::Words,
    largest: L::Words,
}

impl<L: Lanes> Cutter<L> {
    #[inline(always)]
    pub(crate) fn new(lanes: L, coarse: L::Words, fine: L::Words) -> Self {
        let zero = lanes.all(0);
        Self { lanes, coarse, fine, lost: zero, largest: zero }
    }

    /// What the parts of sums and the number of values change by when some come and others go. `WHOLE` says that none is
    /// missing, and that their number stays as it is.
    #[inline(always)]
    pub(crate) fn changes<const WHOLE: bool>(&mut self, mut newer: L::Words, mut older: L::Words) -> [L::Words; 3] {
        let (lanes, unsigned) = (self.lanes, self.lanes.all(u64::MAX >> 1));
        let (zero, one, infinity) = (lanes.all(0), lanes.all(1.0_f64.to_bits()), lanes.all(f64::INFINITY.to_bits()));
        let mut count = zero;
        if !WHOLE {
            let (size, left_size) = (lanes.and(newer, unsigned), lanes.and(older, unsigned));
            let came = lanes.if_less(size, infinity, one, zero);
            count = lanes.sub_floats(came, lanes.if_less(left_size, infinity, one, zero));
            newer = lanes.if_less(size, infinity, newer, zero);
            older = lanes.if_less(left_size, infinity, older, zero);
        }
        let high = lanes.sub_floats(lanes.add_floats(newer, self.coarse), self.coarse);
        let left_high = lanes.sub_floats(lanes.add_floats(older, self.coarse), self.coarse);
        let (low, left_low) = (lanes.sub_floats(newer, high), lanes.sub_floats(older, left_high));
        let kept = lanes.sub_floats(lanes.add_floats(low, self.fine), self.fine);
        self.lost = lanes.or(self.lost, lanes.xor(low, kept));
        self.largest = lanes.greater_size(newer, self.largest);
        [lanes.sub_floats(high, left_high), lanes.sub_floats(low, left_low), count]
    }

    /// The lanes in which something was lost so far: a value had bits below the grids, or was beyond them, or was not finite
    /// where all should have been, so that the sums are not either.
    #[inline(always)]
    pub(crate) fn lost(&self, limit: Each, sums: &Each) -> Lost {
        let (lost, largest) = (floats_of(self.lanes, self.lost), floats_of(self.lanes, self.largest));
        let mut lanes = 0;
        for lane in 0..WIDEST {
            // Without the sign: what is below the coarse grid of -0.0 is -0.0, and 0.0 on the fine one.
            let lost = lost[lane].to_bits() << 1 != 0 || largest[lane] >= limit[lane] || !sums[lane].is_finite();
            lanes |= u8::from(lost) << lane;
        }
        lanes
    }
}

/// The floats of a vector, and zeros.
#[inline(always)]
pub(crate) fn floats_of<L: Lanes>(lanes: L, words: L::Words) -> Each {
    let mut floats = [0.0; WIDEST];
    lanes.store_floats(words, &mut floats);
    floats
}

/// The windows of a call on a table; rows are counted from its first.
pub(crate) struct TableSpans<'a> {
    windows: Windows<'a>,
    pub(crate) width: usize,
    pub(crate) history: usize,
}

impl TableSpans<'_> {
    pub(crate) fn are_equal(&self) -> bool {
        self.windows.are_equal()
    }

    /// The first row of the window of a row.
    #[inline(always)]
    pub(crate) fn begin(&self, row: usize) -> usize {
        let width = if self.are_equal() { self.width } else { self.windows.width(row - self.history) };
        (row + 1).saturating_sub(width)
    }

    /// The first row of the window before that of a row.
    fn begin_before(&self, row: usize) -> usize {
        if self.are_equal() { row.saturating_sub(self.width) } else { self.begin(row.max(self.history + 1) - 1) }
    }

    /// How many values a window with so many rows needs.
    #[inline(always)]
    pub(crate) fn needed(&self, width: usize) -> f64 {
        self.windows.needed(width) as f64
    }

    /// Whether windows with so many values lack none, and none of them has too few.
    fn are_whole(&self, count: f64) -> bool {
        self.are_equal() && count == self.width as f64 && self.needed(self.width) <= count
    }
}

/// Some columns, whose results go to where they belong.
pub(crate) trait Series {
    /// How many columns there are.
    fn many(&self) -> usize;

    fn value(&self, row: usize, lane: usize) -> f64;

    /// Writes a sum and a mean.
    fn put(&mut self, row: usize, lane: usize, results: [f64; 2]);

    /// The largest of the finite values of some rows, without sign, and whether all of them are finite.
    fn largest(&self, lanes: impl Lanes, rows: [usize; 2]) -> (Each, bool);

    /// Takes some rows into the sums.
    fn enter(&self, lanes: impl Lanes, grids: &Grids, sums: &mut Sums, rows: [usize; 2]) -> Lost;

    /// Makes and writes the results of some rows from the sums before.
    fn pass(&mut self, lanes: impl Lanes, spans: &TableSpans<'_>, slider: &mut Slider, rows: [usize; 2]) -> Lost;
}

/// What is known of some columns between batches.
#[derive(Clone, Copy)]
pub(crate) struct Slider {
    pub(crate) grids: Grids,
    pub(crate) sums: Sums,
    /// The first row that is in the sums, and whether they go on.
    pub(crate) first: usize,
    going: bool,
    /// Whether no row in reach should be missing; where one is, something is lost.
    pub(crate) whole: bool,
}

impl Slider {
    fn new() -> Self {
        Self { grids: Grids::new([0.0; WIDEST], 1), sums: Sums::NONE, first: 0, going: false, whole: false }
    }

    /// Fills the results of a batch; `low` is the first row in reach.
    #[inline(always)]
    fn fill(
        &mut self,
        lanes: impl Lanes,
        spans: &TableSpans<'_>,
        series: &mut impl Series,
        low: usize,
        [start, stop]: [usize; 2],
    ) {
        if self.going {
            if !self.whole && self.sums.count.iter().take(series.many()).all(|count| spans.are_whole(*count)) {
                self.whole =
                    (start..stop).all(|row| (0..series.many()).all(|lane| series.value(row, lane).is_finite()));
            }
            if series.pass(lanes, spans, self, [start, stop]) == 0 {
                return;
            }
        }
        // Something was lost on the grids of other rows, or a row is missing for the first time.
        let (largest, finite) = series.largest(lanes, [low, stop]);
        self.whole = finite && spans.are_whole(spans.width as f64);
        (self.grids, self.sums, self.first) = (Grids::new(largest, spans.width), Sums::NONE, low);
        let lost = series.enter(lanes, &self.grids, &mut self.sums, [low, start]);
        let lost = lost | series.pass(lanes, spans, self, [start, stop]);
        self.going = lost == 0;
        for lane in (0..series.many()).filter(|lane| lost >> lane & 1 != 0) {
            exactly(spans, series, lane, [start, stop]);
        }
    }
}

/// Fills results of a column by exact numbers.
#[cold]
fn exactly(spans: &TableSpans<'_>, series: &mut impl Series, lane: usize, [start, stop]: [usize; 2]) {
    let (mut sum, mut first, mut count) = (Exact::new(), spans.begin(start), 0.0);
    let mut add = |sum: &mut Exact, value: f64, times: i64| {
        if value.is_finite() {
            sum.add(value, times);
            count += times as f64;
        }
        count
    };
    for row in first..start {
        add(&mut sum, series.value(row, lane), 1);
    }
    for row in start..stop {
        let begin = spans.begin(row);
        for left in first..begin {
            add(&mut sum, series.value(left, lane), -1);
        }
        first = begin;
        let count = add(&mut sum, series.value(row, lane), 1);
        let enough = count >= spans.needed(row + 1 - begin);
        let total = if enough { sum.round(false) } else { f64::NAN };
        // A mean is a float also where the sum is beyond the largest.
        let beyond = total.is_infinite();
        let mean = if beyond { sum.round(true) / count * 2_f64.powi(64) } else { total / count };
        series.put(row, lane, [total, mean]);
    }
}

/// Whether the columns of its rows follow each other, or there are none.
fn is_by_rows(table: &mut TableMut<'_, f64>) -> bool {
    table.columns() == 0 || table.across(0, 0..1).is_some()
}

/// Whether the rows of its columns follow each other, or there are none.
fn is_by_columns(table: &mut TableMut<'_, f64>) -> bool {
    table.columns() == 0 || table.part(0, 0..1).is_some()
}

at_every_level! {
    /// Fills sums and means of windows, each if it has columns.
    pub(crate) fn roll<lanes>(
        values: Table<'_, f64>, windows: Windows<'_>, rows: usize, outputs: [TableMut<'_, f64>; 2],
    ) -> () {
        let mut outputs = outputs;
        let (width, history) = (windows.widest(values.rows()), values.rows().saturating_sub(rows));
        let spans = TableSpans { windows, width, history };
        let batch = (2 * width).clamp(LEAST, MOST.max(width));
        // Where windows have widths of their own, vectors of columns save more than it takes to copy these side by side.
        let along = spans.are_equal() || values.columns() == 1;
        if along && values.column(0).is_some() && outputs.iter_mut().all(is_by_columns) {
            // Not by `for_each`: what a closure calls would be compiled for the baseline.
            for column in 0..values.columns() {
                down(lanes, &spans, batch, values, column, &mut outputs);
            }
        } else if values.across(0, 0..WIDEST).is_some() && outputs.iter_mut().all(is_by_rows) {
            in_rows(lanes, &spans, batch, values, &mut outputs);
        } else {
            for first in (0..values.columns()).step_by(WIDEST) {
                side_by_side(lanes, &spans, batch, values, first, &mut outputs);
            }
        }
    }
}

/// Fills the results of a column whose rows follow each other.
#[inline(always)]
fn down(
    lanes: impl Lanes,
    spans: &TableSpans<'_>,
    batch: usize,
    values: Table<'_, f64>,
    column: usize,
    outputs: &mut [TableMut<'_, f64>; 2],
) {
    let (mut slider, values) = (Slider::new(), values.column(column).unwrap_or_default());
    for start in (spans.history..values.len()).step_by(batch) {
        let stop = values.len().min(start + batch);
        let place = start - spans.history..stop - spans.history;
        let [totals, means] = outputs.each_mut().map(|table| table.part(column, place.clone()).unwrap_or_default());
        let mut series = Along { values, start, totals, means };
        slider.fill(lanes, spans, &mut series, spans.begin_before(start), [start, stop]);
    }
}

/// Fills the results of at least eight columns that follow each other in every row, where they lie; the last vectors begin
/// early enough to have columns, and may fill some again.
#[inline(always)]
fn in_rows<L: Lanes>(
    lanes: L,
    spans: &TableSpans<'_>,
    batch: usize,
    values: Table<'_, f64>,
    outputs: &mut [TableMut<'_, f64>; 2],
) {
    let columns = values.columns();
    let mut sliders = vec![Slider::new(); columns.div_ceil(L::ROWS)];
    for start in (spans.history..values.rows()).step_by(batch) {
        let stop = values.rows().min(start + batch);
        for (slider, column) in sliders.iter_mut().zip((0..columns).step_by(L::ROWS)) {
            let [totals, means] = outputs.each_mut().map(TableMut::lend);
            let (column, many) = (column.min(columns - L::ROWS), L::ROWS);
            let mut series = Across { rows: values, low: 0, column, many, start: spans.history, totals, means };
            slider.fill(lanes, spans, &mut series, spans.begin_before(start), [start, stop]);
        }
    }
}

/// Fills the results of columns from `first` on, which are copied side by side.
#[inline(always)]
fn side_by_side<L: Lanes>(
    lanes: L,
    spans: &TableSpans<'_>,
    batch: usize,
    values: Table<'_, f64>,
    first: usize,
    outputs: &mut [TableMut<'_, f64>; 2],
) {
    let many = WIDEST.min(values.columns() - first);
    let mut columns = [first; WIDEST];
    for (at, column) in columns.iter_mut().enumerate() {
        *column += at.min(many - 1); // the last again where there are fewer
    }
    let mut sliders = [Slider::new(); WIDEST];
    let (mut rows, mut low, mut high) = (Vec::<Each>::new(), 0, 0);
    let mut found = outputs.each_ref().map(|output| vec![[0.0; WIDEST]; if output.columns() > 0 { batch } else { 0 }]);
    for start in (spans.history..values.rows()).step_by(batch) {
        let stop = values.rows().min(start + batch);
        let next = spans.begin_before(start);
        let kept = usize::saturating_sub(high, next);
        rows.copy_within(high - low - kept.., 0);
        rows.resize(stop - next, [0.0; WIDEST]);
        (low, high) = (next, stop);
        values.load_lanes(columns, [low + kept; WIDEST], &mut rows[kept..]);
        for (lane, slider) in (0..WIDEST).step_by(L::ROWS).zip(&mut sliders) {
            let [totals, means] = found.each_mut().map(|found| TableMut::of_rows(found.as_flattened_mut(), WIDEST));
            let rows = Table::of_rows(rows.as_flattened(), WIDEST);
            let mut series = Across { rows, low, column: lane, many: L::ROWS, start, totals, means };
            slider.fill(lanes, spans, &mut series, low, [start, stop]);
        }
        for (output, found) in outputs.iter_mut().zip(&found).filter(|(_, found)| !found.is_empty()) {
            output.store_lanes(columns, [start - spans.history; WIDEST], &found[..stop - start]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cutter, Each, Exact, Grids, Lost, Sums};
    use crate::simd::{Level, at_every_level};
    use crate::table::{Table, TableMut};
    use crate::timeseries::rolling_moments;

    at_every_level! {
        /// What is lost when values come into windows of 16 rows, none of which should be missing, on grids for some below 2.
        fn lost_at<lanes>(values: &Each) -> Lost {
            let grids = Grids::new([1.5; 8], 16);
            let [newer, coarse, fine] = [*values, grids.coarse, grids.fine].map(|each| lanes.load_floats(&each));
            let mut cutter = Cutter::new(lanes, coarse, fine);
            let [high, ..] = cutter.changes::<true>(newer, lanes.all(0));
            let mut sums = Sums::NONE;
            lanes.store_floats(high, &mut sums.coarse);
            cutter.lost(grids.limit, &sums.coarse)
        }
    }

    #[test]
    fn only_what_does_not_fit_on_the_grids_is_lost() {
        for level in Level::available() {
            for kept in [0.0, -0.0, 1.0 / 3.0, -1.9, f64::EPSILON] {
                assert_eq!(lost_at(level, &[kept; 8]), 0, "{} {kept}", level.name());
            }
            for lost in [2.0, -1e300, 1e-40, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(lost_at(level, &[lost; 8]) & 3, 3, "{} {lost}", level.name()); // the shortest vectors have two
            }
        }
    }

    #[test]
    fn sums_are_the_nearest_floats_in_any_number_of_columns() {
        let rows = 300;
        let value = |at: usize| match at * 7919 % 1009 {
            0 => f64::NAN,
            1 => 1e300,
            2 => 1e-300,
            3 => 1e14,
            part => part as f64 / 7.0 - 60.0,
        };
        for (columns, width) in [1, 3, 11].into_iter().flat_map(|columns| [1, 16, 500].map(|w| (columns, w))) {
            let values: Vec<f64> = (0..rows * columns).map(value).collect();
            for (level, window) in
                Level::available().into_iter().flat_map(|l| [(l, vec![width]), (l, vec![width; rows])])
            {
                let (mut total, mut mean) = (vec![7.0; rows * columns], vec![7.0; rows * columns]);
                let (sums, means) = (TableMut::of_rows(&mut total, columns), TableMut::of_rows(&mut mean, columns));
                let empty = || TableMut::empty(rows);
                let table = Table::of_rows(&values, columns);
                rolling_moments(level, table, &window, &[1], &[0], sums, means, empty(), empty(), empty(), empty());
                for at in 0..rows * columns {
                    let (row, column) = (at / columns, at % columns);
                    let (mut exact, mut count) = (Exact::new(), 0.0);
                    for row in (row + 1).saturating_sub(width as usize)..row + 1 {
                        let value = values[row * columns + column];
                        if value.is_finite() {
                            exact.add(value, 1);
                            count += 1.0;
                        }
                    }
                    let expected = if count > 0.0 { exact.round(false) } else { f64::NAN };
                    for (found, expected) in [(total[at], expected), (mean[at], expected / count)] {
                        assert!(found == expected || found.is_nan() && expected.is_nan(), "{width} {at}");
                    }
                }
            }
        }
    }
}
