//! The pixel of a point by healpy's own sequence of floating-point operations, in libm's arithmetic.
//!
//! Rows too close to the border of a cell for the fast path come here, so this defines every id. The order of the
//! operations is the definition: healpy's degrees to radians, the reduction of the angles, and the pixel formula of the
//! HEALPix C++ library. Sine and cosine must be the C library's, which those of `f64` are.

use std::f64::consts::PI;

use crate::healpix::bits::pack;

/// The colatitudes between which healpy's cap formula needs no sine.
const NEAR_NORTH: f64 = 0.01;
#[expect(clippy::approx_constant, reason = "healpy has these digits")]
const NEAR_SOUTH: f64 = 3.14159 - 0.01;

/// Returns the value modulo the period, in [0, period).
fn modulo(value: f64, period: f64) -> f64 {
    if value >= 0.0 {
        return value % period;
    }
    let rest = period - (-value) % period;
    if rest == period { 0.0 } else { rest }
}

/// Returns the packed word of the cell that healpy finds; `lon` is finite, `lat` in [-90, 90], `order` in range.
///
/// Not inlined: it is rare, and its calls of libm would spoil the registers of the loops around it.
#[cold]
#[inline(never)]
pub(crate) fn exact_pixel(lon: f64, lat: f64, order: i64) -> i64 {
    let theta = PI / 2.0 - lat * (PI / 180.0); // in [0, pi] for these latitudes: healpy's reduction changes nothing
    let phi = modulo(lon * (PI / 180.0), 2.0 * PI);
    let cells = 1_i64 << (order & 31);
    let (nside, last) = (cells as f64, cells - 1);
    let z = theta.cos();
    let distance = z.abs();
    let mut t = modulo(phi * (2.0 / PI), 4.0);
    let word = |face: i64, x: i64, y: i64| pack(face as u64, x as u64, y as u64);
    if distance <= 2.0 / 3.0 {
        let rising = nside * (0.5 + t);
        let tilt = nside * (z * 0.75);
        let (jp, jm) = ((rising - tilt) as i64, (rising + tilt) as i64);
        let (fp, fm) = (jp >> order, jm >> order);
        let face = match fp.cmp(&fm) {
            std::cmp::Ordering::Equal => fp | 4,
            std::cmp::Ordering::Less => fp,
            std::cmp::Ordering::Greater => fm + 8,
        };
        return word(face, jm & last, last - (jp & last));
    }
    let quarter = (t as i64).min(3);
    t -= quarter as f64;
    let size = if distance >= 0.99 && !(NEAR_NORTH..=NEAR_SOUTH).contains(&theta) {
        nside * theta.sin() / ((1.0 + distance) / 3.0).sqrt()
    } else {
        nside * (3.0 * (1.0 - distance)).sqrt()
    };
    let (jp, jm) = (((t * size) as i64).min(last), (((1.0 - t) * size) as i64).min(last));
    if z >= 0.0 { word(quarter, last - jm, last - jp) } else { word(quarter + 8, jp, jm) }
}

/// Whether a longitude is finite and a latitude in [-90, 90].
pub(crate) fn is_lonlat(lon: f64, lat: f64) -> bool {
    lat.abs() <= 90.0 && lon.is_finite()
}
