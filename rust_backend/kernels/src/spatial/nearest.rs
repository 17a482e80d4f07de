//! The k nearest points of each query.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::order::{Answer, Query, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Squares, ones};

/// Keeps the nearest points so far; the ball shrinks to the k-th of them.
struct Best<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    ball: Ball,
    squares: &'a mut Squares,
    best: &'a mut [f64],
    ids: &'a mut [i64],
    found: usize,
}

impl Best<'_> {
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

impl Visit for Best<'_> {
    #[inline(always)]
    fn half_squared(&self) -> f64 {
        self.ball.half_squared()
    }

    #[inline(always)]
    fn visit(&mut self, begin: usize, end: usize) {
        for chunk in (begin..end).step_by(CHUNK) {
            let stop = end.min(chunk + CHUNK);
            let hits = self.ball.test(self.level, self.grid, chunk, stop, self.squares);
            let ids = self.grid.ids(chunk, stop);
            for bit in ones(self.alive.keep(hits, chunk)) {
                if let (Some(id), Some(square)) = (ids.get(bit), self.squares.as_flattened().get(bit)) {
                    self.insert(*square, i64::from(*id));
                }
            }
        }
    }
}

struct Answers<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    wanted: usize,
    distances: &'a mut [f64],
    indices: &'a mut [i64],
    squares: Squares,
    first_bad: Option<usize>,
}

impl Answer for Answers<'_> {
    #[inline(always)]
    fn answer(&mut self, Query { row, point, radius: largest, .. }: Query) {
        if !is_query(point, largest) {
            if self.first_bad.is_none_or(|bad| row < bad) {
                self.first_bad = Some(row);
            }
            return;
        }
        let Some(begin) = row.checked_mul(self.wanted) else { return };
        let best = self.distances.get_mut(begin..begin.saturating_add(self.wanted)).unwrap_or_default();
        let ids = self.indices.get_mut(begin..begin.saturating_add(self.wanted)).unwrap_or_default();
        if best.is_empty() || ids.is_empty() {
            return;
        }
        let (level, grid, alive) = (self.level, self.grid, self.alive);
        let mut radius = grid.first_radius(point, self.wanted as f64);
        radius = if radius >= 0.0 { radius.min(largest) } else { 0.0 };
        let mut growth = 2.0;
        let found = loop {
            let ball = Ball::new(grid, point, radius);
            let (best, ids, squares) = (&mut *best, &mut *ids, &mut self.squares);
            let mut nearest = Best { level, grid, alive, ball, squares, best, ids, found: 0 };
            grid.visit(point, ball.half_squared().sqrt(), 0, &mut nearest);
            if nearest.found == self.wanted || radius >= largest {
                break nearest.found;
            }
            radius = (radius.max(1e-140) * growth).min(largest);
            growth *= growth;
        };
        let (near, none) = best.split_at_mut(found.min(best.len()));
        near.iter_mut().for_each(|square| *square = square.sqrt());
        none.fill(f64::INFINITY);
        ids.get_mut(found..).unwrap_or_default().fill(-1);
    }
}

at_every_level! {
    fn nearest_at(
        tested: Level,
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        wanted: usize,
        radius: &[f64],
        distances: &mut [f64],
        indices: &mut [i64],
    ) -> Option<usize> {
        let (alive, squares) = (Alive::new(alive), Squares::default());
        let mut answers =
            Answers { level: tested, grid, alive, wanted, distances, indices, squares, first_bad: None };
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
    nearest_at(level, level, &grid, alive, query, wanted, radius, distances, indices)
}
