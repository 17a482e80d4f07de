//! How many points lie within a radius of each query.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::simd::Level;
use crate::spatial::candidates::{Candidates, LINES};
use crate::spatial::geometry::Grid;
use crate::spatial::group::{Compare, GROUP, in_groups, largest, of_row};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::run::Ball;

struct Counter<'a, M> {
    masks: M,
    grid: &'a Grid<'a>,
    query: &'a [[f64; 3]],
    radius: &'a [f64],
    after: &'a [i32],
    row: &'a [i32],
    count: &'a [AtomicI64],
    totals: [i64; GROUP],
    first_bad: Option<usize>,
}

impl<M> Counter<'_, M> {
    /// Fills the row of a query.
    #[inline(always)]
    fn put(&self, query: usize, total: i64) {
        if let Some(count) = self.row.get(query).and_then(|row| self.count.get(*row as usize)) {
            count.store(total, Relaxed);
        }
    }
}

impl<M: Masks> Compare for Counter<'_, M> {
    #[inline(always)]
    fn measures(&self) -> bool {
        false
    }

    #[inline(always)]
    fn refuse(&mut self, row: usize) {
        self.first_bad = self.first_bad.or(Some(row));
        self.put(row, 0);
    }

    #[inline(always)]
    fn compare(&mut self, rows: Range<usize>, candidates: &Candidates, last: bool) {
        let mut hits = [0; 2 * LINES];
        let below = candidates.lines_below(self.masks, largest(self.after, rows.clone()));
        for (row, slot) in rows.clone().zip(0..GROUP) {
            let Some(point) = self.query.get(row) else { continue };
            let ball = Ball::new(self.grid, *point, of_row(self.radius, row, f64::NAN));
            candidates.masks(self.masks, &ball, &mut hits, None);
            candidates.keep_from(self.masks, below, of_row(self.after, row, i32::MAX), &mut hits);
            let hits = hits.as_chunks::<8>().0.iter().take(candidates.ids().len().div_ceil(4));
            let total: u32 = hits.map(|hits| u64::from_le_bytes(*hits).count_ones()).sum();
            if let Some(sum) = self.totals.get_mut(slot) {
                *sum += i64::from(total);
            }
        }
        if last {
            for (row, total) in rows.zip(std::mem::replace(&mut self.totals, [0; GROUP])) {
                self.put(row, total);
            }
        }
    }
}

with_masks! {
    fn count_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i32],
        row: &[i32],
        count: &[AtomicI64],
    ) -> Option<usize> {
        let totals = [0; GROUP];
        let mut counter = Counter { masks, grid, query, radius, after, row, count, totals, first_bad: None };
        in_groups(grid, alive, query, radius, after, &mut counter);
        counter.first_bad
    }
}

/// Fills `count`: query k fills row `row[k]`, with 0 if it cannot be answered. Points at places below `after` do not count.
pub fn count(
    level: Level,
    frame: &[[f64; 7]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    after: &[i32],
    row: &[i32],
    count: &[AtomicI64],
) -> Option<usize> {
    let Some(grid) = Grid::new(frame, strip_cell, start, xyz, index) else {
        row.iter().filter_map(|row| count.get(*row as usize)).for_each(|count| count.store(0, Relaxed));
        return None;
    };
    count_at(level, &grid, alive, query, radius, after, row, count)
}
