//! Points that a group of queries may reach, copied side by side.
//!
//! Where no distances are wanted, single precision tells hits from others at a fraction of the price; only a query that has
//! a point too near to its border is compared again by the exact predicate.

use crate::spatial::geometry::Grid;
use crate::spatial::masks::Masks;
use crate::spatial::run::{Ball, nearest_image};

/// Candidates that are compared at once; they and their ids fill a third of a first-level cache.
const CANDIDATES: usize = 512;

/// Candidates that are looked at together.
const LANES: usize = 16;

/// Lines of candidates; the last is behind them, for vectors that are copied whole.
pub(crate) const LINES: usize = CANDIDATES / LANES + 1;

/// A value for each candidate.
type Each<T> = [[T; LANES]; LINES];

/// A bit for each candidate, by eights.
pub(crate) type Bits = [u8; 2 * LINES];

/// Half the width of the band around the squared radius in which single precision decides nothing.
///
/// In units of the largest radius, from the middle of the group's box, a query has coordinates Q with |Q| <= 1.31, and a
/// point X on its border |X| <= 2.31. With u = 2^-24, rounding X and Q moves the square of their distance by at most
/// 2 u (|X| + |Q|) < 8 u. What is computed is |X|^2 - (r^2 - |Q|^2) - 2 Q_x X_x - 2 Q_y X_y - 2 Q_z X_z: the first
/// term comes out within 3 u |X|^2 < 17 u, the second within 3 u, their difference within 8 u more; each of the products
/// is at most 2.7, so with or without fused steps the three of them add at most 8 u and their sums (11 + 14 + 2) u. That
/// makes 71 u, and a band of 128 u holds the rounding of the exact predicate as well. Of points further away than 3, the
/// errors grow with |X|^2, but so does their distance from the border, which is at least 0.2 |X|^2.
const BAND: f32 = 128.0 / (1 << 24) as f32;

/// Where points that are too far away to matter are seen, so that their squares stay finite.
const FAR: f32 = 1e6;

/// Where candidates are seen from in single precision, and the inverse of the unit of length.
#[derive(Clone, Copy)]
struct View {
    middle: [f64; 3],
    inverse: f64,
}

impl View {
    /// Returns the view of a box of queries with this largest radius, unless the inverse of the unit has no square.
    #[inline(always)]
    fn new([x, y, z]: [[f64; 2]; 3], most: f64) -> Option<Self> {
        let middle_of = |[low, high]: [f64; 2]| low + 0.5 * (high - low);
        let middle = [middle_of(x), middle_of(y), middle_of(z)]; // `map` would not be compiled for the level
        (1e-100..1e100).contains(&most).then(|| Self { middle, inverse: 1.0 / most })
    }

    /// Returns a coordinate as it is seen.
    #[inline(always)]
    fn see(&self, axis: usize, value: f64) -> f32 {
        ((value - self.middle[axis]) * self.inverse) as f32
    }

    /// Returns the coordinate of a candidate as it is seen.
    #[inline(always)]
    fn see_near(&self, axis: usize, value: f64) -> f32 {
        let seen = self.see(axis, value);
        let seen = if seen < FAR { seen } else { FAR };
        if seen > -FAR { seen } else { -FAR }
    }
}

/// Points that a group may reach.
pub(crate) struct Candidates {
    coordinates: [Each<f64>; 3],
    /// How they are seen in single precision, where that is of use.
    view: Option<View>,
    /// The coordinates as they are seen, and the squares of the distances from the middle.
    seen: [Each<f32>; 4],
    ids: Each<i32>,
    places: Each<i32>,
    count: usize,
}

