//! Orders of decimal Morton ids.

use crate::healpix::decimal::{Cell, fill_cells};
use crate::rows::One;
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, (): ()) -> (i64, bool) {
    (cell.order as i64, true)
}

at_every_level! {
    /// Fills `order` with the orders of decimal Morton ids; -1 where a row is invalid.
    pub fn morton_order<lanes>(morton: &[i64], order: &mut [i64]) -> Option<usize> {
        fill_cells(lanes, morton, One(()), order, -1, row)
    }
}
