//! Quantiles of trailing windows.

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Statistic, fill};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

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
    let windows = Windows { window, min_periods, propagate };
    fill(level, values, windows, Statistic::Quantiles(q), &mut [Results::Floats(quantile)]);
    None
}
