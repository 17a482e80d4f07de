//! Groups of queries that lie together, and the points that any of them can reach.
//!
//! A neighbourhood is planned and copied once for a group, and each query is compared with all of it: no query has runs of
//! its own, whose lengths would be predicted wrongly, and nothing waits for memory.

use std::ops::Range;

use crate::spatial::candidates::Candidates;
use crate::spatial::geometry::{Grid, Run, Strips, half_squared, is_query};
use crate::spatial::plan::{AHEAD, Planner, RUNS};

/// Queries of a group at most.
pub(crate) const GROUP: usize = 16;

/// Widest box of a group, in radii; `candidates` counts on it.
const WIDTH: f64 = 1.5;

/// What compares queries with candidates.
pub(crate) trait Compare {
    /// Whether it asks for squared distances.
    fn measures(&self) -> bool;
    /// A query that cannot be answered.
    fn refuse(&mut self, row: usize);
    /// Some candidates of a group; `last` says that there are no more.
    fn compare(&mut self, rows: Range<usize>, candidates: &Candidates, last: bool);
}

/// The value of a row, or the one value of all rows.
#[inline(always)]
pub(crate) fn of_row<T: Copy>(values: &[T], row: usize, otherwise: T) -> T {
    let values = if let [one] = values { std::slice::from_ref(one) } else { values.get(row..).unwrap_or(&[]) };
    values.first().copied().unwrap_or(otherwise)
}

/// The largest value of some rows.
#[inline(always)]
pub(crate) fn largest(values: &[i32], rows: Range<usize>) -> i32 {
    rows.map(|row| of_row(values, row, i32::MAX)).max().unwrap_or(0)
}

/// Queries that lie together, and what they have to be compared with.
#[derive(Clone)]
struct Group {
    rows: Range<usize>,
    sides: [[f64; 2]; 3],
    most: f64,
    least: u32,
    strips: Strips,
    runs: [Run; RUNS],
    count: usize,
}

impl Group {
    const NONE: Self = Self {
        rows: 0..0,
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
    fn begin(
        &mut self,
        query: &[[f64; 3]],
        radius: &[f64],
        after: &[i32],
        mut first: usize,
        compare: &mut impl Compare,
    ) -> usize {
        while query.get(first).is_some_and(|point| !is_query(*point, of_row(radius, first, f64::NAN))) {
            compare.refuse(first);
            first += 1;
        }
        self.rows = first..first;
        if first < query.len() {
            self.set(query, radius, after, first);
        }
        self.rows.end
    }

    /// Becomes the group whose first query is in row `first` and valid; it ends where its box would get too wide.
    #[inline(always)]
    fn set(&mut self, query: &[[f64; 3]], radius: &[f64], after: &[i32], first: usize) {
        let mut most = of_row(radius, first, f64::NAN);
        let [x, y, z] = query.get(first).copied().unwrap_or([f64::NAN; 3]);
        let mut sides = [[x, x], [y, y], [z, z]];
        let mut end = first + 1;
        for (row, point) in query.iter().enumerate().skip(end).take(GROUP - 1) {
            let own = of_row(radius, row, f64::NAN);
            if !is_query(*point, own) {
                break;
            }
            let next_most = if own > most { own } else { most };
            let limit = WIDTH * next_most;
            let mut next = sides;
            let mut wide = false;
            for (side, q) in next.iter_mut().zip(point) {
                side[0] = if *q < side[0] { *q } else { side[0] };
                side[1] = if *q > side[1] { *q } else { side[1] };
                wide |= side[1] - side[0] > limit;
            }
            if wide {
                break;
            }
            (sides, most, end) = (next, next_most, row + 1);
        }
        let mut least = i32::MAX;
        for row in first..end {
            least = least.min(of_row(after, row, 0));
        }
        (self.rows, self.sides, self.most, self.least) = (first..end, sides, most, least.max(0) as u32);
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
            compare.compare(self.rows.clone(), candidates, !full);
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
pub(crate) fn in_groups(
    grid: &Grid,
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    after: &[i32],
    compare: &mut impl Compare,
) {
    let few = query.len() <= AHEAD;
    let (mut candidates, mut end) = (Candidates::new(), 0);
    let mut groups = vec![Group::NONE; if few { 1 } else { AHEAD }];
    let mut planner = (!few).then(|| Box::new(Planner::NONE));
    while end < query.len() {
        let mut count = 0;
        for group in &mut groups {
            end = group.begin(query, radius, after, end, compare);
            if group.rows.is_empty() {
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
