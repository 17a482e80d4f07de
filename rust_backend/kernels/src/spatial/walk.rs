//! The order in which queries are answered: by cell, so that those that follow each other lie together.

use crate::simd::at_every_level;
use crate::spatial::cells::{BLOCK, Cells};
use crate::spatial::geometry::{Frame, is_query};
use crate::spatial::group::of_row;

/// Fewest buckets of the sort, so that a few queries are told apart.
const BUCKETS: usize = 1 << 13;

at_every_level! {
    /// Fills `row` with the rows of `query` in the order of the cells, `ordered` with their points in that order.
    ///
    /// The sort is stable. The first row that cannot be answered is returned, and has its place like any other.
    pub fn walk(
        frame: &[[f64; 7]],
        strip_cell: &[i32],
        query: &[[f64; 3]],
        radius: &[f64],
        row: &mut [i32],
        ordered: &mut [[f64; 3]],
    ) -> Option<usize> {
        row.fill(0);
        ordered.fill([0.0; 3]);
        let frame = Frame::new(frame)?;
        let many = strip_cell.last().map_or(0, |cells| (*cells).max(0) as usize);
        let most = query.len().max(BUCKETS);
        let shift = (0..31).find(|shift| many >> shift <= most).unwrap_or(31);
        let mut first = vec![0_u32; (many >> shift) + 2];
        let mut cells = Cells::new();
        for block in query.chunks(BLOCK) {
            for cell in cells.of(&frame, strip_cell, block) {
                if let Some(members) = first.get_mut((cell >> shift) as usize) {
                    *members += 1;
                }
            }
        }
        let mut total = 0;
        for first in &mut first {
            (*first, total) = (total, total + *first);
        }
        let mut bad = None;
        for (base, block) in (0..).step_by(BLOCK).zip(query.chunks(BLOCK)) {
            for ((id, point), cell) in (base..).zip(block).zip(cells.of(&frame, strip_cell, block)) {
                if !is_query(*point, of_row(radius, id as usize, f64::NAN)) {
                    bad = bad.or(Some(id as usize));
                }
                let Some(place) = first.get_mut((cell >> shift) as usize) else { continue };
                let at = *place as usize;
                *place += 1;
                if let (Some(row), Some(point_there)) = (row.get_mut(at), ordered.get_mut(at)) {
                    (*row, *point_there) = (id, *point);
                }
            }
        }
        bad
    }
}
