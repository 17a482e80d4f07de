//! The time-series family: what trailing windows hold, on tables whose rows are time.
//!
//! A rolling kernel takes a table with the rows of the call and, before them, what their windows reach back to; the width
//! of the windows, one for all or one for each row; and two rules: how many finite values a window needs, and whether
//! one that is not finite spoils it. No row is ever invalid.

mod comoments;
mod eight;
mod exact_sums;
mod extremes;
mod extremes_across;
mod halves;
mod limbs;
mod lockstep;
mod one_window;
mod order_statistics;
mod ranked;
mod results;
mod spans;
mod sums_across;
mod sums_along;
mod two_stacks;
mod windows;

mod absent_sums;
mod carry;
mod centre;
mod column_ranks;
mod interpolate;
mod lag_stack;
mod pair_moments;
mod pair_ranks;
mod rolling_band_energy;
mod rolling_cov;
mod rolling_hampel;
mod rolling_max;
mod rolling_median;
mod rolling_median_mad;
mod rolling_min;
mod rolling_moments;
mod rolling_quantile;
mod rolling_robust_zscore;
mod rolling_slope;
mod row_band_energy;

pub use absent_sums::absent_sums;
pub use carry::carry;
pub use centre::centre;
pub use column_ranks::column_ranks;
pub use interpolate::interpolate;
pub use lag_stack::lag_stack;
pub use pair_moments::pair_moments;
pub use pair_ranks::pair_ranks;
pub use rolling_band_energy::rolling_band_energy;
pub use rolling_cov::rolling_cov;
pub use rolling_hampel::rolling_hampel;
pub use rolling_max::rolling_max;
pub use rolling_median::rolling_median;
pub use rolling_median_mad::rolling_median_mad;
pub use rolling_min::rolling_min;
pub use rolling_moments::rolling_moments;
pub use rolling_quantile::rolling_quantile;
pub use rolling_robust_zscore::rolling_robust_zscore;
pub use rolling_slope::rolling_slope;
pub use row_band_energy::row_band_energy;

/// The series of a number in a table of series that follow each other, all `length` long; empty where there is none.
#[inline(always)]
fn series<T>(table: &[T], length: usize, number: i64) -> &[T] {
    let start = usize::try_from(number).ok().and_then(|number| number.checked_mul(length));
    start.and_then(|start| table.get(start..start.checked_add(length)?)).unwrap_or_default()
}

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod tests;
