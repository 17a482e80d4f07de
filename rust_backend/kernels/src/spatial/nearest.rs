//! The k nearest points of each query.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Scan, Squares, ones};
use crate::spatial::sort::{Hits, Rows};

/// Up to so many neighbours are chosen from all hits at once; more are kept in order as they are found.
const FEW: usize = 48;

/// Keeps the nearest points so far; the ball shrinks to the k-th of them.
struct Best<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    best: &'a mut [f64],
    ids: &'a mut [i64],
    found: usize,
}

impl<M: Masks> Best<'_, M> {
    /// Puts a point in its place, by distance and then by id; the last one falls out where there are enough.
    #[inline(always)]
    fn insert(&mut self, mut square: f64, mut id: i64) {
        if square > self.ball.r2 {
            return;
        }
        self.found = self.best.len().min(self.found + 1);
        for (best, own) in self.best.iter_mut().zip(self.ids.iter_mut()).take(self.found) {
            let first = square < *best || (square == *best && id < *own);
            let (next, next_id) = if first { (*best, *own) } else { (square, id) };
            (*best, *own) = if first { (square, id) } else { (*best, *own) };
            (square, id) = (next, next_id);
        }
        if self.found == self.best.len() {
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
        let (begin, end) = (run.begin as usize, run.end as usize);
        for chunk in (begin..end).step_by(CHUNK) {
            let hits = self.scan.hits(&self.ball, chunk, end, self.squares);
            let ids = self.scan.grid.ids(chunk, end);
            for bit in ones(hits) {
                if let (Some(id), Some(square)) = (ids.get(bit), self.squares.as_flattened().get(bit)) {
                    self.insert(*square, i64::from(*id));
                }
            }
        }
    }
}

/// Collects all hits, which is faster while there are few: sorting them by rank needs no branch.
struct Few<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    hits: &'a mut Hits,
}

impl<M: Masks> Visit for Few<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        self.scan.collect(&self.ball, run, self.squares, self.hits);
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    wanted: usize,
    distances: &'a mut [f64],
    indices: &'a mut [i64],
    squares: Squares,
    rows: Rows,
    /// Where the row before belongs.
    before: (usize, usize),
    first_bad: Option<usize>,
}

impl<M: Masks> Answers<'_, M> {
    /// Returns the radius to begin with.
    #[inline(always)]
    fn first_radius(&self, query: &Query) -> f64 {
        let radius = self.scan.grid.first_radius(query.point, self.wanted as f64);
        if radius >= 0.0 { radius.min(query.radius) } else { 0.0 }
    }

    /// Writes the row before, if it was one of few hits.
    #[inline(always)]
    fn write(&mut self) {
        let (begin, end) = std::mem::take(&mut self.before);
        let distances = self.distances.get_mut(begin..end).unwrap_or_default();
        let indices = self.indices.get_mut(begin..end).unwrap_or_default();
        let hits = self.rows.before();
        hits.keep_nearest(self.wanted);
        hits.write_nearest(distances, indices);
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
        let end = begin.saturating_add(self.wanted);
        let (mut radius, mut growth) = (plan.ball.r2.sqrt(), 2.0);
        let mut few = self.wanted <= FEW;
        loop {
            let (ball, squares) = (plan.ball, &mut self.squares);
            let whole = ball.r2 >= largest * largest;
            let again = if few {
                let hits = self.rows.current();
                hits.clear();
                plan.show(grid, &mut Few { scan: self.scan, ball, squares, hits });
                let found = hits.len();
                if found.is_some_and(|found| found >= self.wanted || whole) {
                    self.write();
                    self.rows.next();
                    self.before = (begin, end);
                    return;
                }
                few = found.is_some();
                !few
            } else {
                let best = self.distances.get_mut(begin..end).unwrap_or_default();
                let ids = self.indices.get_mut(begin..end).unwrap_or_default();
                if best.is_empty() || ids.is_empty() {
                    return;
                }
                best.fill(f64::INFINITY);
                ids.fill(i64::MAX);
                let mut nearest = Best { scan: self.scan, ball, squares, best, ids, found: 0 };
                plan.show(grid, &mut nearest);
                let found = nearest.found;
                if found == self.wanted || whole {
                    let (near, none) = best.split_at_mut(found.min(best.len()));
                    near.iter_mut().for_each(|square| *square = square.sqrt());
                    none.fill(f64::INFINITY);
                    ids.get_mut(found..).unwrap_or_default().fill(-1);
                    return;
                }
                false
            };
            // The same ball again where it held too many to sort them by rank.
            let next = if again {
                ball
            } else {
                radius = (radius.max(1e-140) * growth).min(largest);
                growth *= growth;
                Ball::new(grid, query.point, radius)
            };
            plan.set(grid, next);
        }
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
        let (squares, rows, before) = (Squares::default(), Rows::new(), (0, 0));
        let mut answers =
            Answers { scan, wanted, distances, indices, squares, rows, before, first_bad: None };
        walk(grid, query, radius, &mut answers);
        answers.write();
        answers.first_bad
    }
}

/// Fills the rows of `distances` and `indices`, nearest first and equal ones by id; infinity and -1 where none is left.
///
/// A ball is searched, and a larger one as long as it held fewer than k points; its radius shrinks to the distance of the
/// k-th while it is searched. The factor between balls grows (2, 4, 16, 256, ...), so the last is reached soon.
pub fn nearest(
    level: Level,
    frame: &[[f64; 7]],
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
