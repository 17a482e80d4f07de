//! The loop of the element-wise kernels.

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

impl<A: Copy, B: Copy> Inputs for (&[A], &[B]) {
    type Row = (A, B);

    #[inline(always)]
    fn rows(self) -> usize {
        self.0.len().min(self.1.len())
    }

    #[inline(always)]
    fn block(self, start: usize) -> impl Iterator<Item = (A, B)> {
        self.0.block(start).zip(self.1.block(start))
    }
}

/// Arrays that are written together, one row of each at a time.
pub(crate) trait Outputs {
    type Row: Copy;

    /// Writes a block of rows.
    fn write(&mut self, start: usize, rows: impl Iterator<Item = Self::Row>);
}

impl<T: Copy> Outputs for &mut [T] {
    type Row = T;

    #[inline(always)]
    fn write(&mut self, start: usize, rows: impl Iterator<Item = T>) {
        for (slot, value) in self[start..].iter_mut().zip(rows) {
            *slot = value;
        }
    }
}

impl<A: Copy, B: Copy> Outputs for (&mut [A], &mut [B]) {
    type Row = (A, B);

    #[inline(always)]
    fn write(&mut self, start: usize, rows: impl Iterator<Item = (A, B)>) {
        for ((first, second), value) in self.0[start..].iter_mut().zip(&mut self.1[start..]).zip(rows) {
            (*first, *second) = value;
        }
    }
}

/// Fills the outputs with `row` of each row of the inputs, or with the sentinel where it says that the row is invalid;
/// returns the first invalid row.
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
        outputs.write(
            start,
            inputs.block(start).map(|input| {
                let (value, good) = row(input);
                valid &= good;
                if good { value } else { sentinel }
            }),
        );
        if !valid && first.is_none() {
            first = inputs.block(start).position(|input| !row(input).1).map(|index| start + index);
        }
    }
    first
}

/// As [`fill`], for a second input that holds one value for all rows or one per row.
#[inline(always)]
pub(crate) fn fill_uniform<A: Copy, B: Copy, O: Outputs>(
    values: &[A],
    uniform: &[B],
    outputs: O,
    sentinel: O::Row,
    row: impl Fn(A, B) -> (O::Row, bool),
) -> Option<usize> {
    match *uniform {
        [one] => fill(values, outputs, sentinel, |value| row(value, one)),
        _ => fill((values, uniform), outputs, sentinel, |(value, own)| row(value, own)),
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

/// Replaces each value by `row` of it and of a second one, which may stand for all rows.
#[inline(always)]
pub(crate) fn update<A: Copy, B: Copy>(values: &mut [A], uniform: &[B], row: impl Fn(A, B) -> A) {
    match *uniform {
        [one] => values.iter_mut().for_each(|value| *value = row(*value, one)),
        _ => values.iter_mut().zip(uniform).for_each(|(value, own)| *value = row(*value, *own)),
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
        let add = |a: i64, b: i64| ((a + b, a), true);
        let (mut sums, mut firsts) = ([0; 3], [0; 3]);
        assert_eq!(fill_uniform(&[1, 2, 3], &[10], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 12, 13], [1, 2, 3]));
        assert_eq!(fill_uniform(&[1, 2, 3], &[10, 20, 30], (&mut sums[..], &mut firsts[..]), (0, 0), add), None);
        assert_eq!((sums, firsts), ([11, 22, 33], [1, 2, 3]));
    }
}
