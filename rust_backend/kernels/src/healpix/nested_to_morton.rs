//! Decimal Morton ids of nested ids.

use crate::healpix::bits::is_nested;
use crate::healpix::decimal::{Scale, compose_nested};
use crate::healpix::digits::write;
use crate::rows::{Derive, Each, fill};
use crate::simd::at_every_level;

#[inline(always)]
fn row(nested: i64, scale: Scale) -> (i64, bool) {
    (compose_nested(nested, scale), scale.valid & is_nested(nested, scale.order))
}

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of nested ids; 0 where a row is invalid.
    pub fn nested_to_morton<lanes>(nested: &[i64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        let [one] = *order else { return fill(nested, Each::new(order), morton, 0, row) };
        let scale = Scale::derive(one);
        if !scale.valid {
            morton.fill(0);
            return (!morton.is_empty()).then_some(0);
        }
        let good = write(lanes, nested, scale.order, morton);
        if good { None } else { morton.iter().position(|id| *id == 0) }
    }
}
