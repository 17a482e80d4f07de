//! The nodes of two series: sums of squares and of products about the means.

use crate::timeseries::pairwise::{Joint, Share, Shares};

pub(crate) const X_SUM: usize = 0;
pub(crate) const Y_SUM: usize = 1;
pub(crate) const PRODUCT: usize = 2;
pub(crate) const X_SQUARE: usize = 3;
pub(crate) const Y_SQUARE: usize = 4;

/// Joins sums of differences from the anchors, of products and of squares about the means; as in moments.
///
/// The squares of the second series are left out unless `BOTH`.
#[inline(always)]
pub(crate) fn join_products<const BOTH: bool>(joint: Joint<'_, 2, 5>, shares: impl Shares) {
    let Joint { older, newer, target, x, y, part, length, .. } = joint;
    let older = older.map(|sums| &sums[..length]);
    let newer = newer.map(|sums| &sums[..length]);
    let target = target.map(|sums| &mut sums[..length]);
    let [x_low, y_low] = x.map(|anchors| &anchors[..length]);
    let [x_high, y_high] = y.map(|anchors| &anchors[..length]);
    for i in 0..length {
        let Share { a, b, weight, newer: n } = shares.at(i);
        let x_moved = newer[X_SUM][i] + n * (x_high[i] - x_low[i]);
        let y_moved = newer[Y_SUM][i] + n * (y_high[i] - y_low[i]);
        let x_apart = a * x_moved - b * older[X_SUM][i];
        let y_apart = a * y_moved - b * older[Y_SUM][i];
        let weight = weight * part;
        target[X_SUM][i] = older[X_SUM][i] + x_moved;
        target[Y_SUM][i] = older[Y_SUM][i] + y_moved;
        target[PRODUCT][i] = (older[PRODUCT][i] + newer[PRODUCT][i]) + x_apart * y_apart * weight;
        target[X_SQUARE][i] = (older[X_SQUARE][i] + newer[X_SQUARE][i]) + x_apart * x_apart * weight;
        if BOTH {
            target[Y_SQUARE][i] = (older[Y_SQUARE][i] + newer[Y_SQUARE][i]) + y_apart * y_apart * weight;
        }
    }
}
