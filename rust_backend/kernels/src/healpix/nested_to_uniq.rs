//! UNIQ ids of nested ids.

use crate::healpix::bits;
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `uniq` with the UNIQ ids of nested ids; -1 where a row is invalid.
    pub fn nested_to_uniq(nested: &[i64], order: &[i64], uniq: &mut [i64]) -> Option<usize> {
        fill_uniform(nested, order, uniq, -1, |nested, order| {
            let valid = bits::is_nested(nested, order, bits::MAX_ORDER);
            (nested.wrapping_add(4 << (2 * (order & 31))), valid)
        })
    }
}
