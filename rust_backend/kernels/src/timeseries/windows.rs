//! The loop that every rolling kernel runs: windows slide down each column, and a state follows them.
//!
//! Values go by keys: integers in the order of the finite floats, -0.0 before 0.0, so that what an order statistic
//! gives depends on the multiset in the window alone. Whatever is not finite is [`MISSING`].

use crate::table::{Table, TableMut};
use crate::timeseries::order_statistics::{Ordered, Statistic};

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

/// What keeps the keys of a window.
pub(crate) trait Keys: Ordered {
    /// Empties the window.
    fn clear(&mut self);

    /// Takes one key out of the window and one in; either may be [`MISSING`].
    fn step(&mut self, leaving: i64, entering: i64);
}

/// A table of results, with some columns for each of the values, or none where it is not wanted.
pub(crate) enum Results<'a> {
    Floats(TableMut<'a, f64>),
    Flags(TableMut<'a, bool>),
}

impl Results<'_> {
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Floats(table) => (table.rows(), table.columns()),
            Self::Flags(table) => (table.rows(), table.columns()),
        }
    }

    #[inline(always)]
    fn store(&mut self, column: usize, start: usize, results: &[f64]) {
        match self {
            Self::Floats(table) => table.store(column, start, results.iter().copied()),
            Self::Flags(table) => table.store(column, start, results.iter().map(|result| *result == 1.0)),
        }
    }
}

/// Lets keys follow the windows of every column, and fills tables with what a statistic finds in them.
///
/// The statistic gives one result for each column of each table, but one too for a table that is not wanted.
#[inline(always)]
pub(crate) fn roll(
    values: Table<'_, f64>,
    windows: Windows<'_>,
    keys: &mut impl Keys,
    statistic: &impl Statistic,
    tables: &mut [Results<'_>],
) {
    let total = values.rows();
    let rows = tables.iter().map(|table| table.shape().0).min().unwrap_or(0).min(total);
    let history = total - rows;
    let least = windows.min_periods.first().map_or(1, |least| usize::try_from(*least).unwrap_or(1).max(1));
    let propagate = windows.propagate.first().is_some_and(|flag| *flag != 0);
    let size = windows.widest(total);
    let mut ring = vec![MISSING; size];
    let next = |place: usize| if place + 1 < size { place + 1 } else { 0 };
    let mut loaded = [0.0; CHUNK];
    let each: Vec<usize> =
        tables.iter().map(|table| table.shape().1.checked_div(values.columns()).unwrap_or(0)).collect();
    let mut found = vec![f64::NAN; each.iter().map(|each| each.max(&1)).sum()];
    let mut results = vec![0.0; CHUNK * found.len()];
    let begin = (history + 1).saturating_sub(windows.width(0)).min(history);
    for column in 0..values.columns() {
        keys.clear();
        let (mut first, mut head, mut tail) = (begin, 0, 0);
        for start in (begin..total).step_by(CHUNK) {
            let mut filled = 0;
            for (row, value) in (start..).zip(values.load(column, start, &mut loaded).iter()) {
                let width = windows.width(row.saturating_sub(history));
                let mut leaving = MISSING;
                while first + width <= row {
                    if leaving != MISSING {
                        keys.step(leaving, MISSING);
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
                keys.step(leaving, entering);
                if row >= history {
                    let needed = if propagate { least.max(row + 1 - first) } else { least };
                    if keys.count() >= needed {
                        statistic.results(keys, entering, &mut found);
                    } else {
                        found.fill(f64::NAN);
                    }
                    for (part, found) in results.chunks_exact_mut(CHUNK).zip(&found) {
                        if let Some(result) = part.get_mut(filled) {
                            *result = *found;
                        }
                    }
                    filled += 1;
                }
            }
            let mut parts = results.chunks_exact(CHUNK).map(|part| part.get(..filled).unwrap_or_default());
            for (table, each) in tables.iter_mut().zip(&each) {
                for (place, part) in (0..*each.max(&1)).zip(parts.by_ref()) {
                    if *each > 0 {
                        table.store(column * each + place, start.max(history) - history, part);
                    }
                }
            }
        }
    }
}
