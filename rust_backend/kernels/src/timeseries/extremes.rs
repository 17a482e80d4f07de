//! The least or the greatest value of trailing windows, in two parts that meet at a seam.
//!
//! Of the rows behind the seam each knows the extreme from itself to the seam, and one number is that of the rows after
//! it. When the window has passed the seam, it moves to the end of the window. So each row is looked at twice, whatever
//! the window.

use crate::table::{Table, TableMut};
use crate::timeseries::extremes_across;
use crate::timeseries::results::CHUNK;
use crate::timeseries::spans::Spans;
use crate::timeseries::windows::{MISSING, Rules, Windows, key_of, value_of};

/// Rows that are held at once, in windows; those of one window are read again for the next.
const SPAN: usize = 8;

/// The longest windows of series side by side: scratch memory of 200 bytes a row.
const LONGEST: usize = 1 << 13;

/// What stands for a missing value: it is greater than all keys.
pub(crate) const LAST: i64 = i64::MAX;

/// How keys are looked at: those of the greatest values are least with all bits turned.
#[derive(Clone, Copy)]
pub(crate) struct Turned {
    bits: i64,
    missing: f64,
}

impl Turned {
    #[inline(always)]
    fn new(greatest: bool) -> Self {
        // Unknown to the compiler, which at the level of AVX-512 would load it under a mask where it is wanted, and never
        // else: processors may take 26 ns for a load of nothing from a page that has not been read for some time, again
        // and again.
        Self { bits: -i64::from(greatest), missing: std::hint::black_box(f64::NAN) }
    }

    #[inline(always)]
    pub(crate) fn key_of(self, value: f64) -> i64 {
        let key = key_of(value);
        if key == MISSING { LAST } else { key ^ self.bits }
    }

    /// The value of a key, NaN where there is none.
    #[inline(always)]
    pub(crate) fn value_of(self, key: i64) -> f64 {
        if key == LAST { self.missing } else { value_of(key ^ self.bits) }
    }
}

/// Fills `extreme` with the least values, or with the greatest.
#[inline(always)]
pub(crate) fn fill(values: Table<'_, f64>, windows: Windows<'_>, greatest: bool, mut extreme: TableMut<'_, f64>) {
    let rules = Rules::of(values, windows, extreme.rows());
    let (turned, history) = (Turned::new(greatest), rules.history);
    let spans = Spans::new(windows, values.rows(), rules.rows);
    if spans.are_equal() && spans.width <= LONGEST {
        return if spans.needed(2) > 1 {
            extremes_across::fill::<true>(values, &spans, turned, &mut extreme);
        } else {
            extremes_across::fill::<false>(values, &spans, turned, &mut extreme);
        };
    }
    let span = (SPAN * windows.widest(values.rows())).max(CHUNK);
    let (mut loaded, mut results) = ([0.0; CHUNK], [0.0; CHUNK]);
    // The keys of rows, and the extremes from them to the seam; how many values are before a row.
    let (mut keys, mut before) = (Vec::new(), Vec::new());
    for column in 0..values.columns() {
        for from in (0..rules.rows).step_by(span) {
            let upto = (from + span).min(rules.rows);
            let begin = (history + from + 1).saturating_sub(windows.width(from));
            keys.clear();
            before.clear();
            before.push(0_u32);
            let mut sum = 0;
            for start in (begin..history + upto).step_by(CHUNK) {
                let many = (history + upto - start).min(CHUNK);
                let loaded = values.load(column, start, loaded.get_mut(..many).unwrap_or_default());
                keys.extend(loaded.iter().map(|value| turned.key_of(*value)));
                before.extend(loaded.iter().map(|value| {
                    sum += u32::from(value.is_finite());
                    sum
                }));
            }
            let lead = history + from - begin;
            let (mut first, mut seam, mut after) = (0, None, LAST);
            for start in (from..upto).step_by(CHUNK) {
                let many = (upto - start).min(CHUNK);
                for (at, result) in results.iter_mut().enumerate().take(many) {
                    let row = lead + start - from + at;
                    after = after.min(keys.get(row).copied().unwrap_or(LAST));
                    first = first.max((row + 1).saturating_sub(windows.width(start + at)));
                    if seam.is_none_or(|seam| first > seam) {
                        seam = Some(row);
                        after = LAST;
                        let mut least = LAST;
                        for key in keys.get_mut(first..=row).unwrap_or_default().iter_mut().rev() {
                            least = least.min(*key);
                            *key = least;
                        }
                    }
                    let least = after.min(keys.get(first).copied().unwrap_or(LAST));
                    let count = |row: usize| before.get(row).copied().unwrap_or(0);
                    let enough = (count(row + 1) - count(first)) as usize >= rules.needed(row + 1 - first);
                    *result = if enough { turned.value_of(least) } else { turned.missing };
                }
                extreme.store(column, start, results.iter().copied().take(many));
            }
        }
    }
}
