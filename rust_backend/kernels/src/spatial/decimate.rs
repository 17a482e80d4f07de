//! Thinning a set of points: keep one, drop its neighbours, in a given order.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::run::{Ball, CHUNK, Squares, ones};

/// Drops the points within the ball.
struct Dropper<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    ball: Ball,
    squares: &'a mut Squares,
    kept: &'a mut [bool],
}

impl Visit for Dropper<'_> {
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
            for bit in ones(hits) {
                if let Some(kept) = ids.get(bit).and_then(|id| self.kept.get_mut(*id as usize)) {
                    *kept = false;
                }
            }
        }
    }
}

at_every_level! {
    fn decimate_at(
        tested: Level,
        grid: &Grid,
        place: &[i32],
        order: &[i64],
        radius: f64,
        kept: &mut [bool],
    ) -> Option<usize> {
        let mut squares = Squares::default();
        for id in order.iter().map(|id| *id as usize) {
            if !kept.get(id).is_some_and(|kept| *kept) {
                continue;
            }
            let Some(place) = place.get(id) else { continue };
            let point = grid.point(*place as usize);
            let ball = Ball::new(grid, point, radius);
            let mut dropper = Dropper { level: tested, grid, ball, squares: &mut squares, kept };
            grid.visit(point, ball.half_squared().sqrt(), 0, &mut dropper);
            if let Some(kept) = kept.get_mut(id) {
                *kept = true;
            }
        }
        None
    }
}

/// Fills `kept`: the lexicographically first set, in the order of `order`, of points further apart than the radius.
///
/// `place` holds the place of every id and `order` the ids as they are visited. A kept point is dropped by no later one:
/// the predicate is symmetric, so it would have dropped that one first.
pub fn decimate(
    level: Level,
    frame: &[[f64; 6]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    place: &[i32],
    order: &[i64],
    radius: &[f64],
    kept: &mut [bool],
) -> Option<usize> {
    kept.fill(false);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    for (at, id) in index.iter().enumerate() {
        if let Some(kept) = kept.get_mut(*id as usize) {
            *kept = alive.is_empty() || alive.get(at).is_some_and(|flag| *flag != 0);
        }
    }
    let radius = radius.first().copied().unwrap_or(f64::NAN);
    if !is_query([0.0; 3], radius) {
        return Some(0);
    }
    decimate_at(level, level, &grid, place, order, radius, kept)
}
