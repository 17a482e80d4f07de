//! The order in which queries are walked, and their plans: by cell, so that neighbours in time are neighbours in memory.

use crate::spatial::cells::{BLOCK, Cells};
use crate::spatial::geometry::{Grid, Run, Strips, around};
use crate::spatial::group::of_row;
use crate::spatial::plan::{AHEAD, Planner, RUNS};
use crate::spatial::run::Ball;

/// Rows that are put in order at once; the scratch memory of a call is 8 bytes for each.
const BATCH: usize = 1 << 18;
const BUCKETS: usize = 1 << 13;
const FEW: usize = 64;

/// How many queries ahead the memory that an answer reads is asked for.
const SOON: usize = 2;

/// A query: its row, its point and its radius.
#[derive(Clone, Copy)]
pub(crate) struct Query {
    pub(crate) row: usize,
    pub(crate) point: [f64; 3],
    pub(crate) radius: f64,
}

/// What a ball has to be compared with.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) ball: Ball,
    strips: Strips,
    runs: [Run; RUNS],
    count: usize,
}

impl Plan {
    pub(crate) const NONE: Self = Self { ball: Ball::NONE, strips: Strips::NONE, runs: [Run::NONE; RUNS], count: 0 };

    /// Plans the search of another ball.
    #[inline(always)]
    pub(crate) fn set(&mut self, grid: &Grid, ball: Ball) {
        self.ball = ball;
        self.strips = grid.strips_around(around(ball.centre), ball.half_squared(), 0);
        self.count = grid.runs(&mut self.strips, &mut self.runs);
    }

    /// Asks for the points of the runs that were planned first, and for their ids.
    #[inline(always)]
    pub(crate) fn prefetch(&self, grid: &Grid) {
        for run in self.runs.iter().take(self.count) {
            grid.prefetch(*run);
        }
    }

    /// Shows every run to a visitor.
    #[inline(always)]
    pub(crate) fn show(&mut self, grid: &Grid, visitor: &mut impl Visit) {
        loop {
            for run in self.runs.iter().take(self.count) {
                visitor.visit(*run);
            }
            self.count = grid.runs(&mut self.strips, &mut self.runs);
            if self.count == 0 && self.strips.is_empty() {
                break;
            }
        }
    }
}

/// What looks at the points that a ball can reach.
pub(crate) trait Visit {
    fn visit(&mut self, run: Run);
}

/// What answers queries.
pub(crate) trait Answer {
    /// Returns the ball to begin with, or none if the query cannot be answered.
    fn ball(&self, query: &Query) -> Option<Ball>;
    /// Asks for what the answer will read, some queries before it is due; worth it where these lie far apart.
    #[inline(always)]
    fn prefetch(&self, _plan: &Plan) {}
    fn answer(&mut self, query: Query, plan: Option<&mut Plan>);
}

/// Plans that are made together before their queries are answered: so the waits for memory overlap, and the long chains
/// of arithmetic from a query to its runs are waited for by none. A few queries are planned one by one, as tables for many
/// take 6 us.
struct Ahead {
    plans: Vec<(Query, bool, Plan)>,
    planner: Option<Box<Planner>>,
}

impl Ahead {
    fn new(queries: usize) -> Self {
        const NONE: (Query, bool, Plan) = (Query { row: 0, point: [0.0; 3], radius: 0.0 }, false, Plan::NONE);
        let few = queries <= AHEAD;
        Self { plans: vec![NONE; if few { 1 } else { AHEAD }], planner: (!few).then(|| Box::new(Planner::NONE)) }
    }

