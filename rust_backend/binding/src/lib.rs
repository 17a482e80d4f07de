//! The border between Python and `ferrumba-kernels`: it checks arrays, releases the GIL and calls; it holds no logic.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arrays;
mod info;
mod loans;
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
    spatial.survey, 1, (points: [f64; 3]) -> (bounds: Whole<[f64; 3]>);
    spatial.strips, 1, (points: [f64; 3], frame: Whole<[f64; 7]>, strip_count: Whole<i64>) -> (strip_cell: Whole<i32>);
    spatial.arrange, 1, (points: [f64; 3], frame: Whole<[f64; 7]>, strip_cell: Whole<i32>)
        -> (start: Whole<i32>, xyz: Whole<Wide<f64>>, index: Whole<i32>);
    spatial.locate, 1, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, query: [f64; 3], radius: Uniform<f64>)
        -> (cell: i32);
    spatial.walk, 1, (cell: i32, cell_count: Whole<i32>) -> (row: Whole<i32>);
    spatial.count, 2, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: Whole<bool>, query: Whole<[f64; 3]>, radius: Whole<f64>, after: Uniform<i32>, row: i32)
        -> (count: Scattered<i64>);
    spatial.search, 2, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: Whole<bool>, query: Whole<[f64; 3]>, radius: Whole<f64>, after: Uniform<i32>,
        row: i32, edges: Whole<i64>) -> (indices: Scattered<i64>, distances: Scattered<f64>);
    spatial.collect, 2, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: Whole<bool>, query: Whole<[f64; 3]>, radius: Whole<f64>, after: Wide<i32>, row: Wide<i32>,
        room: Whole<i64>) -> (count: Scattered<i64>, ids: Wide<i32>);
    spatial.distribute, 1, (ids: Wide<i32>, row: Wide<i32>, edges: Whole<i64>)
        -> (indices: Scattered<i64>, held: i32);
    spatial.nearest, 1, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: Whole<bool>, query: [f64; 3], k: Whole<i64>, radius: Uniform<f64>)
        -> (distances: Wide<f64>, indices: Wide<i64>);
    spatial.take, 1, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: State<bool>, log: State<i64>, query: [f64; 3], radius: Uniform<f64>) -> (count: i64);
    spatial.assign_first, 1, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>,
        xyz: Whole<Wide<f64>>, index: Whole<i32>, alive: Whole<bool>, query: [f64; 3], radius: Uniform<f64>)
        -> (label: Whole<i64>);
    spatial.decimate, 1, (frame: Whole<[f64; 7]>, strip_cell: Whole<i32>, start: Whole<i32>, xyz: Whole<Wide<f64>>,
        index: Whole<i32>, alive: Whole<bool>, place: Whole<i32>, order: i64, radius: Whole<f64>)
        -> (kept: Whole<bool>);
    timeseries.rolling_median, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>) -> (median: Columns<f64>);
    timeseries.rolling_median_mad, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, scale: Whole<f64>) -> (median: Columns<f64>, mad: Columns<f64>);
    timeseries.rolling_robust_zscore, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, rule: Whole<f64>) -> (zscore: Columns<f64>);
    timeseries.rolling_hampel, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, rule: Whole<f64>) -> (filtered: Columns<f64>, outlier: Columns<bool>);
    timeseries.rolling_quantile, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, q: Whole<f64>) -> (quantile: Columns<f64>);
    timeseries.rolling_min, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>) -> (least: Columns<f64>);
    timeseries.rolling_max, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>) -> (greatest: Columns<f64>);
    timeseries.centre, 1, (values: Wide<f64>, middle: Whole<f64>) -> (centred: Wide<f64>, missing: Wide<bool>);
    timeseries.absent_sums, 1, (centred: Whole<Wide<f64>>, missing: Whole<Wide<bool>>, absent: Whole<Wide<bool>>,
        column: i64) -> (sums: Wide<f64>);
    timeseries.pair_moments, 1, (columns: Whole<Wide<f64>>, length: Whole<i64>, first: i64, second: i64)
        -> (count: i64, moment: f64, correlation: f64);
    timeseries.column_ranks, 1, (columns: Wide<f64>, length: Whole<i64>)
        -> (doubled: Wide<i32>, group: Wide<i32>, size: Wide<i32>, groups: i64);
    timeseries.pair_ranks, 1, (group: Whole<Wide<i32>>, size: Whole<Wide<i32>>, groups: Whole<i64>,
        absent: Whole<i32>, ends: Whole<i64>, first: i64, second: i64) -> (count: i64, correlation: f64);
    timeseries.carry, 1, (values: History<f64>, window: Uniform<i64>, limit: Whole<i64>, backward: Whole<bool>)
        -> (filled: Columns<f64>);
    timeseries.interpolate, 1, (values: History<f64>, window: Uniform<i64>, position: Whole<f64>, forward: Whole<i64>,
        backward: Whole<i64>, area: Whole<i64>) -> (filled: Columns<f64>);
    timeseries.lag_stack, 1, (values: History<f64>, window: Uniform<i64>, lags: Whole<i64>)
        -> (stacked: Columns<f64>);
    timeseries.rolling_moments, 3, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>) -> (total: Columns<f64>, mean: Columns<f64>, var: Columns<f64>, std: Columns<f64>,
        skew: Columns<f64>, kurt: Columns<f64>);
    timeseries.rolling_band_energy, 1, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, circle: Whole<[f64; 2]>, slopes: Whole<[f64; 2]>, taps: Whole<f64>, gains: Whole<f64>,
        bands: Whole<[i64; 2]>) -> (energy: Columns<f64>);
    timeseries.row_band_energy, 1, (values: History<f64>, window: Uniform<i64>, taper: Whole<f64>, gains: Whole<f64>,
        bands: Whole<[i64; 2]>) -> (energy: Columns<f64>);
    timeseries.rolling_slope, 2, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, times: History<f64>, rate: Whole<f64>) -> (slope: Columns<f64>);
    timeseries.rolling_cov, 2, (values: History<f64>, window: Uniform<i64>, min_periods: Whole<i64>,
        propagate: Whole<bool>, pairs: Whole<[i64; 2]>) -> (cov: Columns<f64>, corr: Columns<f64>);
}

/// The compiled part of `ferrumba_rust`.
#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("PROTOCOL", PROTOCOL)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("KERNELS", kernels(module)?)?;
    module.add_function(wrap_pyfunction!(info::info, module)?)
}
