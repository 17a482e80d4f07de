//! Groups of queries that lie together, and the points that any of them can reach.
//!
//! A neighbourhood is planned and copied once for a group, and each query is compared with all of it: no query has runs of
//! its own, whose lengths would be predicted wrongly, and nothing waits for memory. Where no distances are wanted,
//! single precision tells hits from others, two at the price of one; only a query that has a point too near to its
//! border is compared again by the exact predicate.

use std::ops::Range;

use crate::spatial::geometry::{Grid, Run, Strips, half_squared, is_query};
use crate::spatial::masks::Masks;
use crate::spatial::plan::{AHEAD, Planner, RUNS};
use crate::spatial::run::{Ball, nearest_image};

/// Queries of a group at most.
pub(crate) const GROUP: usize = 32;

/// Candidates that are compared at once; they and their ids fill a third of a first-level cache.
pub(crate) const CANDIDATES: usize = 512;

/// Candidates that are looked at together.
pub(crate) const LANES: usize = 16;

/// Widest box of a group, in radii.
const WIDTH: f64 = 1.5;

/// Lines of candidates; the last is behind them, for vectors that are copied whole.
pub(crate) const LINES: usize = CANDIDATES / LANES + 1;

/// Half the width of the band around the squared radius in which single precision decides nothing.
///
/// In units of the largest radius, from the middle of the group's box, a query has coordinates Q up to 0.76. With
/// u = 2^-24, each difference D = X - Q comes out within u (|X| + |Q| + |D|), so within 3.6 u where |D| <= 1; the sum
/// of squares of a point at a distance of 1 at most then within 2 sqrt(3) 3.6 u + 3 u < 16 u. Twice that holds the
/// rounding of the limits and of the float64 predicate as well.
const BAND: f32 = 32.0 / (1 << 24) as f32;

/// Where a group's candidates are seen from in single precision, and the inverse of the unit of length.
#[derive(Clone, Copy)]
struct View {
    middle: [f64; 3],
    inverse: f64,
}

impl View {
    /// Returns the view of a group, unless its unit is out of the range of its inverse's square.
    #[inline(always)]
    fn new(sides: [[f64; 2]; 3], most: f64) -> Option<Self> {
        let [x, y, z] = sides;
        let middle_of = |[low, high]: [f64; 2]| low + 0.5 * (high - low);
        let middle = [middle_of(x), middle_of(y), middle_of(z)]; // `map` would not be compiled for the level
        (1e-100..1e100).contains(&most).then(|| Self { middle, inverse: 1.0 / most })
    }

    /// Returns a coordinate as it is seen.
    #[inline(always)]
    fn see(&self, axis: usize, value: f64) -> f32 {
        ((value - self.middle[axis]) * self.inverse) as f32
    }
}

/// Points that a group may reach, copied side by side.
pub(crate) struct Candidates {
    coordinates: [[[f64; LANES]; LINES]; 3],
    view: Option<View>,
    seen: [[[f32; LANES]; LINES]; 3],
    ids: [[i32; LANES]; LINES],
    places: [[i32; LANES]; LINES],
    count: usize,
}

