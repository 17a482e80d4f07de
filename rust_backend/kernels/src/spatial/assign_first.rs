//! The first query that reaches each point.

use crate::simd::{Level, prefetch};
use crate::spatial::geometry::{Grid, Run, is_query};
use crate::spatial::masks::{Masks, with_masks};
use crate::spatial::order::{Answer, Plan, Query, Visit, walk};
use crate::spatial::run::{Alive, Ball, Eights, Scan};

/// Hits that are noted before labels change.
const NOTED: usize = 1024;

/// Places of a run that are looked at before there must be room again.
const PIECE: usize = 512;

/// Points that lie in a near cache, mostly: asking for those of 1e5 took 10 % longer, for those of 1e6 a fifth less.
const NEAR: usize = 1 << 18;

/// How many hits ahead the labels are asked for.
const SOON: usize = 32;

/// Points that are to have at most some label: their ids, query after query.
///
/// Labels change afterwards, in a loop that does nothing else: so many of them are on their way from memory at a time. The
/// labels of 1e6 points lie in no near cache, and those of 300,000 hits take 2.4 ms of 11. Sorting the hits by labels
/// first, so that these are visited in order, took 2 ms more; walking the queries by tiles of 4 to 16 rows of strips, so that
/// planes share what they read, changed nothing.
struct Notes {
    ids: [i32; NOTED],
    count: usize,
    /// Where the ids of each query end, and its row.
    queries: [(usize, i64); NOTED / 8],
    many: usize,
}

impl Notes {
    const NONE: Self = Self { ids: [0; NOTED], count: 0, queries: [(0, 0); NOTED / 8], many: 0 };

    /// Notes that the ids of a query end here.
    #[inline(always)]
    fn end(&mut self, own: i64, label: &mut [i64]) {
        if let Some(query) = self.queries.get_mut(self.many) {
            *query = (self.count, own);
            self.many += 1;
        }
        if self.many == self.queries.len() {
            self.carry_over(label);
        }
    }

    #[inline(always)]
    fn carry_over(&mut self, label: &mut [i64]) {
        let mut begin = 0;
        for (end, own) in self.queries.iter().take(self.many) {
            for at in begin..*end {
                if let Some(soon) = self.ids.get(at + SOON) {
                    prefetch(label, *soon as usize);
                }
                if let Some(label) = self.ids.get(at).and_then(|id| label.get_mut(*id as usize)) {
                    *label = (*label as u64).min(*own as u64) as i64; // as unsigned numbers, -1 is the largest
                }
            }
            begin = *end;
        }
        (self.count, self.many) = (0, 0);
    }
}

/// Notes the points within the ball.
struct Labeller<'a, M> {
    scan: Scan<'a, M>,
    ball: Ball,
    own: i64,
    notes: &'a mut Notes,
    label: &'a mut [i64],
}

impl<M: Masks> Visit for Labeller<'_, M> {
    #[inline(always)]
    fn visit(&mut self, run: Run) {
        let mut rest = run;
        while rest.begin < rest.end {
            if self.notes.count + PIECE + 8 > NOTED {
                self.notes.end(self.own, self.label);
                self.notes.carry_over(self.label);
            }
            let (scan, piece) = (self.scan, Run { end: rest.end.min(rest.begin + PIECE as u32), ..rest });
            let mut front = Front { scan, ids: &mut self.notes.ids, count: self.notes.count };
            scan.show(&self.ball, piece, &mut front);
            self.notes.count = front.count;
            rest.begin = piece.end;
        }
    }
}

/// Moves ids of hits to the front; their number is a variable of its own, since counting in memory waits for each store.
struct Front<'a, M> {
    scan: Scan<'a, M>,
    ids: &'a mut [i32; NOTED],
    count: usize,
}

impl<M: Masks> Eights for Front<'_, M> {
    #[inline(always)]
    fn eight(&mut self, begin: usize, hits: u8) {
        if let Some(to) = self.ids.get_mut(self.count..).and_then(|ids| ids.first_chunk_mut()) {
            self.scan.ids_to_front(begin, hits, to);
            self.count += hits.count_ones() as usize;
        }
    }
}

struct Answers<'a, M> {
    scan: Scan<'a, M>,
    label: &'a mut [i64],
    notes: Notes,
    first_bad: Option<usize>,
}

impl<M: Masks> Answer for Answers<'_, M> {
    #[inline(always)]
    fn ball(&self, query: &Query) -> Option<Ball> {
        is_query(query.point, query.radius).then(|| Ball::new(self.scan.grid, query.point, query.radius))
    }

    #[inline(always)]
    fn prefetch(&self, plan: &Plan) {
        if self.scan.grid.index.len() > NEAR {
            plan.prefetch(self.scan.grid);
        }
    }

    #[inline(always)]
    fn answer(&mut self, query: Query, plan: Option<&mut Plan>) {
        if let Some(plan) = plan {
            let (scan, ball, own) = (self.scan, plan.ball, query.row as i64);
            let (notes, label) = (&mut self.notes, &mut *self.label);
            plan.show(scan.grid, &mut Labeller { scan, ball, own, notes, label });
            self.notes.end(own, self.label);
        } else if self.first_bad.is_none_or(|bad| query.row < bad) {
            self.first_bad = Some(query.row);
        }
    }
}

with_masks! {
    fn assign_first_at<masks>(
        grid: &Grid,
        alive: &[u8],
        query: &[[f64; 3]],
        radius: &[f64],
        label: &mut [i64],
    ) -> Option<usize> {
        let scan = Scan { masks, grid, alive: Alive::new(alive) };
        let mut answers = Answers { scan, label, notes: Notes::NONE, first_bad: None };
        walk(grid, query, radius, &mut answers);
        answers.notes.carry_over(answers.label);
        answers.first_bad
    }
}

/// Fills `label` with the least row of `query` within whose radius each point lies, -1 where there is none.
///
/// A minimum does not depend on the order, so the queries are walked by cell.
pub fn assign_first(
    level: Level,
    frame: &[[f64; 7]],
    strip_cell: &[i32],
    start: &[i32],
    xyz: &[f64],
    index: &[i32],
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    label: &mut [i64],
) -> Option<usize> {
    label.fill(-1);
    let grid = Grid::new(frame, strip_cell, start, xyz, index)?;
    assign_first_at(level, &grid, alive, query, radius, label)
}
