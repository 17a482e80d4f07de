//! Nested ids of the cells that hold points given in degrees, as healpy computes them.

use crate::healpix::bits::{MAX_ORDER, spread, unpack};
use crate::healpix::encode::encode;
use crate::rows::{BLOCK, block, update};
use crate::simd::at_every_level;

#[inline(always)]
fn row(word: i64, order: i64) -> i64 {
    let (face, x, y) = unpack(word);
    let nested = face << (2 * (order & 31)) | spread(x) | spread(y) << 1;
    if word < 0 { word } else { nested as i64 }
}

at_every_level! {
    /// Fills `nested` with the nested ids of the cells that hold points; -1 where a row is invalid.
    pub fn lonlat_to_nested<lanes>(lon: &[f64], lat: &[f64], order: &[i64], nested: &mut [i64]) -> Option<usize> {
        let mut first = None;
        for (start, out) in (0..).step_by(BLOCK).zip(nested.chunks_mut(BLOCK)) {
            let orders = block(order, start);
            let bad = encode::<MAX_ORDER>(lanes, block(lon, start), block(lat, start), orders, out);
            first = first.or(bad.map(|row| start + row));
            update(out, orders, row);
        }
        first
    }
}
