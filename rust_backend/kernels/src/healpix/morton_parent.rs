//! Ancestors of decimal Morton ids at given orders.

use crate::healpix::decimal;
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `parent` with the ancestors of decimal Morton ids at given orders; 0 where a row is invalid.
    pub fn morton_parent(morton: &[i64], order: &[i64], parent: &mut [i64]) -> Option<usize> {
        fill_uniform(morton, order, parent, 0, |morton, order| {
            let cell = decimal::split(morton);
            let valid = cell.valid & (order as u64 <= cell.order);
            let order = if valid { order as u64 } else { 0 };
            // Composed anew: three loads take less time than a division by a power that differs from row to row.
            (decimal::compose(cell.face, cell.levels >> (2 * (cell.order - order)), order), valid)
        })
    }
}
