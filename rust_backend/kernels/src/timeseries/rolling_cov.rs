//! Covariance and correlation of pairs of columns in trailing windows.

use crate::simd::lanes::Lanes;
use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::comoments::{PRODUCT, X_SQUARE, Y_SQUARE, join, push};
use crate::timeseries::eight::{Eight, LANES, Number, Strands};
use crate::timeseries::two_stacks::{Moments, Share, Step, roll};
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
    #[inline(always)]
    fn load(&self, strands: &Strands, start: isize, into: [&mut [Eight]; 2]) {
        for (axis, into) in into.into_iter().enumerate() {
            let column = |lane: usize| self.pairs.get(strands.columns[lane]).map_or(-1, |pair| pair[axis]);
            let mut columns = [0; LANES];
            for (lane, place) in columns.iter_mut().enumerate() {
                *place = usize::try_from(column(lane)).unwrap_or(usize::MAX);
            }
            strands.load(self.values, columns, start, into);
        }
    }

    #[inline(always)]
    fn push<C: Number>(&self, sums: &mut [Eight; 5], values: [Eight; 2], step: Step<C>) {
        push::<C, true>(sums, values, step);
    }

    #[inline(always)]
    fn join<C: Number>(&self, older: &[Eight; 5], newer: &[Eight; 5], gap: [Eight; 2], share: Share<C>) -> [Eight; 5] {
        join::<C, true>(older, newer, gap, share)
    }

    #[inline(always)]
    fn results<C: Number>(&self, lanes: impl Lanes, n: C, sums: &[Eight; 5], [x, y]: [[f64; 2]; 2]) -> [Eight; 2] {
        let cov = sums[PRODUCT] * (n - C::of(1.0)).reciprocal(lanes).eight();
        let square = |lane: usize| [sums[X_SQUARE].0[lane], sums[Y_SQUARE].0[lane]];
        let corr = |lane: usize| correlation(sums[PRODUCT].0[lane], square(lane)[0], square(lane)[1]);
        [cov.map(|cov| cov * x[0] * y[0] * x[1] * y[1]), Eight::of_lanes(corr)]
    }
}

at_every_level! {
    fn rolling_cov_at<lanes>(
        values: Table<'_, f64>, windows: Windows<'_>, pairs: &[[i64; 2]], cov: TableMut<'_, f64>,
        corr: TableMut<'_, f64>,
    ) -> () {
        let shape = [values.rows(), cov.rows(), pairs.len()];
        roll(lanes, &Pairs { values, pairs }, windows, shape, [cov, corr]);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Covariance and correlation of the rows in which both values are finite.
    fn expected(x: &[f64], y: &[f64]) -> [f64; 2] {
        let both: Vec<_> = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let n = both.len() as f64;
        let mean = |of: fn(&(&f64, &f64)) -> f64| both.iter().map(of).sum::<f64>() / n;
        let (x_mean, y_mean) = (mean(|(x, _)| **x), mean(|(_, y)| **y));
        let sum = |of: fn(f64, f64) -> f64| both.iter().map(|(x, y)| of(**x - x_mean, **y - y_mean)).sum::<f64>();
        let product = sum(|x, y| x * y);
        [product / (n - 1.0), product / (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt()]
    }

    #[test]
    fn both_are_those_of_two_passes() {
        let value = |i: usize| if i % 17 == 3 { f64::NAN } else { (i as f64 * 1.3).sin() + (i * i % 7) as f64 };
        let values: Vec<f64> = (0..600).map(value).collect();
        let series: Vec<Vec<f64>> =
            (0..3).map(|column| values.iter().skip(column).step_by(3).copied().collect()).collect();
        let pairs = [[0, 1], [2, 1], [2, 2]];
        for (level, width) in Level::available().into_iter().flat_map(|level| [5, 16, 63].map(|width| (level, width))) {
            let (mut cov, mut corr) = (vec![7.0; 450], vec![7.0; 450]);
            let tables = (TableMut::of_rows(&mut cov, 3), TableMut::of_rows(&mut corr, 3));
            let table = Table::of_rows(&values, 3);
            assert_eq!(rolling_cov(level, table, &[width], &[3], &[0], &pairs, tables.0, tables.1), None);
            for at in 0..450 {
                let (row, [x, y]) = (50 + at / 3, pairs[at % 3].map(|column| &series[column as usize]));
                let here = (row + 1).saturating_sub(width as usize)..row + 1;
                for (found, wanted) in [cov[at], corr[at]].into_iter().zip(expected(&x[here.clone()], &y[here])) {
                    assert!((found - wanted).abs() <= 1e-11 * (1.0 + wanted.abs()), "{width} {at} {found} {wanted}");
                }
            }
        }
    }
}
