//! The kernels on whole columns against their definitions, at every SIMD level.

use super::*;
use crate::simd::Level;
use crate::table::{Table, TableMut};

/// A pseudo-random sequence, high bits first.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// Values with gaps, in steps so that some are equal, or without.
    fn values(&mut self, n: usize, gaps: f64, steps: f64) -> Vec<f64> {
        let mut value = || if self.unit() < gaps { f64::NAN } else { (self.unit() * steps).floor() - 3.0 };
        (0..n).map(|_| value()).collect()
    }
}

/// Twice the average ranks among the values that are finite in both series, in row order.
fn doubled_ranks(x: &[f64], y: &[f64]) -> Vec<i64> {
    let shared: Vec<f64> = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).map(|(x, _)| *x).collect();
    let below = |value: f64| shared.iter().filter(|other| **other < value).count() as i64;
    let equal = |value: f64| shared.iter().filter(|other| **other == value).count() as i64;
    shared.iter().map(|value| 2 * below(*value) + equal(*value) + 1).collect()
}

/// The correlation of integers; none where a side is constant.
fn correlation(x: &[i64], y: &[i64]) -> f64 {
    let n = x.len() as i64;
    let moment = |a: &[i64], b: &[i64]| {
        let products: i64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        (n * products - a.iter().sum::<i64>() * b.iter().sum::<i64>()) as f64
    };
    moment(x, y) / (moment(x, x) * moment(y, y)).sqrt()
}

#[test]
fn ranked_pairs_are_those_of_counting() {
    for level in Level::available() {
        for (n, gaps, steps) in [(0, 0.1, 5.0), (1, 0.0, 5.0), (130, 0.2, 7.0), (300, 0.05, 1e9), (70, 0.9, 1e9)] {
            let mut random = Random(n as u64);
            let table: Vec<f64> = (0..3).flat_map(|_| random.values(n, gaps, steps)).collect();
            let (mut doubled, mut group, mut size) = (vec![7; 3 * n], vec![7; 3 * n], vec![7; 3 * n]);
            let mut groups = [7; 3];
            column_ranks(level, &table, &[n as i64], &mut doubled, &mut group, &mut size, &mut groups);
            let (mut absent, mut ends) = (Vec::new(), vec![0]);
            for column in 0..3 {
                let own = &table[column * n..(column + 1) * n];
                let ranks: Vec<i64> =
                    doubled[column * n..(column + 1) * n].iter().filter(|r| **r > 0).map(|r| i64::from(*r)).collect();
                assert_eq!(ranks, doubled_ranks(own, own), "{}", level.name());
                absent.extend(own.iter().zip(0..).filter(|(value, _)| !value.is_finite()).map(|(_, row)| row));
                ends.push(absent.len() as i64);
            }
            for i in 0..3 {
                for j in 0..3 {
                    let (x, y) = (&table[i * n..(i + 1) * n], &table[j * n..(j + 1) * n]);
                    let (mut count, mut found) = ([7], [7.0]);
                    pair_ranks(
                        level,
                        &group,
                        &size,
                        &groups,
                        &absent,
                        &ends,
                        &[i as i64],
                        &[j as i64],
                        &mut count,
                        &mut found,
                    );
                    let (own, other) = (doubled_ranks(x, y), doubled_ranks(y, x));
                    let expected = correlation(&own, &other);
                    assert_eq!(count[0], own.len() as i64);
                    assert!(found[0].is_nan() && expected.is_nan() || (found[0] - expected).abs() < 1e-12);
                }
            }
        }
    }
}

