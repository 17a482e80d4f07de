//! Nested ids, each at its own order, of decimal Morton ids.

use crate::healpix::decimal::{Cell, fill_cells};
use crate::rows::One;
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, (): ()) -> (i64, bool) {
    ((cell.face << (2 * cell.order) | cell.levels) as i64, true)
}

at_every_level! {
    /// Fills `nested` with the nested ids of decimal Morton ids; -1 where a row is invalid.
    pub fn morton_to_nested(morton: &[i64], nested: &mut [i64]) -> Option<usize> {
        fill_cells(morton, One(()), nested, -1, row)
    }
}
