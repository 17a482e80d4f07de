//! Quantiles of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Quantiles, fill};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_quantile_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, q: &[f64], quantile: TableMut<'_, f64>) -> () {
        fill(lanes, values, windows, &Quantiles(q), &mut [Results::Floats(quantile)]);
    }
}

/// Fills `quantile`, for each column of values one column for each of `q`.
pub fn rolling_quantile(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    q: &[f64],
    quantile: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_quantile_at(level, values, Windows { window, min_periods, propagate }, q, quantile);
    None
}
