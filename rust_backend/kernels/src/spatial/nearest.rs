//! The k nearest points of each query.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Scan, Squares, ones};

/// Keeps the nearest points so far; the ball shrinks to the k-th of them.
struct Best<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    best: &'a mut [f64],
    ids: &'a mut [i64],
    found: usize,
}

impl<M: Masks> Best<'_, M> {
    /// Puts a point in its place, by distance and then by id.
    #[inline(always)]
    fn insert(&mut self, square: f64, id: i64) {
        let wanted = self.best.len();
        let before = |other: f64, other_id: i64| other < square || (other == square && other_id < id);
        if square > self.ball.r2 {
            return;
        }
        if self.found == wanted {
            match (self.best.last(), self.ids.last()) {
                (Some(last), Some(last_id)) if !before(*last, *last_id) => {}
                _ => return,
            }
        } else {
            self.found += 1;
        }
        let (Some(best), Some(ids)) = (self.best.get_mut(..self.found), self.ids.get_mut(..self.found)) else { return };
        let at = best.iter().zip(ids.iter()).take(self.found - 1).filter(|(a, b)| before(**a, **b)).count();
        best.copy_within(at..self.found - 1, at + 1);
        ids.copy_within(at..self.found - 1, at + 1);
        if let (Some(best), Some(own)) = (best.get_mut(at), ids.get_mut(at)) {
            (*best, *own) = (square, id);
        }
        if self.found == wanted {
            self.ball.r2 = self.best.last().copied().unwrap_or(self.ball.r2);
        }
    }
}

impl<M: Masks> Visit for Best<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        if run.gap2 > self.ball.half_squared() {
            return;
        }
        let (begin, end, mut squares) = (run.begin as usize, run.end as usize, Squares::default());
        for chunk in (begin..end).step_by(CHUNK) {
            let hits = self.scan.hits(&self.ball, chunk, end, &mut squares);
            let ids = self.scan.grid.ids(chunk, end);
            for bit in ones(hits) {
                if let (Some(id), Some(square)) = (ids.get(bit), squares.as_flattened().get(bit)) {
                    self.insert(*square, i64::from(*id));
                }
            }
        }
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    wanted: usize,
    distances: &'a mut [f64],
    indices: &'a mut [i64],
    first_bad: Option<usize>,
}

impl<M: Masks> Answers<'_, M> {
    /// Returns the radius to begin with.
    #[inline(always)]
    fn first_radius(&self, query: &Query) -> f64 {
        let radius = self.scan.grid.first_radius(query.point, self.wanted as f64);
        if radius >= 0.0 { radius.min(query.radius) } else { 0.0 }
    }
}

impl<M: Masks> Answer for Answers<'_, M> {
    #[inline(always)]
    fn ball(&self, query: &Query) -> Option<Ball> {
        let begin = || Ball::new(self.scan.grid, query.point, self.first_radius(query));
        is_query(query.point, query.radius).then(begin)
    }

    #[inline(always)]
    fn answer(&mut self, query: Query, plan: Option<&mut Plan>) {
        let Some(plan) = plan else {
            if self.first_bad.is_none_or(|bad| query.row < bad) {
                self.first_bad = Some(query.row);
            }
            return;
        };
        let (grid, largest) = (self.scan.grid, query.radius);
        let Some(begin) = query.row.checked_mul(self.wanted) else { return };
        let best = self.distances.get_mut(begin..begin.saturating_add(self.wanted)).unwrap_or_default();
        let ids = self.indices.get_mut(begin..begin.saturating_add(self.wanted)).unwrap_or_default();
        if best.is_empty() || ids.is_empty() {
            return;
        }
        let (mut radius, mut growth) = (plan.ball.r2.sqrt(), 2.0);
        let found = loop {
            let (best, ids) = (&mut *best, &mut *ids);
            let mut nearest = Best { scan: self.scan, ball: plan.ball, best, ids, found: 0 };
            plan.show(grid, &mut nearest);
            if nearest.found == self.wanted || plan.ball.r2 >= largest * largest {
                break nearest.found;
            }
            radius = (radius.max(1e-140) * growth).min(largest);
            growth *= growth;
            *plan = Plan::new(grid, Ball::new(grid, query.point, radius), 0);
        };
        let (near, none) = best.split_at_mut(found.min(best.len()));
        near.iter_mut().for_each(|square| *square = square.sqrt());
        none.fill(f64::INFINITY);
        ids.get_mut(found..).unwrap_or_default().fill(-1);
    }
}

with_masks! {
    fn nearest_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        wanted: usize,
        radius: &[f64],
        distances: &mut [f64],
        indices: &mut [i64],
    ) -> Option<usize> {
        let scan = Scan { masks, grid, alive: Alive::new(alive) };
        let mut answers = Answers { scan, wanted, distances, indices, first_bad: None };
        walk(grid, query, radius, &[0], &mut answers);
        answers.first_bad
    }
}

/// Fills the rows of `distances` and `indices`, nearest first and equal ones by id; infinity and -1 where none is left.
///
/// A ball is searched, and a larger one as long as it held fewer than k points; its radius shrinks to the distance of the
/// k-th while it is searched. The factor between balls grows (2, 4, 16, 256, ...), so the last is reached soon.
pub fn nearest(
    level: Level,
    frame: &[[f64; 6]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    k: &[i64],
    radius: &[f64],
    distances: &mut [f64],
    indices: &mut [i64],
) -> Option<usize> {
    distances.fill(f64::INFINITY);
    indices.fill(-1);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    let wanted = k.first().map_or(0, |k| (*k).max(0) as usize);
    nearest_at(level, &grid, alive, query, wanted, radius, distances, indices)
}
