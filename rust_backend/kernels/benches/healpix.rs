//! Times of the HEALPix kernels at every SIMD level that this processor has, for one block of rows at order 18.

#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ferrumba_kernels::simd::Level;

const ROWS: usize = 1 << 16;

fn healpix(criterion: &mut Criterion) {
    let inputs = support::valid(ROWS, 18);
    for (name, kernel) in support::kernels(&inputs) {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
        for level in Level::available() {
            group.bench_function(BenchmarkId::from_parameter(level.name()), |bench| {
                bench.iter(|| black_box(kernel(level)));
            });
        }
    }
}

criterion_group!(benches, healpix);
criterion_main!(benches);
