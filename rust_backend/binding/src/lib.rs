//! The border between Python and `ferrumba-kernels`: it checks arrays, releases the GIL and calls; it holds no logic.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arrays;
mod info;
mod register;

use pyo3::prelude::*;

/// The form of the backend object that this wheel offers.
const PROTOCOL: u32 = 1;

register::kernels! {
    healpix.lonlat_to_nested, 1, (lon: f64, lat: f64, order: Uniform<i64>) -> (nested: i64);
    healpix.lonlat_to_morton, 1, (lon: f64, lat: f64, order: Uniform<i64>) -> (morton: i64);
    healpix.is_morton, 1, (morton: i64) -> (valid: bool);
    healpix.morton_children, 1, (morton: i64, levels: Uniform<i64>) -> (children: Wide<i64>);
    healpix.morton_contains, 1, (ancestor: Uniform<i64>, descendant: i64) -> (contains: bool);
    healpix.morton_order, 1, (morton: i64) -> (order: i64);
    healpix.morton_parent, 1, (morton: i64, order: Uniform<i64>) -> (parent: i64);
    healpix.morton_range, 1, (morton: i64, order: Uniform<i64>) -> (first: i64, last: i64);
    healpix.morton_to_lonlat, 1, (morton: i64) -> (lon: f64, lat: f64);
    healpix.morton_to_nested, 1, (morton: i64) -> (nested: i64);
    healpix.nested_to_lonlat, 1, (nested: i64, order: Uniform<i64>) -> (lon: f64, lat: f64);
    healpix.neighbours, 1, (nested: i64, order: Uniform<i64>) -> (neighbours: [i64; 8]);
    healpix.cell_vertices, 1, (nested: i64, order: Uniform<i64>) -> (lon: [f64; 4], lat: [f64; 4]);
    healpix.nested_to_morton, 1, (nested: i64, order: Uniform<i64>) -> (morton: i64);
    healpix.nested_to_uniq, 1, (nested: i64, order: Uniform<i64>) -> (uniq: i64);
    healpix.uniq_to_nested, 1, (uniq: i64) -> (nested: i64, order: i64);
}

/// The compiled part of `ferrumba_rust`.
#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("PROTOCOL", PROTOCOL)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("KERNELS", kernels(module)?)?;
    module.add_function(wrap_pyfunction!(info::info, module)?)
}
