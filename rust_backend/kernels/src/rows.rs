//! The loop of the element-wise kernels.
//!
//! What is done to a row is a function under `#[inline(always)]`, not a closure: closures take no such attribute, and one
//! that LLVM does not inline is compiled for the baseline and keeps its loop from being vectorised.

use std::iter::repeat;
use std::marker::PhantomData;

/// Rows per block: the values of a block stay in the first-level cache between its passes.
pub(crate) const BLOCK: usize = 1024;

/// Arrays that are read together, one row of each at a time.
pub(crate) trait Inputs: Copy {
    type Row;

    /// The number of rows.
    fn rows(self) -> usize;

    /// Iterates over a block of rows.
    fn block(self, start: usize) -> impl Iterator<Item = Self::Row>;
}

impl<T: Copy> Inputs for &[T] {
    type Row = T;

    #[inline(always)]
    fn rows(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn block(self, start: usize) -> impl Iterator<Item = T> {
        self[start..self.len().min(start + BLOCK)].iter().copied()
    }
}

/// One value for all rows.
#[derive(Clone, Copy)]
pub(crate) struct One<T>(pub(crate) T);

impl<T: Copy> Inputs for One<T> {
    type Row = T;

    #[inline(always)]
    fn rows(self) -> usize {
        usize::MAX
    }

    #[inline(always)]
    fn block(self, _: usize) -> impl Iterator<Item = T> {
        repeat(self.0)
    }
}

/// What a kernel derives from a value, once where the value stands for all rows.
pub(crate) trait Derive<T>: Copy {
    fn derive(value: T) -> Self;
}

impl<T: Copy> Derive<T> for T {
    #[inline(always)]
    fn derive(value: T) -> T {
        value
    }
}

/// What is derived from each value.
#[derive(Clone, Copy)]
pub(crate) struct Each<'a, T, D>(&'a [T], PhantomData<D>);

impl<'a, T, D> Each<'a, T, D> {
    #[inline(always)]
    pub(crate) fn new(values: &'a [T]) -> Self {
        Self(values, PhantomData)
    }
}

impl<T: Copy, D: Derive<T>> Inputs for Each<'_, T, D> {
    type Row = D;

    #[inline(always)]
    fn rows(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn block(self, start: usize) -> impl Iterator<Item = D> {
        self.0.block(start).map(D::derive)
    }
}

impl<A: Inputs, B: Inputs> Inputs for (A, B) {
    type Row = (A::Row, B::Row);

    #[inline(always)]
    fn rows(self) -> usize {
        self.0.rows().min(self.1.rows())
    }

    #[inline(always)]
    fn block(self, start: usize) -> impl Iterator<Item = (A::Row, B::Row)> {
        self.0.block(start).zip(self.1.block(start))
    }
}

/// Arrays that are written together, one row of each at a time.
pub(crate) trait Outputs {
    type Row: Copy;
    type Slot<'a>
    where
        Self: 'a;

    /// Iterates over the places of the rows from `start` on.
    fn slots(&mut self, start: usize) -> impl Iterator<Item = Self::Slot<'_>>;

    /// Writes a row to its place.
    fn store(slot: Self::Slot<'_>, row: Self::Row);
}

impl<'s, T: Copy> Outputs for &'s mut [T] {
    type Row = T;
    type Slot<'a>
        = &'a mut T
    where
        's: 'a;

    #[inline(always)]
    fn slots(&mut self, start: usize) -> impl Iterator<Item = &mut T> {
        self[start..].iter_mut()
    }

    #[inline(always)]
    fn store(slot: &mut T, row: T) {
        *slot = row;
    }
}

impl<'s, A: Copy, B: Copy> Outputs for (&'s mut [A], &'s mut [B]) {
    type Row = (A, B);
    type Slot<'a>
        = (&'a mut A, &'a mut B)
    where
        's: 'a;

