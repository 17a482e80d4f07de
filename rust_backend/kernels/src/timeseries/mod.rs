//! The time-series family: what trailing windows hold, on tables whose rows are time.
//!
//! A rolling kernel takes a table with the rows of the call and, before them, what their windows reach back to; the width
//! of the windows, one for all or one for each row; and two rules: how many finite values a window needs, and whether
//! one that is not finite spoils it. No row is ever invalid.

mod sorted_keys;
mod windows;

mod rolling_median;

pub use rolling_median::rolling_median;

#[cfg(test)]
mod tests;
