//! Decimal Morton ids of nested ids.

use crate::healpix::bits::is_nested;
use crate::healpix::decimal::{Scale, compose, digits};
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

#[inline(always)]
fn row(nested: i64, scale: Scale) -> (i64, bool) {
    let cell = nested as u64;
    let levels = cell & ((1 << (2 * scale.order)) - 1);
    let morton = compose(cell >> (2 * scale.order), digits(levels), scale);
    (morton, scale.valid & is_nested(nested, scale.order))
}

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of nested ids; 0 where a row is invalid.
    pub fn nested_to_morton(nested: &[i64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        fill_uniform(nested, order, morton, 0, row)
    }
}
