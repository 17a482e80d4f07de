//! Groups of queries that lie together, and the points that any of them can reach.
//!
//! A neighbourhood is planned and copied once for a group, and each query is compared with all of it: no query has runs of
//! its own, whose lengths would be predicted wrongly, and nothing waits for memory.

use std::ops::Range;

use crate::simd::prefetch;
use crate::spatial::candidates::Candidates;
use crate::spatial::geometry::{Grid, Run, Strips, half_squared, is_query};
use crate::spatial::plan::{AHEAD, Planner, RUNS};

/// Queries of a group at most.
pub(crate) const GROUP: usize = 16;

/// Widest box of a group, in radii; `candidates` counts on it.
const WIDTH: f64 = 1.5;

/// How many queries ahead their points are asked for.
const ROWS_AHEAD: usize = 32;

/// What compares queries with candidates.
pub(crate) trait Compare {
    /// Whether it asks for squared distances.
    fn measures(&self) -> bool;
    /// A query that cannot be answered.
    fn refuse(&mut self, number: usize);
    /// Some candidates of a group of queries; `last` says that there are no more.
    fn compare(&mut self, numbers: Range<usize>, own: &[Query], candidates: &Candidates, last: bool);
}

/// A query: its point, its radius, and the place in the grid from which on points count.
#[derive(Clone, Copy)]
pub(crate) struct Query {
    pub(crate) point: [f64; 3],
    pub(crate) radius: f64,
    pub(crate) after: i32,
}

impl Query {
    const NONE: Self = Self { point: [f64::NAN; 3], radius: f64::NAN, after: i32::MAX };

    fn is_valid(&self) -> bool {
        is_query(self.point, self.radius)
    }
}

/// The last of the places from which on points count.
#[inline(always)]
pub(crate) fn last_after(own: &[Query]) -> i32 {
    own.iter().fold(0, |last, query| last.max(query.after))
}

/// Queries by number, which is their turn: query k stands in row `row[k]` of `query` and `radius` and fills this row of the
/// results. Where `query` is empty, the queries are points of the grid, each the one before the place in `after`.
///
/// `radius` and `after` may hold one value for all.
#[derive(Clone, Copy)]
pub(crate) struct Queries<'a> {
    pub(crate) grid: &'a Grid<'a>,
    pub(crate) query: &'a [[f64; 3]],
    pub(crate) radius: &'a [f64],
    pub(crate) after: &'a [i32],
    pub(crate) row: &'a [i32],
}

/// The value of a row, or the one value of all rows.
#[inline(always)]
pub(crate) fn of_row<T: Copy>(values: &[T], row: usize, otherwise: T) -> T {
    let values = if let [one] = values { std::slice::from_ref(one) } else { values.get(row..).unwrap_or(&[]) };
    values.first().copied().unwrap_or(otherwise)
}

impl Queries<'_> {
    /// Returns a query, which is not valid where a table has no such row.
    #[inline(always)]
    fn get(&self, number: usize) -> Option<Query> {
        let row = *self.row.get(number)? as usize;
        if let Some(row) = self.row.get(number + ROWS_AHEAD) {
            let (coordinates, first) = (self.query.as_flattened(), (*row as usize).wrapping_mul(3));
            prefetch(coordinates, first);
            prefetch(coordinates, first.wrapping_add(2));
        }
        let after = of_row(self.after, number, i32::MAX);
        let point = if self.query.is_empty() {
            self.grid.point((after as usize).wrapping_sub(1))
        } else {
            self.query.get(row).copied().unwrap_or([f64::NAN; 3])
        };
        Some(Query { point, radius: of_row(self.radius, row, f64::NAN), after })
    }
}

/// Queries that lie together, and what they have to be compared with.
#[derive(Clone)]
struct Group {
    numbers: Range<usize>,
    own: [Query; GROUP],
    sides: [[f64; 2]; 3],
    most: f64,
    least: u32,
    strips: Strips,
    runs: [Run; RUNS],
    count: usize,
}

impl Group {
    const NONE: Self = Self {
        numbers: 0..0,
        own: [Query::NONE; GROUP],
        sides: [[0.0; 2]; 3],
        most: 0.0,
        least: 0,
        strips: Strips::NONE,
        runs: [Run::NONE; RUNS],
        count: 0,
    };

    /// Becomes the group of the first queries from `first` on that are valid, after a look at those that are not, and
    /// returns where it ends; it is empty where there are none.
    #[inline(always)]
    fn begin(&mut self, queries: &Queries, mut first: usize, compare: &mut impl Compare) -> usize {
        self.numbers = first..first;
        while let Some(query) = queries.get(first) {
            if query.is_valid() {
                self.set(queries, first, query);
                return self.numbers.end;
            }
            compare.refuse(first);
            first += 1;
        }
        first
    }

