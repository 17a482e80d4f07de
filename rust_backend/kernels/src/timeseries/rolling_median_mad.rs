//! The median of trailing windows, and the median of the distances to it.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{MedianMad, rule};
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{Results, Windows, roll};

at_every_level! {
    fn rolling_median_mad_at(values: Table<'_, f64>, windows: Windows<'_>, scale: &[f64], median: TableMut<'_, f64>, mad: TableMut<'_, f64>) -> () {
        let ([scale], wanted) = (rule(scale), mad.columns() > 0);
        let statistic = MedianMad { scale, mad: wanted };
        let keys = &mut SortedKeys::new(windows.widest(values.rows()));
        roll(values, windows, keys, &statistic, &mut [Results::Floats(median), Results::Floats(mad)]);
    }
}

/// Fills `median` and `mad` where they are wanted; the latter is multiplied by `scale`.
pub fn rolling_median_mad(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    scale: &[f64],
    median: TableMut<'_, f64>,
    mad: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_median_mad_at(level, values, Windows { window, min_periods, propagate }, scale, median, mad);
    None
}
