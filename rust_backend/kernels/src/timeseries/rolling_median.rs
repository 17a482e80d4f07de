//! The median of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Median, fill};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_median_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, median: TableMut<'_, f64>) -> () {
        fill(lanes, values, windows, &Median, &mut [Results::Floats(median)]);
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
