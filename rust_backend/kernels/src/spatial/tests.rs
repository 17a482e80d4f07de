//! Every kernel against brute force, at every SIMD level, on open and periodic boxes, with and without removed points.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use super::*;
use crate::simd::Level;
use crate::spatial::geometry::PAD;

/// A pseudo-random sequence: the multiplier and increment of Knuth's MMIX, high bits first.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// Returns points in the unit cube: anywhere, or on a lattice of nine planes, where distances are equal and cell
    /// borders are hit.
    fn points(&mut self, n: usize, lattice: bool) -> Vec<[f64; 3]> {
        let place = |value: f64| if lattice { (value * 9.0).floor() / 8.0 } else { value };
        (0..n).map(|_| [self.unit(), self.unit(), self.unit()].map(place)).collect()
    }
}

/// Returns the rows of as many queries in their order, and where their counts go.
fn in_order(queries: usize) -> (Vec<i32>, Vec<AtomicI64>) {
    ((0..queries as i32).collect(), (0..queries).map(|_| 7.into()).collect())
}

fn numbers(counts: &[AtomicI64]) -> Vec<i64> {
    counts.iter().map(|count| count.load(Relaxed)).collect()
}

struct Set {
    points: Vec<[f64; 3]>,
    period: [f64; 3],
    frame: Vec<[f64; 7]>,
    strip_cell: Vec<i32>,
    start: Vec<i32>,
    xyz: Vec<f64>,
    index: Vec<i32>,
    alive: Vec<u8>,
}

impl Set {
    fn new(
        level: Level,
        points: Vec<[f64; 3]>,
        [columns, rows, planes, fold]: [f64; 4],
        period: [f64; 3],
        removed: bool,
    ) -> Self {
        let mut bounds = [[0.0; 3]; 2];
        assert_eq!(survey(level, &points, &mut bounds), None);
        let line = |axis: usize, cells: f64, fold: f64| {
            let (low, high) =
                if period[axis] < 1e300 { (0.0, period[axis]) } else { (bounds[0][axis], bounds[1][axis]) };
            let (extent, slack) = (high - low, 16.0 * f64::EPSILON * (low.abs() + high.abs()));
            if extent > 0.0 {
                return [low, fold * cells / extent, cells, extent / (fold * cells), slack, period[axis], fold * cells];
            }
            [if low < 1e300 { low } else { 0.0 }, 0.0, 1.0, 0.0, 1e-9, period[axis], 1.0]
        };
        let frame = vec![line(0, columns, fold), line(1, rows, fold), line(2, planes, fold)];
        let mut strip_cell = vec![7; (frame[0][2] * frame[1][2] * frame[2][2]) as usize + 1];
        assert_eq!(strips(level, &points, &frame, &[strip_cell.len() as i64 - 1], &mut strip_cell), None);
        let (mut start, mut xyz) =
            (vec![7; strip_cell[strip_cell.len() - 1] as usize + 1], vec![7.0; 3 * (points.len() + PAD)]);
        let mut index = vec![7; points.len()];
        assert_eq!(arrange(level, &points, &frame, &strip_cell, &mut start, &mut xyz, &mut index), None);
        let alive = if removed { (0..points.len()).map(|place| u8::from(place % 3 != 0)).collect() } else { vec![] };
        Self { points, period, frame, strip_cell, start, xyz, index, alive }
    }

    /// Returns the ids within a radius, and their squared distances, by looking at every point.
    fn within(&self, query: [f64; 3], radius: f64) -> Vec<(i64, f64)> {
        let mut found = vec![];
        for (place, id) in self.index.iter().enumerate() {
            let mut d = [0.0; 3];
            for axis in 0..3 {
                let (own, period) = (self.points[*id as usize][axis] - query[axis], self.period[axis]);
                let shifted = if own > 0.5 * period { own - period } else { own };
                d[axis] = if own < -0.5 * period { period + own } else { shifted };
            }
            let square = ((d[0] * d[0]) + (d[1] * d[1])) + (d[2] * d[2]);
            if square <= radius * radius && self.alive.get(place).is_none_or(|flag| *flag != 0) {
                found.push((i64::from(*id), square));
            }
        }
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }
}

/// Calls a test with sets of all kinds, queries, and a radius.
fn each_set(mut test: impl FnMut(Level, &Set, &[[f64; 3]], f64)) {
    let open = [f64::INFINITY; 3];
    for level in Level::available() {
        for (seed, &(n, queries, radius)) in
            [(0, 3, 0.5), (1, 3, 0.5), (7, 90, 0.25), (400, 130, 0.125), (700, 70, 0.6), (300, 70, f64::INFINITY)]
                .iter()
                .enumerate()
        {
            for (lattice, period, removed) in [
                (false, open, false),
                (true, open, true),
                (false, [1.2, f64::INFINITY, 1.2], true),
                (true, [1.25; 3], false),
            ] {
                let mut random = Random(seed as u64);
                let points = random.points(n, lattice);
                let queries = random.points(queries, lattice);
                for (columns, fold) in [(4.0, 1.0), (2.0, 3.0)] {
                    let set = Set::new(level, points.clone(), [columns, 3.0, 5.0, fold], period, removed);
                    test(level, &set, &queries, radius);
                }
            }
        }
    }
}

