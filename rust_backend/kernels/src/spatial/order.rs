//! The order in which queries are walked, and their plans: by cell, so that neighbours in time are neighbours in memory.

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
/// of arithmetic from a query to its runs are waited for by none.
struct Ahead {
    plans: [(Query, bool, Plan); AHEAD],
    planner: Planner,
}

impl Ahead {
    fn new() -> Box<Self> {
        const NONE: (Query, bool, Plan) = (Query { row: 0, point: [0.0; 3], radius: 0.0 }, false, Plan::NONE);
        Box::new(Self { plans: [NONE; AHEAD], planner: Planner::NONE })
    }

    /// Answers the first queries that are listed.
    #[inline(always)]
    fn answer(&mut self, grid: &Grid, count: usize, answer: &mut impl Answer) {
        let (plans, planner) = (self.plans.get_mut(..count).unwrap_or_default(), &mut self.planner);
        for (at, (query, valid, plan)) in plans.iter_mut().enumerate() {
            let ball = answer.ball(query);
            *valid = ball.is_some();
            plan.ball = ball.unwrap_or(Ball::NONE);
            planner.take(grid, at, around(plan.ball.centre), plan.ball.half_squared());
        }
        planner.find(grid);
        for (at, (_, valid, plan)) in plans.iter_mut().enumerate() {
            if let Some(count) = planner.write(grid, at, 0, &mut plan.runs) {
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

/// Hands every query to `answer`, as they come; a few are planned one by one, as tables for many take 6 us.
#[inline(always)]
pub(crate) fn in_turn(grid: &Grid, query: &[[f64; 3]], radius: &[f64], answer: &mut impl Answer) {
    let read = |row: usize, point: [f64; 3]| Query { row, point, radius: of_row(radius, row, f64::NAN) };
    if query.len() <= AHEAD {
        let mut plan = Plan::NONE;
        for (row, point) in query.iter().enumerate() {
            let query = read(row, *point);
            let ball = answer.ball(&query);
            if let Some(ball) = ball {
                plan.set(grid, ball);
                answer.prefetch(&plan);
            }
            answer.answer(query, ball.is_some().then_some(&mut plan));
        }
        return;
    }
    let mut ahead = Ahead::new();
    for (start, batch) in (0..).step_by(AHEAD).zip(query.chunks(AHEAD)) {
        for ((query, ..), (row, point)) in ahead.plans.iter_mut().zip((start..).zip(batch)) {
            *query = read(row, *point);
        }
        ahead.answer(grid, batch.len(), answer);
    }
}

/// Hands every query to `answer`, by cell; cells that are neighbours in memory may share a bucket.
///
/// A handful of rows stays as it is: clearing the buckets takes longer than a hundred searches.
#[inline(always)]
pub(crate) fn walk(grid: &Grid, query: &[[f64; 3]], radius: &[f64], answer: &mut impl Answer) {
    if query.len() < FEW {
        return in_turn(grid, query, radius, answer);
    }
    let size = query.len().min(BATCH);
    let (mut order, mut bucket, mut first) = (vec![0_u32; size], vec![0_u32; size], vec![0_u32; BUCKETS + 1]);
    let mut ahead = Ahead::new();
    let cells = grid.strip_cell.last().map_or(0, |cells| *cells as usize);
    let shift = (0..usize::BITS).find(|shift| cells >> shift < BUCKETS).unwrap_or(0);
    for (start, batch) in (0..).step_by(BATCH).zip(query.chunks(BATCH)) {
        first.fill(0);
        for (point, bucket) in batch.iter().zip(&mut bucket) {
            let own = (grid.frame.cell_of(*point, grid.strip_cell) >> shift).min(BUCKETS - 1);
            *bucket = own as u32;
            if let Some(count) = first.get_mut(own + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for count in &mut first {
            total += *count;
            *count = total;
        }
        for (row, bucket) in (0..).zip(&bucket).take(batch.len()) {
            if let Some(place) = first.get_mut(*bucket as usize) {
                if let Some(slot) = order.get_mut(*place as usize) {
                    *slot = row;
                }
                *place += 1;
            }
        }
        for rows in order.get(..batch.len()).unwrap_or(&[]).chunks(AHEAD) {
            for ((query, ..), row) in ahead.plans.iter_mut().zip(rows) {
                let (row, own) = (start + *row as usize, *row as usize);
                let point = batch.get(own).copied().unwrap_or([f64::NAN; 3]);
                *query = Query { row, point, radius: of_row(radius, row, f64::NAN) };
            }
            ahead.answer(grid, rows.len(), answer);
        }
    }
}
