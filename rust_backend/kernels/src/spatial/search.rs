//! Which points lie within a radius of each query.

use crate::simd::{Level, at_every_level};
use crate::spatial::geometry::{Grid, Visit, is_query};
use crate::spatial::order::{Answer, Query, walk};
use crate::spatial::run::{Alive, Ball, CHUNK, Squares, ones};
use crate::spatial::sort::{FEW, Hits, radix_sort};

/// Collects the hits of a row that is short enough for a sort by rank.
struct Short<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    ball: Ball,
    squares: &'a mut Squares,
    hits: &'a mut Hits,
}

impl Visit for Short<'_> {
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
                    self.hits.push(*id, *square);
                }
            }
        }
    }
}

/// Writes the hits of a long row where they belong, to be sorted there.
struct Long<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    ball: Ball,
    squares: &'a mut Squares,
    indices: &'a mut [i64],
    distances: &'a mut [f64],
    found: usize,
}

impl Visit for Long<'_> {
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
                if let (Some(slot), Some(id)) = (self.indices.get_mut(self.found), ids.get(bit)) {
                    *slot = i64::from(*id);
                }
                if let (Some(slot), Some(square)) =
                    (self.distances.get_mut(self.found), self.squares.as_flattened().get(bit))
                {
                    *slot = square.sqrt();
                }
                self.found += 1;
            }
        }
    }
}

struct Answers<'a> {
    level: Level,
    grid: &'a Grid<'a>,
    alive: Alive<'a>,
    edges: &'a [i64],
    indices: &'a mut [i64],
    distances: &'a mut [f64],
    squares: Squares,
    hits: Hits,
    first_bad: Option<usize>,
}

impl Answer for Answers<'_> {
    #[inline(always)]
    fn answer(&mut self, Query { row, point, radius, least }: Query) {
        if !is_query(point, radius) {
            if self.first_bad.is_none_or(|bad| row < bad) {
                self.first_bad = Some(row);
            }
            return;
        }
        let Some(&[begin, end]) = self.edges.get(row..row + 2) else { return };
        let base = self.edges.first().copied().unwrap_or(0);
        let (begin, end) = (begin.wrapping_sub(base) as usize, end.wrapping_sub(base) as usize);
        let indices = self.indices.get_mut(begin..end).unwrap_or_default();
        let distances = self.distances.get_mut(begin..end).unwrap_or_default();
        if indices.is_empty() {
            return;
        }
        let (level, grid, alive, ball) = (self.level, self.grid, self.alive, Ball::new(self.grid, point, radius));
        let (half, squares) = (ball.half_squared().sqrt(), &mut self.squares);
        if indices.len() <= FEW {
            self.hits.clear();
            let hits = &mut self.hits;
            grid.visit(point, half, least, &mut Short { level, grid, alive, ball, squares, hits });
            self.hits.write(indices, distances);
        } else {
            let mut long = Long { level, grid, alive, ball, squares, indices, distances, found: 0 };
            grid.visit(point, half, least, &mut long);
            radix_sort(long.indices, long.distances);
        }
    }
}

at_every_level! {
    fn search_at(
        tested: Level,
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i64],
        edges: &[i64],
        indices: &mut [i64],
        distances: &mut [f64],
    ) -> Option<usize> {
        let (alive, squares, hits) = (Alive::new(alive), Squares::default(), Hits::new());
        let mut answers =
            Answers { level: tested, grid, alive, edges, indices, distances, squares, hits, first_bad: None };
        walk(grid, query, radius, after, &mut answers);
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
    search_at(level, level, &grid, alive, query, radius, after, edges, indices, distances)
}
