//! Whether integers are decimal Morton ids.

use crate::healpix::decimal;
use crate::rows::fill;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `valid` with whether integers are decimal Morton ids; no row is invalid.
    pub fn is_morton(morton: &[i64], valid: &mut [bool]) -> Option<usize> {
        fill(morton, valid, false, |morton| (decimal::split(morton).valid, true))
    }
}
