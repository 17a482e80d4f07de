//! The ids that queries find, held for as long as it takes to learn where they belong.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::simd::Level;
use crate::spatial::candidates::{Candidates, LINES};
use crate::spatial::geometry::Grid;
use crate::spatial::group::{Compare, GROUP, Queries, Query, in_groups, last_after};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::run::Ball;
use crate::spatial::sort::{FEW, Hits};

// The reference holds as many.
const _: () = assert!(FEW == 256);

/// Queries of a tile, whose ids lie one row behind the other.
pub(crate) const TILE: usize = 16;

/// What stands behind the last id of a tile.
pub(crate) const NONE: i32 = -1;

struct Collector<'a, M> {
    masks: M,
    queries: Queries<'a>,
    count: &'a [AtomicI64],
    ids: &'a mut [i32],
    /// Ids that a tile has room for.
    room: usize,
    /// Ids of the tile so far, more than its room from the first row on that was not held.
    used: usize,
    /// The first query that has not ended.
    next: usize,
    /// Those of a group, and no hits.
    hits: [Hits; GROUP + 1],
    first_bad: Option<usize>,
}

impl<M: Masks> Collector<'_, M> {
    /// Ends the queries before this one, which were refused.
    #[inline(always)]
    fn end_until(&mut self, query: usize) {
        for refused in self.next..query {
            self.end(refused, GROUP);
        }
    }

    /// Ends a query, whose hits are in a slot.
    #[inline(always)]
    fn end(&mut self, query: usize, slot: usize) {
        let Some(hits) = self.hits.get_mut(slot) else { return };
        if let Some(count) = self.queries.row.get(query).and_then(|row| self.count.get(*row as usize)) {
            count.store(hits.total() as i64, Relaxed);
        }
        if query.is_multiple_of(TILE) {
            self.used = 0;
        }
        let begin = (query / TILE).saturating_mul(self.room);
        let tile = self.ids.get_mut(begin..begin.saturating_add(self.room)).unwrap_or(&mut []);
        let count = hits.len().unwrap_or(usize::MAX);
        if let Some(ids) = tile.get_mut(self.used..).filter(|ids| count <= ids.len()) {
            hits.write_ids(self.masks, ids);
            self.used += count;
        } else {
            tile.get_mut(self.used..).unwrap_or(&mut []).fill(NONE);
            self.used = usize::MAX;
        }
        if query % TILE == TILE - 1 {
            tile.get_mut(self.used..).unwrap_or(&mut []).fill(NONE);
        }
        hits.clear();
        self.next = query + 1;
    }
}

impl<M: Masks> Compare for Collector<'_, M> {
    #[inline(always)]
    fn measures(&self) -> bool {
        false
    }

    #[inline(always)]
    fn refuse(&mut self, query: usize) {
        self.first_bad = self.first_bad.or(Some(query / TILE));
    }

    #[inline(always)]
    fn compare(&mut self, numbers: Range<usize>, own: &[Query], candidates: &Candidates, last: bool) {
        let mut bits = [0; 2 * LINES];
        let below = candidates.lines_below(self.masks, last_after(own));
        for (query, hits) in own.iter().zip(&mut self.hits) {
            let ball = Ball::new(self.queries.grid, query.point, query.radius);
            candidates.masks(self.masks, &ball, &mut bits, None);
            candidates.keep_from(self.masks, below, query.after, &mut bits);
            hits.append(self.masks, &bits, candidates.ids(), None);
        }
        if last {
            self.end_until(numbers.start);
            for (slot, number) in numbers.enumerate() {
                self.end(number, slot);
            }
        }
    }
}

with_masks! {
    fn collect_at<masks>(
        queries: Queries,
        alive: &[u8],
        room: usize,
        count: &[AtomicI64],
        ids: &mut [i32],
    ) -> Option<usize> {
        let (many, used, next, hits, first_bad) = (queries.row.len(), 0, 0, [(); GROUP + 1].map(|()| Hits::new()), None);
        let mut collector =
            Collector { masks, queries, count, ids, room, used, next, hits, first_bad };
        in_groups(&queries, alive, &mut collector);
        collector.end_until(many);
        collector.first_bad
    }
}

/// Fills `count`, as [`crate::spatial::count()`] does, and `ids`, a row of which belongs to [`TILE`] queries: the ids that
/// each finds, in ascending order, query by query, as far as they fit. From the first query on that finds too many for
/// the row, or more than [`FEW`], a tile holds no ids; [`NONE`] stands behind the last one.
///
/// A row of `after` and `row` belongs to a tile as well.
pub fn collect(
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
    room: &[i64],
    count: &[AtomicI64],
    ids: &mut [i32],
) -> Option<usize> {
    let room = room.first().map_or(0, |room| *room as usize);
    let Some(grid) = Grid::new(frame, strip_cell, start, xyz, index) else {
        row.iter().filter_map(|row| count.get(*row as usize)).for_each(|count| count.store(0, Relaxed));
        ids.fill(NONE);
        return None;
    };
    let queries = Queries { grid: &grid, query, radius, after, row };
    collect_at(level, queries, alive, room, count, ids)
}
