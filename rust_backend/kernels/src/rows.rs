//! The loop of the element-wise kernels.
//!
//! Two things keep LLVM able to vectorise it. What is done to a row is a function under `#[inline(always)]`, not a closure:
//! closures take no such attribute, and one that is not inlined is compiled for the baseline. And the arrays are iterated
//! over by `zip`s of slices and `map`s of them only, which have a single end.

use std::hint::select_unpredictable;
use std::marker::PhantomData;

/// Rows per block: the values of a block stay in the first-level cache between its passes.
pub(crate) const BLOCK: usize = 1024;

/// The block that begins at `start`, or all of an array that holds one value for all rows.
#[inline(always)]
pub(crate) fn block<T>(values: &[T], start: usize) -> &[T] {
    match values {
        [_] => values,
        _ => values.get(start..values.len().min(start + BLOCK)).unwrap_or(&[]),
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

/// What is read beside the first input.
pub(crate) trait Beside: Copy {
    type Row: Copy;

    /// Pairs a block of the first input, which begins at `start`, with what belongs to its rows.
    fn beside<T: Copy>(self, values: &[T], start: usize) -> impl Iterator<Item = (T, Self::Row)>;
}

/// One value for all rows.
#[derive(Clone, Copy)]
pub(crate) struct One<T>(pub(crate) T);

impl<B: Copy> Beside for One<B> {
    type Row = B;

    #[inline(always)]
    fn beside<T: Copy>(self, values: &[T], _: usize) -> impl Iterator<Item = (T, B)> {
        values.iter().map(move |value| (*value, self.0))
    }
}

/// What is derived from each value of an array.
#[derive(Clone, Copy)]
pub(crate) struct Each<'a, T, D>(&'a [T], PhantomData<D>);

impl<'a, T, D> Each<'a, T, D> {
    #[inline(always)]
    pub(crate) fn new(values: &'a [T]) -> Self {
        Self(values, PhantomData)
    }
}

impl<B: Copy, D: Derive<B>> Beside for Each<'_, B, D> {
    type Row = D;

    #[inline(always)]
    fn beside<T: Copy>(self, values: &[T], start: usize) -> impl Iterator<Item = (T, D)> {
        values.iter().zip(block(self.0, start)).map(|(value, own)| (*value, D::derive(*own)))
    }
}

/// The value of an output in one row.
pub(crate) trait Value: Copy {
    /// Returns the first value or the second one, without a branch.
    fn select(condition: bool, first: Self, second: Self) -> Self;
}

macro_rules! scalar_values {
    ($($type:ty),+) => {
        $(impl Value for $type {
            #[inline(always)]
            fn select(condition: bool, first: Self, second: Self) -> Self {
                select_unpredictable(condition, first, second)
            }
        })+
    };
}
scalar_values!(bool, i64, f64);

/// Arrays that are written together, one row of each at a time.
pub(crate) trait Outputs {
    type Row: Copy;
    type Slot<'a>
    where
        Self: 'a;

    /// Iterates over the places of the rows from `start` on.
    fn slots(&mut self, start: usize) -> impl Iterator<Item = Self::Slot<'_>>;

    /// Writes a row, or the sentinel if it is invalid, to its place.
    fn store(slot: Self::Slot<'_>, valid: bool, row: Self::Row, sentinel: Self::Row);
}

impl<'s, A: Value> Outputs for &'s mut [A] {
    type Row = A;
    type Slot<'a>
        = &'a mut A
    where
        's: 'a;

    #[inline(always)]
    fn slots(&mut self, start: usize) -> impl Iterator<Item = &mut A> {
        self.get_mut(start..).unwrap_or_default().iter_mut()
    }

    #[inline(always)]
    fn store(slot: &mut A, valid: bool, row: A, sentinel: A) {
        *slot = A::select(valid, row, sentinel);
    }
}

impl<'s, A: Value, B: Value> Outputs for (&'s mut [A], &'s mut [B]) {
    type Row = (A, B);
    type Slot<'a>
        = (&'a mut A, &'a mut B)
    where
        's: 'a;

    #[inline(always)]
    fn slots(&mut self, start: usize) -> impl Iterator<Item = (&mut A, &mut B)> {
        let (first, second) = (self.0.get_mut(start..), self.1.get_mut(start..));
        first.unwrap_or_default().iter_mut().zip(second.unwrap_or_default())
    }

    #[inline(always)]
    fn store(slot: (&mut A, &mut B), valid: bool, row: (A, B), sentinel: (A, B)) {
        *slot.0 = A::select(valid, row.0, sentinel.0);
        *slot.1 = B::select(valid, row.1, sentinel.1);
    }
}

/// Fills the outputs with `row` of each value and of what is beside it, or with the sentinel where it says that the row
/// is invalid; returns the first invalid row.
#[inline(always)]
pub(crate) fn fill<A: Copy, B: Beside, O: Outputs>(
    values: &[A],
    beside: B,
    mut outputs: O,
    sentinel: O::Row,
    row: impl Fn(A, B::Row) -> (O::Row, bool),
) -> Option<usize> {
    let mut first = None;
    for (start, values) in (0..).step_by(BLOCK).zip(values.chunks(BLOCK)) {
        let mut invalid = 0;
        for (slot, (value, other)) in outputs.slots(start).zip(beside.beside(values, start)) {
            let (result, good) = row(value, other);
            invalid |= u64::from(!good);
            O::store(slot, good, result, sentinel);
        }
        if invalid != 0 && first.is_none() {
            let invalid = |(value, other)| !row(value, other).1;
            first = beside.beside(values, start).position(invalid).map(|index| start + index);
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
    row: impl Fn(A, D) -> (O::Row, bool),
) -> Option<usize> {
    match *uniform {
        [one] => fill(values, One(D::derive(one)), outputs, sentinel, row),
        _ => fill(values, Each::new(uniform), outputs, sentinel, row),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn halve(value: i64, (): ()) -> (i64, bool) {
        (value / 2, value >= 0)
    }

    #[test]
    fn the_first_invalid_row_is_found_in_any_block() {
        for n in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let values: Vec<i64> = (0..n as i64).collect();
            let mut halves = vec![7; n];
            assert_eq!(fill(&values, One(()), &mut halves[..], -1, halve), None);
            assert!(halves.iter().zip(&values).all(|(half, value)| *half == value / 2));
            for bad in [n / 2, n.saturating_sub(1)].into_iter().filter(|bad| *bad < n) {
                let mut values = values.clone();
                values[n - 1] = -5;
                values[bad] = -5;
                assert_eq!(fill(&values, One(()), &mut halves[..], -1, halve), Some(bad));
                assert_eq!((halves[bad], halves[n - 1]), (-1, -1));
            }
        }
    }

    #[test]
    fn one_value_stands_for_all_rows() {
        let add = |a: i64, b: i64| ((a + b, a), true);
        let (mut sums, mut firsts) = ([0; 3], [0; 3]);
        assert_eq!(fill_uniform(&[1, 2, 3], &[10], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 12, 13], [1, 2, 3]));
        assert_eq!(fill_uniform(&[1, 2, 3], &[10, 20, 30], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 22, 33], [1, 2, 3]));
    }
}
