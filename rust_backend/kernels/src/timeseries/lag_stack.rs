//! Every column beside itself some rows earlier.

use crate::simd::Level;
use crate::table::{Table, TableMut};

/// Rows that are in the cache at once, for eight columns and some lags.
const CHUNK: usize = 128;

/// Fills `stacked`: the lags of a column are side by side; NaN before the first row. The window is one more than the
/// largest lag.
pub fn lag_stack(
    _: Level,
    values: Table<f64>,
    _window: &[i64],
    lags: &[i64],
    mut stacked: TableMut<f64>,
) -> Option<usize> {
    let rows = stacked.rows();
    let history = values.rows() - rows.min(values.rows());
    let mut buffer = [0.0; CHUNK];
    for start in (0..rows).step_by(CHUNK) {
        for column in 0..values.columns() {
            for (k, lag) in lags.iter().enumerate() {
                let lag = usize::try_from(*lag).unwrap_or(usize::MAX);
                let absent = lag.saturating_sub(history + start).min(CHUNK);
                buffer[..absent].fill(f64::NAN);
                let there =
                    values.load(column, (history + start + absent).saturating_sub(lag), &mut buffer[absent..]).len();
                stacked.store(column * lags.len() + k, start, buffer[..absent + there].iter().copied());
            }
        }
    }
    None
}