#[test]
fn counts_and_searches_are_those_of_brute_force() {
    each_set(|level, set, queries, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, .. } = set;
        let expected: Vec<_> = queries.iter().map(|query| set.within(*query, radius)).collect();
        let (rows, counts) = in_order(queries.len());
        let first = count(level, frame, strip_cell, start, xyz, index, alive, queries, &[radius], &[0], &rows, &counts);
        assert_eq!(first, None);
        let counts = numbers(&counts);
        assert!(counts.iter().zip(&expected).all(|(count, expected)| *count == expected.len() as i64));
        // The last query comes first.
        let row: Vec<_> = (0..queries.len() as i32).rev().collect();
        let mut edges = vec![0];
        edges.extend(counts.iter().scan(0, |end, count| {
            *end += count;
            Some(*end)
        }));
        let total = expected.iter().map(Vec::len).sum();
        let indices: Vec<AtomicI64> = (0..total).map(|_| (-7).into()).collect();
        let distances: Vec<AtomicU64> = (0..total).map(|_| 7.into()).collect();
        let found = search(
            level,
            frame,
            strip_cell,
            start,
            xyz,
            index,
            alive,
            queries,
            &[radius],
            &[0],
            &row,
            &edges,
            &indices,
            &distances,
        );
        assert_eq!(found, None);
        let expected: Vec<_> = expected.into_iter().flatten().collect();
        assert!(indices.iter().zip(&expected).all(|(id, expected)| id.load(Relaxed) == expected.0));
        assert!(
            distances.iter().zip(&expected).all(|(bits, expected)| bits.load(Relaxed) == expected.1.sqrt().to_bits())
        );
    });
}

#[test]
fn queries_lie_in_the_cells_of_their_points_and_the_first_invalid_row_is_named() {
    each_set(|level, set, queries, radius| {
        let Set { frame, strip_cell, start, index, points, .. } = set;
        let mut cells = vec![7; points.len()];
        assert_eq!(locate(level, frame, strip_cell, points, &[radius], &mut cells), None);
        for (place, id) in index.iter().enumerate() {
            let cell = cells[*id as usize] as usize;
            assert!((start[cell]..start[cell + 1]).contains(&(place as i32)));
        }
        let mut spoilt = queries.to_vec();
        spoilt[2][1] = f64::NAN;
        let mut cells = vec![7; queries.len()];
        assert_eq!(locate(level, frame, strip_cell, &spoilt, &[radius], &mut cells), Some(2));
        assert_eq!(cells[2], 0);
        assert_eq!(locate(level, frame, strip_cell, &spoilt, &[-1.0], &mut cells), Some(0));
    });
}

#[test]
fn a_walk_is_a_permutation_by_cell_and_names_the_first_that_does_not_exist() {
    let mut random = Random(4);
    for many in [1, 50, 20_000_000] {
        let mut cells: Vec<i32> = (0..1000).map(|_| (random.unit() * f64::from(many)) as i32).collect();
        let mut row = vec![7; cells.len()];
        assert_eq!(walk(Level::BASELINE, &cells, &[many], &mut row), None);
        let mut expected: Vec<_> = (0..1000).collect();
        expected.sort_by_key(|row: &i32| cells[*row as usize] >> if many > 1 << 13 { 12 } else { 0 });
        assert_eq!(row, expected);
        (cells[20], cells[30]) = (many, -1);
        assert_eq!(walk(Level::BASELINE, &cells, &[many], &mut row), Some(20));
        assert_eq!(row[998..], [20, 30]);
    }
}

#[test]
fn pairs_are_counted_from_the_place_that_is_asked_for() {
    each_set(|level, set, _, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, points, .. } = set;
        let after: Vec<_> = (1..=index.len() as i32).collect();
        let (rows, counts) = in_order(index.len());
        count(level, frame, strip_cell, start, xyz, index, alive, &[], &[radius], &after, &rows, &counts);
        let counts = numbers(&counts);
        let place: std::collections::HashMap<_, _> =
            index.iter().zip(0..).map(|(id, place)| (i64::from(*id), place)).collect();
        for ((id, after), count) in index.iter().zip(&after).zip(&counts) {
            let expected =
                set.within(points[*id as usize], radius).iter().filter(|(id, _)| place[id] >= *after).count();
            assert_eq!(*count, expected as i64);
        }
    });
}

