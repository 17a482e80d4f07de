//! The grid's geometry: which strips and cells a ball can touch, never too few.
//!
//! The Numba file of this name has the layout of the tables and the proof that no neighbour is missed; the arithmetic here
//! is the same.

use crate::simd::prefetch;

/// Elements behind the coordinates that a loop over whole vectors may read.
pub(crate) const PAD: usize = 16;

/// Coordinates beyond it are invalid: their squares would overflow.
pub(crate) const LIMIT: f64 = 1e150;

const TINY: f64 = 1e-300;
const OPEN: f64 = 1e300;

/// A line of the frame.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) inverse: f64,
    pub(crate) count: f64,
    pub(crate) width: f64,
    pub(crate) slack: f64,
    period: f64,
    pub(crate) boxes: f64,
}

/// Returns the cell of a place on an axis of `top + 1.0` cells, which are between 1 and 2^31 - 1.
#[inline(always)]
pub(crate) fn clamp(place: f64, top: f64) -> i32 {
    let place = if place > 0.0 { place } else { 0.0 };
    let place = if place < top { place } else { top };
    // SAFETY: `Axis::new` and `strip` bound the number of cells, so the place is between 0 and 2^31 - 2; no NaN gets here.
    unsafe { place.to_int_unchecked() }
}

/// Returns the larger of two numbers, in one instruction; `f64::max` takes several to look for NaN.
#[inline(always)]
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Returns the smaller of two numbers.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

impl Axis {
    #[inline(always)]
    fn new([low, inverse, count, width, slack, period, boxes]: [f64; 7]) -> Self {
        let whole = |number: f64| if (1.0..2_147_483_648.0).contains(&number) { number.floor() } else { 1.0 };
        let count = whole(count);
        Self { low, inverse, count, width, slack, period, boxes: larger(whole(boxes), count) }
    }

    /// Whether boxes that are far apart share a place.
    #[inline(always)]
    pub(crate) fn is_folded(&self) -> bool {
        self.boxes > self.count
    }

    /// Returns the box that holds a coordinate.
    #[inline(always)]
    pub(crate) fn box_of(&self, q: f64) -> i32 {
        clamp((q - self.low) * self.inverse, self.boxes - 1.0)
    }

    /// Returns the place of a box.
    #[inline(always)]
    pub(crate) fn place_of(&self, number: i32) -> i32 {
        if self.is_folded() { (number as u32 % (self.count as u32).max(1)) as i32 } else { number }
    }

    #[inline(always)]
    pub(crate) fn is_periodic(&self) -> bool {
        self.period < OPEN
    }

    /// Returns the ends of `[low - half, high + half]`, in widths of boxes, and the boxes that they lie in.
    ///
    /// On a periodic axis these may be up to a period before the first or behind the last: their numbers modulo that of the
    /// boxes are meant.
    #[inline(always)]
    fn ends(&self, [low, high]: [f64; 2], half: f64) -> ([f64; 2], [i64; 2]) {
        let away = half + (4.0 * f64::EPSILON * (larger(low.abs(), high.abs()) + half) + self.slack);
        let (low, high) = ((low - away - self.low) * self.inverse, (high + away - self.low) * self.inverse);
        if self.is_periodic() {
            let low = larger(low, -self.boxes);
            let high = larger(smaller(high, 2.0 * self.boxes), -self.boxes);
            return ([low, high], [low.floor() as i64, high.floor() as i64]);
        }
        let top = self.boxes - 1.0;
        ([low, high], [i64::from(clamp(low, top)), i64::from(clamp(high, top))])
    }

    /// Returns the boxes whose places balls of this half width around the points of an interval can touch.
    #[inline(always)]
    pub(crate) fn places(&self, interval: [f64; 2], half: f64) -> Places {
        let (_, [first, last]) = self.ends(interval, half);
        let (many, count) = ((last - first + 1).max(0), self.count as i64);
        let round = self.is_folded() || self.is_periodic();
        let place = if round { first.rem_euclid(count.max(1)) } else { first };
        Places { first, place, many: many.min(count), count, every: round && many >= count }
    }

