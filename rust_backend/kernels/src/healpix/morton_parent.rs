//! Ancestors of decimal Morton ids at given orders.

use crate::healpix::decimal::{CHUNK, Cell, Scale, compose_nested, fill_cells};
use crate::healpix::digits::write;
use crate::rows::{Derive, Each, One};
use crate::simd::at_every_level;

#[inline(always)]
fn ancestor(_: i64, cell: Cell, scale: Scale) -> (i64, bool) {
    (cell.ancestor(scale.order), scale.valid & (scale.order <= cell.order))
}

#[inline(always)]
fn row(id: i64, cell: Cell, scale: Scale) -> (i64, bool) {
    // Composed anew: that takes less time than a division by a power that differs from row to row.
    let (nested, valid) = ancestor(id, cell, scale);
    (compose_nested(nested, scale), valid)
}

at_every_level! {
    /// Fills `parent` with the ancestors of decimal Morton ids at given orders; 0 where a row is invalid.
    pub fn morton_parent<lanes>(morton: &[i64], order: &[i64], parent: &mut [i64]) -> Option<usize> {
        let [one] = *order else { return fill_cells(lanes, morton, Each::new(order), parent, 0, row) };
        let scale = Scale::derive(one);
        let mut first = None;
        let mut ancestors = [0; CHUNK];
        for (start, (ids, parent)) in (0..).step_by(CHUNK).zip(morton.chunks(CHUNK).zip(parent.chunks_mut(CHUNK))) {
            let bad = fill_cells(lanes, ids, One(scale), &mut ancestors[..], -1, ancestor);
            first = first.or(bad.map(|index| start + index));
            write(lanes, ancestors.get(..ids.len()).unwrap_or(&[]), scale.order, parent);
        }
        first
    }
}
