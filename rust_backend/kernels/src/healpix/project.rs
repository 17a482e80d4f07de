//! From coordinates in a face to degrees: the centres and the corners of cells.
//!
//! The latitude comes from one polynomial of the arcsine: of z in the belt, and in the caps of sin((90 - |lat|) / 2),
//! which is accurate at the poles.

use std::hint::select_unpredictable as choose;

use crate::healpix::bits::real;

const INVERSE_SQRT6: f64 = 0.408248290463863;

/// asin(x) / x in degrees and in powers of x * x, minimax in relative error for x * x <= 4/9: 4.1e-17.
const ASIN: [f64; 17] = [
    57.29577951308232,
    9.549296585510769,
    4.29718346410377,
    2.557847247776987,
    1.7407594647300857,
    1.2817699592914245,
    0.9952924132339251,
    0.7874180044486292,
    0.7717565675469376,
    -0.1349158623913779,
    3.7175284775157373,
    -10.725260147855245,
    28.419010556935593,
    -50.03660502856205,
    61.76987858359496,
    -45.94803574530177,
    16.844025244373004,
];

/// Returns the arcsine of x in degrees, |x| <= 2/3.
#[inline(always)]
fn asin_degrees(x: f64) -> f64 {
    let t = x * x;
    let p = ASIN[13] + t * (ASIN[14] + t * (ASIN[15] + t * ASIN[16]));
    let p = ASIN[8] + t * (ASIN[9] + t * (ASIN[10] + t * (ASIN[11] + t * (ASIN[12] + t * p))));
    let p = ASIN[3] + t * (ASIN[4] + t * (ASIN[5] + t * (ASIN[6] + t * (ASIN[7] + t * p))));
    x * ASIN[0] + x * (t * (ASIN[1] + t * (ASIN[2] + t * p)))
}

/// Returns longitude in [0, 360) and latitude in degrees of the point (x, y) of a face, 0 <= x, y <= nside.
#[inline(always)]
pub(crate) fn project(face: u64, x: f64, y: f64, nside: f64) -> (f64, f64) {
    let row = face >> 2;
    let column = real(2 * (face & 3) + (1 - (row & 1))); // of the face's centre, in eighths of the circle
    let ring = real(row + 2) * nside - x - y;
    let (north, south) = (ring < nside, ring > 3.0 * nside);
    let cap = north | south;
    let reach = choose(north, ring, choose(south, 4.0 * nside - ring, nside));
    let size = 1.0 / nside; // exact
    let belt = (2.0 * nside - ring) * size * (2.0 / 3.0);
    let angle = asin_degrees(choose(cap, reach * size * INVERSE_SQRT6, belt));
    let polar = 90.0 - 2.0 * angle;
    let lat = choose(cap, choose(south, -polar, polar), angle);
    let eighths = column * reach + (x - y);
    let eighths = choose(eighths < 0.0, eighths + 8.0 * reach, eighths);
    let eighths = choose(eighths >= 8.0 * reach, eighths - 8.0 * reach, eighths);
    (choose(reach > 0.0, eighths * 45.0 / reach, column * 45.0), lat)
}
