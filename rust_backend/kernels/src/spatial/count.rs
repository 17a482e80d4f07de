//! How many points lie within a radius of each query.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Scan, Squares};

struct Counter<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    hits: i64,
}

impl<M: Masks> Visit for Counter<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        let (begin, end) = (run.begin as usize, run.end as usize);
        for chunk in (begin..end).step_by(CHUNK) {
            self.hits += i64::from(self.scan.hits(&self.ball, chunk, end, self.squares).count_ones());
        }
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    count: &'a mut [i64],
    squares: Squares,
    first_bad: Option<usize>,
}

impl<M: Masks> Answer for Answers<'_, M> {
    #[inline(always)]
    fn ball(&self, query: &Query) -> Option<Ball> {
        is_query(query.point, query.radius).then(|| Ball::new(self.scan.grid, query.point, query.radius))
    }

    #[inline(always)]
    fn answer(&mut self, query: Query, plan: Option<&mut Plan>) {
        let mut hits = 0;
        if let Some(plan) = plan {
            let mut counter = Counter { scan: self.scan, ball: plan.ball, squares: &mut self.squares, hits: 0 };
            plan.show(self.scan.grid, &mut counter);
            hits = counter.hits;
        } else if self.first_bad.is_none_or(|bad| query.row < bad) {
            self.first_bad = Some(query.row);
        }
        if let Some(count) = self.count.get_mut(query.row) {
            *count = hits;
        }
    }
}

with_masks! {
    fn count_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i64],
        count: &mut [i64],
    ) -> Option<usize> {
        let mut answers = Answers { scan: Scan { masks, grid, alive: Alive::new(alive) }, count, squares: Squares::default(), first_bad: None };
        walk(grid, query, radius, after, &mut answers);
        answers.first_bad
    }
}

/// Fills `count`; a query that cannot be answered gets 0. Points at places below `after` do not count.
pub fn count(
    level: Level,
    frame: &[[f64; 6]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    after: &[i64],
    count: &mut [i64],
) -> Option<usize> {
    count.fill(0);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    count_at(level, &grid, alive, query, radius, after, count)
}
