//! Which points lie within a radius of each query.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use crate::simd::{Level, prefetch};
use crate::spatial::candidates::{Candidates, LINES};
use crate::spatial::geometry::Grid;
use crate::spatial::group::{Compare, GROUP, Queries, Query, in_groups, last_after};
use crate::spatial::masks::{Masks, ones, with_masks};
use crate::spatial::run::Ball;
use crate::spatial::sort::{FEW, Hits, radix_sort};

/// Where results go: rows that lie anywhere in memory that other threads write to as well.
#[derive(Clone, Copy)]
struct Slots<'a> {
    indices: &'a [AtomicI64],
    distances: &'a [AtomicU64],
}

impl Slots<'_> {
    #[inline(always)]
    fn put(&self, place: usize, id: i64, distance: f64) {
        if let Some(slot) = self.indices.get(place) {
            slot.store(id, Relaxed);
        }
        if let Some(slot) = self.distances.get(place) {
            slot.store(distance.to_bits(), Relaxed);
        }
    }

    /// Sorts a row where it is.
    fn sort(&self, row: Range<usize>) {
        let mut ids: Vec<i64> =
            self.indices.get(row.clone()).unwrap_or(&[]).iter().map(|id| id.load(Relaxed)).collect();
        let distances = self.distances.get(row.clone()).unwrap_or(&[]).iter();
        let mut distances: Vec<f64> = distances.map(|bits| f64::from_bits(bits.load(Relaxed))).collect();
        radix_sort(&mut ids, &mut distances);
        for (place, id) in row.zip(ids.iter().enumerate()) {
            self.put(place, *id.1, distances.get(id.0).copied().unwrap_or(0.0));
        }
    }
}

struct Searcher<'a, M> {
    masks: M,
    queries: Queries<'a>,
    edges: &'a [i64],
    slots: Slots<'a>,
    squares: [[f64; 16]; LINES],
    hits: [Hits; GROUP],
    found: [usize; GROUP],
    first_bad: Option<usize>,
}

impl<M> Searcher<'_, M> {
    /// Returns where the results of a query begin, or those of the row behind it.
    #[inline(always)]
    fn edge(&self, number: usize, behind: usize) -> usize {
        let row = self.queries.row.get(number).map_or(usize::MAX, |row| (*row as usize).wrapping_add(behind));
        self.edges.get(row).map_or(usize::MAX, |edge| *edge as usize)
    }

    /// Whether the results of a query are few enough for a sort by rank.
    #[inline(always)]
    fn is_short(&self, number: usize) -> bool {
        self.edge(number, 1).saturating_sub(self.edge(number, 0)) <= FEW
    }
}

impl<M: Masks> Compare for Searcher<'_, M> {
    #[inline(always)]
    fn measures(&self) -> bool {
        !self.slots.distances.is_empty()
    }

    #[inline(always)]
    fn refuse(&mut self, number: usize) {
        self.first_bad = self.first_bad.or(Some(number));
    }

    #[inline(always)]
    fn compare(&mut self, numbers: Range<usize>, own: &[Query], candidates: &Candidates, last: bool) {
        let mut bits = [0; 2 * LINES];
        let wanted = self.measures();
        for number in numbers.clone() {
            let (begin, end) = (self.edge(number, 0), self.edge(number, 1));
            for place in (begin..end.min(begin.saturating_add(FEW))).step_by(8) {
                prefetch(self.slots.indices, place);
            }
        }
        for row in self.queries.row.get(numbers.end..).unwrap_or(&[]).iter().take(GROUP) {
            prefetch(self.edges, *row as usize);
        }
        let below = candidates.lines_below(self.masks, last_after(own));
        for ((number, slot), query) in numbers.clone().zip(0..GROUP).zip(own) {
            let ball = Ball::new(self.queries.grid, query.point, query.radius);
            if wanted {
                candidates.masks(self.masks, &ball, &mut bits, Some(&mut self.squares));
            } else {
                candidates.masks(self.masks, &ball, &mut bits, None);
            }
            let ids = candidates.ids();
            candidates.keep_from(self.masks, below, query.after, &mut bits);
            let (begin, few) = (self.edge(number, 0), self.is_short(number));
            let (Some(hits), Some(found)) = (self.hits.get_mut(slot), self.found.get_mut(slot)) else { continue };
            if few {
                hits.append(self.masks, &bits, ids, wanted.then_some(&self.squares));
                continue;
            }
            for ((bits, ids), squares) in bits.as_chunks().0.iter().zip(ids).zip(&self.squares) {
                for bit in ones(u16::from_le_bytes(*bits).into()) {
                    self.slots.put(begin.saturating_add(*found), i64::from(ids[bit & 15]), squares[bit & 15].sqrt());
                    *found += 1;
                }
            }
        }
        if !last {
            return;
        }
        let mut sorted = [0; 32];
        for (number, slot) in numbers.zip(0..GROUP) {
            let (begin, few) = (self.edge(number, 0), self.is_short(number));
            let (Some(hits), Some(found)) = (self.hits.get_mut(slot), self.found.get_mut(slot)) else { continue };
            if !few {
                self.slots.sort(begin..begin.saturating_add(*found));
                *found = 0;
            } else {
                let end = begin.saturating_add(hits.len().unwrap_or(0));
                let ids = self.slots.indices.get(begin..end).unwrap_or(&[]);
                if wanted {
                    let distances = self.slots.distances.get(begin..end).unwrap_or(&[]);
                    hits.ranked(self.masks, |rank, id, square| {
                        if let (Some(slot), Some(distance)) = (ids.get(rank), distances.get(rank)) {
                            slot.store(i64::from(id), Relaxed);
                            distance.store(square.sqrt().to_bits(), Relaxed);
                        }
                    });
                } else if hits.sort_ids(self.masks, &mut sorted) {
                    for (slot, id) in ids.iter().zip(sorted) {
                        slot.store(i64::from(id), Relaxed);
                    }
                } else {
                    hits.ranked(self.masks, |rank, id, _| {
                        if let Some(slot) = ids.get(rank) {
                            slot.store(i64::from(id), Relaxed);
                        }
                    });
                }
            }
            hits.clear();
        }
    }
}

with_masks! {
    fn search_at<masks>(
        queries: Queries,
        alive: &[u8],
        edges: &[i64],
        indices: &[AtomicI64],
        distances: &[AtomicU64],
    ) -> Option<usize> {
        let (squares, hits, found, first_bad) = ([[0.0; 16]; LINES], [(); GROUP].map(|()| Hits::new()), [0; GROUP], None);
        let slots = Slots { indices, distances };
        let mut searcher = Searcher { masks, queries, edges, slots, squares, hits, found, first_bad };
        in_groups(&queries, alive, &mut searcher);
        searcher.first_bad
    }
}

/// Fills `indices` and, unless it is empty, `distances`, each row in ascending order of ids.
///
/// Queries are those of [`crate::spatial::count()`]; query k fills row `row[k]`, which begins at `edges[row[k]]`. `edges`
/// must be those that `count` leads to; with others, some elements stay as they were.
pub fn search(
    level: Level,
    frame: &[[f64; 7]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    after: &[i32],
    row: &[i32],
    edges: &[i64],
    indices: &[AtomicI64],
    distances: &[AtomicU64],
) -> Option<usize> {
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    let queries = Queries { grid: &grid, query, radius, after, row };
    search_at(level, queries, alive, edges, indices, distances)
}