    #[inline(always)]
    fn slots(&mut self, start: usize) -> impl Iterator<Item = (&mut A, &mut B)> {
        self.0[start..].iter_mut().zip(&mut self.1[start..])
    }

    #[inline(always)]
    fn store(slot: (&mut A, &mut B), row: (A, B)) {
        (*slot.0, *slot.1) = row;
    }
}

/// Fills the outputs with `row` of each row of the inputs, or with the sentinel where it says that the row is invalid;
/// returns the first invalid row. No output may be shorter than the inputs.
#[inline(always)]
pub(crate) fn fill<I: Inputs, O: Outputs>(
    inputs: I,
    mut outputs: O,
    sentinel: O::Row,
    row: impl Fn(I::Row) -> (O::Row, bool),
) -> Option<usize> {
    let mut first = None;
    for start in (0..inputs.rows()).step_by(BLOCK) {
        let mut valid = true;
        for (slot, input) in outputs.slots(start).zip(inputs.block(start)) {
            let (value, good) = row(input);
            valid &= good;
            O::store(slot, if good { value } else { sentinel });
        }
        if !valid && first.is_none() {
            first = (start..).zip(inputs.block(start)).find_map(|(index, input)| (!row(input).1).then_some(index));
        }
    }
    first
}

/// As [`fill`], for a second input that holds one value for all rows or one per row.
#[inline(always)]
pub(crate) fn fill_uniform<A: Copy, B: Copy, D: Derive<B>, O: Outputs>(
    values: &[A],
    uniform: &[B],
    outputs: O,
    sentinel: O::Row,
    row: impl Fn((A, D)) -> (O::Row, bool),
) -> Option<usize> {
    match *uniform {
        [one] => fill((values, One(D::derive(one))), outputs, sentinel, row),
        _ => fill((values, Each::new(uniform)), outputs, sentinel, row),
    }
}

/// Replaces each value by `row` of it and of what is derived from a second one, which may stand for all rows.
#[inline(always)]
pub(crate) fn update<A: Copy, B: Copy, D: Derive<B>>(values: &mut [A], uniform: &[B], row: impl Fn(A, D) -> A) {
    if let [one] = *uniform {
        let derived = D::derive(one);
        for value in values {
            *value = row(*value, derived);
        }
    } else {
        for (value, own) in values.iter_mut().zip(uniform) {
            *value = row(*value, D::derive(*own));
        }
    }
}

/// The block that begins at `start`, or all of an array that holds one value for all rows.
#[inline(always)]
pub(crate) fn block<T>(values: &[T], start: usize) -> &[T] {
    match values {
        [_] => values,
        _ => values.get(start..values.len().min(start + BLOCK)).unwrap_or(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halve(value: i64) -> (i64, bool) {
        (value / 2, value >= 0)
    }

    #[test]
    fn the_first_invalid_row_is_found_in_any_block() {
        for n in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let values: Vec<i64> = (0..n as i64).collect();
            let mut halves = vec![7; n];
            assert_eq!(fill(&values[..], &mut halves[..], -1, halve), None);
            assert!(halves.iter().zip(&values).all(|(half, value)| *half == value / 2));
            for bad in [n / 2, n.saturating_sub(1)].into_iter().filter(|bad| *bad < n) {
                let mut values = values.clone();
                values[n - 1] = -5;
                values[bad] = -5;
                assert_eq!(fill(&values[..], &mut halves[..], -1, halve), Some(bad));
                assert_eq!((halves[bad], halves[n - 1]), (-1, -1));
            }
        }
    }

    #[test]
    fn one_value_stands_for_all_rows() {
        let add = |(a, b): (i64, i64)| ((a + b, a), true);
        let (mut sums, mut firsts) = ([0; 3], [0; 3]);
        assert_eq!(fill_uniform(&[1, 2, 3], &[10], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 12, 13], [1, 2, 3]));
        assert_eq!(fill_uniform(&[1, 2, 3], &[10, 20, 30], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 22, 33], [1, 2, 3]));
    }
}
