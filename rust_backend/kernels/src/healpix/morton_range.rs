//! Smallest and largest id at an order among the descendants of decimal Morton ids.

use crate::healpix::decimal::{self, ONES, POWERS};
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `first` and `last` with the range of the descendants at given orders; 0 where a row is invalid.
    pub fn morton_range(morton: &[i64], order: &[i64], first: &mut [i64], last: &mut [i64]) -> Option<usize> {
        fill_uniform(morton, order, (first, last), (0, 0), |morton, order| {
            let cell = decimal::split(morton);
            let valid = cell.valid & (order <= decimal::MAX_ORDER) & (order >= cell.order as i64);
            let down = if valid { order as usize - cell.order as usize } else { 0 };
            let ones = ONES[down & 31];
            let nearest = morton.unsigned_abs().wrapping_mul(POWERS[down & 31]).wrapping_add(ones) as i64;
            let farthest = nearest.wrapping_add(3 * ones as i64);
            let south = morton < 0;
            let (first, last) = (if south { farthest } else { nearest }, if south { nearest } else { farthest });
            let sign = if south { -1 } else { 1 };
            ((first.wrapping_mul(sign), last.wrapping_mul(sign)), valid)
        })
    }
}
