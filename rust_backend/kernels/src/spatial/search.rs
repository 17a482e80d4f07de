//! Which points lie within a radius of each query.

use crate::simd::Level;
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, Scan, Squares};
use crate::spatial::sort::{FEW, Hits, Rows, radix_sort};

/// Collects the hits of a row that is short enough for a sort by rank.
struct Short<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    squares: &'a mut Squares,
    hits: &'a mut Hits,
}

impl<M: Masks> Visit for Short<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        self.scan.collect(&self.ball, run, self.squares, self.hits);
    }
}

/// Writes the hits of a long row where they belong, to be sorted there.
struct Long<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    indices: &'a mut [i64],
    squares: &'a mut Squares,
    distances: &'a mut [f64],
    found: usize,
}

impl<M: Masks> Visit for Long<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        self.scan.each_hit(&self.ball, run, self.squares, |_, id, square| {
            if let Some(slot) = self.indices.get_mut(self.found) {
                *slot = i64::from(id);
            }
            if let Some(slot) = self.distances.get_mut(self.found) {
                *slot = square.sqrt();
            }
            self.found += 1;
        });
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    edges: &'a [i64],
    indices: &'a mut [i64],
    distances: &'a mut [f64],
    squares: Squares,
    rows: Rows,
    /// Where the row before belongs.
    before: (usize, usize),
    first_bad: Option<usize>,
}

impl<M> Answers<'_, M> {
    /// Writes the row before.
    #[inline(always)]
    fn write(&mut self) {
        let (begin, end) = std::mem::take(&mut self.before);
        let indices = self.indices.get_mut(begin..end).unwrap_or_default();
        let distances = self.distances.get_mut(begin..end).unwrap_or_default();
        self.rows.before().write(indices, distances);
    }
}

impl<M: Masks> Answer for Answers<'_, M> {
    #[inline(always)]
    fn ball(&self, query: &Query) -> Option<Ball> {
        is_query(query.point, query.radius).then(|| Ball::new(self.scan.grid, query.point, query.radius))
    }

    #[inline(always)]
    fn answer(&mut self, query: Query, plan: Option<&mut Plan>) {
        let Some(plan) = plan else {
            if self.first_bad.is_none_or(|bad| query.row < bad) {
                self.first_bad = Some(query.row);
            }
            return;
        };
        let Some(&[begin, end]) = self.edges.get(query.row..query.row + 2) else { return };
        let base = self.edges.first().copied().unwrap_or(0);
        let (begin, end) = (begin.wrapping_sub(base) as usize, end.wrapping_sub(base) as usize);
        let indices = self.indices.get_mut(begin..end).unwrap_or_default();
        let distances = self.distances.get_mut(begin..end).unwrap_or_default();
        if indices.is_empty() {
            return;
        }
        let (scan, ball, squares) = (self.scan, plan.ball, &mut self.squares);
        if indices.len() <= FEW {
            plan.show(scan.grid, &mut Short { scan, ball, squares, hits: self.rows.current() });
            self.write();
            self.rows.next();
            self.before = (begin, end);
        } else {
            let mut long = Long { scan, ball, squares, indices, distances, found: 0 };
            plan.show(scan.grid, &mut long);
            radix_sort(long.indices, long.distances);
        }
    }
}

with_masks! {
    fn search_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i64],
        edges: &[i64],
        indices: &mut [i64],
        distances: &mut [f64],
    ) -> Option<usize> {
        let scan = Scan { masks, grid, alive: Alive::new(alive) };
        let (squares, rows, before) = (Squares::default(), Rows::new(), (0, 0));
        let mut answers = Answers { scan, edges, indices, distances, squares, rows, before, first_bad: None };
        walk(grid, query, radius, after, &mut answers);
        answers.write();
        answers.first_bad
    }
}

/// Fills `indices` and, unless it is empty, `distances`, each row in ascending order of ids.
///
/// `edges` must be those that `count` leads to; with others, some elements stay as they were.
pub fn search(
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
    edges: &[i64],
    indices: &mut [i64],
    distances: &mut [f64],
) -> Option<usize> {
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    search_at(level, &grid, alive, query, radius, after, edges, indices, distances)
}
