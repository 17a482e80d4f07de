//! The median of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{State, Windows, roll};

struct Median(SortedKeys);

impl State<1> for Median {
    #[inline(always)]
    fn clear(&mut self) {
        self.0.clear();
    }

    #[inline(always)]
    fn step(&mut self, leaving: i64, entering: i64) {
        self.0.step(leaving, entering);
    }

    #[inline(always)]
    fn count(&self) -> usize {
        self.0.count()
    }

    #[inline(always)]
    fn results(&self) -> [f64; 1] {
        [self.0.middle()]
    }
}

at_every_level! {
    fn rolling_median_at(values: Table<'_, f64>, windows: Windows<'_>, median: TableMut<'_, f64>) -> () {
        roll(values, windows, &mut Median(SortedKeys::new(windows.widest(values.rows()))), [median]);
    }
}

/// Fills `median`; the mean of the two middle values where their number is even.
pub fn rolling_median(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    median: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_median_at(level, values, Windows { window, min_periods, propagate }, median);
    None
}
