//! Whether integers are decimal Morton ids.

use crate::healpix::decimal::{Cell, fill_cells};
use crate::rows::One;
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, _: Cell, (): ()) -> (bool, bool) {
    (true, true)
}

at_every_level! {
    /// Fills `valid` with whether integers are decimal Morton ids; no row is invalid.
    pub fn is_morton<lanes>(morton: &[i64], valid: &mut [bool]) -> Option<usize> {
        fill_cells(lanes, morton, One(()), valid, false, row);
        None
    }
}
