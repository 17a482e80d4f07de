//! Centres of cells given by nested ids, in degrees.

use crate::healpix::bits::{MAX_ORDER, Order, is_nested, locate, real};
use crate::healpix::project::project;
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

#[inline(always)]
fn row(nested: i64, order: Order<MAX_ORDER>) -> ((f64, f64), bool) {
    let (face, x, y) = locate(nested, order.order);
    let centre = project(face, real(x) + 0.5, real(y) + 0.5, order.nside);
    (centre, order.valid & is_nested(nested, order.order))
}

at_every_level! {
    /// Fills `lon` and `lat` with the centres of cells; NaN where a row is invalid.
    pub fn nested_to_lonlat(nested: &[i64], order: &[i64], lon: &mut [f64], lat: &mut [f64]) -> Option<usize> {
        fill_uniform(nested, order, (lon, lat), (f64::NAN, f64::NAN), row)
    }
}
