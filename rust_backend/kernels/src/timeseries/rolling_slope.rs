//! The slope of the least-squares line through trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::comoments::{PRODUCT, X_SQUARE, X_SUM, Y_SUM, join_products};
use crate::timeseries::pairwise::{Joint, Moments, Share, Shares, roll_trees};
use crate::timeseries::windows::Windows;

struct Lines<'a> {
    values: Table<'a, f64>,
    /// What the clock says, or no column where rows are counted instead.
    times: Table<'a, f64>,
    rate: f64,
}

/// What `join_products` does where times are numbers of rows, and nothing is missing: all sums of times are the same.
#[inline(always)]
fn join_rows(joint: Joint<'_, 2, 5>, Share { a, weight, newer: n, .. }: Share) {
    let Joint { older, newer, target, x, y, part, length, .. } = joint;
    if length == 0 {
        return;
    }
    let [older, newer] = [older, newer].map(|nodes| nodes.map(|sums| &sums[..length]));
    let [low, high] = [x, y].map(|[times, values]| (times[0], &values[..length]));
    let [times, values, products, squares, _] = target.map(|sums| &mut sums[..length]);
    let weight = weight * part;
    let moved = newer[X_SUM][0] + n * (high.0 - low.0);
    let apart = a * moved - older[X_SUM][0];
    times.fill(older[X_SUM][0] + moved);
    squares.fill((older[X_SQUARE][0] + newer[X_SQUARE][0]) + apart * apart * weight);
    for i in 0..length {
        let moved = newer[Y_SUM][i] + n * (high.1[i] - low.1[i]);
        let other = a * moved - older[Y_SUM][i];
        values[i] = older[Y_SUM][i] + moved;
        products[i] = (older[PRODUCT][i] + newer[PRODUCT][i]) + apart * other * weight;
    }
}

impl Moments<2, 5, 1> for Lines<'_> {
    const TOTAL: Option<usize> = None;

    fn wanted(&self) -> [bool; 5] {
        [true, true, true, true, false]
    }

    fn by_rows(&self) -> bool {
        self.values.by_rows()
    }

    #[inline(always)]
    fn load(&self, column: usize, start: usize, [times, into]: [&mut [f64]; 2]) {
        if self.times.columns() > 0 {
            self.times.load(0, start, times);
        } else {
            for (row, time) in (start..).zip(times) {
                *time = row as f64;
            }
        }
        self.values.load(column, start, into);
    }

    #[inline(always)]
    fn join(&self, joint: Joint<'_, 2, 5>, shares: impl Shares) {
        match shares.same() {
            Some(share) if self.times.columns() == 0 => join_rows(joint, share),
            _ => join_products::<false>(joint, shares),
        }
    }

    #[inline(always)]
    fn emit(&self, _: &[f64], sums: [&[f64]; 5], [x, y]: [[f64; 2]; 2], [slope]: [&mut [f64]; 1]) {
        for ((product, square), slope) in sums[PRODUCT].iter().zip(sums[X_SQUARE]).zip(slope) {
            let found = product / square * self.rate;
            let found = found / x[0] / x[1] * y[0] * y[1];
            *slope = if *square > 0.0 { found } else { f64::NAN };
        }
    }
}

at_every_level! {
    fn rolling_slope_at(
        values: Table<'_, f64>, windows: Windows<'_>, times: Table<'_, f64>, rate: f64, slope: TableMut<'_, f64>,
    ) -> () {
        let shape = [values.rows(), slope.rows(), values.columns()];
        roll_trees(&Lines { values, times, rate }, windows, shape, [slope]);
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