impl Candidates {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            coordinates: [[[f64::NAN; LANES]; LINES]; 3],
            view: None,
            seen: [[[f32::NAN; LANES]; LINES]; 3],
            ids: [[0; LANES]; LINES],
            places: [[0; LANES]; LINES],
            count: 0,
        })
    }

    /// Appends points from place `begin` on that are alive, as far as there is room, and returns where it stopped.
    #[inline(always)]
    fn extend(&mut self, grid: &Grid, alive: &[u8], begin: usize, end: usize) -> usize {
        let end = end.min(begin + CANDIDATES - self.count);
        let [x, y, z] = &mut self.coordinates;
        let (ids, places) = (&mut self.ids, &mut self.places);
        if !alive.is_empty() {
            let [x, y, z] = [x, y, z].map(|values| values.as_flattened_mut());
            let (ids, places) = (ids.as_flattened_mut(), places.as_flattened_mut());
            for place in (begin..end).filter(|place| alive.get(*place).is_some_and(|flag| *flag != 0)) {
                let at = self.count;
                let to = (x.get_mut(at), y.get_mut(at), z.get_mut(at), ids.get_mut(at), places.get_mut(at));
                if let (Some(x), Some(y), Some(z), Some(id), Some(own)) = to {
                    [*x, *y, *z] = grid.point(place);
                    (*id, *own) = (grid.index.get(place).copied().unwrap_or(0), place as i32);
                    self.count += 1;
                }
            }
            return end;
        }
        let to = (0..).zip(eights(x, self.count)).zip(eights(y, self.count)).zip(eights(z, self.count));
        let to = to.zip(eights(ids, self.count)).zip(eights(places, self.count));
        let [from_x, from_y, from_z] = grid.eights(begin, end);
        for ((((((i, x), y), z), ids), places), ((from_x, from_y), from_z)) in
            to.zip(from_x.iter().zip(from_y).zip(from_z))
        {
            (*x, *y, *z) = (*from_x, *from_y, *from_z);
            let first = begin + 8 * i;
            for (lane, place) in places.iter_mut().enumerate() {
                *place = (first + lane) as i32;
            }
            if let Some(eight) = grid.index.get(first..).and_then(|ids| ids.first_chunk()) {
                *ids = *eight;
            } else {
                ids.iter_mut().zip(grid.ids(first, end)).for_each(|(to, from)| *to = *from);
            }
        }
        self.count += end - begin;
        end
    }

    /// Shows a group with all points that it may reach, which may take several times.
    #[inline(always)]
    fn gather(&mut self, grid: &Grid, alive: &[u8], group: &mut Group, compare: &mut impl Compare) {
        self.count = 0;
        self.view = View::new(group.sides, group.most);
        let (mut at, mut from) = (0, 0);
        loop {
            let full = 'full: loop {
                while let Some(run) = group.runs.get(at).filter(|_| at < group.count) {
                    let (begin, end) = (run.begin as usize, run.end as usize);
                    from = self.extend(grid, alive, begin.max(from), end);
                    if from < end {
                        break 'full true;
                    }
                    (at, from) = (at + 1, 0);
                }
                if group.strips.is_empty() {
                    break false;
                }
                (at, group.count) = (0, grid.runs(&mut group.strips, &mut group.runs));
            };
            self.close();
            compare.compare(group.rows.clone(), self, !full);
            if !full {
                return;
            }
            self.count = 0;
        }
    }

    /// Makes the last line whole, of points that are nowhere, and sees all of them in single precision.
    #[inline(always)]
    fn close(&mut self) {
        let [x, ..] = &mut self.coordinates;
        let whole = self.count.next_multiple_of(LANES);
        x.as_flattened_mut().get_mut(self.count..whole).unwrap_or_default().fill(f64::NAN);
        self.places.as_flattened_mut().get_mut(self.count..whole).unwrap_or_default().fill(i32::MAX);
        let Some(view) = self.view else { return };
        let lines = self.lines();
        for (axis, (exact, seen)) in self.coordinates.iter().zip(&mut self.seen).enumerate() {
            for (exact, seen) in exact.iter().zip(seen).take(lines) {
                for (exact, seen) in exact.iter().zip(seen) {
                    *seen = view.see(axis, *exact);
                }
            }
        }
    }

    #[inline(always)]
    pub(crate) fn lines(&self) -> usize {
        self.count.div_ceil(LANES)
    }

    pub(crate) fn ids(&self) -> &[[i32; LANES]] {
        self.ids.get(..self.lines()).unwrap_or(&[])
    }

    /// Returns how many lines there are up to the last that holds a place below `least`.
    #[inline(always)]
    pub(crate) fn lines_below(&self, masks: impl Masks, least: i32) -> usize {
        let mut below = 0;
        for (line, places) in (1..).zip(&self.places).take(self.lines()) {
            if masks.above(places, least.wrapping_sub(1)) != u16::MAX {
                below = line;
            }
        }
        below
    }

    /// Takes away the hits at places below `least` in the first lines.
    #[inline(always)]
    pub(crate) fn keep_from(&self, masks: impl Masks, lines: usize, least: i32, hits: &mut [u16; LINES]) {
        for (hits, places) in hits.iter_mut().zip(&self.places).take(lines) {
            *hits &= masks.above(places, least.wrapping_sub(1));
        }
    }

    /// Shows the hits of a ball as single precision sees them, and returns whether they are certain.
    #[inline(always)]
    fn seen_masks(&self, masks: impl Masks, view: View, ball: &Ball, hits: &mut [u16; LINES]) -> bool {
        let ([x, y, z], [qx, qy, qz]) = (&self.seen, ball.centre);
        let (qx, qy, qz) = (view.see(0, qx), view.see(1, qy), view.see(2, qz));
        let r2 = (ball.r2 * view.inverse * view.inverse) as f32;
        let mut nearest = [f32::INFINITY; LANES];
        for (((x, y), z), hits) in x.iter().zip(y).zip(z).zip(hits).take(self.lines()) {
            let mut line = [0.0; LANES];
            for ((((x, y), z), square), nearest) in x.iter().zip(y).zip(z).zip(&mut line).zip(&mut nearest) {
                let (dx, dy, dz) = (qx - x, qy - y, qz - z);
                *square = ((dx * dx) + (dy * dy)) + (dz * dz);
                let away = (*square - r2).abs();
                *nearest = if away < *nearest { away } else { *nearest };
            }
            *hits = masks.single_at_most(&line, r2);
        }
        masks.single_at_most(&nearest, BAND) == 0
    }

    /// Shows the hits of a ball, line after line: a bit for each of the ids in it, and their squared distances.
    #[inline(always)]
    pub(crate) fn masks(
        &self,
        masks: impl Masks,
        ball: &Ball,
        hits: &mut [u16; LINES],
        squares: Option<&mut [[f64; LANES]; LINES]>,
    ) {
        if ball.is_periodic() {
            self.exact_masks::<true>(masks, ball, hits, squares);
        } else if squares.is_some() || !self.view.is_some_and(|view| self.seen_masks(masks, view, ball, hits)) {
            self.exact_masks::<false>(masks, ball, hits, squares);
        }
    }

    #[inline(always)]
    fn exact_masks<const PERIODIC: bool>(
        &self,
        masks: impl Masks,
        ball: &Ball,
        hits: &mut [u16; LINES],
        mut squares: Option<&mut [[f64; LANES]; LINES]>,
    ) {
        let [x, y, z] = &self.coordinates;
        let ([qx, qy, qz], [lx, ly, lz]) = (ball.centre, ball.periods);
        for (i, (((x, y), z), hits)) in x.iter().zip(y).zip(z).zip(hits).take(self.lines()).enumerate() {
            let mut line = [0.0; LANES];
            for (((x, y), z), square) in x.iter().zip(y).zip(z).zip(&mut line) {
                let (mut dx, mut dy, mut dz) = (x - qx, y - qy, z - qz);
                if PERIODIC {
                    (dx, dy, dz) = (nearest_image(dx, lx), nearest_image(dy, ly), nearest_image(dz, lz));
                }
                *square = ((dx * dx) + (dy * dy)) + (dz * dz);
            }
            let [low, high]: &[[f64; 8]; 2] = line.as_chunks().0.try_into().unwrap_or(&[[f64::NAN; 8]; 2]);
            *hits = u16::from(masks.at_most(low, ball.r2)) | u16::from(masks.at_most(high, ball.r2)) << 8;
            if let Some(squares) = squares.as_deref_mut().and_then(|squares| squares.get_mut(i)) {
                *squares = line;
            }
        }
    }
}

/// Returns what is behind the first `count` elements, by eights.
#[inline(always)]
fn eights<T>(lines: &mut [[T; LANES]; LINES], count: usize) -> &mut [[T; 8]] {
    lines.as_flattened_mut().get_mut(count..).unwrap_or_default().as_chunks_mut().0
}

/// What compares queries with candidates.
pub(crate) trait Compare {
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
                candidates.gather(grid, alive, group, compare);
            }
        }
    }
}
