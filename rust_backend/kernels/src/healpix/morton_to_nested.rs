//! Nested ids, each at its own order, of decimal Morton ids.

use crate::healpix::decimal::{CHUNK, Cell, fill_cells, is_finest};
use crate::healpix::digits::read;
use crate::rows::One;
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, (): ()) -> (i64, bool) {
    (cell.nested(), true)
}

at_every_level! {
    /// Fills `nested` with the nested ids of decimal Morton ids; -1 where a row is invalid.
    pub fn morton_to_nested<lanes>(morton: &[i64], nested: &mut [i64]) -> Option<usize> {
        let mut first = None;
        for (start, (ids, nested)) in (0..).step_by(CHUNK).zip(morton.chunks(CHUNK).zip(nested.chunks_mut(CHUNK))) {
            if !(is_finest(ids) && read(lanes, ids, nested)) {
                let bad = fill_cells(lanes, ids, One(()), nested, -1, row);
                first = first.or(bad.map(|index| start + index));
            }
        }
        first
    }
}