/// Tiles of queries, one that cannot be answered among them, with room for all, some and none of their ids.
#[test]
fn what_is_collected_and_distributed_is_what_a_search_finds() {
    each_set(|level, set, queries, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, .. } = set;
        let mut queries: Vec<_> = queries.iter().copied().cycle().take(96).collect();
        queries[17][1] = f64::NAN;
        let expected: Vec<Vec<_>> =
            queries.iter().map(|query| set.within(*query, radius).iter().map(|found| found.0).collect()).collect();
        let after = [0; 96];
        for room in [1, 200, 16 * 700] {
            let (row, counts) = in_order(96);
            let mut ids = vec![-7; 6 * room];
            let rooms = &[room as i64];
            let bad = collect(
                level,
                frame,
                strip_cell,
                start,
                xyz,
                index,
                alive,
                &queries,
                &[radius],
                &after,
                &row,
                rooms,
                &counts,
                &mut ids,
            );
            assert_eq!(bad, Some(1));
            assert!(counts.iter().zip(&expected).all(|(count, ids)| count.load(Relaxed) == ids.len() as i64));
            let mut edges = vec![0];
            edges.extend(expected.iter().scan(0, |end, ids| {
                *end += ids.len() as i64;
                Some(*end)
            }));
            let indices: Vec<AtomicI64> = (0..edges[96]).map(|_| (-7).into()).collect();
            let mut held = [-7; 6];
            assert_eq!(distribute(level, &ids, &row, &edges, &indices, &mut held), None);
            let indices = numbers(&indices);
            for (tile, held) in held.iter().enumerate() {
                let mut used = 0;
                let fits = |ids: &&Vec<i64>| {
                    used += ids.len();
                    used <= room && ids.len() <= 256
                };
                assert_eq!(*held as usize, expected[16 * tile..][..16].iter().take_while(fits).count());
                for query in 16 * tile..16 * (tile + 1) {
                    let own = &indices[edges[query] as usize..edges[query + 1] as usize];
                    if query < 16 * tile + *held as usize {
                        assert_eq!(own, expected[query]);
                    } else {
                        assert!(own.iter().all(|id| *id == -1));
                    }
                }
            }
        }
    });
}

#[test]
fn the_nearest_are_those_of_brute_force() {
    each_set(|level, set, queries, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, .. } = set;
        for k in [1_usize, 8, 60] {
            let (mut distances, mut indices) = (vec![7.0; k * queries.len()], vec![7; k * queries.len()]);
            let first = nearest(
                level,
                frame,
                strip_cell,
                start,
                xyz,
                index,
                alive,
                queries,
                &[k as i64],
                &[radius],
                &mut distances,
                &mut indices,
            );
            assert_eq!(first, None);
            for ((query, distances), ids) in queries.iter().zip(distances.chunks(k)).zip(indices.chunks(k)) {
                let mut expected = set.within(*query, radius);
                expected.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                let expected = expected.into_iter().map(|(id, square)| (id, square.sqrt()));
                let expected: Vec<_> = expected.chain(std::iter::repeat((-1, f64::INFINITY))).take(k).collect();
                let found: Vec<_> = ids.iter().copied().zip(distances.iter().copied()).collect();
                assert_eq!(found, expected);
            }
        }
    });
}

#[test]
fn taking_in_turn_is_the_first_query_that_reaches() {
    each_set(|level, set, queries, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, .. } = set;
        let mut expected = vec![-1; index.len()];
        for (row, query) in queries.iter().enumerate().rev() {
            set.within(*query, radius).iter().for_each(|(id, _)| expected[*id as usize] = row as i64);
        }
        let mut labels = vec![7; index.len()];
        let first = assign_first(level, frame, strip_cell, start, xyz, index, alive, queries, &[radius], &mut labels);
        assert_eq!((first, &labels), (None, &expected));
        let n = index.len();
        let mut flags = if alive.is_empty() { vec![1; n] } else { alive.clone() };
        let (mut log, mut counts) = (vec![-1; n + 1], vec![7; queries.len()]);
        log[0] = 0;
        let first =
            take(level, frame, strip_cell, start, xyz, index, &mut flags, &mut log, queries, &[radius], &mut counts);
        assert_eq!((first, counts.iter().sum()), (None, log[0]));
        let mut rest = &log[1..];
        for (row, count) in counts.iter().enumerate() {
            let (own, others) = rest.split_at(*count as usize);
            let ids: Vec<_> = own.iter().map(|entry| (entry >> 32) as usize).collect();
            let expected: Vec<_> = (0..n).filter(|id| expected[*id] == row as i64).collect();
            assert_eq!(ids, expected);
            let places = own.iter().map(|entry| (entry & i64::from(u32::MAX)) as usize);
            assert!(places.zip(ids).all(|(place, id)| flags[place] == 0 && index[place] as usize == id));
            rest = others;
        }
        assert!(rest.iter().all(|entry| *entry == -1));
    });
}

