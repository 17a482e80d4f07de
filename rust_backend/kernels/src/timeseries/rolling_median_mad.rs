//! The median of trailing windows, and the median of the distances to it.

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Statistic, fill, rule};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

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
    let ([scale], wanted) = (rule(scale), mad.columns() > 0);
    let statistic = if wanted { Statistic::MedianMad { scale } } else { Statistic::Median };
    let windows = Windows { window, min_periods, propagate };
    fill(level, values, windows, statistic, &mut [Results::Floats(median), Results::Floats(mad)]);
    None
}
