//! Degrees to packed pixels: a branch-free fast path that vectorises, and healpy's own sequence near borders of cells.
//!
//! A fast pixel is trusted where its coordinates, as real numbers, are farther from the nearest integers than the error
//! of healpy's and of ours together; the Numba twin of this file derives the guard.

use crate::healpix::bits::{Order, pack};
use crate::healpix::exact::{exact_pixel, is_lonlat};
use crate::rows::Derive;
use crate::simd::lanes::Lanes;

const GUARD: f64 = 1.0 / (1_u64 << 43) as f64;
/// asin(2/3) in degrees; either formula serves within an ulp of it.
const BELT: f64 = 41.8103148957786;
const SQRT6: f64 = 2.449489742783178;

/// sin(r degrees) / r in powers of r * r, minimax in relative error for |r| <= 41.82: 1.86e-15.
const SIN: [f64; 6] = [
    0.017453292519943264,
    -8.860961556999803e-07,
    1.3496016222923806e-11,
    -9.78838275132953e-17,
    4.1410358322213867e-22,
    -1.1350839744249615e-27,
];

/// Returns the sine of r degrees, |r| <= 41.82, within 2e-15 relative, whether or not steps are fused.
#[inline(always)]
fn sin_degrees(lanes: impl Lanes, r: f64) -> f64 {
    let t = r * r;
    let mut sum = SIN[5];
    for power in (0..5).rev() {
        sum = lanes.multiply_add(t, sum, SIN[power]);
    }
    r * sum
}

/// Splits a number below 2^50 into its integer part and its distance from the middle between two integers.
///
/// Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits: unlike a conversion, this is one addition
/// at every SIMD level and harmless for any value, NaN included. At an integer it may find either neighbour, and then
/// the distance is 0.5, which no guard trusts.
#[inline(always)]
fn whole(value: f64) -> (u64, f64) {
    const MAGIC: f64 = (3_u64 << 51) as f64;
    let centred = value - 0.5;
    let rounded = centred + MAGIC;
    (rounded.to_bits().wrapping_sub(MAGIC.to_bits()), centred - (rounded - MAGIC))
}

/// Returns the packed word of the cell of a point, or -1 where only the exact sequence can tell.
///
/// NaN, infinities, values out of range and orders out of range give -1.
#[inline(always)]
fn fast_pixel<const HIGHEST: i64>(lanes: impl Lanes, lon: f64, lat: f64, order: Order<HIGHEST>) -> i64 {
    let Order { order, nside, .. } = order;
    let limit = 0.5 - GUARD * nside;
    let away = lat.abs();
    let belt = away <= BELT;
    let p = sin_degrees(lanes, if belt { lat } else { 0.5 * (90.0 - away) });
    let t = lanes.multiply_add(lon, 1.0 / 90.0, 8.0);
    let (quarter, middle) = whole(t);
    let centre = middle + 1.0; // 0.5 + f, where f is the fraction of the quarter
    let f = middle + 0.5;
    let h = p * if belt { 0.75 } else { SQRT6 };
    // The caps in the belt's terms: u and v hold the face in their integer part, the pixel in their fraction.
    let near = f * h;
    let far = 2.0 - (h - near);
    let south = lat < 0.0;
    let u = nside
        * if belt {
            centre + h
        } else if south {
            near
        } else {
            far
        };
    let v = nside
        * if belt {
            centre - h
        } else if south {
            far
        } else {
            near
        };
    let ((ju, u_off), (jv, v_off)) = (whole(u), whole(v));
    let trusted = (u_off.abs() < limit) & (v_off.abs() < limit) & (away <= 90.0) & (lon.abs() <= 720.0);
    let last = (1 << order) - 1;
    let (fu, fv) = (ju >> order, jv >> order);
    let face =
        if fu == fv { 4 + (quarter.wrapping_add(fv) & 3) } else { (quarter & 3).wrapping_add(fv.wrapping_mul(8)) };
    let word = pack(face, ju & last, !jv & last);
    if trusted { word } else { -1 }
}

/// Fills a block with packed words, -1 in invalid rows; returns the first invalid row.
#[inline(always)]
pub(crate) fn encode<const HIGHEST: i64>(
    lanes: impl Lanes,
    lon: &[f64],
    lat: &[f64],
    order: &[i64],
    out: &mut [i64],
) -> Option<usize> {
    let mut untrusted = 0;
    let rows = out.iter_mut().zip(lon).zip(lat);
    if let [order] = *order {
        let order = Order::<HIGHEST>::derive(order);
        for ((word, lon), lat) in rows {
            *word = fast_pixel(lanes, *lon, *lat, order);
            untrusted |= *word;
        }
    } else {
        for (((word, lon), lat), order) in rows.zip(order) {
            *word = fast_pixel(lanes, *lon, *lat, Order::<HIGHEST>::derive(*order));
            untrusted |= *word;
        }
    }
    if untrusted < 0 { repair(lon, lat, order, HIGHEST, out) } else { None }
}

/// Replaces each -1 by the exact pixel if its row is valid; returns the first that is not.
#[cold]
#[inline(never)]
fn repair(lon: &[f64], lat: &[f64], order: &[i64], highest: i64, out: &mut [i64]) -> Option<usize> {
    let mut first = None;
    for (index, ((word, &lon), &lat)) in out.iter_mut().zip(lon).zip(lat).enumerate() {
        if *word < 0 {
            let order = if let [one] = *order { one } else { order.get(index).copied().unwrap_or(-1) };
            if (0..=highest).contains(&order) && is_lonlat(lon, lat) {
                *word = exact_pixel(lon, lat, order);
            } else {
                first = first.or(Some(index));
            }
        }
    }
    first
}
