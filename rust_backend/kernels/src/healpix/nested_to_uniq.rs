//! UNIQ ids of nested ids.

use crate::healpix::bits::{MAX_ORDER, Order, is_nested};
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

#[inline(always)]
fn row(nested: i64, order: Order<MAX_ORDER>) -> (i64, bool) {
    (nested.wrapping_add(4 << (2 * order.order)), order.valid & is_nested(nested, order.order))
}

at_every_level! {
    /// Fills `uniq` with the UNIQ ids of nested ids; -1 where a row is invalid.
    pub fn nested_to_uniq(nested: &[i64], order: &[i64], uniq: &mut [i64]) -> Option<usize> {
        fill_uniform(nested, order, uniq, -1, row)
    }
}
