//! Ancestors of decimal Morton ids at given orders.

use crate::healpix::decimal::{Cell, Scale, compose, digits, fill_cells};
use crate::rows::{Derive, Each, One};
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, scale: Scale) -> (i64, bool) {
    // Composed anew: that takes less time than a division by a power that differs from row to row.
    let levels = cell.levels >> (2 * (cell.order.wrapping_sub(scale.order) & 31));
    (compose(cell.face, digits(levels), scale), scale.valid & (scale.order <= cell.order))
}

at_every_level! {
    /// Fills `parent` with the ancestors of decimal Morton ids at given orders; 0 where a row is invalid.
    pub fn morton_parent(morton: &[i64], order: &[i64], parent: &mut [i64]) -> Option<usize> {
        match *order {
            [one] => fill_cells(morton, One(Scale::derive(one)), parent, 0, row),
            _ => fill_cells(morton, Each::new(order), parent, 0, row),
        }
    }
}
