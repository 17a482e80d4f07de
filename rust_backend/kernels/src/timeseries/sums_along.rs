//! Exact sums of one column, whose rows fill vectors: what each adds, less what it takes away, is summed up among them.

use crate::simd::lanes::Lanes;
use crate::timeseries::exact_sums::{Cutter, Each, Grids, Lost, Series, Slider, Sums, TableSpans, WIDEST, floats_of};

/// Rows that are finished at once, and vectors that are looked at together.
const PIECE: usize = 256;
const UNROLLED: usize = 4;

/// Rows before the first.
const MISSING: [f64; PIECE] = [f64::NAN; PIECE];

/// A column, and room for its results from row `start` on: sums, means or both.
pub(crate) struct Along<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) start: usize,
    pub(crate) totals: &'a mut [f64],
    pub(crate) means: &'a mut [f64],
}

/// Takes a row in and one out; either may be missing.
#[inline(always)]
fn step(grids: &Grids, sums: &mut Sums, newer: f64, older: f64) -> Lost {
    let cut = |value: f64| {
        let value = if value.is_finite() { value } else { 0.0 };
        let coarse = (value + grids.coarse[0]) - grids.coarse[0];
        [coarse, value - coarse]
    };
    let ([high, low], [left_high, left_low]) = (cut(newer), cut(older));
    sums.coarse[0] += high - left_high;
    sums.fine[0] += low - left_low;
    sums.count[0] += f64::from(i8::from(newer.is_finite()) - i8::from(older.is_finite()));
    let kept = (low + grids.fine[0]) - grids.fine[0] == low && (!newer.is_finite() || newer.abs() < grids.limit[0]);
    Lost::from(!kept)
}

/// Takes rows in and others out, one for one, and fills the sum after each, NaN if it has fewer values than are needed;
/// `MEANS`, what this gives divided by the number of values; and that number, unless no row is missing (`WHOLE`).
#[inline(always)]
fn slide<const WHOLE: bool, const MEANS: bool, L: Lanes>(
    lanes: L,
    grids: &Grids,
    sums: &mut Sums,
    [newer, older]: [&[f64]; 2],
    needed: f64,
    [results, counts]: [&mut [f64]; 2],
) -> Lost {
    let [nan, coarse, fine, enough, mut highs, mut lows, mut many] =
        [f64::NAN, grids.coarse[0], grids.fine[0], needed, sums.coarse[0], sums.fine[0], sums.count[0]]
            .map(|value| lanes.all(value.to_bits()));
    let mut cutter = Cutter::new(lanes, coarse, fine);
    let rows = newer.chunks_exact(L::ROWS).zip(older.chunks_exact(L::ROWS));
    let filled = results.chunks_exact_mut(L::ROWS).zip(counts.chunks_exact_mut(L::ROWS));
    for ((newer, older), (results, counts)) in rows.zip(filled) {
        let [high, low, count] = cutter.changes::<WHOLE>(lanes.load_floats(newer), lanes.load_floats(older));
        let high = lanes.add_floats(highs, lanes.running_sums(high));
        let low = lanes.add_floats(lows, lanes.running_sums(low));
        (highs, lows) = (lanes.last(high), lanes.last(low));
        let mut result = lanes.add_floats(high, low);
        if WHOLE {
            result = if MEANS { lanes.divided_by(result, many) } else { result };
        } else {
            let own = lanes.add_floats(many, lanes.running_sums(count));
            many = lanes.last(own);
            lanes.store_floats(own, counts);
            result = lanes.if_less(own, enough, nan, result);
            result = if MEANS { lanes.div_floats(result, own) } else { result };
        }
        lanes.store_floats(result, results);
    }
    for (sum, words) in [(&mut sums.coarse, highs), (&mut sums.fine, lows), (&mut sums.count, many)] {
        sum[0] = floats_of(lanes, words)[0];
    }
    // All lanes are rows of this column.
    let mut lost = Lost::from(cutter.lost([grids.limit[0]; WIDEST], &floats_of(lanes, highs)) != 0);
    for row in newer.len() / L::ROWS * L::ROWS..newer.len() {
        lost |= step(grids, sums, newer[row], older[row]) | Lost::from(WHOLE && !newer[row].is_finite());
        let sum = if sums.count[0] < needed { f64::NAN } else { sums.coarse[0] + sums.fine[0] };
        results[row] = if MEANS { sum / sums.count[0] } else { sum };
        counts[row] = sums.count[0];
    }
    lost
}

/// Fills sums and counts of windows that each have a width of their own.
#[inline(always)]
fn follow(
    spans: &TableSpans<'_>,
    grids: &Grids,
    sums: &mut Sums,
    first: &mut usize,
    values: &[f64],
    rows: [usize; 2],
    [results, counts]: [&mut [f64]; 2],
) -> Lost {
    let mut lost = 0;
    for (row, (result, count)) in (rows[0]..rows[1]).zip(results.iter_mut().zip(counts)) {
        let begin = spans.begin(row);
        for left in values.get(*first..begin).unwrap_or_default() {
            step(grids, sums, f64::NAN, *left);
        }
        *first = begin;
        lost |= step(grids, sums, values[row], f64::NAN);
        let enough = sums.count[0] >= spans.needed(row + 1 - begin);
        *result = if enough { sums.coarse[0] + sums.fine[0] } else { f64::NAN };
        *count = sums.count[0];
    }
    lost
}

