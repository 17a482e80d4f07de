//! Whether decimal Morton ids are ancestors of, or equal to, others.

use crate::healpix::decimal::{Cell, fill_cells};
use crate::rows::{Derive, Each, One};
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, ancestor: Cell) -> (bool, bool) {
    let down = cell.order.wrapping_sub(ancestor.order);
    let same = (ancestor.face == cell.face) & (ancestor.levels == cell.levels >> (2 * (down & 31)));
    ((ancestor.order <= cell.order) & same, ancestor.valid)
}

at_every_level! {
    /// Fills `contains` with whether each ancestor has its descendant; false where a row is invalid.
    pub fn morton_contains(ancestor: &[i64], descendant: &[i64], contains: &mut [bool]) -> Option<usize> {
        match *ancestor {
            [one] => fill_cells(descendant, One(Cell::derive(one)), contains, false, row),
            _ => fill_cells(descendant, Each::new(ancestor), contains, false, row),
        }
    }
}
