//! Tables of any strides: rows are time, and a thread may own some rows and columns of a table that others fill elsewhere.

use std::marker::PhantomData;
use std::ops::Range;

/// Rows of a column that are copied at once.
const BLOCK: usize = 4;

/// A table that is read.
#[derive(Clone, Copy)]
pub struct Table<'a, T> {
    data: *const T,
    shape: [usize; 2],
    strides: [isize; 2],
    lent: PhantomData<&'a [T]>,
}

// SAFETY: it is a shared borrow of numbers.
unsafe impl<T: Sync> Send for Table<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Table<'_, T> {}

impl<'a, T: Copy> Table<'a, T> {
    /// Makes a table of the element at `data` and those at distances from it, `strides` in elements.
    ///
    /// # Safety
    /// All of them can be read for `'a`, and nobody writes to them.
    pub unsafe fn new(data: *const T, shape: [usize; 2], strides: [isize; 2]) -> Self {
        Self { data, shape, strides, lent: PhantomData }
    }

    /// Makes a table of whole rows that follow each other.
    pub fn of_rows(values: &'a [T], columns: usize) -> Self {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        // SAFETY: rows times columns elements are in the slice.
        unsafe { Self::new(values.as_ptr(), [rows, columns], [columns as isize, 1]) }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.shape[1]
    }

    /// Copies the values of a column from row `start` on, as many as there are or fit; returns the part that is filled.
    #[inline(always)]
    pub(crate) fn load<'b>(&self, column: usize, start: usize, into: &'b mut [T]) -> &'b mut [T] {
        let many = if column < self.columns() { self.rows().saturating_sub(start).min(into.len()) } else { 0 };
        let part = into.get_mut(..many).unwrap_or_default();
        for (row, value) in (start..).zip(part.iter_mut()) {
            // SAFETY: the row is below `start + many`, so both indices are within the shape.
            *value = unsafe { *self.data.wrapping_offset(offset(self.strides, row, column)) };
        }
        part
    }

    /// Copies columns side by side, each from a row of its own on; whether all of them have so many rows.
    #[inline(always)]
    pub(crate) fn load_lanes<const N: usize>(
        &self,
        columns: [usize; N],
        rows: [usize; N],
        into: &mut [[T; N]],
    ) -> bool {
        let fits = |lane: usize| columns[lane] < self.columns() && rows[lane] + into.len() <= self.rows();
        if !(0..N).all(fits) {
            return false;
        }
        let first = |lane: usize| self.data.wrapping_offset(offset(self.strides, rows[lane], columns[lane]));
        let mut firsts = [self.data; N];
        for (lane, place) in firsts.iter_mut().enumerate() {
            *place = first(lane);
        }
        let together = (1..N).all(|lane| firsts[lane] == firsts[0].wrapping_add(lane));
        let mut at = 0;
        if together {
            for (row, values) in into.iter_mut().enumerate() {
                let first = firsts[0].wrapping_offset(offset(self.strides, row, 0));
                // SAFETY: the lanes have the row, and follow each other.
                *values = unsafe { first.cast::<[T; N]>().read_unaligned() };
            }
            return true;
        }
        if self.strides[0] == 1 {
            for rows in into.chunks_exact_mut(BLOCK) {
                // Few lanes at a time, so that their values stay in registers.
                for half in (0..N).step_by(BLOCK) {
                    let many = BLOCK.min(N - half);
                    let mut block = [[rows[0][0]; BLOCK]; BLOCK];
                    for (values, first) in block.iter_mut().zip(&firsts[half..half + many]) {
                        // SAFETY: the lane has these rows, which follow each other.
                        *values = unsafe { first.wrapping_add(at).cast::<[T; BLOCK]>().read_unaligned() };
                    }
                    for (row, values) in rows.iter_mut().enumerate() {
                        for (value, block) in values[half..half + many].iter_mut().zip(&block) {
                            *value = block[row];
                        }
                    }
                }
                at += BLOCK;
            }
        }
        for (row, values) in into.iter_mut().enumerate().skip(at) {
            for (value, first) in values.iter_mut().zip(firsts) {
                // SAFETY: the lane has the row.
                *value = unsafe { *first.wrapping_offset(offset(self.strides, row, 0)) };
            }
        }
        true
    }

    /// A column, if its rows follow each other.
    #[inline(always)]
    pub(crate) fn column(&self, column: usize) -> Option<&'a [T]> {
        let found = self.strides[0] == 1 && column < self.columns();
        let first = self.data.wrapping_offset(offset(self.strides, 0, column));
        // SAFETY: the table has all rows of the column, which follow each other, and it is lent for as long.
        found.then(|| unsafe { std::slice::from_raw_parts(first, self.rows()) })
    }

    /// Columns of a row, if there are such and they follow each other.
    #[inline(always)]
    pub(crate) fn across(&self, row: usize, columns: Range<usize>) -> Option<&'a [T]> {
        if self.strides[1] != 1 || row >= self.rows() || columns.end > self.columns() || columns.is_empty() {
            return None;
        }
        let first = self.data.wrapping_offset(offset(self.strides, row, columns.start));
        // SAFETY: the table has these columns of the row, which follow each other, and it is lent for as long.
        Some(unsafe { std::slice::from_raw_parts(first, columns.len()) })
    }

    /// Copies a row, as much of it as there is or fits.
    #[inline(always)]
    pub(crate) fn load_row(&self, row: usize, into: &mut [T]) {
        let many = if row < self.rows() { self.columns().min(into.len()) } else { 0 };
        for (column, value) in into.iter_mut().enumerate().take(many) {
            // SAFETY: both indices are within the shape.
            *value = unsafe { *self.data.wrapping_offset(offset(self.strides, row, column)) };
        }
    }
}