    /// Returns a distance that no point of box i lies within, seen from an interval; border boxes of an open axis have
    /// no end.
    #[inline(always)]
    fn gap(&self, [from, to]: [f64; 2], i: i64) -> f64 {
        let low = self.low + i as f64 * self.width;
        let high = low + self.width;
        let below = if self.is_periodic() || i > 0 { low - to } else { 0.0 };
        let above = if self.is_periodic() || (i as f64) < self.boxes - 1.0 { from - high } else { 0.0 };
        let gap = larger(below, above) - self.slack;
        if gap > 0.0 { gap } else { 0.0 }
    }
}

/// Boxes in a row: the first, its place, how many places there are from it on, and whether these are all that the axis
/// has, so that each stands for several boxes.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub(crate) first: i64,
    pub(crate) place: i64,
    pub(crate) many: i64,
    count: i64,
    pub(crate) every: bool,
}

impl Places {
    const NONE: Self = Self { first: 0, place: 0, many: 0, count: 1, every: false };

    /// Returns the place of a box, and the distance that none of its points lies within.
    #[inline(always)]
    fn at(&self, axis: &Axis, interval: [f64; 2], i: i64) -> (i64, f64) {
        let place = self.place + i;
        let place = if place >= self.count { place - self.count } else { place };
        (place, if self.every { 0.0 } else { axis.gap(interval, self.first + i) })
    }
}

/// The map from points to strips and cells.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) z: Axis,
}

impl Frame {
    /// Reads a frame of three lines; there is none in other tables, or in those of more than 2^31 - 1 strips.
    #[inline(always)]
    pub(crate) fn new(frame: &[[f64; 7]]) -> Option<Self> {
        let &[x, y, z] = frame else { return None };
        let frame = Self { x: Axis::new(x), y: Axis::new(y), z: Axis::new(z) };
        (frame.x.count * frame.y.count * frame.z.count < 2_147_483_648.0).then_some(frame)
    }

    #[inline(always)]
    pub(crate) fn strips(&self) -> usize {
        (self.x.count * self.y.count * self.z.count) as usize
    }

    /// Returns the strip at these places.
    #[inline(always)]
    pub(crate) fn strip_at(&self, [x, y, z]: [i32; 3]) -> u32 {
        let (columns, rows) = (self.x.count as i32, self.y.count as i32);
        z.wrapping_mul(rows).wrapping_add(y).wrapping_mul(columns).wrapping_add(x) as u32
    }

    /// Returns the cells of a row of strips that `[low - half, high + half]` touches: a first range and, where the places
    /// go round, a second one.
    ///
    /// Where the first box and the last share a place, its cells belong to both ranges, or else the whole row is meant.
    #[inline(always)]
    fn cells_along(&self, strip_cell: &[i32], row: i64, interval: [f64; 2], half: f64) -> ([i64; 2], Option<[i64; 2]>) {
        let ([low, high], [first, last]) = self.x.ends(interval, half);
        let columns = (self.x.count as i64).max(1);
        let strip = row * columns;
        let round = self.x.is_folded() || self.x.is_periodic();
        let column = if round { first.rem_euclid(columns) } else { first };
        let end_column = column + (last - first).max(0);
        let cell = |column: i64, part: f64| cell_in(strip_cell, (strip + column) as usize, part);
        let begin = cell(column, low - first as f64);
        if end_column < columns {
            return ([begin, cell(end_column, high - last as f64) + 1], None);
        }
        let border = |strip: i64| strip_cell.get(strip as usize).map_or(0, |cell| i64::from(*cell));
        let (row_begin, row_end) = (border(strip), border(strip + columns));
        if end_column - columns <= column {
            let end = cell(end_column - columns, high - last as f64) + 1;
            if end <= begin {
                return ([begin, row_end], Some([row_begin, end]));
            }
        }
        ([row_begin, row_end], None)
    }
}

/// Returns the first cell of a strip and how many it has, as a number from 1 to 2^31 - 1 whatever the table.
#[inline(always)]
pub(crate) fn first_cell(strip_cell: &[i32], strip: usize) -> (i64, f64) {
    match strip_cell.get(strip..strip + 2) {
        Some(&[first, next]) => (i64::from(first), f64::from(next.wrapping_sub(first).max(1))),
        _ => (0, 1.0),
    }
}

