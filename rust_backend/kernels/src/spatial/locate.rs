//! The cell that each query lies in.

use crate::simd::at_every_level;
use crate::spatial::cells::{BLOCK, Cells};
use crate::spatial::geometry::{Frame, is_query};
use crate::spatial::group::of_row;

at_every_level! {
    /// Fills `cell`; the first query that cannot be answered is returned, and has cell 0 like all that cannot.
    pub fn locate(
        frame: &[[f64; 7]],
        strip_cell: &[i32],
        query: &[[f64; 3]],
        radius: &[f64],
        cell: &mut [i32],
    ) -> Option<usize> {
        cell.fill(0);
        let frame = Frame::new(frame)?;
        let (mut cells, mut first_bad) = (Cells::new(), None);
        for (block, (points, cell)) in query.chunks(BLOCK).zip(cell.chunks_mut(BLOCK)).enumerate() {
            let found = cells.of(&frame, strip_cell, points);
            for (i, ((point, found), cell)) in points.iter().zip(found).zip(cell).enumerate() {
                let row = block * BLOCK + i;
                if is_query(*point, of_row(radius, row, f64::NAN)) {
                    *cell = *found as i32;
                } else {
                    first_bad = first_bad.or(Some(row));
                }
            }
        }
        first_bad
    }
}
