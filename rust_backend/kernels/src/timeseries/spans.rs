//! Where the windows of eight series begin, and how many observations they need.

use crate::timeseries::eight::{Eight, Strands};
use crate::timeseries::windows::Windows;

/// The windows of a call. Its rows are counted from the first that the window of the first one reaches back to.
#[derive(Clone, Copy)]
pub(crate) struct Spans<'a> {
    windows: Windows<'a>,
    /// The rows of the widest window.
    pub(crate) width: usize,
    /// Rows before those of the call: of the table, and of the first window.
    pub(crate) history: usize,
    pub(crate) reach: usize,
}

impl<'a> Spans<'a> {
    /// The windows of a table with so many rows, the last of which are those of the call.
    pub(crate) fn new(windows: Windows<'a>, all_rows: usize, rows: usize) -> Self {
        let width = windows.widest(all_rows);
        Self { windows, width, history: all_rows.saturating_sub(rows), reach: windows.width(0).min(width) - 1 }
    }

    #[inline(always)]
    pub(crate) fn are_equal(&self) -> bool {
        self.windows.are_equal()
    }

    /// The first row of the window of a row.
    #[inline(always)]
    pub(crate) fn begin(&self, row: usize) -> usize {
        if self.are_equal() {
            return row + 1 - self.width;
        }
        (row + 1).saturating_sub(self.windows.width(row - self.reach).min(self.width))
    }

    /// How many observations a window of so many rows needs.
    #[inline(always)]
    pub(crate) fn needed(&self, width: usize) -> usize {
        self.windows.needed(width)
    }

    /// How many observations the window of a row needs in each series; rows before those of the table are none.
    #[inline(always)]
    pub(crate) fn needed_by(&self, row: usize, strands: &Strands) -> Eight {
        let width = row + 1 - self.begin(row);
        let needed = self.needed(width);
        if row >= self.reach + width || needed == self.needed(1) {
            return Eight::all(needed as f64);
        }
        let rows = |lane: usize| (self.history + strands.starts[lane] + row + 1).saturating_sub(self.reach);
        Eight::of_lanes(|lane| self.needed(width.min(rows(lane))) as f64)
    }

    /// The row of the table that a row is, if strands begin at the first row of the call; it may lie before the first.
    #[inline(always)]
    pub(crate) fn place(&self, row: usize) -> isize {
        (self.history + row) as isize - self.reach as isize
    }
}
