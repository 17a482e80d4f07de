//! Who reads and who writes which memory: a range that a call writes is its own for as long as the call runs.
//!
//! Contiguous arrays share memory exactly where their ranges of addresses do. Two tables of the same stride may be cut
//! from one, side by side: then their ranges interleave, and what tells them apart are the addresses modulo the stride.
//! One table behind one lock replaces the borrow checks of the numpy crate, which look up every array by itself: a call
//! with 12 arrays took 1.6 us with them.

use std::sync::{Mutex, PoisonError};

use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// The addresses of an array: from `begin` to `end`, of which in each `period` the first `span`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) period: usize,
    pub(crate) span: usize,
    pub(crate) writes: bool,
    /// Whether other calls may write the same array meanwhile.
    pub(crate) shared: bool,
}

impl Range {
    /// The addresses of elements one after the other, `bytes` in all.
    pub(crate) fn contiguous(begin: usize, bytes: usize, writes: bool, shared: bool) -> Self {
        Self { begin, end: begin.wrapping_add(bytes), period: 0, span: 0, writes, shared }
    }

    /// The addresses of a table, none of whose axes is empty, from that of its first element and the distances in bytes
    /// along each axis; none where it is written and the axes are not nested, so that elements may share memory.
    pub(crate) fn strided(at: usize, shape: [usize; 2], steps: [isize; 2], size: usize, writes: bool) -> Option<Self> {
        let [rows, columns] = shape;
        let axes = [(rows, steps[0]), (columns, steps[1])].map(|(many, step)| {
            let length = many.saturating_sub(1).wrapping_mul(step.unsigned_abs());
            (step.unsigned_abs(), many, length, if step < 0 { length } else { 0 })
        });
        let [first, second] = axes;
        let (inner, outer) = if first.0 > second.0 { (second, first) } else { (first, second) };
        let (period, span) = (outer.0, inner.2.wrapping_add(size));
        let begin = at.wrapping_sub(first.3).wrapping_sub(second.3);
        let end = begin.wrapping_add(outer.2).wrapping_add(span);
        let once = (outer.1 == 1 || span <= period) && (inner.1 == 1 || inner.0 != 0);
        (once || !writes).then_some(Self { begin, end, period, span, writes, shared: false })
    }

    fn collides(&self, other: &Self) -> bool {
        (self.writes || other.writes)
            && self.begin < other.end
            && other.begin < self.end
            && !(self.beside(other) || other.beside(self))
    }

    /// Whether both are cut from one table, the other one to the right.
    fn beside(&self, other: &Self) -> bool {
        let ahead = other.begin.wrapping_sub(self.begin);
        self.period == other.period
            && other.begin >= self.begin
            && ahead.checked_rem(self.period).is_some_and(|ahead| {
                ahead >= self.span && ahead.checked_add(other.span).is_some_and(|end| end <= self.period)
            })
    }

    fn collides_with_call(&self, other: &Self) -> bool {
        self.collides(other) && !(self.shared && self == other)
    }
}

static RUNNING: Mutex<Vec<Range>> = Mutex::new(Vec::new());

/// The arrays of a call, while it runs.
pub(crate) struct Loan<const N: usize>([Range; N]);

impl<const N: usize> Loan<N> {
    pub(crate) fn new(ranges: [Range; N]) -> PyResult<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = ranges.iter();
        while let Some(range) = before.next_back() {
            let of_this_call = before.as_slice().iter().any(|other| range.collides(other));
            if of_this_call || running.iter().any(|other| range.collides_with_call(other)) {
                return Err(PyValueError::new_err(
                    "an array that is written to shares memory with another array of this or of a running call; pass \
                     one of its own",
                ));
            }
        }
        running.extend(ranges);
        Ok(Self(ranges))
    }
}

impl<const N: usize> Drop for Loan<N> {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if running.ends_with(&self.0) {
            let rest = running.len() - N;
            return running.truncate(rest);
        }
        for range in self.0 {
            if let Some(place) = running.iter().rposition(|other| *other == range) {
                running.swap_remove(place);
            }
        }
    }
}
