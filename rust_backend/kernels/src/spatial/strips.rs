//! How many cells the strips of a grid have: the first step of its construction.

use crate::simd::at_every_level;
use crate::spatial::cells::{BLOCK, Cells};
use crate::spatial::geometry::Frame;

at_every_level! {
    /// Fills `strip_cell` with the first cell of every strip: one for every two of its points, and one more.
    pub fn strips(points: &[[f64; 3]], frame: &[[f64; 7]], _strip_count: &[i64], strip_cell: &mut [i32]) -> Option<usize> {
        strip_cell.fill(0);
        let frame = Frame::new(frame)?;
        let mut cells = Cells::new();
        for block in points.chunks(BLOCK) {
            for strip in cells.strips_of(&frame, block) {
                if let Some(members) = strip_cell.get_mut(*strip as usize) {
                    *members += 1;
                }
            }
        }
        let mut first = 0_i32;
        if let Some((end, strips)) = strip_cell.split_last_mut() {
            for strip in strips {
                let cells = *strip / 2 + 1;
                *strip = first;
                first = first.wrapping_add(cells);
            }
            *end = first;
        }
        None
    }
}