    /// Becomes the group whose first query is valid; it ends where its box would get too wide.
    #[inline(always)]
    fn set(&mut self, queries: &Queries, first: usize, query: Query) {
        let (mut most, [x, y, z]) = (query.radius, query.point);
        let mut sides = [[x, x], [y, y], [z, z]];
        let mut least = query.after;
        let mut end = first;
        let mut next = Some(query);
        for slot in &mut self.own {
            let Some(query) = next.filter(Query::is_valid) else { break };
            let next_most = if query.radius > most { query.radius } else { most };
            let limit = WIDTH * next_most;
            let mut wider = sides;
            let mut wide = false;
            for (side, q) in wider.iter_mut().zip(query.point) {
                side[0] = if q < side[0] { q } else { side[0] };
                side[1] = if q > side[1] { q } else { side[1] };
                wide |= side[1] - side[0] > limit;
            }
            if wide {
                break;
            }
            (sides, most, least, *slot) = (wider, next_most, least.min(query.after), query);
            end += 1;
            next = queries.get(end);
        }
        (self.numbers, self.sides, self.most, self.least) = (first..end, sides, most, least.max(0) as u32);
    }

    /// Its queries.
    #[inline(always)]
    fn own(&self) -> &[Query] {
        self.own.get(..self.numbers.len()).unwrap_or_default()
    }

    /// Plans its runs alone.
    #[inline(always)]
    fn plan(&mut self, grid: &Grid) {
        self.strips = grid.strips_around(self.sides, half_squared(self.most * self.most), self.least);
        self.count = grid.runs(&mut self.strips, &mut self.runs);
    }

    /// Shows it with all points that it may reach, which may take several times.
    #[inline(always)]
    fn show(&mut self, grid: &Grid, alive: &[u8], candidates: &mut Candidates, compare: &mut impl Compare) {
        let exactly = compare.measures() || grid.periods().is_some();
        let (mut at, mut from) = (0, 0);
        loop {
            candidates.clear(self.sides, self.most, exactly);
            let full = 'full: loop {
                while let Some(run) = self.runs.get(at).filter(|_| at < self.count) {
                    let (begin, end) = (run.begin as usize, run.end as usize);
                    from = candidates.extend(grid, alive, begin.max(from), end);
                    if from < end {
                        break 'full true;
                    }
                    (at, from) = (at + 1, 0);
                }
                if self.strips.is_empty() {
                    break false;
                }
                (at, self.count) = (0, grid.runs(&mut self.strips, &mut self.runs));
            };
            candidates.close();
            compare.compare(self.numbers.clone(), self.own(), candidates, !full);
            if !full {
                return;
            }
        }
    }

    /// Asks for the points of the first runs.
    #[inline(always)]
    fn prefetch(&self, grid: &Grid) {
        for run in self.runs.iter().take(self.count) {
            grid.prefetch(*run);
        }
    }
}

/// Shows queries in groups, with all points that they may reach.
///
/// While a group is compared, the points of the next one are on their way from memory. A few queries are planned group by
/// group: tables for many take 6 us, and one query took 3.
#[inline(always)]
pub(crate) fn in_groups(queries: &Queries, alive: &[u8], compare: &mut impl Compare) {
    let (grid, many) = (queries.grid, queries.row.len());
    let few = many <= AHEAD;
    let (mut candidates, mut end) = (Candidates::new(), 0);
    let mut groups = vec![Group::NONE; if few { 1 } else { AHEAD }];
    let mut planner = (!few).then(|| Box::new(Planner::NONE));
    while end < many {
        let mut count = 0;
        for group in &mut groups {
            end = group.begin(queries, end, compare);
            if group.numbers.is_empty() {
                break;
            }
            if let Some(planner) = &mut planner {
                planner.take(grid, count, group.sides, half_squared(group.most * group.most));
            }
            count += 1;
        }
        if let Some(planner) = &mut planner {
            planner.find(grid);
        }
        let groups = groups.get_mut(..count).unwrap_or_default();
        for (at, group) in groups.iter_mut().enumerate() {
            let runs = &mut group.runs;
            if let Some(count) = planner.as_ref().and_then(|planner| planner.write(grid, at, group.least, runs)) {
                (group.strips, group.count) = (Strips::NONE, count);
            } else {
                group.plan(grid);
            }
        }
        for at in 0..count {
            if let Some(next) = groups.get(at + 1) {
                next.prefetch(grid);
            }
            if let Some(group) = groups.get_mut(at) {
                group.show(grid, alive, &mut candidates, compare);
            }
        }
    }
}
