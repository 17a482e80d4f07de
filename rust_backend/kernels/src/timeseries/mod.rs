//! The time-series family: what trailing windows hold, on tables whose rows are time.
//!
//! A rolling kernel takes a table with the rows of the call and, before them, what their windows reach back to; the width
//! of the windows, one for all or one for each row; and two rules: how many finite values a window needs, and whether
//! one that is not finite spoils it. No row is ever invalid.

mod order_statistics;
mod sorted_keys;
mod windows;

mod rolling_hampel;
mod rolling_max;
mod rolling_median;
mod rolling_median_mad;
mod rolling_min;
mod rolling_quantile;
mod rolling_robust_zscore;

pub use rolling_hampel::rolling_hampel;
pub use rolling_max::rolling_max;
pub use rolling_median::rolling_median;
pub use rolling_median_mad::rolling_median_mad;
pub use rolling_min::rolling_min;
pub use rolling_quantile::rolling_quantile;
pub use rolling_robust_zscore::rolling_robust_zscore;

#[cfg(test)]
mod tests;
