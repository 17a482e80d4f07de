//! The slope of the least-squares line through trailing windows.

use crate::simd::lanes::Lanes;
use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::comoments::{PRODUCT, X_SQUARE, join, push};
use crate::timeseries::eight::{Eight, LANES, Number, Strands};
use crate::timeseries::two_stacks::{Moments, Share, Step, roll};
use crate::timeseries::windows::Windows;

struct Lines<'a> {
    values: Table<'a, f64>,
    /// What the clock says, or no column where rows are counted instead.
    times: Table<'a, f64>,
    rate: f64,
}

impl Moments<2, 5, 1> for Lines<'_> {
    #[inline(always)]
    fn load(&self, strands: &Strands, start: isize, [times, into]: [&mut [Eight]; 2]) {
        if self.times.columns() > 0 {
            strands.load(self.times, [0; LANES], start, times);
        } else {
            for (row, times) in (start..).zip(times) {
                *times = Eight::all(row as f64);
            }
        }
        strands.load(self.values, strands.columns, start, into);
    }

    #[inline(always)]
    fn push<C: Number>(&self, sums: &mut [Eight; 5], values: [Eight; 2], step: Step<C>) {
        push::<C, false>(sums, values, step);
    }

    #[inline(always)]
    fn join<C: Number>(&self, older: &[Eight; 5], newer: &[Eight; 5], gap: [Eight; 2], share: Share<C>) -> [Eight; 5] {
        join::<C, false>(older, newer, gap, share)
    }

    #[inline(always)]
    fn results<C: Number>(&self, _: impl Lanes, _: C, sums: &[Eight; 5], [x, y]: [[f64; 2]; 2]) -> [Eight; 1] {
        let slope = sums[PRODUCT] / sums[X_SQUARE];
        let slope = slope.map(|slope| slope * self.rate / x[0] / x[1] * y[0] * y[1]);
        [sums[X_SQUARE].zip(slope, |square, slope| if square > 0.0 { slope } else { f64::NAN })]
    }
}

at_every_level! {
    fn rolling_slope_at<lanes>(
        values: Table<'_, f64>, windows: Windows<'_>, times: Table<'_, f64>, rate: f64, slope: TableMut<'_, f64>,
    ) -> () {
        let shape = [values.rows(), slope.rows(), values.columns()];
        roll(lanes, &Lines { values, times, rate }, windows, shape, [slope]);
    }
}

/// Fills `slope`, in units of the values for each `1 / rate` of `times`, or for each row if these have no column.
pub fn rolling_slope(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    times: Table<'_, f64>,
    rate: &[f64],
    slope: TableMut<'_, f64>,
) -> Option<usize> {
    let rate = rate.first().copied().unwrap_or(1.0);
    rolling_slope_at(level, values, Windows { window, min_periods, propagate }, times, rate, slope);
    None
}
