//! Searching and removing, one query after the other.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Plan, Visit};
use crate::spatial::run::{Alive, Ball, Scan, Squares};

/// The flags of the points, and the log of those found so far, with their number.
struct State<'a> {
    alive: &'a mut [u8],
    log: &'a mut [i64],
    now: usize,
}

/// Removes what it sees within the ball.
struct Taker<'a, 's, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    state: &'a mut State<'s>,
}

impl<M: Masks> Visit for Taker<'_, '_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        let State { alive, log, now } = &mut *self.state;
        self.scan.each_hit(&self.ball, run, self.squares, |at, id, _| {
            let Some(flag) = alive.get_mut(at).filter(|flag| **flag != 0) else { return };
            if let Some(entry) = log.get_mut(*now) {
                (*flag, *entry) = (0, i64::from(id) << 32 | at as i64);
                *now += 1;
            }
        });
    }
}

with_masks! {
    fn take_at<masks>(
        grid: &Grid,
        state: &mut State,
        query: &[[f64; 3]],
        radius: &[f64],
        count: &mut [i64],
    ) -> Option<usize> {
        let (mut first_bad, mut squares) = (None, Squares::default());
        let scan = Scan { masks, grid, alive: Alive::new(&[]) };
        let mut plan = Plan::NONE;
        for (row, (point, count)) in query.iter().zip(count).enumerate() {
            let radius = match *radius {
                [one] => one,
                _ => radius.get(row).copied().unwrap_or(f64::NAN),
            };
            if !is_query(*point, radius) {
                first_bad = first_bad.or(Some(row));
                continue;
            }
            let (before, ball) = (state.now, Ball::new(grid, *point, radius));
            plan.set(grid, ball, 0);
            plan.show(grid, &mut Taker { scan, ball, squares: &mut squares, state });
            let own = state.log.get_mut(before..state.now).unwrap_or_default();
            *count = own.len() as i64;
            own.sort_unstable();
        }
        first_bad
    }
}

/// Removes the points within reach of each query in turn, and writes down which.
///
/// `log[0]` is the number of points removed so far. An entry behind it is the id of a point, times 2^32, plus its place;
/// those of a query ascend.
pub fn take(
    level: Level,
    frame: &[[f64; 7]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &mut [u8],
    log: &mut [i64],
    query: &[[f64; 3]],
    radius: &[f64],
    count: &mut [i64],
) -> Option<usize> {
    count.fill(0);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    let (total, log) = log.split_first_mut()?;
    let mut state = State { alive, log, now: (*total).max(0) as usize };
    let first_bad = take_at(level, &grid, &mut state, query, radius, count);
    *total = state.now as i64;
    first_bad
}
