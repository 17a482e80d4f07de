//! The corners N, W, S, E of nested cells, in degrees.

use crate::healpix::bits::{MAX_ORDER, Order, is_nested, locate, real};
use crate::healpix::project::project;
use crate::rows::fill_uniform;
use crate::simd::at_every_level;

type Corners = [f64; 4];

#[inline(always)]
fn row(nested: i64, order: Order<MAX_ORDER>) -> ((Corners, Corners), bool) {
    let (face, x, y) = locate(nested, order.order);
    let (x, y) = (real(x), real(y));
    let (north_lon, north_lat) = project(face, x + 1.0, y + 1.0, order.nside);
    let (west_lon, west_lat) = project(face, x, y + 1.0, order.nside);
    let (south_lon, south_lat) = project(face, x, y, order.nside);
    let (east_lon, east_lat) = project(face, x + 1.0, y, order.nside);
    let corners = ([north_lon, west_lon, south_lon, east_lon], [north_lat, west_lat, south_lat, east_lat]);
    (corners, order.valid & is_nested(nested, order.order))
}

at_every_level! {
    /// Fills `lon` and `lat` with the corners of cells; NaN where a row is invalid.
    pub fn cell_vertices(nested: &[i64], order: &[i64], lon: &mut [Corners], lat: &mut [Corners]) -> Option<usize> {
        fill_uniform(nested, order, (lon, lat), ([f64::NAN; 4], [f64::NAN; 4]), row)
    }
}
