//! Decimal Morton ids of the cells that hold points given in degrees.

use crate::healpix::bits::{spread, unpack};
use crate::healpix::decimal::{MAX_ORDER, Scale, compose_nested};
use crate::healpix::digits::write;
use crate::healpix::encode::encode;
use crate::rows::{BLOCK, block, update};
use crate::simd::at_every_level;

/// Returns the nested id of a packed word, or -1.
#[inline(always)]
fn nested(word: i64, order: i64) -> i64 {
    let (face, x, y) = unpack(word);
    // healpy's "face 12", which the exact sequence finds within an ulp of the top corner of face 8, has no decimal id.
    let face = if face > 11 { 8 } else { face };
    let nested = face << (2 * (order & 31)) | spread(x) | spread(y) << 1;
    if word < 0 { word } else { nested as i64 }
}

#[inline(always)]
fn id(nested: i64, scale: Scale) -> i64 {
    if nested < 0 { 0 } else { compose_nested(nested, scale) }
}

at_every_level! {
    /// Fills `morton` with the decimal Morton ids of the cells that hold points; 0 where a row is invalid.
    pub fn lonlat_to_morton<lanes>(lon: &[f64], lat: &[f64], order: &[i64], morton: &mut [i64]) -> Option<usize> {
        let mut first = None;
        let mut cells = [0; BLOCK];
        for (start, out) in (0..).step_by(BLOCK).zip(morton.chunks_mut(BLOCK)) {
            let orders = block(order, start);
            let cells = cells.get_mut(..out.len()).unwrap_or_default();
            let bad = encode::<MAX_ORDER>(lanes, block(lon, start), block(lat, start), orders, cells);
            first = first.or(bad.map(|row| start + row));
            update(cells, orders, nested);
            if let [one] = *orders {
                write(lanes, cells, one as u64 & 31, out);
            } else {
                out.copy_from_slice(cells);
                update(out, orders, id);
            }
        }
        first
    }
}
