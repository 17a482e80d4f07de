//! The median of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::Median;
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{Results, Windows, roll};

at_every_level! {
    fn rolling_median_at(values: Table<'_, f64>, windows: Windows<'_>, median: TableMut<'_, f64>) -> () {
        let keys = &mut SortedKeys::new(windows.widest(values.rows()));
        roll(values, windows, keys, &Median, &mut [Results::Floats(median)]);
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