/// A table that is filled.
pub struct TableMut<'a, T> {
    data: *mut T,
    shape: [usize; 2],
    strides: [isize; 2],
    lent: PhantomData<&'a mut [T]>,
}

// SAFETY: it is the only borrow of its elements.
unsafe impl<T: Send> Send for TableMut<'_, T> {}

impl<'a, T: Copy> TableMut<'a, T> {
    /// Makes a table of the element at `data` and those at distances from it, `strides` in elements.
    ///
    /// # Safety
    /// All of them can be written for `'a`, by nobody else, and no two are the same.
    pub unsafe fn new(data: *mut T, shape: [usize; 2], strides: [isize; 2]) -> Self {
        Self { data, shape, strides, lent: PhantomData }
    }

    /// Makes a table of whole rows that follow each other.
    pub fn of_rows(values: &'a mut [T], columns: usize) -> Self {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        // SAFETY: rows times columns elements are in the slice.
        unsafe { Self::new(values.as_mut_ptr(), [rows, columns], [columns as isize, 1]) }
    }

    /// Makes a table without columns.
    pub fn empty(rows: usize) -> Self {
        Self { data: std::ptr::dangling_mut(), shape: [rows, 0], strides: [0, 0], lent: PhantomData }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.shape[1]
    }

    /// Writes columns that are side by side, each from a row of its own on; whether all of them have so many rows.
    #[inline(always)]
    pub(crate) fn store_lanes<const N: usize>(
        &mut self,
        columns: [usize; N],
        rows: [usize; N],
        from: &[[T; N]],
    ) -> bool {
        let fits = |lane: usize| columns[lane] < self.columns() && rows[lane] + from.len() <= self.rows();
        if !(0..N).all(fits) {
            return false;
        }
        let mut firsts = [self.data; N];
        for (lane, place) in firsts.iter_mut().enumerate() {
            *place = self.data.wrapping_offset(offset(self.strides, rows[lane], columns[lane]));
        }
        let together = (1..N).all(|lane| firsts[lane] == firsts[0].wrapping_add(lane));
        let mut at = 0;
        if together {
            for (row, values) in from.iter().enumerate() {
                let first = firsts[0].wrapping_offset(offset(self.strides, row, 0));
                // SAFETY: the lanes have the row, and follow each other.
                unsafe { first.cast::<[T; N]>().write_unaligned(*values) };
            }
            return true;
        }
        if self.strides[0] == 1 {
            for rows in from.chunks_exact(BLOCK) {
                for (lane, first) in firsts.iter().enumerate() {
                    let mut values = [rows[0][lane]; BLOCK];
                    for (value, row) in values.iter_mut().zip(rows) {
                        *value = row[lane];
                    }
                    // SAFETY: the lane has these rows, which follow each other.
                    unsafe { first.wrapping_add(at).cast::<[T; BLOCK]>().write_unaligned(values) };
                }
                at += BLOCK;
            }
        }
        for (row, values) in from.iter().enumerate().skip(at) {
            for (value, first) in values.iter().zip(firsts) {
                // SAFETY: the lane has the row.
                unsafe { *first.wrapping_offset(offset(self.strides, row, 0)) = *value };
            }
        }
        true
    }

