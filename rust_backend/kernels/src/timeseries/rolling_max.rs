//! The greatest value of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::Quantiles;
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{Results, Windows, roll};

at_every_level! {
    fn rolling_max_at(values: Table<'_, f64>, windows: Windows<'_>, greatest: TableMut<'_, f64>) -> () {
        let keys = &mut SortedKeys::new(windows.widest(values.rows()));
        roll(values, windows, keys, &Quantiles(&[1.0]), &mut [Results::Floats(greatest)]);
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
