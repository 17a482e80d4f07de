//! Covariance and correlation of pairs of columns in trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::comoments::{PRODUCT, X_SQUARE, Y_SQUARE, join_products};
use crate::timeseries::pairwise::{Joint, Moments, Shares, roll_trees};
use crate::timeseries::windows::Windows;

struct Pairs<'a> {
    values: Table<'a, f64>,
    pairs: &'a [[i64; 2]],
}

/// A correlation from sums about the means: NaN where a series is constant, and never beyond 1.
#[inline(always)]
pub(crate) fn correlation(product: f64, x_square: f64, y_square: f64) -> f64 {
    let found = product / (x_square * y_square).sqrt();
    let found = found.clamp(-1.0, 1.0);
    if x_square * y_square > 0.0 { found } else { f64::NAN }
}

impl Moments<2, 5, 2> for Pairs<'_> {
    const TOTAL: Option<usize> = None;

    #[inline(always)]
    fn load(&self, column: usize, start: usize, into: [&mut [f64]; 2]) {
        let pair = self.pairs.get(column).copied().unwrap_or_default();
        for (column, into) in pair.into_iter().zip(into) {
            self.values.load(usize::try_from(column).unwrap_or(usize::MAX), start, into);
        }
    }

    #[inline(always)]
    fn join(&self, joint: Joint<'_, 2, 5>, shares: impl Shares) {
        join_products::<true>(joint, shares);
    }

    #[inline(always)]
    fn emit(&self, counts: &[f64], sums: [&[f64]; 5], [x, y]: [[f64; 2]; 2], [cov, corr]: [&mut [f64]; 2]) {
        let squares = sums[X_SQUARE].iter().zip(sums[Y_SQUARE]);
        for (((product, n), (x_square, y_square)), (cov, corr)) in
            sums[PRODUCT].iter().zip(counts).zip(squares).zip(cov.iter_mut().zip(corr))
        {
            *cov = product / (n - 1.0) * x[0] * y[0] * x[1] * y[1];
            *corr = correlation(*product, *x_square, *y_square);
        }
    }
}

at_every_level! {
    fn rolling_cov_at(
        values: Table<'_, f64>, windows: Windows<'_>, pairs: &[[i64; 2]], cov: TableMut<'_, f64>,
        corr: TableMut<'_, f64>,
    ) -> () {
        let shape = [values.rows(), cov.rows(), pairs.len()];
        roll_trees(&Pairs { values, pairs }, windows, shape, [cov, corr]);
    }
}

/// Fills `cov` and `corr`, each if it has columns.
pub fn rolling_cov(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    pairs: &[[i64; 2]],
    cov: TableMut<'_, f64>,
    corr: TableMut<'_, f64>,
) -> Option<usize> {
    rolling_cov_at(level, values, Windows { window, min_periods, propagate }, pairs, cov, corr);
    None
}
