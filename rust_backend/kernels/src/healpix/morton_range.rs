//! Smallest and largest id at an order among the descendants of decimal Morton ids.

use crate::healpix::decimal::{Cell, MAX_ORDER, ONES, POWERS, fill_cells};
use crate::rows::{Each, One};
use crate::simd::at_every_level;

#[inline(always)]
fn row(id: i64, cell: Cell, order: i64) -> ((i64, i64), bool) {
    let valid = (order <= MAX_ORDER) & (order >= cell.order as i64);
    let down = order.wrapping_sub(cell.order as i64) as usize & 31;
    let nearest = id.unsigned_abs().wrapping_mul(POWERS[down]).wrapping_add(ONES[down]) as i64;
    let farthest = nearest.wrapping_add(ONES[down].wrapping_mul(3) as i64);
    let range = if id < 0 { (farthest.wrapping_neg(), nearest.wrapping_neg()) } else { (nearest, farthest) };
    (range, valid)
}

at_every_level! {
    /// Fills `first` and `last` with the range of the descendants at given orders; 0 where a row is invalid.
    pub fn morton_range<lanes>(morton: &[i64], order: &[i64], first: &mut [i64], last: &mut [i64]) -> Option<usize> {
        match *order {
            [one] => fill_cells(lanes, morton, One(one), (first, last), (0, 0), row),
            _ => fill_cells(lanes, morton, Each::new(order), (first, last), (0, 0), row),
        }
    }
}
