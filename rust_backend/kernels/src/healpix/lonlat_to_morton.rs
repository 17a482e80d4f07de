//! Decimal Morton ids of the cells that hold points given in degrees.

use crate::healpix::bits::unpack;
use crate::healpix::decimal;
use crate::healpix::encode::encode;
use crate::rows::{BLOCK, block, update};
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of the cells that hold points; 0 where a row is invalid.
    pub fn lonlat_to_morton(lon: &[f64], lat: &[f64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        let mut first = None;
        for (start, out) in (0..).step_by(BLOCK).zip(morton.chunks_mut(BLOCK)) {
            let orders = block(order, start);
            let bad = encode(block(lon, start), block(lat, start), orders, decimal::MAX_ORDER, out);
            first = first.or(bad.map(|row| start + row));
            update(out, orders, |word, order| {
                let (face, x, y) = unpack(word);
                let morton = decimal::signed(face, decimal::pixel_digits(x, y), order as u64);
                if word < 0 { 0 } else { morton }
            });
        }
        first
    }
}