#[test]
fn what_is_kept_lies_apart_and_reaches_the_rest() {
    each_set(|level, set, _, radius| {
        let Set { frame, strip_cell, start, xyz, index, alive, points, .. } = set;
        let n = index.len();
        let mut place = vec![0; n];
        index.iter().enumerate().for_each(|(at, id)| place[*id as usize] = at as i32);
        let order: Vec<_> = (0..n as i64).rev().collect();
        let mut expected: Vec<_> =
            (0..n).map(|id| alive.get(place[id] as usize).is_none_or(|flag| *flag != 0)).collect();
        for id in order.iter().map(|id| *id as usize) {
            if expected[id] {
                set.within(points[id], radius).iter().for_each(|(other, _)| expected[*other as usize] = false);
                expected[id] = true;
            }
        }
        let mut kept = vec![true; n];
        let first = decimate(level, frame, strip_cell, start, xyz, index, alive, &place, &order, &[radius], &mut kept);
        assert_eq!((first, kept), (None, expected));
    });
}

#[test]
fn invalid_rows_are_named_and_skipped() {
    for level in Level::available() {
        let mut random = Random(3);
        let set = Set::new(level, random.points(100, false), [2.0, 3.0, 3.0, 1.0], [f64::INFINITY; 3], false);
        let Set { frame, strip_cell, start, xyz, index, .. } = &set;
        let mut queries = random.points(100, false);
        let mut radius = vec![0.2; 100];
        (queries[40][1], radius[70], radius[90]) = (f64::NAN, -1.0, f64::NAN);
        let (rows, counts) = in_order(100);
        let first = count(level, frame, strip_cell, start, xyz, index, &[], &queries, &radius, &[0], &rows, &counts);
        let counts = numbers(&counts);
        assert_eq!((first, counts[40], counts[70], counts[90]), (Some(40), 0, 0, 0));
        let mut bounds = [[7.0; 3]; 2];
        assert_eq!(survey(level, &queries, &mut bounds), Some(40));
        assert!(bounds.as_flattened().iter().all(|bound| (0.0..1.0).contains(bound)));
        let zeros = [[0.0, -0.0, 1.0], [-0.0, 0.0, -1.0]].repeat(20);
        survey(level, &zeros, &mut bounds);
        assert_eq!(bounds.map(|bound| bound.map(f64::is_sign_negative)), [[false, true, true], [false, true, false]]);
    }
}

#[test]
fn tables_that_are_no_grid_hold_nothing() {
    let (rows, counts) = in_order(2);
    let queries = [[0.5; 3]; 2];
    let found = count(Level::BASELINE, &[], &[], &[], &[], &[], &[], &queries, &[1.0], &[0], &rows, &counts);
    assert_eq!((found, numbers(&counts)), (None, vec![0, 0]));
}

/// Points at 1 +- 1e-16 to 1 +- 1e-5 radii from queries, where single precision must not be certain and wrong, and some
/// that are very far away, in boxes of several sizes and places.
#[test]
fn points_near_the_border_are_told_apart_exactly() {
    let mut random = Random(3);
    for (scale, place) in [(1.0, 0.0), (1e-3, 50.0), (1e4, -1e9), (1e-90, 0.0), (1e-120, 0.0), (1e80, 0.0)] {
        for outlier in [1.0, 1e30, 1e140] {
            let corner = [0; 3].map(|_| place + scale * random.unit());
            let queries: Vec<[f64; 3]> = (0..32).map(|_| corner.map(|low| low + 1.4 * scale * random.unit())).collect();
            let mut points = vec![corner.map(|low| low - outlier), corner.map(|low| low + outlier)];
            for centre in &queries {
                for _ in 0..40 {
                    let away = [0; 3].map(|_| random.unit() - 0.5);
                    let norm = away.iter().map(|part| part * part).sum::<f64>().sqrt();
                    let factor = 1.0 + (random.unit() - 0.5) * 10_f64.powf(-5.0 - 11.0 * random.unit());
                    points.push([0, 1, 2].map(|axis| centre[axis] + scale * factor * away[axis] / norm));
                }
            }
            for level in Level::available() {
                let set = Set::new(level, points.clone(), [1.0; 4], [f64::INFINITY; 3], false);
                let (rows, counts) = in_order(queries.len());
                let (frame, cell, start, xyz, index) = (&set.frame, &set.strip_cell, &set.start, &set.xyz, &set.index);
                count(level, frame, cell, start, xyz, index, &[], &queries, &[scale], &[0], &rows, &counts);
                let expected: Vec<i64> = queries.iter().map(|query| set.within(*query, scale).len() as i64).collect();
                assert_eq!(numbers(&counts), expected, "{} at {place} by {scale}, outliers {outlier}", level.name());
            }
        }
    }
}
