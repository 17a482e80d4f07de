//! Every column beside itself some rows earlier.

use crate::simd::Level;
use crate::table::{Table, TableMut};

/// Rows that are in the cache at once, for eight columns and some lags.
const CHUNK: usize = 128;

/// Results of a row that are worth a look at whether they lie in one piece.
const MANY: usize = 32;

/// Fills rows that lie in one piece from rows that do; whether all of them do.
fn by_rows(values: Table<f64>, history: usize, lags: &[usize], stacked: &mut TableMut<f64>) -> bool {
    let (columns, all) = (values.columns(), stacked.columns());
    for row in 0..stacked.rows() {
        let Some(stacked) = stacked.across(row, 0..all) else { return false };
        for (k, lag) in lags.iter().enumerate() {
            let each = stacked.get_mut(k..).unwrap_or_default().iter_mut().step_by(lags.len());
            if let Some(source) = (history + row).checked_sub(*lag) {
                let Some(values) = values.across(source, 0..columns) else { return false };
                each.zip(values).for_each(|(slot, value)| *slot = *value);
            } else {
                each.for_each(|slot| *slot = f64::NAN);
            }
        }
    }
    true
}

/// Fills column after column, some rows at a time.
fn by_columns(values: Table<f64>, history: usize, lags: &[usize], stacked: &mut TableMut<f64>) {
    let mut buffer = [0.0; CHUNK];
    for start in (0..stacked.rows()).step_by(CHUNK) {
        for column in 0..values.columns() {
            for (k, lag) in lags.iter().enumerate() {
                let absent = lag.saturating_sub(history + start).min(CHUNK);
                buffer[..absent].fill(f64::NAN);
                let there =
                    values.load(column, (history + start + absent).saturating_sub(*lag), &mut buffer[absent..]).len();
                stacked.store(column * lags.len() + k, start, buffer[..absent + there].iter().copied());
            }
        }
    }
}

/// Fills `stacked`: the lags of a column are side by side; NaN before the first row. The window is one more than the
/// largest lag.
pub fn lag_stack(
    _: Level,
    values: Table<f64>,
    _window: &[i64],
    lags: &[i64],
    mut stacked: TableMut<f64>,
) -> Option<usize> {
    let history = values.rows() - stacked.rows().min(values.rows());
    let lags: Vec<usize> = lags.iter().map(|lag| usize::try_from(*lag).unwrap_or(usize::MAX)).collect();
    if stacked.columns() < MANY || !by_rows(values, history, &lags, &mut stacked) {
        by_columns(values, history, &lags, &mut stacked);
    }
    None
}
