//! Every rolling kernel against sorted windows, at every SIMD level.

use super::*;
use crate::simd::Level;
use crate::table::{Table, TableMut};

/// A pseudo-random sequence: the multiplier and increment of Knuth's MMIX, high bits first.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// A table with ties, zeros of both signs, and values that are not finite.
    fn table(&mut self, n: usize) -> Vec<f64> {
        (0..n)
            .map(|_| match self.unit() {
                u if u < 0.1 => f64::NAN,
                u if u < 0.15 => f64::INFINITY,
                u if u < 0.25 => -0.0,
                u if u < 0.7 => (self.unit() * 7.0).floor() - 3.0,
                _ => self.unit() - 0.5,
            })
            .collect()
    }
}

/// The finite values of the window that ends at a row, ascending, and how many rows the window has.
fn window_at(values: &[f64], columns: usize, column: usize, row: usize, width: usize) -> (Vec<f64>, usize) {
    let first = (row + 1).saturating_sub(width);
    let mut window: Vec<f64> = (first..=row).map(|row| values[row * columns + column]).collect();
    window.retain(|value| value.is_finite());
    window.sort_by(f64::total_cmp);
    (window, row + 1 - first)
}

fn median_of(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}

#[test]
fn medians_are_those_of_sorted_windows() {
    for level in Level::available() {
        for (columns, rows) in [(1, 0), (1, 1), (3, 700), (9, 90)] {
            let values = Random(columns as u64).table(columns * rows);
            for (width, least, propagate, history) in [
                (1, 1, false, 0),
                (2, 1, false, 0),
                (5, 3, false, 0),
                (5, 1, true, 20),
                (64, 1, false, 63),
                (5000, 2, false, 3),
            ] {
                let history = history.min(rows);
                let mut medians = vec![7.0; values.len() - history * columns];
                let table = Table::of_rows(&values, columns);
                let flags = [u8::from(propagate)];
                let out = TableMut::of_rows(&mut medians, columns);
                assert_eq!(rolling_median(level, table, &[width as i64], &[least], &flags, out), None);
                for (at, found) in medians.iter().enumerate() {
                    let (window, whole) = window_at(&values, columns, at % columns, history + at / columns, width);
                    let enough = window.len() >= if propagate { whole } else { least as usize };
                    let expected = if enough { median_of(&window) } else { f64::NAN };
                    assert!(found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()));
                }
            }
        }
    }
}
