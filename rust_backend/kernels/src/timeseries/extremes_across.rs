//! The least or the greatest values of eight series side by side, in windows that all have one width.
//!
//! A window of w rows reaches from the end of one block of w rows into the next. Of the block behind, each row knows the
//! extreme from itself to the end of its block; one number for each series is that of the rows of the block so far. So
//! each row is looked at twice, whatever the window, and no step depends on a value.

use crate::table::{Table, TableMut};
use crate::timeseries::eight::{Eight, LANES, Strands};
use crate::timeseries::extremes::{LAST, Turned, least};
use crate::timeseries::results::CHUNK;
use crate::timeseries::spans::Spans;

/// A key of each series.
type Keys = [i64; LANES];

const NONE: Keys = [LAST; LANES];

/// Counts the keys that are there.
#[inline(always)]
fn present(keys: Keys) -> Eight {
    Eight::of_lanes(|lane| f64::from(u8::from(keys[lane] != LAST)))
}

/// A block of rows, and one element more, that of no row.
struct Block {
    /// The extremes from each row to the last.
    keys: Vec<Keys>,
    /// How many values of the series there are before each row.
    before: Vec<Eight>,
}

/// Fills `extreme`; `COUNTED` says that a single value in a window is not enough.
#[inline(always)]
pub(crate) fn fill<const COUNTED: bool>(
    values: Table<'_, f64>,
    spans: &Spans<'_>,
    turned: Turned,
    extreme: &mut TableMut<'_, f64>,
) {
    let (rows, width) = (extreme.rows().min(values.rows()), spans.width);
    let batch = width * (CHUNK / width).max(1);
    let mut older = Block { keys: vec![NONE; width + 1], before: vec![Eight::all(0.0); width + 1] };
    let (mut keys, mut before) = (vec![NONE; batch], vec![Eight::all(0.0); if COUNTED { batch } else { 0 }]);
    let mut loaded = vec![Eight::all(f64::NAN); batch];
    for strands in Strands::cut(spans, rows, values.columns()) {
        older.keys.fill(NONE);
        older.before.fill(Eight::all(0.0));
        let (all, mut total) = (spans.reach + strands.length, Eight::all(0.0));
        for first in (0..all).step_by(batch) {
            let many = batch.min(all - first);
            let loaded = loaded.get_mut(..many).unwrap_or_default();
            strands.load(values, strands.columns, spans.place(first), loaded);
            for (keys, values) in keys.iter_mut().zip(loaded.iter()) {
                for (key, value) in keys.iter_mut().zip(values.0) {
                    *key = turned.key_of(value);
                }
            }
            for (start, results) in (0..many).step_by(width).zip(loaded.chunks_mut(width)) {
                let keys = keys.get(start..start + results.len()).unwrap_or_default();
                let mut newer = NONE;
                for ((result, own), behind) in results.iter_mut().zip(keys).zip(older.keys.get(1..).unwrap_or_default())
                {
                    newer = least(newer, *own);
                    let found = least(newer, *behind);
                    *result = Eight::of_lanes(|lane| turned.value_of(found[lane]));
                }
                if COUNTED {
                    let before = before.get_mut(start..start + results.len()).unwrap_or_default();
                    for (at, (result, own)) in results.iter_mut().zip(keys).enumerate() {
                        before[at] = total;
                        total = total + present(*own);
                        let behind = older.before.get(at + 1).filter(|_| at + 1 < width).unwrap_or(&before[0]);
                        let (count, needed) =
                            (total - *behind, spans.needed_by((first + start + at).max(spans.reach), &strands));
                        *result =
                            Eight::of_lanes(
                                |lane| {
                                    if count.0[lane] < needed.0[lane] { f64::NAN } else { result.0[lane] }
                                },
                            );
                    }
                    older.before.iter_mut().zip(before).for_each(|(older, before)| *older = *before);
                }
                let mut newer = NONE;
                for (older, own) in older.keys.iter_mut().zip(keys).rev() {
                    newer = least(newer, *own);
                    *older = newer;
                }
            }
            let skipped = spans.reach.saturating_sub(first).min(many);
            let results = loaded.get(skipped..).unwrap_or_default();
            strands.store(extreme, (first + skipped).saturating_sub(spans.reach), results);
        }
    }
}
