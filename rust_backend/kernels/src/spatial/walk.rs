//! The order in which queries are answered: by cell, so that those that follow each other lie together.

use crate::simd::Level;

/// Fewest buckets of the sort, so that a few queries are told apart.
const BUCKETS: usize = 1 << 13;

/// Fills `row` with the rows of `cell` in its order.
///
/// The sort is stable, but cells that are neighbours share a bucket where there are more of them than rows. The first row of
/// a cell that does not exist is returned; such rows come last.
pub fn walk(_: Level, cell: &[i32], cell_count: &[i32], row: &mut [i32]) -> Option<usize> {
    row.fill(0);
    let many = cell_count.first().map_or(0, |cells| (*cells).max(0) as u32);
    let most = cell.len().max(BUCKETS);
    let shift = (0..31).find(|shift| (many >> shift) as usize <= most).unwrap_or(31);
    let last = (many >> shift) as usize + 1;
    let mut first = vec![0_u32; last + 1];
    let bucket = |cell: i32| if (cell as u32) < many { (cell as u32 >> shift) as usize } else { last };
    for cell in cell {
        if let Some(members) = first.get_mut(bucket(*cell)) {
            *members += 1;
        }
    }
    let mut total = 0;
    for first in &mut first {
        (*first, total) = (total, total + *first);
    }
    for (own, cell) in (0..).zip(cell) {
        let Some(place) = first.get_mut(bucket(*cell)) else { continue };
        if let Some(row) = row.get_mut(*place as usize) {
            *row = own;
        }
        *place += 1;
    }
    cell.iter().position(|cell| *cell as u32 >= many)
}