impl Series for Along<'_> {
    fn many(&self) -> usize {
        1
    }

    #[inline(always)]
    fn value(&self, row: usize, _: usize) -> f64 {
        self.values[row]
    }

    fn put(&mut self, row: usize, _: usize, results: [f64; 2]) {
        for (into, result) in [&mut *self.totals, &mut *self.means].into_iter().zip(results) {
            if let Some(place) = into.get_mut(row - self.start) {
                *place = result;
            }
        }
    }

    #[inline(always)]
    fn largest(&self, lanes: impl Lanes, [start, stop]: [usize; 2]) -> (Each, bool) {
        largest_of(lanes, &self.values[start..stop])
    }

    #[inline(always)]
    fn enter(&self, lanes: impl Lanes, grids: &Grids, sums: &mut Sums, [start, stop]: [usize; 2]) -> Lost {
        let ([mut results, mut counts], mut lost) = ([[0.0; PIECE]; 2], 0);
        for newer in self.values[start..stop].chunks(PIECE) {
            let (older, filled) = (&MISSING[..newer.len()], [&mut results[..newer.len()], &mut counts[..newer.len()]]);
            lost |= slide::<false, false, _>(lanes, grids, sums, [newer, older], 0.0, filled);
        }
        lost
    }

    #[inline(always)]
    fn pass(
        &mut self,
        lanes: impl Lanes,
        spans: &TableSpans<'_>,
        slider: &mut Slider,
        [start, stop]: [usize; 2],
    ) -> Lost {
        let Slider { grids, sums, first, whole, .. } = slider;
        let (mut lost, mut counts, only_means) = (0, [0.0; PIECE], self.totals.is_empty());
        let (least, most) = (spans.needed(1), spans.needed(spans.width));
        let values = self.values;
        let mut row = start;
        while row < stop {
            let grows = spans.are_equal() && row < spans.width;
            let end = stop.min(row + PIECE).min(if grows { spans.width } else { stop });
            let (place, many) = (row - self.start..end - self.start, end - row);
            let results = if only_means { &mut self.means[place.clone()] } else { &mut self.totals[place.clone()] };
            let (newer, counts) = (&values[row..end], &mut counts[..many]);
            let filled = [&mut *results, &mut *counts];
            if !spans.are_equal() {
                lost |= follow(spans, grids, sums, first, values, [row, end], filled);
            } else {
                let older = if grows { &MISSING[..many] } else { &values[row - spans.width..end - spans.width] };
                let (rows, needed) = ([newer, older], if grows { least } else { most });
                lost |= match (*whole && !grows, only_means) {
                    (true, true) => slide::<true, true, _>(lanes, grids, sums, rows, needed, filled),
                    (true, false) => slide::<true, false, _>(lanes, grids, sums, rows, needed, filled),
                    (false, true) => slide::<false, true, _>(lanes, grids, sums, rows, needed, filled),
                    (false, false) => slide::<false, false, _>(lanes, grids, sums, rows, needed, filled),
                };
                if *whole && !grows {
                    counts.fill(sums.count[0]);
                }
            }
            if grows && least < most {
                for (width, (sum, count)) in (row + 1..).zip(results.iter_mut().zip(&*counts)) {
                    *sum = if *count < spans.needed(width) { f64::NAN } else { *sum };
                }
            }
            if only_means && !spans.are_equal() {
                results.iter_mut().zip(counts).for_each(|(sum, count)| *sum /= *count);
            } else if !only_means && !self.means.is_empty() {
                let sums = self.totals[place.clone()].iter().zip(counts);
                self.means[place].iter_mut().zip(sums).for_each(|(mean, (sum, count))| *mean = sum / *count);
            }
            row = end;
        }
        lost
    }
}

/// See [`Series::largest`].
#[inline(always)]
fn largest_of<L: Lanes>(lanes: L, values: &[f64]) -> (Each, bool) {
    let (zero, infinity, unsigned) = (lanes.all(0), lanes.all(f64::INFINITY.to_bits()), lanes.all(u64::MAX >> 1));
    let (mut largest, mut missing) = ([zero; UNROLLED], zero);
    let mut chunks = values.chunks_exact(UNROLLED * L::ROWS);
    for chunk in &mut chunks {
        for (largest, values) in largest.iter_mut().zip(chunk.chunks_exact(L::ROWS)) {
            let value = lanes.load_floats(values);
            let size = lanes.and(value, unsigned);
            *largest = lanes.greater(*largest, lanes.if_less(size, infinity, size, zero));
            missing = lanes.or(missing, lanes.sub_floats(value, value)); // NaN for what is not finite
        }
    }
    let mut found = 0.0;
    for largest in largest {
        for size in floats_of(lanes, largest) {
            found = if size > found { size } else { found };
        }
    }
    let mut finite = floats_of(lanes, missing) == [0.0; WIDEST];
    for value in chunks.remainder() {
        finite &= value.is_finite();
        found = if value.is_finite() && value.abs() > found { value.abs() } else { found };
    }
    ([found; WIDEST], finite)
}
