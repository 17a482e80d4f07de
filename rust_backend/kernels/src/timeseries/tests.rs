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

fn deviation_of(sorted: &[f64]) -> f64 {
    let median = median_of(sorted);
    let mut distances: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
    distances.sort_by(f64::total_cmp);
    median_of(&distances)
}

fn same(found: f64, expected: f64) -> bool {
    found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan())
}

/// A table, its columns, and a call: width, least number of values, whether missing ones spoil, rows of history.
type Call = (usize, usize, [usize; 4]);

/// Calls on either side of every bound between algorithms, with full vectors and others, and one row alone.
fn calls() -> impl Iterator<Item = Call> {
    let shapes = [(1, 0), (1, 1), (3, 150), (9, 40), (8, 70), (1, 800)];
    let rules = [[1, 1, 0, 0], [2, 1, 0, 0], [5, 3, 0, 0], [5, 1, 1, 20], [64, 1, 0, 63], [256, 9, 0, 7]];
    let long = [[257, 1, 0, 100], [300, 2, 1, 0], [5000, 2, 0, 3], [5000, 1, 0, usize::MAX]];
    shapes
        .into_iter()
        .flat_map(move |(columns, rows)| rules.into_iter().chain(long).map(move |call| (columns, rows, call)))
}

/// Runs a kernel with tables for `each` results of a value, and compares them with what a window gives.
fn compare(
    each: usize,
    kernel: impl Fn(Level, Table<'_, f64>, [&[i64]; 2], &[u8], TableMut<'_, f64>) -> Option<usize>,
    expected: impl Fn(&[f64], f64) -> Vec<f64>,
) {
    for (columns, rows, [width, least, propagate, history]) in calls() {
        let values = Random((columns + width) as u64).table(columns * rows);
        let history = history.min(rows.saturating_sub(1));
        let many = (rows - history) * columns;
        let wanted: Vec<_> = (0..many)
            .flat_map(|at| {
                let (row, column) = (history + at / columns, at % columns);
                let (window, whole) = window_at(&values, columns, column, row, width);
                let enough = window.len() >= least.max(whole * propagate);
                if enough { expected(&window, values[row * columns + column]) } else { vec![f64::NAN; each] }
            })
            .collect();
        let [window, periods] = [width, least].map(|number| [number as i64]);
        for level in Level::available() {
            let mut found = vec![7.0; many * each];
            let (table, out) = (Table::of_rows(&values, columns), TableMut::of_rows(&mut found, columns * each));
            assert_eq!(kernel(level, table, [&window, &periods], &[propagate as u8], out), None);
            let wrong = (0..many * each).find(|at| !same(found[*at], wanted[*at]));
            assert_eq!(wrong, None, "{}, {columns} columns, {rows} rows, window {width}", level.name());
        }
    }
}

#[test]
fn medians_are_those_of_sorted_windows() {
    compare(
        1,
        |level, values, [window, least], spoil, out| rolling_median(level, values, window, least, spoil, out),
        |sorted, _| vec![median_of(sorted)],
    );
}

#[test]
fn deviations_are_those_of_sorted_distances() {
    compare(
        1,
        |level, values, [window, least], spoil, out| {
            rolling_median_mad(level, values, window, least, spoil, &[0.5], TableMut::empty(out.rows()), out)
        },
        |sorted, _| vec![0.5 * deviation_of(sorted)],
    );
}

#[test]
fn quantiles_and_extremes_are_those_of_sorted_windows() {
    let q = [0.0, 0.3, 1.0];
    let at = |sorted: &[f64], q: f64| {
        let place = (sorted.len() - 1) as f64 * q;
        let (low, part) = (sorted[place as usize], place.fract());
        let high = sorted[(place as usize + 1).min(sorted.len() - 1)];
        if part == 0.0 {
            low
        } else if part >= 0.5 {
            high - (high - low) * (1.0 - part)
        } else {
            low + (high - low) * part
        }
    };
    compare(
        3,
        |level, values, [window, least], spoil, out| rolling_quantile(level, values, window, least, spoil, &q, out),
        |sorted, _| q.map(|q| at(sorted, q)).to_vec(),
    );
    compare(
        1,
        |level, values, [window, least], spoil, out| rolling_min(level, values, window, least, spoil, out),
        |sorted, _| vec![sorted[0]],
    );
    compare(
        1,
        |level, values, [window, least], spoil, out| rolling_max(level, values, window, least, spoil, out),
        |sorted, _| vec![sorted[sorted.len() - 1]],
    );
}

#[test]
fn scores_are_distances_in_deviations() {
    compare(
        1,
        |level, values, [window, least], spoil, out| {
            rolling_robust_zscore(level, values, window, least, spoil, &[1.5, 0.0, 2.0, 0.0], out)
        },
        |sorted, value| {
            let (distance, spread) = (value - median_of(sorted), 1.5 * deviation_of(sorted));
            vec![match value.is_finite() {
                false => f64::NAN,
                true if spread == 0.0 => {
                    if distance == 0.0 {
                        0.0
                    } else {
                        distance.signum() * 2.0
                    }
                }
                true => (distance / spread).clamp(-2.0, 2.0),
            }]
        },
    );
}

#[test]
fn filters_put_the_median_for_what_is_far() {
    let values = Random(5).table(900);
    for level in Level::available() {
        let (mut filtered, mut outlier) = (vec![7.0; 900], vec![false; 900]);
        let tables = (TableMut::of_rows(&mut filtered, 9), TableMut::of_rows(&mut outlier, 9));
        let table = Table::of_rows(&values, 9);
        rolling_hampel(level, table, &[7], &[1], &[0], &[1.0, 0.25, 2.0], tables.0, tables.1);
        for at in 0..900 {
            let (window, _) = window_at(&values, 9, at % 9, at / 9, 7);
            let value = values[at];
            let far = value.is_finite() && (value - median_of(&window)).abs() > 2.0 * deviation_of(&window).max(0.25);
            let wanted = if far {
                median_of(&window)
            } else if value.is_finite() {
                value
            } else {
                f64::NAN
            };
            assert!(outlier[at] == far && same(filtered[at], wanted));
        }
    }
}
