//! Exact sums of columns that lie side by side: a vector has a row of them.

use std::ops::Range;

use crate::simd::lanes::Lanes;
use crate::table::{Table, TableMut};
use crate::timeseries::exact_sums::{Cutter, Each, Grids, Lost, Series, Slider, Sums, TableSpans, WIDEST, floats_of};

/// As many columns from `column` on as a vector has, of rows from `low` on, and room for results from row `start` on: sums,
/// means or both.
pub(crate) struct Across<'a> {
    pub(crate) rows: Table<'a, f64>,
    pub(crate) low: usize,
    pub(crate) column: usize,
    pub(crate) many: usize,
    pub(crate) start: usize,
    pub(crate) totals: TableMut<'a, f64>,
    pub(crate) means: TableMut<'a, f64>,
}

impl Across<'_> {
    #[inline(always)]
    fn columns<L: Lanes>(&self, _: L) -> Range<usize> {
        self.column..self.column + L::ROWS
    }

    #[inline(always)]
    fn load<L: Lanes>(&self, lanes: L, row: usize) -> L::Words {
        lanes.load_floats(self.rows.across(row - self.low, self.columns(lanes)).unwrap_or_default())
    }

    /// Makes the results of rows, each of which comes in as older ones leave.
    #[inline(always)]
    fn slide<const WHOLE: bool, L: Lanes>(
        &mut self,
        lanes: L,
        grids: &Grids,
        sums: &mut Sums,
        [start, stop]: [usize; 2],
        mut leaving: impl FnMut(usize) -> (Option<usize>, Range<usize>),
        needed: impl Fn(usize) -> f64,
    ) -> Lost {
        let [coarse, fine, mut highs, mut lows, mut many] =
            [grids.coarse, grids.fine, sums.coarse, sums.fine, sums.count].map(|each| lanes.load_floats(&each));
        let (nan, mut cutter) = (lanes.all(f64::NAN.to_bits()), Cutter::new(lanes, coarse, fine));
        for row in start..stop {
            let (older, others) = leaving(row);
            let left = if let Some(older) = older { self.load(lanes, older) } else { nan };
            let [high, low, count] = cutter.changes::<WHOLE>(self.load(lanes, row), left);
            (highs, lows) = (lanes.add_floats(highs, high), lanes.add_floats(lows, low));
            if !WHOLE {
                many = lanes.add_floats(many, count);
                for older in others {
                    let [high, low, count] = cutter.changes::<false>(nan, self.load(lanes, older));
                    (highs, lows) = (lanes.add_floats(highs, high), lanes.add_floats(lows, low));
                    many = lanes.add_floats(many, count);
                }
            }
            let mut sum = lanes.add_floats(highs, lows);
            if !WHOLE {
                sum = lanes.if_less(many, lanes.all(needed(row).to_bits()), nan, sum);
            }
            let (place, columns) = (row - self.start, self.columns(lanes));
            if let Some(total) = self.totals.across(place, columns.clone()) {
                lanes.store_floats(sum, total);
            }
            if let Some(mean) = self.means.across(place, columns) {
                let quotient = if WHOLE { lanes.divided_by(sum, many) } else { lanes.div_floats(sum, many) };
                lanes.store_floats(quotient, mean);
            }
        }
        (sums.coarse, sums.fine) = (floats_of(lanes, highs), floats_of(lanes, lows));
        sums.count = floats_of(lanes, many);
        cutter.lost(grids.limit, &sums.coarse)
    }

    /// Takes rows out of the sums, or into them.
    #[inline(always)]
    fn change<L: Lanes>(
        &self,
        lanes: L,
        grids: &Grids,
        sums: &mut Sums,
        [start, stop]: [usize; 2],
        leave: bool,
    ) -> Lost {
        let nan = lanes.all(f64::NAN.to_bits());
        let mut cutter = Cutter::new(lanes, lanes.load_floats(&grids.coarse), lanes.load_floats(&grids.fine));
        let mut own = [sums.coarse, sums.fine, sums.count].map(|each| lanes.load_floats(&each));
        for row in start..stop {
            let values = self.load(lanes, row);
            let changes =
                if leave { cutter.changes::<false>(nan, values) } else { cutter.changes::<false>(values, nan) };
            for (sum, change) in own.iter_mut().zip(changes) {
                *sum = lanes.add_floats(*sum, change);
            }
        }
        for (sum, own) in [&mut sums.coarse, &mut sums.fine, &mut sums.count].into_iter().zip(own) {
            *sum = floats_of(lanes, own);
        }
        cutter.lost(grids.limit, &sums.coarse)
    }
}

impl Series for Across<'_> {
    fn many(&self) -> usize {
        self.many
    }

    #[inline(always)]
    fn value(&self, row: usize, lane: usize) -> f64 {
        let at = self.column + lane;
        self.rows.across(row - self.low, at..at + 1).map_or(f64::NAN, |row| row[0])
    }

    fn put(&mut self, row: usize, lane: usize, results: [f64; 2]) {
        for (into, result) in [&mut self.totals, &mut self.means].into_iter().zip(results) {
            into.store(self.column + lane, row - self.start, std::iter::once(result));
        }
    }

    #[inline(always)]
    fn largest(&self, lanes: impl Lanes, [start, stop]: [usize; 2]) -> (Each, bool) {
        let (zero, infinity, unsigned) = (lanes.all(0), lanes.all(f64::INFINITY.to_bits()), lanes.all(u64::MAX >> 1));
        let (mut largest, mut missing) = (zero, zero);
        for row in start..stop {
            let value = self.load(lanes, row);
            let size = lanes.and(value, unsigned);
            largest = lanes.greater(largest, lanes.if_less(size, infinity, size, zero));
            missing = lanes.or(missing, lanes.sub_floats(value, value)); // NaN for what is not finite
        }
        (floats_of(lanes, largest), floats_of(lanes, missing) == [0.0; WIDEST])
    }

    #[inline(always)]
    fn enter(&self, lanes: impl Lanes, grids: &Grids, sums: &mut Sums, rows: [usize; 2]) -> Lost {
        self.change(lanes, grids, sums, rows, false)
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
        if !spans.are_equal() {
            let leaving = |row: usize| {
                let mut older = *first..spans.begin(row).max(*first);
                *first = older.end;
                (older.next(), older)
            };
            let needed = |row: usize| spans.needed(row + 1 - spans.begin(row));
            return self.slide::<false, _>(lanes, grids, sums, [start, stop], leaving, needed);
        }
        let (grown, width, most) = (spans.width.clamp(start, stop), spans.width, spans.needed(spans.width));
        let lost =
            self.slide::<false, _>(lanes, grids, sums, [start, grown], |_| (None, 0..0), |row| spans.needed(row + 1));
        let older = |row: usize| (Some(row - width), 0..0);
        lost | if *whole {
            self.slide::<true, _>(lanes, grids, sums, [grown, stop], older, |_| most)
        } else {
            self.slide::<false, _>(lanes, grids, sums, [grown, stop], older, |_| most)
        }
    }
}
