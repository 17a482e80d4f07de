//! Whether decimal Morton ids are ancestors of, or equal to, others.

use crate::healpix::decimal::{self, Cell};
use crate::rows::fill;
use crate::simd::at_every_level;

#[inline(always)]
fn contains(ancestor: Cell, descendant: Cell) -> (bool, bool) {
    let down = descendant.order.wrapping_sub(ancestor.order);
    let same = (ancestor.face == descendant.face) & (ancestor.levels == descendant.levels >> (2 * (down & 31)));
    ((down <= 18) & same, ancestor.valid & descendant.valid)
}

at_every_level! {
    /// Fills `contains` with whether each ancestor has its descendant; false where a row is invalid.
    pub fn morton_contains(ancestor: &[i64], descendant: &[i64], contains: &mut [bool]) -> Option<usize> {
        match *ancestor {
            [one] => {
                let one = decimal::split(one);
                fill(descendant, contains, false, |own| self::contains(one, decimal::split(own)))
            }
            _ => fill((ancestor, descendant), contains, false, |(one, own)| {
                self::contains(decimal::split(one), decimal::split(own))
            }),
        }
    }
}
