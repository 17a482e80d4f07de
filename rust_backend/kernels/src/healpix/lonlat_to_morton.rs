//! Decimal Morton ids of the cells that hold points given in degrees.

use crate::healpix::bits::unpack;
use crate::healpix::decimal::{MAX_ORDER, Scale, compose, pixel_digits};
use crate::healpix::encode::encode;
use crate::rows::{BLOCK, block, update};
use crate::simd::at_every_level;

#[inline(always)]
fn row(word: i64, scale: Scale) -> i64 {
    let (face, x, y) = unpack(word);
    // healpy's "face 12", which the exact sequence finds within an ulp of the top corner of face 8, has no decimal id.
    let face = if face > 11 { 8 } else { face };
    let morton = compose(face, pixel_digits(x, y), scale);
    if word < 0 { 0 } else { morton }
}

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of the cells that hold points; 0 where a row is invalid.
    pub fn lonlat_to_morton(lon: &[f64], lat: &[f64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        let mut first = None;
        for (start, out) in (0..).step_by(BLOCK).zip(morton.chunks_mut(BLOCK)) {
            let orders = block(order, start);
            let bad = encode::<MAX_ORDER>(block(lon, start), block(lat, start), orders, out);
            first = first.or(bad.map(|row| start + row));
            update(out, orders, row);
        }
        first
    }
}
