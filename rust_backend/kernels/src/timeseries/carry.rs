//! Missing values filled with the last one before them, or the first one behind.

use std::ops::Range;

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::eight::LANES;

/// Rows that are in the cache at once, for eight columns.
const CHUNK: usize = 256;

/// What was found last in columns side by side, and how many rows ago.
#[derive(Clone)]
struct Last<const N: usize> {
    columns: [usize; N],
    value: [f64; N],
    age: [i64; N],
}

impl<const N: usize> Last<N> {
    /// Those of all columns of a range, which is a multiple of so many.
    fn of(columns: Range<usize>) -> Vec<Self> {
        let beside = |first: usize| std::array::from_fn(|lane| first + lane);
        columns.step_by(N).map(|first| Self { columns: beside(first), value: [f64::NAN; N], age: [0; N] }).collect()
    }

    /// Fills some rows; no step depends on a value.
    #[inline(always)]
    fn fill(&mut self, values: Table<f64>, rows: Range<usize>, rules: Rules, filled: &mut TableMut<f64>) {
        let mut buffer = [[0.0; N]; CHUNK];
        let part = buffer.get_mut(..rows.len()).unwrap_or_default();
        values.load_lanes(self.columns, [rows.start; N], part);
        let (mut value, mut age) = (self.value, self.age);
        let pass = |row: &mut [f64; N]| {
            for ((own, value), age) in row.iter_mut().zip(&mut value).zip(&mut age) {
                let there = own.is_finite();
                *value = if there { *own } else { *value };
                *age = if there { 0 } else { *age + 1 };
                *own = if *age <= rules.limit { *value } else { rules.missing };
            }
        };
        if rules.backward {
            part.iter_mut().rev().for_each(pass)
        } else {
            part.iter_mut().for_each(pass)
        }
        (self.value, self.age) = (value, age);
        filled.store_lanes(self.columns, [rows.start; N], part);
    }
}

#[derive(Clone, Copy)]
struct Rules {
    limit: i64,
    backward: bool,
    missing: f64,
}

at_every_level! {
    fn carry_at(values: Table<f64>, rules: Rules, filled: TableMut<f64>) -> () {
        let (mut filled, columns) = (filled, values.columns());
        let (rows, chunks, whole) = (filled.rows(), filled.rows().div_ceil(CHUNK), columns / LANES * LANES);
        let (mut eights, mut others) = (Last::<LANES>::of(0..whole), Last::<1>::of(whole..columns));
        for step in 0..chunks {
            let start = CHUNK * if rules.backward { chunks - 1 - step } else { step };
            let rows = start..(start + CHUNK).min(rows);
            for last in &mut eights {
                last.fill(values, rows.clone(), rules, &mut filled);
            }
            for last in &mut others {
                last.fill(values, rows.clone(), rules, &mut filled);
            }
        }
    }
}

/// Fills `filled`: a value goes over at most `limit` missing ones, down the rows or up; NaN where none came. The window
/// keeps columns whole.
pub fn carry(
    level: Level,
    values: Table<f64>,
    _window: &[i64],
    limit: &[i64],
    backward: &[u8],
    filled: TableMut<f64>,
) -> Option<usize> {
    let rules = Rules {
        limit: limit.first().copied().unwrap_or(0),
        backward: backward.first().is_some_and(|backward| *backward != 0),
        missing: std::hint::black_box(f64::NAN), // as in `extremes`
    };
    carry_at(level, values, rules, filled);
    None
}