    /// Answers queries in this order.
    #[inline(always)]
    fn answer(&mut self, grid: &Grid, mut queries: impl ExactSizeIterator<Item = Query>, answer: &mut impl Answer) {
        while queries.len() > 0 {
            let count = queries.len().min(self.plans.len());
            let (plans, planner) = (self.plans.get_mut(..count).unwrap_or_default(), &mut self.planner);
            for (at, ((query, valid, plan), next)) in plans.iter_mut().zip(&mut queries).enumerate() {
                *query = next;
                let ball = answer.ball(query);
                *valid = ball.is_some();
                plan.ball = ball.unwrap_or(Ball::NONE);
                if let Some(planner) = planner {
                    planner.take(grid, at, around(plan.ball.centre), plan.ball.half_squared());
                }
            }
            if let Some(planner) = planner {
                planner.find(grid);
            }
            for (at, (_, valid, plan)) in plans.iter_mut().enumerate() {
                let runs = &mut plan.runs;
                if let Some(count) = planner.as_ref().and_then(|planner| planner.write(grid, at, 0, runs)) {
                    (plan.strips, plan.count) = (Strips::NONE, count);
                } else if *valid {
                    plan.set(grid, plan.ball);
                }
            }
            for (_, _, plan) in plans.iter().take(SOON) {
                answer.prefetch(plan);
            }
            for at in 0..plans.len() {
                if let Some((.., plan)) = plans.get(at + SOON) {
                    answer.prefetch(plan);
                }
                if let Some((query, valid, plan)) = plans.get_mut(at) {
                    answer.answer(*query, valid.then_some(plan));
                }
            }
        }
    }
}

/// Hands every query to `answer`, as they come.
#[inline(always)]
pub(crate) fn in_turn(grid: &Grid, query: &[[f64; 3]], radius: &[f64], answer: &mut impl Answer) {
    let read = |(row, point): (usize, &[f64; 3])| Query { row, point: *point, radius: of_row(radius, row, f64::NAN) };
    Ahead::new(query.len()).answer(grid, query.iter().enumerate().map(read), answer);
}

/// Hands every query to `answer`, by cell; cells that are neighbours in memory may share a bucket.
///
/// A handful of rows stays as it is: clearing the buckets takes longer than a hundred searches.
#[inline(always)]
pub(crate) fn walk(grid: &Grid, query: &[[f64; 3]], radius: &[f64], answer: &mut impl Answer) {
    let mut ahead = Ahead::new(query.len());
    let size = query.len().min(BATCH);
    let mut order: Vec<u32> = (0..size as u32).collect();
    let (mut bucket, mut first) = (Vec::new(), Vec::new());
    for (start, batch) in (0..).step_by(BATCH).zip(query.chunks(BATCH)) {
        if query.len() >= FEW {
            bucket.resize(size, 0_u32);
            first.clear();
            first.resize(BUCKETS + 1, 0_u32);
            by_cell(grid, batch, &mut bucket, &mut first, &mut order);
        }
        let read = |own: &u32| {
            let (row, own) = (start + *own as usize, *own as usize);
            let point = batch.get(own).copied().unwrap_or([f64::NAN; 3]);
            Query { row, point, radius: of_row(radius, row, f64::NAN) }
        };
        ahead.answer(grid, order.get(..batch.len()).unwrap_or(&[]).iter().map(read), answer);
    }
}

/// Fills `order` with the rows of a batch, by cell.
#[inline(always)]
fn by_cell(grid: &Grid, batch: &[[f64; 3]], bucket: &mut [u32], first: &mut [u32], order: &mut [u32]) {
    let many = grid.strip_cell.last().map_or(0, |cells| *cells as u32);
    let shift = (0..u32::BITS).find(|shift| many >> shift < BUCKETS as u32).unwrap_or(0);
    let mut cells = Cells::new();
    for (block, bucket) in batch.chunks(BLOCK).zip(bucket.chunks_mut(BLOCK)) {
        for (cell, bucket) in cells.of(&grid.frame, grid.strip_cell, block).iter().zip(bucket) {
            *bucket = (cell >> shift).min(BUCKETS as u32 - 1);
            if let Some(count) = first.get_mut(*bucket as usize + 1) {
                *count += 1;
            }
        }
    }
    let mut total = 0;
    for count in first.iter_mut() {
        total += *count;
        *count = total;
    }
    for (row, bucket) in (0..).zip(bucket.iter()).take(batch.len()) {
        if let Some(place) = first.get_mut(*bucket as usize) {
            if let Some(slot) = order.get_mut(*place as usize) {
                *slot = row;
            }
            *place += 1;
        }
    }
}
