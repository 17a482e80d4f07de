//! Centres of cells given by decimal Morton ids, in degrees.

use crate::healpix::bits::{locate, real};
use crate::healpix::decimal::{Cell, fill_cells};
use crate::healpix::project::project;
use crate::rows::One;
use crate::simd::at_every_level;

#[inline(always)]
fn row(_: i64, cell: Cell, (): ()) -> ((f64, f64), bool) {
    let (face, x, y) = locate(cell.nested(), cell.order);
    (project(face & 15, real(x) + 0.5, real(y) + 0.5, real(1 << cell.order)), true)
}

at_every_level! {
    /// Fills `lon` and `lat` with the centres of cells; NaN where a row is invalid.
    pub fn morton_to_lonlat<lanes>(morton: &[i64], lon: &mut [f64], lat: &mut [f64]) -> Option<usize> {
        fill_cells(lanes, morton, One(()), (lon, lat), (f64::NAN, f64::NAN), row)
    }
}
