//! How many points lie within a radius of each query.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::order::{Answer, Query, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Squares};

struct Counter<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    ball: Ball,
    squares: Squares,
    hits: i64,
}

impl Visit for Counter<'_> {
    #[inline(always)]
    fn half_squared(&self) -> f64 {
        self.ball.half_squared()
    }

    #[inline(always)]
    fn visit(&mut self, begin: usize, end: usize) {
        for chunk in (begin..end).step_by(CHUNK) {
            let hits = self.ball.test(self.level, self.grid, chunk, end.min(chunk + CHUNK), &mut self.squares);
            self.hits += i64::from(self.alive.keep(hits, chunk).count_ones());
        }
    }
}

struct Answers<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    count: &'a mut [i64],
    first_bad: Option<usize>,
}

impl Answer for Answers<'_> {
    #[inline(always)]
    fn answer(&mut self, Query { row, point, radius, least }: Query) {
        let mut hits = 0;
        if is_query(point, radius) {
            let ball = Ball::new(self.grid, point, radius);
            let (level, grid, alive) = (self.level, self.grid, self.alive);
            let mut counter = Counter { level, grid, alive, ball, squares: Squares::default(), hits: 0 };
            self.grid.visit(point, ball.half_squared().sqrt(), least, &mut counter);
            hits = counter.hits;
        } else if self.first_bad.is_none_or(|bad| row < bad) {
            self.first_bad = Some(row);
        }
        if let Some(count) = self.count.get_mut(row) {
            *count = hits;
        }
    }
}

at_every_level! {
    fn count_at(
        tested: Level,
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i64],
        count: &mut [i64],
    ) -> Option<usize> {
        let mut answers = Answers { level: tested, grid, alive: Alive::new(alive), count, first_bad: None };
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
    count_at(level, level, &grid, alive, query, radius, after, count)
}
