//! The first query that reaches each point.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::order::{Answer, Query, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Squares, ones};

struct Answers<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    label: &'a mut [i64],
    squares: Squares,
    first_bad: Option<usize>,
}

/// Gives points within the ball a lower label.
struct Labeller<'a, 's> {
    answers: &'a mut Answers<'s>,
    ball: Ball,
    own: i64,
}

impl Visit for Labeller<'_, '_> {
    #[inline(always)]
    fn half_squared(&self) -> f64 {
        self.ball.half_squared()
    }

    #[inline(always)]
    fn visit(&mut self, begin: usize, end: usize) {
        let Answers { level, grid, alive, label, squares, .. } = &mut *self.answers;
        for chunk in (begin..end).step_by(CHUNK) {
            let stop = end.min(chunk + CHUNK);
            let hits = self.ball.test(*level, grid, chunk, stop, squares);
            let ids = grid.ids(chunk, stop);
            for bit in ones(alive.keep(hits, chunk)) {
                if let Some(label) = ids.get(bit).and_then(|id| label.get_mut(*id as usize)) {
                    // As unsigned numbers, -1 is the largest.
                    *label = (*label as u64).min(self.own as u64) as i64;
                }
            }
        }
    }
}

impl Answer for Answers<'_> {
    #[inline(always)]
    fn answer(&mut self, Query { row, point, radius, .. }: Query) {
        if is_query(point, radius) {
            let (grid, ball) = (self.grid, Ball::new(self.grid, point, radius));
            let mut labeller = Labeller { answers: self, ball, own: row as i64 };
            grid.visit(point, ball.half_squared().sqrt(), 0, &mut labeller);
        } else if self.first_bad.is_none_or(|bad| row < bad) {
            self.first_bad = Some(row);
        }
    }
}

at_every_level! {
    fn assign_first_at(
        tested: Level,
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        label: &mut [i64],
    ) -> Option<usize> {
        let (alive, squares) = (Alive::new(alive), Squares::default());
        let mut answers = Answers { level: tested, grid, alive, label, squares, first_bad: None };
        walk(grid, query, radius, &[0], &mut answers);
        answers.first_bad
    }
}

/// Fills `label` with the least row of `query` within whose radius each point lies, -1 where there is none.
///
/// A minimum does not depend on the order, so the queries are walked by cell.
pub fn assign_first(
    level: Level,
    frame: &[[f64; 6]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    label: &mut [i64],
) -> Option<usize> {
    label.fill(-1);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    assign_first_at(level, level, &grid, alive, query, radius, label)
}
