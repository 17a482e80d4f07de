//! Nested ids, each at its own order, of decimal Morton ids.

use crate::healpix::decimal;
use crate::rows::fill;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `nested` with the nested ids of decimal Morton ids; -1 where a row is invalid.
    pub fn morton_to_nested(morton: &[i64], nested: &mut [i64]) -> Option<usize> {
        fill(morton, nested, -1, |morton| {
            let cell = decimal::split(morton);
            ((cell.face << (2 * cell.order) | cell.levels) as i64, cell.valid)
        })
    }
}
