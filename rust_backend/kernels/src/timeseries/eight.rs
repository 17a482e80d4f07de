//! Eight series side by side: what one operation does, it does to all of them.
//!
//! The series are columns, or parts of those that are left over.

use std::ops::{Add, Div, Mul, Sub};

use crate::simd::lanes::Lanes;
use crate::table::{Table, TableMut};
use crate::timeseries::spans::Spans;

pub(crate) const LANES: usize = 8;

/// Rows of a column that are read at once.
const ROWS: usize = 64;

/// A number of each series.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Eight(pub(crate) [f64; LANES]);

impl Eight {
    #[inline(always)]
    pub(crate) fn all(value: f64) -> Self {
        Self([value; LANES])
    }

    /// Rows of plain numbers.
    #[inline(always)]
    fn lanes_of(rows: &[Self]) -> &[[f64; LANES]] {
        // SAFETY: the types have the same layout.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len()) }
    }

    /// Rows of plain numbers.
    #[inline(always)]
    fn lanes_mut(rows: &mut [Self]) -> &mut [[f64; LANES]] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len()) }
    }

    /// What a function makes of each lane.
    ///
    /// Written out: a loop takes the compiler twice as long, for the same speed, and `std::array::from_fn` may be compiled
    /// by itself, at the baseline.
    #[inline(always)]
    pub(crate) fn of_lanes(function: impl Fn(usize) -> f64) -> Self {
        Self([function(0), function(1), function(2), function(3), function(4), function(5), function(6), function(7)])
    }

    #[inline(always)]
    pub(crate) fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self::of_lanes(|lane| function(self.0[lane]))
    }

    #[inline(always)]
    pub(crate) fn zip(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        Self::of_lanes(|lane| function(self.0[lane], other.0[lane]))
    }

    /// The numbers of `yes` where `self` is not 0, those of `no` elsewhere.
    #[inline(always)]
    pub(crate) fn choose(self, yes: Self, no: Self) -> Self {
        Self::of_lanes(|lane| if self.0[lane] == 0.0 { no.0[lane] } else { yes.0[lane] })
    }
}

macro_rules! elementwise {
    ($($name:ident $method:ident),*) => {
        $(impl $name for Eight {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a.$method(b))
            }
        })*
    };
}

elementwise!(Add add, Sub sub, Mul mul, Div div);

/// One number for all series, or one for each.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    fn of(value: f64) -> Self;
    fn eight(self) -> Eight;
    fn apply(self, function: impl Fn(f64) -> f64) -> Self;
    /// 1 divided by a count, rounded once; NaN or infinite for none.
    fn reciprocal(self, lanes: impl Lanes) -> Self;
}

impl Number for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn eight(self) -> Eight {
        Eight::all(self)
    }

    #[inline(always)]
    fn apply(self, function: impl Fn(f64) -> f64) -> Self {
        function(self)
    }

    #[inline(always)]
    fn reciprocal(self, _: impl Lanes) -> Self {
        1.0 / self
    }
}

impl Number for Eight {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::all(value)
    }

    #[inline(always)]
    fn eight(self) -> Self {
        self
    }

    #[inline(always)]
    fn apply(self, function: impl Fn(f64) -> f64) -> Self {
        self.map(function)
    }

    #[inline(always)]
    fn reciprocal(self, lanes: impl Lanes) -> Self {
        let mut inverse = self;
        lanes.reciprocals(&self.0, &mut inverse.0);
        inverse
    }
}

/// Where the series are: the rows of a call from `starts` to `stops`, of a column each.
pub(crate) struct Strands {
    pub(crate) columns: [usize; LANES],
    pub(crate) starts: [usize; LANES],
    pub(crate) stops: [usize; LANES],
    /// How many there are; the others have no rows.
    pub(crate) many: usize,
    /// The most rows of one.
    pub(crate) length: usize,
}

impl Strands {
    /// Cuts some rows of so many columns into series: whole columns, and parts of those that are left over. The cuts are at
    /// multiples of the width of the windows.
    pub(crate) fn cut(spans: &Spans<'_>, rows: usize, columns: usize) -> Vec<Self> {
        let whole = columns / LANES * LANES;
        let mut all = Self::of_columns(spans, rows, [0, whole]);
        all.extend(Self::of_columns(spans, rows, [whole, columns]));
        all
    }

    fn of_columns(spans: &Spans<'_>, rows: usize, [begin, end]: [usize; 2]) -> Vec<Self> {
        let (width, columns) = (spans.width, end - begin);
        let parts = if spans.are_equal() && columns > 0 { (LANES / columns).max(1) } else { 1 };
        let length = rows.div_ceil(parts).div_ceil(width).max(1).saturating_mul(width).min(rows.max(1));
        let parts = rows.div_ceil(length);
        let strand = |first: usize| {
            let place = |lane: usize| (first + lane < columns * parts).then(|| (first + lane) / parts);
            let start = |lane: usize| place(lane).map_or(rows, |_| (first + lane) % parts * length);
            Self {
                columns: std::array::from_fn(|lane| begin + place(lane).unwrap_or(0)),
                starts: std::array::from_fn(start),
                stops: std::array::from_fn(|lane| (start(lane) + length).min(rows)),
                many: (columns * parts - first).min(LANES),
                length,
            }
        };
        (0..columns * parts).step_by(LANES).map(strand).collect()
    }

    /// Reads the rows from `start`, if it is counted from the first of the call, on: those of a column for each series.
    ///
    /// They may lie before the first row of the table; NaN is where it has none. Lanes without a series repeat one.
    #[inline(always)]
    pub(crate) fn load(&self, table: Table<'_, f64>, columns: [usize; LANES], start: isize, into: &mut [Eight]) {
        let lane_of = |lane: usize| if lane < self.many { lane } else { 0 };
        let (mut from, mut rows) = (columns, [0; LANES]);
        let mut before = false;
        for lane in 0..LANES {
            let row = start + self.starts[lane_of(lane)] as isize;
            (from[lane], rows[lane]) = (columns[lane_of(lane)], row.unsigned_abs());
            before |= row < 0;
        }
        if !before && table.load_lanes(from, rows, Eight::lanes_mut(into)) {
            return;
        }
        for (lane, column) in from.into_iter().enumerate() {
            let row = start + self.starts[lane_of(lane)] as isize;
            let before = row.min(0).unsigned_abs().min(into.len());
            let mut row = row.max(0).unsigned_abs();
            let (none, some) = into.split_at_mut(before);
            none.iter_mut().for_each(|row| row.0[lane] = f64::NAN);
            for part in some.chunks_mut(ROWS) {
                let mut loaded = [f64::NAN; ROWS];
                table.load(column, row, &mut loaded[..part.len()]);
                part.iter_mut().zip(loaded).for_each(|(row, value)| row.0[lane] = value);
                row += part.len();
            }
        }
    }

    /// Writes results from row `start` of the series on.
    #[inline(always)]
    pub(crate) fn store(&self, output: &mut TableMut<'_, f64>, start: usize, results: &[Eight]) {
        let mut rows = self.starts;
        rows.iter_mut().for_each(|row| *row += start);
        let all = (0..LANES).all(|lane| rows[lane] + results.len() <= self.stops[lane]);
        if all && output.store_lanes(self.columns, rows, Eight::lanes_of(results)) {
            return;
        }
        for (lane, row) in rows.into_iter().enumerate().take(self.many) {
            let many = results.len().min(self.stops[lane].saturating_sub(row));
            output.store(self.columns[lane], row, results[..many].iter().map(|row| row.0[lane]));
        }
    }
}
