//! Values far from the median of their window, and the series with the median in their place.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Hampel, fill, rule};
use crate::timeseries::results::Results;
use crate::timeseries::windows::Windows;

at_every_level! {
    fn rolling_hampel_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, numbers: &[f64], filtered: TableMut<'_, f64>, outlier: TableMut<'_, bool>) -> () {
        fill(lanes, values, windows, &Hampel(rule(numbers)), &mut [Results::Floats(filtered), Results::Flags(outlier)]);
    }
}

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
    rolling_hampel_at(level, values, Windows { window, min_periods, propagate }, numbers, filtered, outlier);
    None
}
