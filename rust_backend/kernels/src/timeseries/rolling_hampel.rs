//! Values far from the median of their window, and the series with the median in their place.

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Statistic, fill, rule};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

/// Fills `filtered` and `outlier`; the numbers are the scale, the least deviation, and how many of them are far.
pub fn rolling_hampel(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    numbers: &[f64],
    filtered: TableMut<'_, f64>,
    outlier: TableMut<'_, bool>,
) -> Option<usize> {
    let windows = Windows { window, min_periods, propagate };
    fill(
        level,
        values,
        windows,
        Statistic::Hampel(rule(numbers)),
        &mut [Results::Floats(filtered), Results::Flags(outlier)],
    );
    None
}