    /// The table, lent for less long.
    #[inline(always)]
    pub(crate) fn lend(&mut self) -> TableMut<'_, T> {
        TableMut { lent: PhantomData, ..*self }
    }

    /// Columns of a row, if there are such and they follow each other.
    #[inline(always)]
    pub(crate) fn across(&mut self, row: usize, columns: Range<usize>) -> Option<&mut [T]> {
        if self.strides[1] != 1 || row >= self.rows() || columns.end > self.columns() || columns.is_empty() {
            return None;
        }
        let first = self.data.wrapping_offset(offset(self.strides, row, columns.start));
        // SAFETY: the table has these columns of the row, which follow each other, and it is borrowed.
        Some(unsafe { std::slice::from_raw_parts_mut(first, columns.len()) })
    }

    /// Some rows of a column, if there are such rows and they follow each other.
    #[inline(always)]
    pub(crate) fn part(&mut self, column: usize, rows: Range<usize>) -> Option<&mut [T]> {
        if self.strides[0] != 1 || column >= self.columns() || rows.end > self.rows() || rows.is_empty() {
            return None;
        }
        let first = self.data.wrapping_offset(offset(self.strides, rows.start, column));
        // SAFETY: the table has these rows, which follow each other, and it is borrowed.
        Some(unsafe { std::slice::from_raw_parts_mut(first, rows.len()) })
    }

    /// Writes values to a column from row `start` on, as many as there is room for.
    #[inline(always)]
    pub(crate) fn store(&mut self, column: usize, start: usize, values: impl Iterator<Item = T>) {
        let many = if column < self.columns() { self.rows().saturating_sub(start) } else { 0 };
        for (row, value) in (start..).zip(values.take(many)) {
            // SAFETY: the row is below `start + many`, so both indices are within the shape.
            unsafe { *self.data.wrapping_offset(offset(self.strides, row, column)) = value };
        }
    }
}

