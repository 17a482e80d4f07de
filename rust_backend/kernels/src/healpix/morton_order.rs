//! Orders of decimal Morton ids.

use crate::healpix::decimal;
use crate::rows::fill;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `order` with the orders of decimal Morton ids; -1 where a row is invalid.
    pub fn morton_order(morton: &[i64], order: &mut [i64]) -> Option<usize> {
        fill(morton, order, -1, |morton| {
            let cell = decimal::split(morton);
            (cell.order as i64, cell.valid)
        })
    }
}
