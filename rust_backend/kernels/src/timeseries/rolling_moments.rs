//! Sum, mean, variance, standard deviation, skewness and kurtosis of trailing windows.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::pairwise::{Joint, Moments, Share, Shares, roll_trees};
use crate::timeseries::windows::Windows;

/// The sums of a node: of values, of differences from the anchor, of powers of differences from the mean.
const TOTAL: usize = 0;
const SECOND: usize = 2;
const THIRD: usize = 3;
const FOURTH: usize = 4;

/// Sums up to those of the powers of an order: 1, 2 or 4.
struct Powers<'a> {
    values: Table<'a, f64>,
    order: u32,
    totals: bool,
}

/// Joins the sums of squares, and those of third and fourth powers if `HIGH`.
///
/// Of a and b values with the sums s and t of differences from one anchor, `(a * t - b * s)^2 / (a * b * (a + b))` is what
/// their second central sums lack to that of all together; for the others see Pebay, SAND2008-6212. Counts are given
/// as shares of the size, by which everything is exact where nodes are full.
#[inline(always)]
fn join_powers<const HIGH: bool>(joint: Joint<'_, 1, 5>, shares: impl Shares) {
    let Joint { older, newer, target, x: [x], y: [y], size, part, length } = joint;
    let [_, s, p, e, k] = older.map(|sums| &sums[..length]);
    let [_, t, q, f, m] = newer.map(|sums| &sums[..length]);
    let [_, r, v, g, n] = target.map(|sums| &mut sums[..length]);
    let (x, y) = (&x[..length], &y[..length]);
    for i in 0..length {
        let Share { a, b, weight, newer } = shares.at(i);
        let moved = t[i] + newer * (y[i] - x[i]);
        let apart = a * moved - b * s[i];
        r[i] = s[i] + moved;
        v[i] = (p[i] + q[i]) + apart * apart * (weight * part);
        if HIGH {
            let apart = apart * (weight * (a + b) * part);
            let (low, high) = (p[i], q[i]);
            let (share, other) = (a * a * b * weight, a * b * b * weight);
            let both = size * a * other;
            let inner = 3.0 * (share * high - other * low) + apart * apart * both * (share - other);
            g[i] = (e[i] + f[i]) + apart * inner;
            let inner = 6.0 * (share * share * high + other * other * low)
                + apart * apart * both * (share * share - share * other + other * other);
            n[i] = (k[i] + m[i]) + apart * (4.0 * (share * f[i] - other * e[i]) + apart * inner);
        }
    }
}

impl Moments<1, 5, 6> for Powers<'_> {
    const TOTAL: Option<usize> = Some(TOTAL);

    fn wanted(&self) -> [bool; 5] {
        [self.totals, self.order > 1, self.order > 1, self.order > 2, self.order > 2]
    }

    fn anchored(&self) -> bool {
        self.order > 1
    }

    fn by_rows(&self) -> bool {
        self.values.by_rows()
    }

    #[inline(always)]
    fn load(&self, column: usize, start: usize, [into]: [&mut [f64]; 1]) {
        self.values.load(column, start, into);
    }

    #[inline(always)]
    fn join(&self, joint: Joint<'_, 1, 5>, shares: impl Shares) {
        if self.totals {
            let (older, newer) = (joint.older[TOTAL], joint.newer[TOTAL]);
            for ((target, old), new) in joint.target[TOTAL].iter_mut().zip(older).zip(newer) {
                *target = old + new;
            }
        }
        match self.order {
            0 | 1 => {}
            2 => join_powers::<false>(joint, shares),
            _ => join_powers::<true>(joint, shares),
        }
    }

    #[inline(always)]
    fn emit(
        &self,
        counts: &[f64],
        sums: [&[f64]; 5],
        [[up, further]]: [[f64; 2]; 1],
        [total, mean, var, std, skew, kurt]: [&mut [f64]; 6],
    ) {
        if self.totals {
            for (((sum, n), total), mean) in sums[TOTAL].iter().zip(counts).zip(total).zip(mean) {
                *total = (sum + 0.0) * up * further;
                *mean = (sum + 0.0) / n * up * further;
            }
        }
        if self.order > 1 {
            for (((square, n), var), std) in sums[SECOND].iter().zip(counts).zip(var).zip(std) {
                let variance = square / (n - 1.0);
                *var = variance * up * up * further * further;
                *std = variance.sqrt() * up * further;
            }
        }
        if self.order > 2 {
            let powers = sums[SECOND].iter().zip(sums[THIRD]).zip(sums[FOURTH]);
            for (((((square, cube), fourth), n), skew), kurt) in powers.zip(counts).zip(skew).zip(kurt) {
                let found = n * (n - 1.0).sqrt() / (n - 2.0) * (cube / (square * square.sqrt()));
                let found = if *square == 0.0 { 0.0 } else { found };
                *skew = if *n < 3.0 { f64::NAN } else { found };
                let found = (n - 1.0) / ((n - 2.0) * (n - 3.0))
                    * ((n + 1.0) * n * (fourth / (square * square)) - 3.0 * (n - 1.0));
                let found = if *square == 0.0 { -3.0 } else { found };
                *kurt = if *n < 4.0 { f64::NAN } else { found };
            }
        }
    }
}

at_every_level! {
    fn rolling_moments_at(
        values: Table<'_, f64>, windows: Windows<'_>, rows: usize, order: u32, totals: bool,
        outputs: [TableMut<'_, f64>; 6],
    ) -> () {
        roll_trees(&Powers { values, order, totals }, windows, [values.rows(), rows, values.columns()], outputs);
    }
}

/// Fills the outputs that have columns.
pub fn rolling_moments(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    total: TableMut<'_, f64>,
    mean: TableMut<'_, f64>,
    var: TableMut<'_, f64>,
    std: TableMut<'_, f64>,
    skew: TableMut<'_, f64>,
    kurt: TableMut<'_, f64>,
) -> Option<usize> {
    let order = match (var.columns() + std.columns(), skew.columns() + kurt.columns()) {
        (0, 0) => 1,
        (_, 0) => 2,
        _ => 4,
    };
    let (rows, totals) = (total.rows(), total.columns() + mean.columns() > 0);
    let windows = Windows { window, min_periods, propagate };
    rolling_moments_at(level, values, windows, rows, order, totals, [total, mean, var, std, skew, kurt]);
    None
}
