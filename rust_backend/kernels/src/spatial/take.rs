//! Searching and removing, one query after the other.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::run::{Ball, CHUNK, Squares, ones};
use crate::spatial::sort::{FEW, Hits, radix_sort};

/// The flags of the points, and those found so far: ids, places and their number.
struct State<'a> {
    alive: &'a mut [u8],
    found: &'a mut [i64],
    places: &'a mut [i32],
    now: usize,
}

/// Removes what it sees within the ball.
struct Taker<'a, 's> {
    level: Level,
    grid: &'a Grid<'a>,
    ball: Ball,
    squares: &'a mut Squares,
    state: &'a mut State<'s>,
}

impl Visit for Taker<'_, '_> {
    #[inline(always)]
    fn half_squared(&self) -> f64 {
        self.ball.half_squared()
    }

    #[inline(always)]
    fn visit(&mut self, begin: usize, end: usize) {
        for chunk in (begin..end).step_by(CHUNK) {
            let stop = end.min(chunk + CHUNK);
            let hits = self.ball.test(self.level, self.grid, chunk, stop, self.squares);
            let (ids, State { alive, found, places, now }) = (self.grid.ids(chunk, stop), &mut *self.state);
            for bit in ones(hits) {
                let (Some(flag), Some(id)) = (alive.get_mut(chunk + bit), ids.get(bit)) else { continue };
                if *flag == 0 {
                    continue;
                }
                if let (Some(found), Some(place)) = (found.get_mut(*now), places.get_mut(*now)) {
                    (*flag, *found, *place) = (0, i64::from(*id), (chunk + bit) as i32);
                    *now += 1;
                }
            }
        }
    }
}

at_every_level! {
    fn take_at(
        tested: Level,
        grid: &Grid,
        state: &mut State,
        query: &[[f64; 3]],
        radius: &[f64],
        count: &mut [i64],
    ) -> Option<usize> {
        let (mut first_bad, mut squares) = (None, Squares::default());
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
            let mut taker = Taker { level: tested, grid, ball, squares: &mut squares, state };
            grid.visit(*point, ball.half_squared().sqrt(), 0, &mut taker);
            let own = state.found.get_mut(before..state.now).unwrap_or_default();
            *count = own.len() as i64;
            if own.len() > FEW {
                radix_sort(own, &mut []);
            } else if own.len() > 1 {
                let mut hits = Hits::new();
                own.iter().for_each(|id| hits.push(*id as i32, 0.0));
                hits.write(own, &mut []);
            }
        }
        first_bad
    }
}

/// Removes the points within reach of each query in turn; appends their ids to `found` and places to `places`.
///
/// `tally[0]` is the number of points found so far. The ids of a query ascend.
pub fn take(
    level: Level,
    frame: &[[f64; 6]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &mut [u8],
    found: &mut [i64],
    places: &mut [i32],
    tally: &mut [i64],
    query: &[[f64; 3]],
    radius: &[f64],
    count: &mut [i64],
) -> Option<usize> {
    count.fill(0);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    let tally = tally.first_mut()?;
    let mut state = State { alive, found, places, now: (*tally).max(0) as usize };
    let first_bad = take_at(level, level, &grid, &mut state, query, radius, count);
    *tally = state.now as i64;
    first_bad
}
