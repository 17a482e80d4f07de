//! Quantiles of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::Quantiles;
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{Results, Windows, roll};

at_every_level! {
    fn rolling_quantile_at(values: Table<'_, f64>, windows: Windows<'_>, q: &[f64], quantile: TableMut<'_, f64>) -> () {
        let keys = &mut SortedKeys::new(windows.widest(values.rows()));
        roll(values, windows, keys, &Quantiles(q), &mut [Results::Floats(quantile)]);
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
