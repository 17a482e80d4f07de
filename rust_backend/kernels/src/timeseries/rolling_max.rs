//! The greatest value of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::extremes;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_max_at(values: Table<'_, f64>, windows: Windows<'_>, greatest: TableMut<'_, f64>) -> () {
        extremes::fill(values, windows, true, greatest);
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
