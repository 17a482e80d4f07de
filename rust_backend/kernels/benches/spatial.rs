//! Times of the spatial kernels at every SIMD level that this processor has: 1e5 points, about 30 neighbours each.

#![allow(missing_docs)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "one source of random numbers; the inputs of the other family are not needed here")]
mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ferrumba_kernels::simd::Level;
use ferrumba_kernels::spatial::{
    arrange, assign_first, collect, count, decimate, distribute, locate, nearest, search, strips, survey, take, walk,
};
use support::Random;

const POINTS: usize = 100_000;
const PAD: usize = 16;
const STRIPS: f64 = 23.0;
const RADIUS: f64 = 0.0415;

fn spatial(criterion: &mut Criterion) {
    let mut random = Random(1);
    let points: Vec<[f64; 3]> = (0..POINTS).map(|_| [0; 3].map(|_| random.between(0.0, 1.0))).collect();
    let line = |cells: f64| [0.0, cells, cells, 1.0 / cells, 1e-14, f64::INFINITY, cells];
    let frame = [line(1.0), line(STRIPS), line(STRIPS)];
    let number = [(STRIPS * STRIPS) as i64];
    let mut strip_cell = vec![0; number[0] as usize + 1];
    strips(Level::BASELINE, &points, &frame, &number, &mut strip_cell);
    let cells = strip_cell.last().copied().unwrap_or(0) as usize;
    let (mut start, mut xyz, mut index) = (vec![0; cells + 1], vec![0.0; 3 * (POINTS + PAD)], vec![0; POINTS]);
    arrange(Level::BASELINE, &points, &frame, &strip_cell, &mut start, &mut xyz, &mut index);
    let (grid_start, grid_xyz, grid_index) = (start.clone(), xyz.clone(), index.clone());
    let mut place = vec![0; POINTS];
    index.iter().enumerate().for_each(|(at, id)| place[*id as usize] = at as i32);
    let order: Vec<i64> = (0..POINTS as i64).collect();
    let mut counts = vec![0; POINTS];

    for level in Level::available() {
        let mut group = criterion.benchmark_group("spatial");
        group.sample_size(10);
        let mut time = |name: &str, kernel: &mut dyn FnMut()| {
            group.bench_function(BenchmarkId::new(name, level.name()), |bench| bench.iter(&mut *kernel));
        };
        let (frame, cell, s, p, i) = (&frame, &strip_cell, &grid_start, &grid_xyz, &grid_index);
        let (r, all) = (&[RADIUS], &[0]);
        time("survey", &mut || {
            black_box(survey(level, &points, &mut [[0.0; 3]; 2]));
        });
        let mut own = strip_cell.clone();
        time("strips", &mut || {
            black_box(strips(level, &points, frame, &number, &mut own));
        });
        time("arrange", &mut || {
            black_box(arrange(level, &points, frame, cell, &mut start, &mut xyz, &mut index));
        });
        let (mut of_query, mut row) = (vec![0; POINTS], vec![0; POINTS]);
        time("locate", &mut || {
            black_box(locate(level, frame, cell, &points, r, &mut of_query));
        });
        time("walk", &mut || {
            black_box(walk(level, &of_query, &[cells as i32], &mut row));
        });
        let found: Vec<AtomicI64> = (0..POINTS).map(|_| 0.into()).collect();
        time("count", &mut || {
            black_box(count(level, frame, cell, s, p, i, &[], &points, r, all, &row, &found));
        });
        let mut edges = vec![0; POINTS + 1];
        edges[1..].iter_mut().zip(&found).for_each(|(edge, count)| *edge = count.load(Relaxed));
        let total = edges.iter_mut().fold(0, |end, edge| {
            *edge += end;
            *edge
        });
        let ids: Vec<AtomicI64> = (0..total).map(|_| 0.into()).collect();
        let lengths: Vec<AtomicU64> = (0..total).map(|_| 0.into()).collect();
        time("search", &mut || {
            black_box(search(level, frame, cell, s, p, i, &[], &points, r, all, &row, &edges, &ids, &lengths));
        });
        let (after, room) = (vec![0; POINTS], 40 * 16);
        let (mut kept, mut held) = (vec![0; POINTS / 16 * room], vec![0; POINTS / 16]);
        time("collect", &mut || {
            let room = &[room as i64];
            black_box(collect(level, frame, cell, s, p, i, &[], &points, r, &after, &row, room, &found, &mut kept));
        });
        time("distribute", &mut || {
            black_box(distribute(level, &kept, &row, &edges, &ids, &mut held));
        });
        let (mut ids, mut lengths) = (vec![0; 8 * POINTS], vec![0.0; 8 * POINTS]);
        time("nearest", &mut || {
            let far = &[f64::INFINITY];
            black_box(nearest(level, frame, cell, s, p, i, &[], &points, &[8], far, &mut lengths, &mut ids));
        });
        let mut log = vec![0; POINTS + 1];
        time("take", &mut || {
            let (mut alive, queries) = (vec![1; POINTS], &points[..10_000]);
            log[0] = 0;
            black_box(take(level, frame, cell, s, p, i, &mut alive, &mut log, queries, r, &mut counts));
        });
        let mut labels = vec![0; POINTS];
        time("assign_first", &mut || {
            black_box(assign_first(level, frame, cell, s, p, i, &[], &points[..10_000], r, &mut labels));
        });
        let mut kept = vec![false; POINTS];
        time("decimate", &mut || {
            black_box(decimate(level, frame, cell, s, p, i, &[], &place, &order, r, &mut kept));
        });
        group.finish();
    }
}

criterion_group!(benches, spatial);
criterion_main!(benches);
