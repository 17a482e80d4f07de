//! Sums of trailing windows, rounded once.
//!
//! A sum that loses nothing may be slid: what left it leaves no trace, and its nearest float is a function of the window
//! alone, in whatever order it was made. Values are cut in two at the unit of one grid, and what is below it is rounded to
//! a second one. Units are so large beside the largest value in reach that sums of each part are whole numbers of units
//! below 2^53, which floats hold; and the two sums are added, with one rounding. Where a value has bits below both grids,
//! as beside one 2^39 times as large in windows of 128, the sums of some rows of that series are made of [`Exact`] numbers.

use crate::table::{Table, TableMut};
use crate::timeseries::eight::{Eight, LANES, Strands};
use crate::timeseries::limbs::Exact;
use crate::timeseries::spans::Spans;
use crate::timeseries::windows::Windows;

/// The least and the most rows of a batch, which has twice the rows of a window where possible; and rows that are written at
/// once.
const LEAST: usize = 256;
const MOST: usize = 2048;
const PART: usize = 64;

/// Grids for sums of at most 2^b values; values of series are below 2^e. They are given by what has to be added to a value,
/// and taken away again, to round it to a unit.
struct Grids {
    limit: Eight,
    coarse: Eight,
    fine: Eight,
}

impl Grids {
    fn new(largest: Eight, width: usize) -> Self {
        let b = i64::from((width.max(2) - 1).ilog2() + 1);
        let power = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
        // Far enough from the ends of the floats; what does not fit on such grids lacks something when it is cut.
        let e = |lane: usize| ((largest.0[lane].to_bits() >> 52) as i64 - 1022).clamp(-700, 1000 - b);
        Self {
            limit: Eight::of_lanes(|lane| power(e(lane))),
            coarse: Eight::of_lanes(|lane| 1.5 * power(e(lane) + b)),
            fine: Eight::of_lanes(|lane| 1.5 * power(e(lane) + 2 * b - 53)),
        }
    }

    /// The parts of values, and what they lack.
    #[inline(always)]
    fn cut(&self, value: Eight) -> [Eight; 3] {
        let coarse = (value + self.coarse) - self.coarse;
        let below = value - coarse;
        let fine = (below + self.fine) - self.fine;
        [coarse, fine, below - fine]
    }
}

#[inline(always)]
fn present(value: Eight) -> Eight {
    value.map(|value| if value.is_finite() { 1.0 } else { 0.0 })
}

/// What a value adds: nothing if it is missing, which is not looked at if `WHOLE`.
#[inline(always)]
fn part_of<const WHOLE: bool>(value: Eight) -> Eight {
    if WHOLE { value } else { value.map(|value| if value.is_finite() { value } else { 0.0 }) }
}

/// NaN where a window has fewer values than it needs, else 0.
#[inline(always)]
fn refused(spans: &Spans<'_>, strands: &Strands, row: usize, count: Eight) -> Eight {
    let needed = spans.needed_by(row, strands);
    count.zip(needed, |count, needed| if count < needed { f64::NAN } else { 0.0 })
}

/// The sums of the parts of values, how many they are, and the bits of what values lacked.
#[derive(Clone, Copy)]
struct Sums {
    coarse: Eight,
    fine: Eight,
    count: Eight,
    lost: [u64; LANES],
}

impl Sums {
    const NONE: Self =
        Self { coarse: Eight([0.0; LANES]), fine: Eight([0.0; LANES]), count: Eight([0.0; LANES]), lost: [0; LANES] };

    #[inline(always)]
    fn enter<const WHOLE: bool>(&mut self, grids: &Grids, value: Eight) {
        let [coarse, fine, lost] = grids.cut(part_of::<WHOLE>(value));
        (self.coarse, self.fine) = (self.coarse + coarse, self.fine + fine);
        for lane in 0..LANES {
            self.lost[lane] |= lost.0[lane].to_bits();
        }
        if !WHOLE {
            self.count = self.count + present(value);
        }
    }

    #[inline(always)]
    fn leave<const WHOLE: bool>(&mut self, grids: &Grids, value: Eight) {
        let [coarse, fine, _] = grids.cut(part_of::<WHOLE>(value));
        (self.coarse, self.fine) = (self.coarse - coarse, self.fine - fine);
        if !WHOLE {
            self.count = self.count - present(value);
        }
    }
}

/// Rows from `low` on, the sums of a window, and the first row in it.
struct Slider {
    rows: Vec<Eight>,
    low: usize,
    grids: Grids,
    sums: Sums,
    first: usize,
}

impl Slider {
    /// Begins anew, with the rows before the window of a row.
    #[inline(always)]
    fn begin<const WHOLE: bool>(&mut self, spans: &Spans<'_>, row: usize, largest: Eight) {
        (self.grids, self.first) = (Grids::new(largest, spans.width), spans.begin(row).max(self.low));
        let mut sums = Sums::NONE;
        for value in &self.rows[self.first - self.low..row - self.low] {
            sums.enter::<WHOLE>(&self.grids, *value);
        }
        self.sums = sums;
    }

    /// Whether something was lost in a series, or it has a value that is not finite or beyond all grids.
    fn lacks(&self, lane: usize, largest: Eight) -> bool {
        self.sums.lost[lane] << 1 != 0 || largest.0[lane] >= self.grids.limit.0[lane]
    }

