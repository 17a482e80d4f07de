//! The least value of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::extremes;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_min_at(values: Table<'_, f64>, windows: Windows<'_>, least: TableMut<'_, f64>) -> () {
        extremes::fill(values, windows, false, least);
    }
}

/// Fills `least`.
pub fn rolling_min(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    least: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_min_at(level, values, Windows { window, min_periods, propagate }, least);
    None
}
