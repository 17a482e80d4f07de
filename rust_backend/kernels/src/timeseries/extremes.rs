//! The least or the greatest value of trailing windows, in two parts that meet at a seam.
//!
//! Of the rows behind the seam each knows the extreme from itself to the seam, and one number is that of the rows after
//! it. When the window has passed the seam, it moves to the end of the window. So each row is looked at twice, whatever
//! the window.

use crate::table::{Table, TableMut};
use crate::timeseries::eight::LANES;
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
    let turned = Turned::new(greatest);
    let spans = Spans::new(windows, values.rows(), rules.rows);
    if spans.are_equal() && spans.width <= LONGEST {
        return if spans.needed(2) > 1 {
            extremes_across::fill::<true>(values, &spans, turned, &mut extreme);
        } else {
            extremes_across::fill::<false>(values, &spans, turned, &mut extreme);
        };
    }
    let columns = values.columns();
    let whole = if spans.width <= LONGEST { columns / LANES * LANES } else { 0 };
    for first in (0..whole).step_by(LANES) {
        follow::<LANES>(values, windows, rules, turned, first, &mut extreme);
    }
    for first in whole..columns {
        follow::<1>(values, windows, rules, turned, first, &mut extreme);
    }
}

/// Fills columns from one on, which have the same windows, of any widths.
#[inline(always)]
fn follow<const N: usize>(
    values: Table<'_, f64>,
    windows: Windows<'_>,
    rules: Rules,
    turned: Turned,
    column: usize,
    extreme: &mut TableMut<'_, f64>,
) {
    let (columns, history): ([usize; N], _) = (std::array::from_fn(|lane| column + lane), rules.history);
    let span = (SPAN * windows.widest(values.rows())).max(CHUNK);
    let (mut loaded, mut results) = ([[0.0; N]; CHUNK], [[0.0; N]; CHUNK]);
    // The keys of rows, and the extremes from them to the seam; how many values are before a row.
    let (mut keys, mut before) = (Vec::<[i64; N]>::new(), Vec::<[u32; N]>::new());
    for from in (0..rules.rows).step_by(span) {
        let upto = (from + span).min(rules.rows);
        let begin = (history + from + 1).saturating_sub(windows.width(from));
        keys.clear();
        before.clear();
        let mut sums = [0; N];
        before.push(sums);
        for start in (begin..history + upto).step_by(CHUNK) {
            let loaded = loaded.get_mut(..CHUNK.min(history + upto - start)).unwrap_or_default();
            values.load_lanes(columns, [start; N], loaded);
            keys.extend(loaded.iter().map(|row| {
                let mut own = [LAST; N];
                own.iter_mut().zip(row).for_each(|(key, value)| *key = turned.key_of(*value));
                own
            }));
            before.extend(loaded.iter().map(|row| {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += u32::from(value.is_finite()));
                sums
            }));
        }
        let lead = history + from - begin;
        let (mut first, mut seam, mut after) = (0, None, [LAST; N]);
        for start in (from..upto).step_by(CHUNK) {
            let results = results.get_mut(..CHUNK.min(upto - start)).unwrap_or_default();
            for (at, results) in results.iter_mut().enumerate() {
                let row = lead + start - from + at;
                after = least(after, keys.get(row).copied().unwrap_or([LAST; N]));
                first = first.max((row + 1).saturating_sub(windows.width(start + at)));
                if seam.is_none_or(|seam| first > seam) {
                    seam = Some(row);
                    after = [LAST; N];
                    let mut behind = after;
                    for keys in keys.get_mut(first..=row).unwrap_or_default().iter_mut().rev() {
                        behind = least(behind, *keys);
                        *keys = behind;
                    }
                }
                let found = least(after, keys.get(first).copied().unwrap_or([LAST; N]));
                let count = |row: usize| before.get(row).copied().unwrap_or([0; N]);
                let (upto, from, needed) = (count(row + 1), count(first), rules.needed(row + 1 - first));
                let needed = u32::try_from(needed).unwrap_or(u32::MAX);
                for (lane, result) in results.iter_mut().enumerate() {
                    let enough = upto[lane] - from[lane] >= needed;
                    *result = if enough { turned.value_of(found[lane]) } else { turned.missing };
                }
            }
            extreme.store_lanes(columns, [start; N], results);
        }
    }
}

/// The least of two keys for each column.
#[inline(always)]
pub(crate) fn least<const N: usize>(one: [i64; N], other: [i64; N]) -> [i64; N] {
    let mut least = one;
    for (least, other) in least.iter_mut().zip(other) {
        *least = if other < *least { other } else { *least };
    }
    least
}
