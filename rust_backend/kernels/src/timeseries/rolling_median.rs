//! The median of trailing windows.

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Statistic, fill};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

/// Fills `median`; the mean of the two middle values where their number is even.
pub fn rolling_median(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    median: TableMut<'_, f64>,
) -> Option<usize> {
    let windows = Windows { window, min_periods, propagate };
    fill(level, values, windows, Statistic::Median, &mut [Results::Floats(median)]);
    None
}
