//! The greatest value of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Quantiles, fill};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_max_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, greatest: TableMut<'_, f64>) -> () {
        fill(lanes, values, windows, &Quantiles(&[1.0]), &mut [Results::Floats(greatest)]);
    }
}

/// Fills `greatest`.
pub fn rolling_max(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    greatest: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_max_at(level, values, Windows { window, min_periods, propagate }, greatest);
    None
}