/// Returns the cell of a strip at a part of its length, from 0 to 1.
#[inline(always)]
fn cell_in(strip_cell: &[i32], number: usize, part: f64) -> i64 {
    let (first, cells) = first_cell(strip_cell, number);
    first + i64::from(clamp(part * cells, cells - 1.0))
}

/// Points that are neighbours in memory, and the square of a distance in y and z that none of them lies within.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) begin: u32,
    pub(crate) end: u32,
    pub(crate) gap2: f64,
}

/// The strips that the balls around the points of a box can touch, as far as they were not turned into runs yet.
#[derive(Clone, Copy)]
pub(crate) struct Strips {
    sides: [[f64; 2]; 3],
    half2: f64,
    least: u32,
    rows: Places,
    planes: Places,
    row: i64,
    plane: i64,
    left: i64,
}

impl Run {
    pub(crate) const NONE: Self = Self { begin: 0, end: 0, gap2: 0.0 };
}

impl Strips {
    pub(crate) const NONE: Self = Self {
        sides: [[0.0; 2]; 3],
        half2: 0.0,
        least: 0,
        rows: Places::NONE,
        planes: Places::NONE,
        row: 0,
        plane: 0,
        left: 0,
    };

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.left <= 0
    }
}

/// Returns the square of the half width that no hit lies beyond.
#[inline(always)]
pub(crate) fn half_squared(r2: f64) -> f64 {
    r2 * (1.0 + 16.0 * f64::EPSILON) + TINY
}

/// Returns the box of one point.
#[inline(always)]
pub(crate) fn around([x, y, z]: [f64; 3]) -> [[f64; 2]; 3] {
    [[x, x], [y, y], [z, z]]
}

/// Whether a query can be answered.
#[inline(always)]
pub(crate) fn is_query(point: [f64; 3], radius: f64) -> bool {
    point.iter().all(|coordinate| coordinate.abs() <= LIMIT) && radius >= 0.0
}

/// The tables of a grid.
#[derive(Clone, Copy)]
pub(crate) struct Grid<'a> {
    pub(crate) frame: Frame,
    pub(crate) strip_cell: &'a [i32],
    pub(crate) start: &'a [i32],
    coordinates: [&'a [f64]; 3],
    pub(crate) index: &'a [i32],
    periods: Option<[f64; 3]>,
}

impl<'a> Grid<'a> {
    /// Takes the tables, if their lengths agree.
    #[inline(always)]
    pub(crate) fn new(
        frame: &[[f64; 7]],
        strip_cell: &'a [i32],
        start: &'a [i32],
        xyz: &'a [f64],
        index: &'a [i32],
    ) -> Option<Self> {
        let frame = Frame::new(frame)?;
        let length = index.len() + PAD;
        let (x, yz) = xyz.split_at_checked(length)?;
        let (y, z) = yz.split_at_checked(length)?;
        let periodic = frame.x.is_periodic() || frame.y.is_periodic() || frame.z.is_periodic();
        let fits = z.len() == length && strip_cell.len() == frame.strips() + 1;
        fits.then_some(Self {
            frame,
            strip_cell,
            start,
            coordinates: [x, y, z],
            index,
            periods: periodic.then_some([frame.x.period, frame.y.period, frame.z.period]),
        })
    }

    /// The periods, if any axis goes round.
    #[inline(always)]
    pub(crate) fn periods(&self) -> Option<[f64; 3]> {
        self.periods
    }

    /// The points at places from `begin` to `end`, and some behind them up to a multiple of 8 in all.
    #[inline(always)]
    pub(crate) fn eights(&self, begin: usize, end: usize) -> [&'a [[f64; 8]]; 3] {
        let stop = begin + (end - begin).next_multiple_of(8);
        self.coordinates.map(|values| values.get(begin..stop).unwrap_or(&[]).as_chunks().0)
    }

    /// Asks for the cache lines of the points of a run and of their ids.
    #[inline(always)]
    pub(crate) fn prefetch(&self, run: Run) {
        let (begin, end) = (run.begin as usize, run.end as usize);
        for values in self.coordinates {
            for place in (begin..end).step_by(8) {
                prefetch(values, place);
            }
            prefetch(values, end.wrapping_sub(1));
        }
        for place in (begin..end).step_by(16) {
            prefetch(self.index, place);
        }
        prefetch(self.index, end.wrapping_sub(1));
    }

