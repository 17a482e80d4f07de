//! The distance of a value to the median of its window, in robust standard deviations.

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Statistic, fill, rule};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

/// Fills `zscore`; the numbers are the scale, the least deviation, the limit, and whether a deviation of 0 gives NaN.
pub fn rolling_robust_zscore(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    numbers: &[f64],
    zscore: TableMut<'_, f64>,
) -> Option<usize> {
    let windows = Windows { window, min_periods, propagate };
    fill(level, values, windows, Statistic::RobustZscore(rule(numbers)), &mut [Results::Floats(zscore)]);
    None
}