impl Candidates {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            coordinates: [[[f64::NAN; LANES]; LINES]; 3],
            view: None,
            seen: [[[FAR; LANES]; LINES]; 4],
            ids: [[0; LANES]; LINES],
            places: [[i32::MAX; LANES]; LINES],
            count: 0,
        })
    }

    /// Takes all points away, and gets ready for those that queries in a box may reach.
    #[inline(always)]
    pub(crate) fn clear(&mut self, sides: [[f64; 2]; 3], most: f64, exactly: bool) {
        self.view = if exactly { None } else { View::new(sides, most) };
        self.count = 0;
    }

    /// Appends points from place `begin` on that are alive, as far as there is room, and returns where it stopped.
    #[inline(always)]
    pub(crate) fn extend(&mut self, grid: &Grid, alive: &[u8], begin: usize, end: usize) -> usize {
        let (end, count) = (end.min(begin + CANDIDATES - self.count), self.count);
        let from = grid.eights(begin, end);
        let many = from[0].len();
        let own = grid.index.get(begin..begin + 8 * many).filter(|_| alive.is_empty());
        let Some(own) = own else {
            for place in (begin..end).filter(|place| alive.get(*place).is_none_or(|flag| *flag != 0)) {
                self.push(grid, place);
            }
            return end;
        };
        let (ids, places) = (eights(&mut self.ids, count, many), eights(&mut self.places, count, many));
        for (((ids, own), places), i) in ids.iter_mut().zip(own.as_chunks().0).zip(places).zip(0..many) {
            *ids = *own;
            for (lane, place) in places.iter_mut().enumerate() {
                *place = (begin + 8 * i + lane) as i32;
            }
        }
        for (to, from) in self.coordinates.iter_mut().zip(from) {
            eights(to, count, many).iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        self.count += end - begin;
        end
    }

    /// Appends one point.
    #[inline(always)]
    fn push(&mut self, grid: &Grid, place: usize) {
        let (line, lane) = (self.count / LANES, self.count % LANES);
        let Some(ids) = self.ids.get_mut(line) else { return };
        ids[lane] = grid.index.get(place).copied().unwrap_or(0);
        self.places[line][lane] = place as i32;
        self.count += 1;
        let coordinates = self.coordinates.iter_mut().zip(grid.point(place));
        coordinates.for_each(|(coordinate, value)| coordinate[line][lane] = value);
    }

    /// Makes the last line whole, of points that are nowhere, and sees all of them in single precision.
    #[inline(always)]
    pub(crate) fn close(&mut self) {
        let rest = self.count..self.count.next_multiple_of(LANES);
        let [x, ..] = &mut self.coordinates;
        x.as_flattened_mut().get_mut(rest.clone()).unwrap_or_default().fill(f64::NAN);
        self.places.as_flattened_mut().get_mut(rest).unwrap_or_default().fill(i32::MAX);
        let Some(view) = self.view else { return };
        let (lines, [seen @ .., squares]) = (self.lines(), &mut self.seen);
        for (axis, (exact, seen)) in self.coordinates.iter().zip(seen.iter_mut()).enumerate() {
            // Not line by line, which LLVM takes apart into vectors of 8, 4, 2 and 1.
            let exact = exact.as_flattened().get(..lines * LANES).unwrap_or_default();
            for (exact, seen) in exact.iter().zip(seen.as_flattened_mut()) {
                *seen = view.see_near(axis, *exact);
            }
        }
        let [x, y, z] = &*seen;
        for (((x, y), z), squares) in x.iter().zip(y).zip(z).zip(squares).take(lines) {
            for (((x, y), z), square) in x.iter().zip(y).zip(z).zip(squares) {
                *square = ((x * x) + (y * y)) + (z * z);
            }
        }
    }

    #[inline(always)]
    fn lines(&self) -> usize {
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
    pub(crate) fn keep_from(&self, masks: impl Masks, lines: usize, least: i32, hits: &mut Bits) {
        for (hits, places) in hits.as_chunks_mut().0.iter_mut().zip(&self.places).take(lines) {
            *hits = (u16::from_le_bytes(*hits) & masks.above(places, least.wrapping_sub(1))).to_le_bytes();
        }
    }

    /// Shows the hits of a ball, and the squared distances of all candidates where they are wanted, for which these must
    /// have been taken exactly.
    #[inline(always)]
    pub(crate) fn masks(&self, masks: impl Masks, ball: &Ball, hits: &mut Bits, squares: Option<&mut Each<f64>>) {
        if let Some(view) = self.view
            && self.seen_masks(masks, view, ball, hits)
        {
            return;
        }
        if ball.is_periodic() {
            self.exact_masks::<true>(masks, ball, hits, squares);
        } else {
            self.exact_masks::<false>(masks, ball, hits, squares);
        }
    }

    /// Shows the hits of a ball as single precision sees them, and returns whether they are certain.
    #[inline(always)]
    fn seen_masks(&self, masks: impl Masks, view: View, ball: &Ball, hits: &mut Bits) -> bool {
        let ([x, y, z, squares], [qx, qy, qz]) = (&self.seen, ball.centre);
        let (qx, qy, qz) = (view.see(0, qx), view.see(1, qy), view.see(2, qz));
        let r2 = (ball.r2 * view.inverse * view.inverse) as f32;
        let limit = r2 - (((qx * qx) + (qy * qy)) + (qz * qz));
        let (qx, qy, qz) = (-2.0 * qx, -2.0 * qy, -2.0 * qz);
        let mut nearest = [f32::INFINITY; LANES];
        let lines = x.iter().zip(y).zip(z).zip(squares).zip(hits.as_chunks_mut().0).take(self.lines());
        for ((((x, y), z), squares), hits) in lines {
            let mut beyond = [0.0; LANES];
            let lanes = x.iter().zip(y).zip(z).zip(squares).zip(&mut beyond).zip(&mut nearest);
            for (((((x, y), z), square), beyond), nearest) in lanes {
                let sum = masks.multiply_add(qx, *x, square - limit);
                let sum = masks.multiply_add(qz, *z, masks.multiply_add(qy, *y, sum));
                *beyond = sum;
                let away = sum.abs();
                *nearest = if away < *nearest { away } else { *nearest };
            }
            *hits = masks.negative(&beyond).to_le_bytes();
        }
        for nearest in &mut nearest {
            *nearest -= BAND;
        }
        masks.negative(&nearest) == 0
    }

    #[inline(always)]
    fn exact_masks<const PERIODIC: bool>(
        &self,
        masks: impl Masks,
        ball: &Ball,
        hits: &mut Bits,
        mut squares: Option<&mut Each<f64>>,
    ) {
        let [x, y, z] = &self.coordinates;
        let ([qx, qy, qz], [lx, ly, lz]) = (ball.centre, ball.periods);
        let lines = x.iter().zip(y).zip(z).zip(hits.as_chunks_mut().0);
        for (i, (((x, y), z), [low_hits, high_hits])) in lines.take(self.lines()).enumerate() {
            let mut line = [0.0; LANES];
            for (((x, y), z), square) in x.iter().zip(y).zip(z).zip(&mut line) {
                let (mut dx, mut dy, mut dz) = (x - qx, y - qy, z - qz);
                if PERIODIC {
                    (dx, dy, dz) = (nearest_image(dx, lx), nearest_image(dy, ly), nearest_image(dz, lz));
                }
                *square = ((dx * dx) + (dy * dy)) + (dz * dz);
            }
            let [low, high]: &[[f64; 8]; 2] = line.as_chunks().0.try_into().unwrap_or(&[[f64::NAN; 8]; 2]);
            (*low_hits, *high_hits) = (masks.at_most(low, ball.r2), masks.at_most(high, ball.r2));
            if let Some(squares) = squares.as_deref_mut().and_then(|squares| squares.get_mut(i)) {
                *squares = line;
            }
        }
    }
}

/// Returns eights of what is behind the first `count` elements, `many` of them if there is room.
#[inline(always)]
fn eights<T>(lines: &mut Each<T>, count: usize, many: usize) -> &mut [[T; 8]] {
    lines.as_flattened_mut().get_mut(count..count + 8 * many).unwrap_or_default().as_chunks_mut().0
}
