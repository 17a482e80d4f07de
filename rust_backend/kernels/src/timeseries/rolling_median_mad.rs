//! The median of trailing windows, and the median of the distances to it.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{MedianMad, fill, rule};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_median_mad_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, scale: &[f64], median: TableMut<'_, f64>, mad: TableMut<'_, f64>) -> () {
        let ([scale], wanted) = (rule(scale), mad.columns() > 0);
        let statistic = MedianMad { scale, mad: wanted };
        fill(lanes, values, windows, &statistic, &mut [Results::Floats(median), Results::Floats(mad)]);
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