    /// Makes the sums of a series by exact numbers; calls `each` with a row, its sum, how many values are in it, and the
    /// mean.
    fn slide_exact(&self, spans: &Spans<'_>, lane: usize, rows: [usize; 2], mut each: impl FnMut(usize, [f64; 3])) {
        let value = |row: usize| self.rows[row - self.low].0[lane];
        let finite = |row: &usize| value(*row).is_finite();
        let (mut sum, mut first, mut count) = (Exact::new(), spans.begin(rows[0]), 0.0);
        for row in (first..rows[0]).filter(finite) {
            sum.add(value(row), 1);
            count += 1.0;
        }
        for row in rows[0]..rows[1] {
            let begin = spans.begin(row);
            for left in (first..begin).filter(finite) {
                sum.add(value(left), -1);
                count -= 1.0;
            }
            first = begin;
            if finite(&row) {
                sum.add(value(row), 1);
                count += 1.0;
            }
            let total = sum.round(false);
            let mean = if total.is_finite() { total / count } else { sum.round(true) / count * 2_f64.powi(64) };
            each(row, [total, count, mean]);
        }
    }
}

/// Makes and writes the results of some rows; returns whether nothing is missing.
#[inline(always)]
fn pass<const WHOLE: bool>(
    slider: &mut Slider,
    spans: &Spans<'_>,
    strands: &Strands,
    [start, stop]: [usize; 2],
    outputs: &mut [TableMut<'_, f64>; 2],
) -> bool {
    let wanted = [outputs[0].columns() > 0, outputs[1].columns() > 0];
    let mut found = [[Eight::all(0.0); PART]; 2];
    let mut missing = Eight::all(0.0);
    for start in (start..stop).step_by(PART) {
        let many = PART.min(stop - start);
        // The sums are variables of this loop: in memory each would wait for the store of the last.
        let (mut sums, mut first) = (slider.sums, slider.first);
        let rows = &slider.rows[..];
        for row in start..start + many {
            sums.enter::<WHOLE>(&slider.grids, rows[row - slider.low]);
            let begin = spans.begin(row);
            while first < begin {
                sums.leave::<WHOLE>(&slider.grids, rows[first - slider.low]);
                first += 1;
            }
            let width = row + 1 - begin;
            let count = if WHOLE { Eight::all(width as f64) } else { sums.count };
            let mut sum = sums.coarse + sums.fine;
            if !WHOLE || width < spans.needed(width) {
                sum = sum + refused(spans, strands, row, count);
                missing = missing + (Eight::all(width as f64) - count);
            }
            if wanted[0] {
                found[0][row - start] = sum;
            }
            if wanted[1] {
                // The reciprocal of a power of two is exact, and a product takes less time than a quotient.
                let exact = WHOLE && width.is_power_of_two();
                found[1][row - start] = if exact { sum * Eight::all(1.0 / width as f64) } else { sum / count };
            }
        }
        (slider.sums, slider.first) = (sums, first);
        for (output, found) in outputs.iter_mut().zip(&found) {
            if output.columns() > 0 {
                strands.store(output, start - spans.reach, &found[..many]);
            }
        }
    }
    missing.0 == [0.0; LANES]
}

/// Fills sums and means of windows, each if it has columns.
#[inline(always)]
pub(crate) fn roll(values: Table<'_, f64>, windows: Windows<'_>, rows: usize, mut outputs: [TableMut<'_, f64>; 2]) {
    let spans = Spans::new(windows, values.rows(), rows);
    let Spans { width, reach, .. } = spans;
    let batch = (2 * width).clamp(LEAST, MOST.max(width));
    let zero = Eight::all(0.0);
    for strands in &Strands::cut(&spans, rows, values.columns()) {
        let (grids, read) = (Grids::new(zero, width), Vec::new());
        let mut slider = Slider { rows: read, low: 0, grids, sums: Sums::NONE, first: 0 };
        // The largest of the rows before, which are as many as a window has, and whether sums go on from there.
        let (mut before, mut whole, mut going) = (zero, true, false);
        let end = reach + strands.length;
        for start in (reach..end).step_by(batch) {
            let stop = (start + batch).min(end);
            let next = if going { slider.first } else { spans.begin(start) };
            let have = slider.low + slider.rows.len();
            let kept = have.saturating_sub(next);
            let gone = slider.rows.len() - kept;
            slider.rows.copy_within(gone.., 0);
            slider.rows.resize(stop - next, Eight::all(f64::NAN));
            slider.low = next;
            strands.load(values, strands.columns, spans.place(next + kept), &mut slider.rows[kept..]);
            let mut largest = zero;
            for value in &slider.rows[kept..] {
                let size = part_of::<false>(*value).map(f64::abs);
                largest = largest.zip(size, |a, b| if a > b { a } else { b });
            }
            let reached = largest.zip(before, f64::max);
            before = largest;
            let fits = (0..LANES).all(|lane| reached.0[lane] < slider.grids.limit.0[lane]);
            if whole {
                if !(going && fits) {
                    slider.begin::<true>(&spans, start, reached);
                }
                pass::<true>(&mut slider, &spans, strands, [start, stop], &mut outputs);
            }
            if !whole || (0..LANES).any(|lane| slider.lacks(lane, reached)) {
                slider.begin::<false>(&spans, start, reached);
                whole = pass::<false>(&mut slider, &spans, strands, [start, stop], &mut outputs);
            }
            going = true;
            for lane in (0..strands.many).filter(|lane| slider.lacks(*lane, reached)) {
                going = false;
                slider.slide_exact(&spans, lane, [start, stop], |row, [total, count, mean]| {
                    let refused = refused(&spans, strands, row, Eight::all(count)).0[lane].is_nan();
                    let at = strands.starts[lane] + row - reach;
                    for (output, result) in outputs.iter_mut().zip([total, mean]) {
                        if at < strands.stops[lane] {
                            let result = if refused { f64::NAN } else { result };
                            output.store(strands.columns[lane], at, std::iter::once(result));
                        }
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exact;
    use crate::simd::Level;
    use crate::table::{Table, TableMut};
    use crate::timeseries::rolling_moments;

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
