//! The points of a grid in the order of its cells: a counting sort, the second step of its construction.

use crate::simd::at_every_level;
use crate::spatial::geometry::Frame;

/// Points whose cells are computed together, as vectors, before anything is done with them.
const BLOCK: usize = 256;

/// Returns the cells of up to `BLOCK` points.
#[inline(always)]
fn cells(frame: &Frame, strip_cell: &[i32], points: &[[f64; 3]]) -> [u32; BLOCK] {
    let mut cells = [0; BLOCK];
    for (cell, point) in cells.iter_mut().zip(points) {
        *cell = frame.cell_of(*point, strip_cell) as u32;
    }
    cells
}

at_every_level! {
    /// Fills `start` with the first place of every cell, `xyz` and `index` with the points place by place.
    ///
    /// The sort is stable, so ids ascend inside a cell. The cell of a point is computed twice rather than kept.
    pub fn arrange(
        points: &[[f64; 3]],
        frame: &[[f64; 7]],
        strip_cell: &[i32],
        start: &mut [i32],
        xyz: &mut [f64],
        index: &mut [i32],
    ) -> Option<usize> {
        start.fill(0);
        index.fill(0);
        let third = xyz.len() / 3;
        let (x, yz) = xyz.split_at_mut_checked(third)?;
        let (y, z) = yz.split_at_mut_checked(third)?;
        for values in [&mut *x, &mut *y, &mut *z] {
            values.get_mut(points.len()..).unwrap_or_default().fill(f64::NAN);
        }
        let frame = Frame::new(frame)?;
        for block in points.chunks(BLOCK) {
            for cell in cells(&frame, strip_cell, block).iter().take(block.len()) {
                if let Some(members) = start.get_mut(*cell as usize) {
                    *members += 1;
                }
            }
        }
        let mut first = 0;
        for start in start.iter_mut() {
            (*start, first) = (first, first + *start);
        }
        for (base, block) in (0..).step_by(BLOCK).zip(points.chunks(BLOCK)) {
            let cells = cells(&frame, strip_cell, block);
            for ((id, point), cell) in (base..).zip(block).zip(&cells) {
                let Some(place) = start.get_mut(*cell as usize) else { continue };
                let p = *place as usize;
                *place += 1;
                if let (Some(x), Some(y), Some(z), Some(index)) = (x.get_mut(p), y.get_mut(p), z.get_mut(p), index.get_mut(p)) {
                    ([*x, *y, *z], *index) = (*point, id);
                }
            }
        }
        let last = start.len().saturating_sub(1);
        start.copy_within(..last, 1.min(start.len()));
        if let Some(first) = start.first_mut() {
            *first = 0;
        }
        None
    }
}
