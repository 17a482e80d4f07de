//! Missing values filled with the last one before them, or the first one behind.

use crate::simd::Level;
use crate::table::{Table, TableMut};

/// Rows that are in the cache at once, for eight columns.
const CHUNK: usize = 256;

/// Fills `filled`: a value goes over at most `limit` missing ones, down the rows or up; NaN where none came. The window
/// keeps columns whole.
pub fn carry(
    _: Level,
    values: Table<f64>,
    _window: &[i64],
    limit: &[i64],
    backward: &[u8],
    mut filled: TableMut<f64>,
) -> Option<usize> {
    let limit = limit.first().copied().unwrap_or(0);
    let backward = backward.first().is_some_and(|backward| *backward != 0);
    let chunks = filled.rows().div_ceil(CHUNK);
    let mut states = vec![(f64::NAN, 0_i64); filled.columns()];
    let mut buffer = [0.0; CHUNK];
    for step in 0..chunks {
        let start = CHUNK * if backward { chunks - 1 - step } else { step };
        for (column, (last, age)) in states.iter_mut().enumerate() {
            let part = values.load(column, start, &mut buffer);
            let fill = |value: &mut f64| {
                if value.is_finite() {
                    (*last, *age) = (*value, 0);
                } else {
                    *age += 1;
                    *value = if *age <= limit { *last } else { f64::NAN };
                }
            };
            if backward {
                part.iter_mut().rev().for_each(fill)
            } else {
                part.iter_mut().for_each(fill)
            }
            filled.store(column, start, part.iter().copied());
        }
    }
    None
}
