//! How many points lie within a radius of each query.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::simd::Level;
use crate::spatial::candidates::{Candidates, LINES};
use crate::spatial::geometry::Grid;
use crate::spatial::group::{Compare, GROUP, Queries, Query, in_groups, last_after};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::run::Ball;

struct Counter<'a, M> {
    masks: M,
    queries: Queries<'a>,
    count: &'a [AtomicI64],
    totals: [i64; GROUP],
    first_bad: Option<usize>,
}

impl<M> Counter<'_, M> {
    /// Fills the row of a query.
    #[inline(always)]
    fn put(&self, number: usize, total: i64) {
        if let Some(count) = self.queries.row.get(number).and_then(|row| self.count.get(*row as usize)) {
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
    fn refuse(&mut self, number: usize) {
        self.first_bad = self.first_bad.or(Some(number));
        self.put(number, 0);
    }

    #[inline(always)]
    fn compare(&mut self, numbers: Range<usize>, own: &[Query], candidates: &Candidates, last: bool) {
        let mut hits = [0; 2 * LINES];
        let below = candidates.lines_below(self.masks, last_after(own));
        for (query, sum) in own.iter().zip(&mut self.totals) {
            let ball = Ball::new(self.queries.grid, query.point, query.radius);
            candidates.masks(self.masks, &ball, &mut hits, None);
            candidates.keep_from(self.masks, below, query.after, &mut hits);
            let hits = hits.as_chunks::<8>().0.iter().take(candidates.ids().len().div_ceil(4));
            let total: u32 = hits.map(|hits| u64::from_le_bytes(*hits).count_ones()).sum();
            *sum += i64::from(total);
        }
        if last {
            for (number, total) in numbers.zip(std::mem::replace(&mut self.totals, [0; GROUP])) {
                self.put(number, total);
            }
        }
    }
}

with_masks! {
    fn count_at<masks>(
        queries: Queries,
        alive: &[u8],
        count: &[AtomicI64],
    ) -> Option<usize> {
        let totals = [0; GROUP];
        let mut counter = Counter { masks, queries, count, totals, first_bad: None };
        in_groups(&queries, alive, &mut counter);
        counter.first_bad
    }
}

/// Fills `count`: query k, which is row `row[k]` of `query`, fills this row, with 0 if it cannot be answered.
///
/// Points at places below `after` do not count. Where `query` is empty, the queries are points of the grid, each the one
/// before the place in `after`.
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
    let queries = Queries { grid: &grid, query, radius, after, row };
    count_at(level, queries, alive, count)
}
