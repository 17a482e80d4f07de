//! The windows of a call, which of them have a result, and the keys of values in them.
//!
//! Values go by keys: integers in the order of the finite floats, -0.0 before 0.0, so that what an order statistic
//! gives depends on the multiset in the window alone. Whatever is not finite is [`MISSING`].

use crate::table::Table;

/// What stands for a value that is not finite.
pub(crate) const MISSING: i64 = i64::MIN;

/// The key of a value.
#[inline(always)]
pub(crate) fn key_of(value: f64) -> i64 {
    if value.is_finite() { swap_key(value.to_bits() as i64) } else { MISSING }
}

/// The value, or NaN where it is not finite.
#[inline(always)]
pub(crate) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
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

    /// The rows that the window of a row has.
    pub(crate) fn width(&self, row: usize) -> usize {
        let width = if self.window.len() > 1 { self.window.get(row) } else { self.window.first() };
        width.map_or(1, |width| usize::try_from(*width).unwrap_or(1).max(1))
    }

    /// Whether there is one width for all rows.
    pub(crate) fn are_equal(&self) -> bool {
        self.window.len() == 1
    }

    /// How many finite values are needed in a window of so many rows.
    pub(crate) fn needed(&self, rows: usize) -> usize {
        let least = self.min_periods.first().map_or(1, |least| usize::try_from(*least).unwrap_or(1).max(1));
        if self.propagate.first().is_some_and(|flag| *flag != 0) { least.max(rows) } else { least }
    }
}

/// Which windows have a result.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// Rows of the call, and rows of the table before them.
    pub(crate) rows: usize,
    pub(crate) history: usize,
    least: usize,
    propagate: bool,
}

impl Rules {
    /// Returns the rules of a call whose results have so many rows.
    pub(crate) fn of(values: Table<'_, f64>, windows: Windows<'_>, rows: usize) -> Self {
        let rows = rows.min(values.rows());
        Self {
            rows,
            history: values.rows() - rows,
            least: windows.min_periods.first().map_or(1, |least| usize::try_from(*least).unwrap_or(1).max(1)),
            propagate: windows.propagate.first().is_some_and(|flag| *flag != 0),
        }
    }

    /// How many keys a window of so many rows needs.
    #[inline(always)]
    pub(crate) fn needed(&self, width: usize) -> usize {
        if self.propagate { self.least.max(width) } else { self.least }
    }
}