#[inline(always)]
fn offset(strides: [isize; 2], row: usize, column: usize) -> isize {
    (row as isize).wrapping_mul(strides[0]).wrapping_add((column as isize).wrapping_mul(strides[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_and_written_within_the_shape() {
        let values: Vec<i64> = (0..12).collect();
        let table = Table::of_rows(&values, 3);
        let mut part = [0; 3];
        assert_eq!(table.load(1, 1, &mut part), &[4, 7, 10]);
        assert_eq!(table.load(1, 3, &mut part), &[10]);
        assert!(table.load(3, 0, &mut part).is_empty() && table.load(0, 4, &mut part).is_empty());
        let mut copy = vec![0; 12];
        let mut target = TableMut::of_rows(&mut copy, 3);
        target.store(2, 2, [7, 8, 9].into_iter());
        target.store(3, 0, [1].into_iter());
        target.store(0, 9, [1].into_iter());
        assert_eq!(copy, [0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 8]);
    }

    #[test]
    fn lanes_are_read_and_written_in_any_order_of_memory() {
        let values: Vec<i64> = (0..60).collect();
        // SAFETY: 10 rows of 6 columns, all of them in the slice.
        let by_columns = unsafe { Table::new(values.as_ptr(), [10, 6], [1, 10]) };
        for (table, element) in [(Table::of_rows(&values, 6), [6, 1]), (by_columns, [1, 10])] {
            for (columns, rows) in [([0, 1, 2], [0; 3]), ([5, 0, 0], [1, 0, 2])] {
                let mut found = [[-1; 3]; 7];
                assert!(table.load_lanes(columns, rows, &mut found));
                for (row, found) in found.into_iter().enumerate() {
                    let place =
                        |lane: usize| (rows[lane] + row) as i64 * element[0] + columns[lane] as i64 * element[1];
                    assert_eq!(found, [place(0), place(1), place(2)]);
                }
                let mut copy = vec![-1; 60];
                // SAFETY: as above, of a slice that nobody else holds.
                let mut target = unsafe { TableMut::new(copy.as_mut_ptr(), [10, 6], element.map(|by| by as isize)) };
                assert!(target.store_lanes(columns, rows, &found));
                assert_eq!(copy.iter().filter(|value| **value >= 0).count(), 21 - if columns[1] == 0 { 5 } else { 0 });
                assert!(copy.iter().enumerate().all(|(at, value)| *value == -1 || *value == at as i64));
                assert!(!target.store_lanes(columns, [4; 3], &found) && !target.store_lanes([6; 3], rows, &found));
            }
            assert!(!table.load_lanes([0, 1, 2], [4; 3], &mut [[0; 3]; 7]));
            assert!(!table.load_lanes([0, 1, 6], [0; 3], &mut [[0; 3]; 7]));
        }
    }

    #[test]
    fn columns_are_lent_where_their_rows_follow_each_other() {
        let values: Vec<i64> = (0..6).collect();
        // SAFETY: 3 rows of 2 columns, all of them in the slice.
        let table = unsafe { Table::new(values.as_ptr(), [3, 2], [1, 3]) };
        assert_eq!([0, 1, 2].map(|column| table.column(column)), [Some(&values[..3]), Some(&values[3..]), None]);
        assert!(Table::of_rows(&values, 2).column(0).is_none());
        let mut copy = values.clone();
        // SAFETY: as above, of a slice that nobody else holds.
        let mut target = unsafe { TableMut::new(copy.as_mut_ptr(), [3, 2], [1, 3]) };
        target.part(1, 1..3).unwrap().fill(7);
        assert!(target.part(2, 0..1).is_none() && target.part(0, 0..4).is_none() && target.part(0, 2..2).is_none());
        assert_eq!(copy, [0, 1, 2, 3, 7, 7]);
        assert!(TableMut::of_rows(&mut copy, 2).part(0, 0..1).is_none());
    }

    #[test]
    fn rows_are_lent_where_their_columns_follow_each_other() {
        let mut values: Vec<i64> = (0..6).collect();
        let table = Table::of_rows(&values, 3);
        assert_eq!((table.across(1, 1..3), table.across(0, 0..1)), (Some(&[4, 5][..]), Some(&[0][..])));
        assert!(table.across(2, 0..1).is_none() && table.across(0, 2..4).is_none() && table.across(0, 1..1).is_none());
        // SAFETY: 3 rows of 2 columns, all of them in the slice.
        assert!(unsafe { Table::new(values.as_ptr(), [3, 2], [1, 3]) }.across(0, 0..2).is_none());
        let mut target = TableMut::of_rows(&mut values, 3);
        target.lend().across(0, 1..3).unwrap().fill(7);
        assert!(target.across(2, 0..1).is_none() && target.across(0, 2..4).is_none());
        assert_eq!(values, [0, 7, 7, 3, 4, 5]);
    }

    #[test]
    fn strides_may_be_negative() {
        let values: Vec<i64> = (0..6).collect();
        // SAFETY: rows 2, 1, 0 of columns 1, 0, all of them in the slice.
        let table = unsafe { Table::new(values.as_ptr().wrapping_add(5), [3, 2], [-2, -1]) };
        let mut column = [0; 3];
        assert_eq!(table.load(0, 0, &mut column), &[5, 3, 1]);
        assert_eq!(table.load(1, 1, &mut column), &[2, 0]);
    }
}
