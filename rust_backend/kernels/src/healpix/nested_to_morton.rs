//! Decimal Morton ids of nested ids.

use crate::healpix::{bits, decimal};
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of nested ids; 0 where a row is invalid.
    pub fn nested_to_morton(nested: &[i64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        fill_uniform(nested, order, morton, 0, |nested, order| {
            let valid = bits::is_nested(nested, order, decimal::MAX_ORDER);
            let order = if valid { order as u64 } else { 0 };
            let nested = nested as u64;
            (decimal::compose(nested >> (2 * order), nested & ((1 << (2 * order)) - 1), order), valid)
        })
    }
}
