//! The first query that reaches each point.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, Scan, Squares};

/// Gives points within the ball a lower label.
struct Labeller<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    own: u64,
    label: &'a mut [i64],
}

impl<M: Masks> Visit for Labeller<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        self.scan.each_hit(&self.ball, run, self.squares, |_, id, _| {
            if let Some(label) = self.label.get_mut(id as usize) {
                *label = (*label as u64).min(self.own) as i64; // as unsigned numbers, -1 is the largest
            }
        });
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    label: &'a mut [i64],
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
        if let Some(plan) = plan {
            let (scan, ball, own) = (self.scan, plan.ball, query.row as u64);
            plan.show(scan.grid, &mut Labeller { scan, ball, squares: &mut self.squares, own, label: self.label });
        } else if self.first_bad.is_none_or(|bad| query.row < bad) {
            self.first_bad = Some(query.row);
        }
    }
}

with_masks! {
    fn assign_first_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        label: &mut [i64],
    ) -> Option<usize> {
        let mut answers = Answers { scan: Scan { masks, grid, alive: Alive::new(alive) }, label, squares: Squares::default(), first_bad: None };
        walk(grid, query, radius, &[0], &mut answers);
        answers.first_bad
    }
}

/// Fills `label` with the least row of `query` within whose radius each point lies, -1 where there is none.
///
/// A minimum does not depend on the order, so the queries are walked by cell.
pub fn assign_first(
    level: Level,
    frame: &[[f64; 7]],
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
    assign_first_at(level, &grid, alive, query, radius, label)
}
