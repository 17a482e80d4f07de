//! The points of a grid in the order of its cells: a counting sort, the second step of its construction.

use std::ops::Range;

use crate::simd::{at_every_level, prefetch};
use crate::spatial::cells::{BLOCK, Cells};
use crate::spatial::geometry::Frame;

/// Points of a bucket, about: their cells and places lie in a near cache.
const BUCKET: usize = 4096;

/// So few points lie in a near cache all together.
const FEW: usize = 16 * BUCKET;

/// Buckets at most: their ends are written to in turn.
const BUCKETS: usize = 512;

/// How many points ahead their coordinates are asked for.
const SOON: usize = 32;

/// Shows the number of each point with its cell, in order.
#[inline(always)]
fn each_cell(frame: &Frame, strip_cell: &[i32], points: &[[f64; 3]], mut show: impl FnMut(u32, u32)) {
    let mut cells = Cells::new();
    for (base, block) in (0..).step_by(BLOCK).zip(points.chunks(BLOCK)) {
        for (id, cell) in (base..).zip(cells.of(frame, strip_cell, block)) {
            show(*cell, id);
        }
    }
}

/// The tables that a grid consists of.
struct Tables<'a> {
    points: &'a [[f64; 3]],
    start: &'a mut [i32],
    xyz: [&'a mut [f64]; 3],
    index: &'a mut [i32],
}

impl Tables<'_> {
    #[inline(always)]
    fn count(&mut self, cell: u32) {
        if let Some(members) = self.start.get_mut(cell as usize) {
            *members += 1;
        }
    }

    /// Turns the members of cells into their first places; returns the place behind the last.
    #[inline(always)]
    fn sum(&mut self, cells: Range<usize>, mut first: i32) -> i32 {
        for start in self.start.get_mut(cells).unwrap_or_default() {
            (*start, first) = (first, first + *start);
        }
        first
    }

    #[inline(always)]
    fn put(&mut self, cell: u32, id: u32) {
        let (Some(place), Some(point)) = (self.start.get_mut(cell as usize), self.points.get(id as usize)) else {
            return;
        };
        let p = *place as usize;
        *place += 1;
        let [x, y, z] = &mut self.xyz;
        if let (Some(x), Some(y), Some(z), Some(index)) =
            (x.get_mut(p), y.get_mut(p), z.get_mut(p), self.index.get_mut(p))
        {
            ([*x, *y, *z], *index) = (*point, id as i32);
        }
    }

    /// Sorts points by buckets of cells first, so that no step writes all over the memory. Cells and ids take 8 bytes a
    /// point meanwhile.
    #[inline(always)]
    fn by_buckets(&mut self, frame: &Frame, strip_cell: &[i32]) {
        let (points, cells) = (self.points, self.start.len());
        let wanted = (points.len() / BUCKET).min(BUCKETS);
        let shift = (0..u32::BITS).find(|shift| cells >> shift < wanted).unwrap_or(0);
        let mut ends = vec![0_u32; (cells >> shift) + 1];
        each_cell(frame, strip_cell, points, |cell, _| {
            if let Some(end) = ends.get_mut((cell >> shift) as usize) {
                *end += 1;
            }
        });
        let mut first = 0;
        for end in &mut ends {
            (*end, first) = (first, first + *end);
        }
        let mut sorted = vec![[0_u32; 2]; points.len()];
        each_cell(frame, strip_cell, points, |cell, id| {
            let Some(end) = ends.get_mut((cell >> shift) as usize) else { return };
            if let Some(slot) = sorted.get_mut(*end as usize) {
                *slot = [cell, id];
            }
            *end += 1;
        });
        let (mut begin, mut first) = (0, 0);
        for (bucket, end) in ends.iter().enumerate() {
            let members = sorted.get(begin..*end as usize).unwrap_or_default();
            members.iter().for_each(|[cell, _]| self.count(*cell));
            first = self.sum(bucket << shift..((bucket + 1) << shift).min(cells), first);
            for (at, [cell, id]) in members.iter().enumerate() {
                if let Some([_, soon]) = members.get(at + SOON) {
                    let first = 3 * *soon as usize;
                    prefetch(points.as_flattened(), first);
                    prefetch(points.as_flattened(), first + 2); // often in the next line
                }
                self.put(*cell, *id);
            }
            begin = *end as usize;
        }
    }
}

at_every_level! {
    /// Fills `start` with the first place of every cell, `xyz` and `index` with the points place by place.
    ///
    /// The sort is stable, so ids ascend inside a cell. The cell of a few points is computed twice rather than kept.
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
        let mut tables = Tables { points, start, xyz: [x, y, z], index };
        if points.len() < FEW {
            each_cell(&frame, strip_cell, points, |cell, _| tables.count(cell));
            tables.sum(0..tables.start.len(), 0);
            each_cell(&frame, strip_cell, points, |cell, id| tables.put(cell, id));
        } else {
            tables.by_buckets(&frame, strip_cell);
        }
        let last = tables.start.len().saturating_sub(1);
        tables.start.copy_within(..last, 1.min(tables.start.len()));
        if let Some(first) = tables.start.first_mut() {
            *first = 0;
        }
        None
    }
}
