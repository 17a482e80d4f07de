//! The corners N, W, S, E of nested cells, in degrees.

use std::hint::select_unpredictable;

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

#[inline(always)]
fn transpose(values: &Chunk, rows: &mut [Corners]) {
    let [first, second, third, fourth] = values;
    let values = first.iter().zip(second).zip(third).zip(fourth);
    for (row, (((first, second), third), fourth)) in rows.iter_mut().zip(values) {
        *row = [*first, *second, *third, *fourth];
    }
}

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
        let mut invalid = 0;
        let slots = faces.iter_mut().zip(&mut xs).zip(&mut ys).zip(&mut sides);
        for ((((face, x), y), side), (nested, order)) in slots.zip(order.beside(nested, start)) {
            let (own, ix, iy) = locate(nested, order.order);
            let valid = order.valid & is_nested(nested, order.order);
            (*face, *x, *y) = (own, real(ix), real(iy));
            *side = select_unpredictable(valid, order.nside, f64::NAN);
            invalid |= u64::from(!valid);
        }
        for ((step_x, step_y), (lons, lats)) in STEPS.into_iter().zip(lons.iter_mut().zip(&mut lats)) {
            let cells = faces.iter().zip(&xs).zip(&ys).zip(&sides);
            for ((lon, lat), (((face, x), y), side)) in lons.iter_mut().zip(lats).zip(cells) {
                let corner = project(*face, x + step_x, y + step_y, *side);
                *lon = select_unpredictable(side.is_nan(), f64::NAN, corner.0);
                *lat = corner.1;
            }
        }
        transpose(&lons, lon);
        transpose(&lats, lat);
        if invalid != 0 && first.is_none() {
            first = sides.iter().position(|side| side.is_nan()).map(|index| start + index);
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
