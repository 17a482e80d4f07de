//! Groups of queries that lie together, and the points that any of them can reach.
//!
//! A neighbourhood is planned and copied once for a group, and each query is compared with all of it: no query has runs of
//! its own, whose lengths would be predicted wrongly, and nothing waits for memory.

use std::ops::Range;

use crate::spatial::geometry::{Grid, Run, half_squared, is_query};
use crate::spatial::masks::Masks;
use crate::spatial::run::{Ball, nearest_image};

/// Queries of a group at most.
pub(crate) const GROUP: usize = 16;

/// Candidates that are compared at once; they and their ids fill a third of a first-level cache.
pub(crate) const CANDIDATES: usize = 512;

/// Candidates that are looked at together.
pub(crate) const LANES: usize = 16;

/// Widest box of a group, in radii.
const WIDTH: f64 = 1.5;

const RUNS: usize = 32;

/// Lines of candidates; the last is behind them, for vectors that are copied whole.
pub(crate) const LINES: usize = CANDIDATES / LANES + 1;

/// Points that a group may reach, copied side by side.
pub(crate) struct Candidates {
    coordinates: [[[f64; LANES]; LINES]; 3],
    ids: [[i32; LANES]; LINES],
    places: [[i32; LANES]; LINES],
    count: usize,
}

impl Candidates {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            coordinates: [[[f64::NAN; LANES]; LINES]; 3],
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

    /// Makes the last line whole, of points that are nowhere.
    #[inline(always)]
    fn close(&mut self) {
        let [x, ..] = &mut self.coordinates;
        let whole = self.count.next_multiple_of(LANES);
        x.as_flattened_mut().get_mut(self.count..whole).unwrap_or_default().fill(f64::NAN);
    }

    #[inline(always)]
    pub(crate) fn lines(&self) -> usize {
        self.count.div_ceil(LANES)
    }

    pub(crate) fn ids(&self) -> &[[i32; LANES]] {
        self.ids.get(..self.lines()).unwrap_or(&[])
    }

    /// Takes away the hits at places below `least`.
    #[inline(always)]
    pub(crate) fn keep_from(&self, masks: impl Masks, least: i32, hits: &mut [u16; LINES]) {
        for (hits, places) in hits.iter_mut().zip(&self.places).take(self.lines()) {
            *hits &= masks.above(places, least.wrapping_sub(1));
        }
    }

    /// Shows the hits of a ball, line after line: a bit for each of the ids in it, and their squared distances.
    #[inline(always)]
    pub(crate) fn masks<M: Masks, const PERIODIC: bool>(
        &self,
        masks: M,
        ball: &Ball,
        hits: &mut [u16; LINES],
        squares: Option<&mut [[f64; LANES]; LINES]>,
    ) {
        let [x, y, z] = &self.coordinates;
        let ([qx, qy, qz], [lx, ly, lz]) = (ball.centre, ball.periods);
        let mut squares = squares;
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

/// Shows queries in groups, with all points that they may reach.
#[inline(always)]
pub(crate) fn in_groups(
    grid: &Grid,
    alive: &[u8],
    query: &[[f64; 3]],
    radius: &[f64],
    after: &[i32],
    compare: &mut impl Compare,
) {
    let mut candidates = Candidates::new();
    let mut runs = [Run::NONE; RUNS];
    let mut first = 0;
    while let Some(&point) = query.get(first) {
        let mut most = of_row(radius, first, f64::NAN);
        if !is_query(point, most) {
            compare.refuse(first);
            first += 1;
            continue;
        }
        let mut sides = point.map(|q| [q, q]);
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
        candidates.count = 0;
        let least = (first..end).map(|row| of_row(after, row, 0)).min().unwrap_or(0).max(0);
        let mut strips = grid.strips_around(sides, half_squared(most * most), least as u32);
        loop {
            let count = grid.runs(&mut strips, &mut runs);
            for run in runs.iter().take(count) {
                let (mut begin, stop) = (run.begin as usize, run.end as usize);
                loop {
                    begin = candidates.extend(grid, alive, begin, stop);
                    if begin >= stop {
                        break;
                    }
                    candidates.close();
                    compare.compare(first..end, &candidates, false);
                    candidates.count = 0;
                }
            }
            if strips.is_empty() {
                break;
            }
        }
        candidates.close();
        compare.compare(first..end, &candidates, true);
        first = end;
    }
}