#[test]
fn indices_out_of_range_are_no_fault_of_memory() {
    for level in Level::available() {
        let (mut count, mut found) = ([7], [7.0]);
        pair_ranks(level, &[9, -5], &[1, 1], &[2], &[40, -1], &[0, 2], &[0], &[5], &mut count, &mut found);
        pair_ranks(level, &[9, -5], &[1, 1], &[2], &[40, -1], &[0, 2], &[0], &[0], &mut count, &mut found);
        assert!(found[0].is_nan());
        let mut moment = [7.0];
        pair_moments(level, &[1.0, 2.0], &[2], &[-1], &[4], &mut count, &mut moment, &mut found);
        assert!(count[0] == 0 && moment[0].is_nan());
        let mut sums = [7.0; 3];
        absent_sums(level, &[1.0], &[0], &[1], &[-3], &mut sums);
        assert_eq!(sums, [0.0; 3]);
    }
}

#[test]
fn sums_over_absent_rows_are_those_of_a_loop() {
    for level in Level::available() {
        for (rows, columns) in [(0, 2), (50, 1), (33, 45), (20, 70)] {
            let mut random = Random(columns as u64);
            let table: Vec<f64> = random.values(rows * columns, 0.3, 9.0);
            let missing: Vec<u8> = table.iter().map(|value| u8::from(!value.is_finite())).collect();
            let centred: Vec<f64> = table.iter().map(|value| if value.is_finite() { *value } else { 0.0 }).collect();
            let column: Vec<i64> = (0..columns as i64).collect();
            let mut sums = vec![7.0; 3 * columns * columns];
            absent_sums(level, &centred, &missing, &missing, &column, &mut sums);
            for j in 0..columns {
                for i in 0..columns {
                    let mut expected = [0.0; 3];
                    for row in (0..rows).filter(|row| missing[row * columns + j] != 0) {
                        let value = centred[row * columns + i];
                        expected[0] += 1.0 - f64::from(missing[row * columns + i]);
                        expected[1] += value;
                        expected[2] += value * value;
                    }
                    let at = |part: usize| sums[3 * columns * j + part * columns + i];
                    assert_eq!([at(0), at(1), at(2)], expected);
                }
            }
        }
    }
}

#[test]
fn fills_and_lags_are_those_of_a_loop() {
    let nan = f64::NAN;
    let x = [nan, 1.0, nan, nan, 4.0, f64::INFINITY];
    let same = |found: &[f64], expected: &[f64]| {
        assert!(found.iter().zip(expected).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{found:?}");
    };
    for level in Level::available() {
        let carried = |limit: i64, backward: u8| {
            let mut filled = [7.0; 6];
            carry(level, Table::of_rows(&x, 1), &[6], &[limit], &[backward], TableMut::of_rows(&mut filled, 1));
            filled
        };
        same(&carried(1, 0), &[nan, 1.0, 1.0, nan, 4.0, 4.0]);
        same(&carried(9, 1), &[1.0, 1.0, 4.0, 4.0, 4.0, nan]);
        let on_lines = |forward: i64, backward: i64, area: i64| {
            let (mut filled, position) = ([7.0; 6], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
            let table = TableMut::of_rows(&mut filled, 1);
            interpolate(level, Table::of_rows(&x, 1), &[6], &position, &[forward], &[backward], &[area], table);
            filled
        };
        same(&on_lines(9, 9, 0), &[1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        same(&on_lines(1, 0, 1), &[nan, 1.0, 2.0, nan, 4.0, nan]);
        same(&on_lines(9, 9, 2), &[1.0, 1.0, nan, nan, 4.0, 4.0]);
        let values: Vec<f64> = (0..600).map(f64::from).collect();
        for (lag, history) in [(0, 0), (3, 0), (3, 10), (500, 0)] {
            let rows = 300 - history;
            let mut stacked = vec![7.0; 2 * rows];
            let table = Table::of_rows(&values, 2);
            lag_stack(level, table, &[lag as i64 + 1], &[lag as i64], TableMut::of_rows(&mut stacked, 2));
            let source = |place: usize| (place + 2 * history).checked_sub(2 * lag).map_or(nan, |place| values[place]);
            same(&stacked, &(0..2 * rows).map(source).collect::<Vec<_>>());
        }
    }
}
