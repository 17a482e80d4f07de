//! The algorithms of Ferrumba's kernels, without Python.
//!
//! Each kernel is a plain function `kernel(level, inputs.., outputs..)` in the file of its name; its Numba twin is the
//! file of the same stem under `src/ferrumba/<family>/numba/`. Both do the same operations in the same order, so their
//! results are the same bits, on every [`simd::Level`]. A kernel never panics and returns the first invalid row, whose
//! outputs hold the sentinel of the declaration.

pub mod healpix;
mod rows;
pub mod simd;
pub mod spatial;
mod stream;
pub mod table;
pub mod timeseries;
