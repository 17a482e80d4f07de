//! The nodes of two series: their means, and sums of squares and of products about them.

use crate::timeseries::eight::{Eight, Number};
use crate::timeseries::two_stacks::{Share, Step};

pub(crate) const X_MEAN: usize = 0;
pub(crate) const Y_MEAN: usize = 1;
pub(crate) const PRODUCT: usize = 2;
pub(crate) const X_SQUARE: usize = 3;
pub(crate) const Y_SQUARE: usize = 4;

/// Takes a pair of values into a node; the squares of the second series are left out unless `BOTH`.
#[inline(always)]
pub(crate) fn push<C: Number, const BOTH: bool>(sums: &mut [Eight; 5], [x, y]: [Eight; 2], step: Step<C>) {
    let (x_apart, y_apart) = (x - sums[X_MEAN], y - sums[Y_MEAN]);
    let (x_moved, y_moved) = (x_apart * step.part.eight(), y_apart * step.part.eight());
    sums[X_MEAN] = sums[X_MEAN] + x_moved;
    sums[Y_MEAN] = sums[Y_MEAN] + y_moved;
    sums[PRODUCT] = sums[PRODUCT] + x_apart * y_moved * step.before.eight();
    sums[X_SQUARE] = sums[X_SQUARE] + x_apart * x_moved * step.before.eight();
    if BOTH {
        sums[Y_SQUARE] = sums[Y_SQUARE] + y_apart * y_moved * step.before.eight();
    }
}

/// Joins nodes, without their means.
#[inline(always)]
pub(crate) fn join<C: Number, const BOTH: bool>(
    older: &[Eight; 5],
    newer: &[Eight; 5],
    gap: [Eight; 2],
    share: Share<C>,
) -> [Eight; 5] {
    let x_apart = (newer[X_MEAN] - older[X_MEAN]) + gap[0];
    let y_apart = (newer[Y_MEAN] - older[Y_MEAN]) + gap[1];
    let both = share.both.eight();
    let mut joined = *older;
    joined[PRODUCT] = (older[PRODUCT] + newer[PRODUCT]) + x_apart * y_apart * both;
    joined[X_SQUARE] = (older[X_SQUARE] + newer[X_SQUARE]) + x_apart * x_apart * both;
    if BOTH {
        joined[Y_SQUARE] = (older[Y_SQUARE] + newer[Y_SQUARE]) + y_apart * y_apart * both;
    }
    joined
}
