//! The loop that every rolling kernel runs: windows slide down each column, and a state follows them.
//!
//! Values go by keys: integers in the order of the finite floats, -0.0 before 0.0, so that what an order statistic
//! gives depends on the multiset in the window alone. Whatever is not finite is [`MISSING`].

use crate::table::{Table, TableMut};

const CHUNK: usize = 256;

/// What stands for a value that is not finite.
pub(crate) const MISSING: i64 = i64::MIN;

/// The key of a value.
#[inline(always)]
pub(crate) fn key_of(value: f64) -> i64 {
    if value.is_finite() { swap_key(value.to_bits() as i64) } else { MISSING }
}

/// The value of a key.
#[inline(always)]
pub(crate) fn value_of(key: i64) -> f64 {
    f64::from_bits(swap_key(key) as u64)
}

#[inline(always)]
fn swap_key(bits: i64) -> i64 {
    bits ^ ((bits >> 63) & i64::MAX)
}

/// The windows of a call.
#[derive(Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The rows that the window of a row has, that row included: one for all, or one for each row.
    pub(crate) window: &'a [i64],
    pub(crate) min_periods: &'a [i64],
    pub(crate) propagate: &'a [u8],
}

impl Windows<'_> {
    /// The most rows that a window has.
    pub(crate) fn widest(&self, rows: usize) -> usize {
        let width = self.window.iter().copied().max().unwrap_or(1).max(1);
        usize::try_from(width).unwrap_or(usize::MAX).min(rows.max(1))
    }

    fn width(&self, row: usize) -> usize {
        let width = if self.window.len() > 1 { self.window.get(row) } else { self.window.first() };
        width.map_or(1, |width| usize::try_from(*width).unwrap_or(1).max(1))
    }
}

/// What follows the window of a column.
pub(crate) trait State<const N: usize> {
    /// Empties the window.
    fn clear(&mut self);

    /// Takes one key out of the window and one in; either may be [`MISSING`].
    fn step(&mut self, leaving: i64, entering: i64);

    /// The number of keys in the window.
    fn count(&self) -> usize;

    /// What the window gives; it has at least one key.
    fn results(&self) -> [f64; N];
}

/// Lets a state follow the windows of every column, and fills the outputs with what it gives.
#[inline(always)]
pub(crate) fn roll<const N: usize>(
    values: Table<'_, f64>,
    windows: Windows<'_>,
    state: &mut impl State<N>,
    mut outputs: [TableMut<'_, f64>; N],
) {
    let total = values.rows();
    let rows = outputs.iter().map(TableMut::rows).min().unwrap_or(0).min(total);
    let history = total - rows;
    let least = windows.min_periods.first().map_or(1, |least| usize::try_from(*least).unwrap_or(1).max(1));
    let propagate = windows.propagate.first().is_some_and(|flag| *flag != 0);
    let size = windows.widest(total);
    let mut ring = vec![MISSING; size];
    let next = |place: usize| if place + 1 < size { place + 1 } else { 0 };
    let mut loaded = [0.0; CHUNK];
    let mut results = [[0.0; CHUNK]; N];
    let begin = (history + 1).saturating_sub(windows.width(0)).min(history);
    for column in 0..values.columns() {
        state.clear();
        let (mut first, mut head, mut tail) = (begin, 0, 0);
        for start in (begin..total).step_by(CHUNK) {
            let mut filled = 0;
            for (row, value) in (start..).zip(values.load(column, start, &mut loaded).iter()) {
                let width = windows.width(row.saturating_sub(history));
                let mut leaving = MISSING;
                while first + width <= row {
                    if leaving != MISSING {
                        state.step(leaving, MISSING);
                    }
                    leaving = ring.get(tail).copied().unwrap_or(MISSING);
                    first += 1;
                    tail = next(tail);
                }
                let entering = key_of(*value);
                if let Some(place) = ring.get_mut(head) {
                    *place = entering;
                }
                head = next(head);
                state.step(leaving, entering);
                if row >= history {
                    let needed = if propagate { least.max(row + 1 - first) } else { least };
                    let found = if state.count() >= needed { state.results() } else { [f64::NAN; N] };
                    for (result, found) in results.iter_mut().zip(found) {
                        result[filled] = found;
                    }
                    filled += 1;
                }
            }
            for (output, result) in outputs.iter_mut().zip(&results) {
                output.store(column, start.max(history) - history, result.get(..filled).unwrap_or_default());
            }
        }
    }
}
