//! Nested ids and orders of UNIQ ids.

use crate::rows::{One, fill};
use crate::simd::at_every_level;

#[inline(always)]
fn row(uniq: i64, (): ()) -> ((i64, i64), bool) {
    let valid = (4..16 << 58).contains(&uniq);
    // UNIQ ids of order o lie in [4 * 4^o, 16 * 4^o), so that half the position of the highest bit is o + 1.
    let order = (61 - i64::from((uniq | 4).leading_zeros())) >> 1;
    let offset = 4_i64.wrapping_shl(2 * order as u32);
    ((uniq.wrapping_sub(offset), order), valid)
}

at_every_level! {
    /// Fills `nested` and `order` with those of UNIQ ids; -1 where a row is invalid.
    pub fn uniq_to_nested(uniq: &[i64], nested: &mut [i64], order: &mut [i64]) -> Option<usize> {
        fill(uniq, One(()), (nested, order), (-1, -1), row)
    }
}