    /// The point at a place.
    #[inline(always)]
    pub(crate) fn point(&self, place: usize) -> [f64; 3] {
        self.coordinates.map(|values| values.get(place).copied().unwrap_or(f64::NAN))
    }

    /// The ids of the points at places from `begin` to `end`.
    #[inline(always)]
    pub(crate) fn ids(&self, begin: usize, end: usize) -> &'a [i32] {
        self.index.get(begin..end).unwrap_or(&[])
    }

    /// Returns a radius that holds about k points, judged by a part of the strip that the query is in; any answer is right.
    ///
    /// The part is about as long as five strips are wide: points may be crowded anywhere in a strip.
    #[inline(always)]
    pub(crate) fn first_radius(&self, [qx, qy, qz]: [f64; 3], k: f64) -> f64 {
        let Frame { x, y, z } = self.frame;
        let number = x.box_of(qx);
        let places = [x.place_of(number), y.place_of(y.box_of(qy)), z.place_of(z.box_of(qz))];
        let (first, cells) = first_cell(self.strip_cell, self.frame.strip_at(places) as usize);
        let part = (qx - x.low) * x.inverse - f64::from(number);
        let cell = clamp(part * cells, cells - 1.0);
        let reach = clamp(2.5 * cells * y.width / x.width, cells);
        let (low, high) = ((cell - reach).max(0), cell.saturating_add(reach).saturating_add(1).min(cells as i32));
        let place = |cell: i32| {
            self.start.get((first as i32).wrapping_add(cell) as usize).map_or(0.0, |place| f64::from(*place))
        };
        let density = (place(high) - place(low) + 1.0) * cells / f64::from(high - low);
        if z.count > 1.0 {
            return (0.5 * k / density * x.width * y.width * z.width).cbrt();
        }
        (0.5 * k / density * x.width * y.width).sqrt()
    }

    /// Returns the strips that balls around the points of a box can touch; points at places below `least` do not count.
    #[inline(always)]
    pub(crate) fn strips_around(&self, sides: [[f64; 2]; 3], half2: f64, least: u32) -> Strips {
        let half = half2.sqrt();
        let (planes, rows) = (self.frame.z.places(sides[2], half), self.frame.y.places(sides[1], half));
        Strips { sides, half2, least, rows, planes, row: 0, plane: 0, left: planes.many * rows.many }
    }

    /// Turns strips into runs until there are no more or no room for those of the next, and returns how many.
    ///
    /// Nothing here depends on a branch that is hard to predict: the runs are kept or written over.
    #[inline(always)]
    pub(crate) fn runs<const N: usize>(&self, strips: &mut Strips, runs: &mut [Run; N]) -> usize {
        let Frame { y, z, .. } = &self.frame;
        let [qx, qy, qz] = strips.sides;
        let mut count = 0;
        while strips.left > 0 && count + 2 <= N {
            let ((plane, dz), (row, dy)) = (strips.planes.at(z, qz, strips.plane), strips.rows.at(y, qy, strips.row));
            strips.row += 1;
            strips.left -= 1;
            if strips.row == strips.rows.many {
                strips.row = 0;
                strips.plane += 1;
            }
            let left = strips.half2 - dz * dz - dy * dy;
            let gap2 = dz * dz + dy * dy;
            let number = plane * strips.rows.count + row;
            let (cells, again) = self.frame.cells_along(self.strip_cell, number, qx, larger(left, 0.0).sqrt());
            let counts = left >= 0.0;
            let mut push = |[first, stop]: [i64; 2]| {
                let place = |cell: i64| self.start.get(cell as usize).map_or(0, |place| *place as u32);
                let (begin, end) = (place(first).max(strips.least), place(stop));
                if let Some(run) = runs.get_mut(count) {
                    *run = Run { begin, end, gap2 };
                    count += usize::from(counts & (begin < end) & (end as usize <= self.index.len()));
                }
            };
            push(cells);
            if let Some(cells) = again {
                push(cells);
            }
        }
        count
    }
}
