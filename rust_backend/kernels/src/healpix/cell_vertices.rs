//! The corners N, W, S, E of nested cells, in degrees.

use crate::healpix::bits::{MAX_ORDER, Order, is_nested, locate, real};
use crate::healpix::project::project;
use crate::rows::{Beside, Derive, Each, One};
use crate::simd::at_every_level;

type Corners = [f64; 4];

/// The steps from the south corner of a cell to its corners.
const STEPS: [(f64, f64); 4] = [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)];

/// Cells whose corners are found together.
const CHUNK: usize = 64;

/// The values of a chunk, one array for each corner.
type Chunk = [[f64; CHUNK]; 4];

/// Fills the rows corner by corner: that vectorises over the cells, where one cell's four corners would not.
#[inline(always)]
fn fill_corners(
    nested: &[i64],
    order: impl Beside<Row = Order<MAX_ORDER>>,
    lon: &mut [Corners],
    lat: &mut [Corners],
) -> Option<usize> {
    let mut first = None;
    let (mut faces, mut xs, mut ys, mut sides) = ([0; CHUNK], [0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
    let (mut lons, mut lats): (Chunk, Chunk) = ([[0.0; CHUNK]; 4], [[0.0; CHUNK]; 4]);
    let outputs = lon.chunks_mut(CHUNK).zip(lat.chunks_mut(CHUNK));
    for (start, (nested, (lon, lat))) in (0..).step_by(CHUNK).zip(nested.chunks(CHUNK).zip(outputs)) {
        let slots = faces.iter_mut().zip(&mut xs).zip(&mut ys).zip(&mut sides);
        for ((((face, x), y), side), (nested, order)) in slots.zip(order.beside(nested, start)) {
            let (own, ix, iy) = locate(nested, order.order);
            let valid = order.valid & is_nested(nested, order.order);
            (*face, *x, *y) = (own, real(ix), real(iy));
            *side = if valid { order.nside } else { f64::NAN };
        }
        for ((step_x, step_y), (lons, lats)) in STEPS.into_iter().zip(lons.iter_mut().zip(&mut lats)) {
            let cells = faces.iter().zip(&xs).zip(&ys).zip(&sides);
            for ((lon, lat), (((face, x), y), side)) in lons.iter_mut().zip(lats).zip(cells) {
                (*lon, *lat) = project(*face, x + step_x, y + step_y, *side);
            }
        }
        for (index, (lon, lat)) in lon.iter_mut().zip(lat).enumerate() {
            let valid = !sides[index].is_nan();
            *lon = std::array::from_fn(|corner| if valid { lons[corner][index] } else { f64::NAN });
            *lat = std::array::from_fn(|corner| if valid { lats[corner][index] } else { f64::NAN });
            if !valid && first.is_none() {
                first = Some(start + index);
            }
        }
    }
    first
}

at_every_level! {
    /// Fills `lon` and `lat` with the corners of cells; NaN where a row is invalid.
    pub fn cell_vertices(nested: &[i64], order: &[i64], lon: &mut [Corners], lat: &mut [Corners]) -> Option<usize> {
        match *order {
            [one] => fill_corners(nested, One(Order::derive(one)), lon, lat),
            _ => fill_corners(nested, Each::new(order), lon, lat),
        }
    }
}
