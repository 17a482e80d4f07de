//! Eight series in lockstep: their windows stay in order by moves that are the same for all of them.
//!
//! To take one key out of a sorted array and one in, every slot takes the smaller or the greater of its neighbours and
//! the keys: four operations on vectors for a slot of eight series, without a branch or a search. The series are
//! columns, or parts of them where there are fewer, each behind as many rows as its first window reaches back to.

use crate::simd::lanes::Lanes;
use crate::table::Table;
use crate::timeseries::order_statistics::{Ordered, Statistic};
use crate::timeseries::results::{CHUNK, Results, Sheet};
use crate::timeseries::windows::Rules;

const LANES: usize = 8;

/// The bits of floats that are ordered as values are, -0.0 before 0.0: negative ones move away from 0 by one place.
/// The processor compares floats faster than integers.
type Keys = [i64; LANES];

/// What stands for a missing value: infinity, which is in order behind all others.
const LAST: i64 = f64::INFINITY.to_bits() as i64;

/// What is in order before all others.
const FIRST: u64 = f64::NEG_INFINITY.to_bits();

#[inline(always)]
fn key_of(value: f64) -> i64 {
    let bits = value.to_bits();
    if value.is_finite() { (bits + (bits >> 63)) as i64 } else { LAST }
}

#[inline(always)]
fn value_of(key: i64) -> f64 {
    let bits = key as u64;
    f64::from_bits(bits - (bits >> 63))
}

/// The windows of the series.
struct Sorted<'a> {
    keys: &'a [Keys],
    counts: [usize; LANES],
}

impl Ordered<LANES> for Sorted<'_> {
    #[inline(always)]
    fn counts(&self) -> [usize; LANES] {
        self.counts
    }

    #[inline(always)]
    fn values(&self, ranks: [usize; LANES]) -> [f64; LANES] {
        let last = self.keys.len() - 1;
        std::array::from_fn(|lane| value_of(self.keys[ranks[lane].min(last)][lane]))
    }
}

/// Takes a key out of each window and one in.
///
/// Without the key that leaves, slot j has `t[j] = s[j] < leaving ? s[j] : s[j + 1]`; with the one that enters,
/// `min(t[j], max(t[j - 1], entering))`.
#[inline(always)]
fn slide<L: Lanes>(lanes: L, keys: &mut [Keys], leaving: &Keys, entering: &Keys) {
    for first in (0..LANES).step_by(L::ROWS) {
        let (leaving, entering) = (lanes.load(&leaving[first..]), lanes.load(&entering[first..]));
        let mut before = lanes.all(FIRST);
        let mut slots = keys.iter_mut();
        let Some(mut slot) = slots.next() else { return };
        let mut here = lanes.load(&slot[first..]);
        for next in slots {
            let after = lanes.load(&next[first..]);
            let kept = lanes.if_less(here, leaving, here, after);
            lanes.store(lanes.smaller(kept, lanes.greater(before, entering)), &mut slot[first..]);
            (before, here, slot) = (kept, after, next);
        }
        lanes.store(lanes.greater(before, entering), &mut slot[first..]);
    }
}

/// Fills tables with a statistic of windows of `size` rows, the same for all.
#[inline(always)]
pub(crate) fn fill(
    lanes: impl Lanes,
    values: Table<'_, f64>,
    rules: Rules,
    size: usize,
    statistic: &impl Statistic,
    tables: &mut [Results<'_>],
) {
    let columns = values.columns();
    let parts = (LANES / columns.max(1)).clamp(1, rules.rows.max(1));
    let length = rules.rows.div_ceil(parts);
    let mut sheet = Sheet::<LANES>::new(tables, columns);
    let (mut keys, mut ring) = (vec![[LAST; LANES]; size], vec![[LAST; LANES]; size]);
    let mut loaded = [0.0; CHUNK];
    let mut entering = vec![[LAST; LANES]; CHUNK];
    for first in (0..columns * parts).step_by(LANES) {
        keys.fill([LAST; LANES]);
        ring.fill([LAST; LANES]);
        let many = (columns * parts - first).min(LANES);
        // The series of a lane: its column, and its rows of the call.
        let series: [_; LANES] = std::array::from_fn(|lane| {
            let (column, part) = ((first + lane) / parts, (first + lane) % parts);
            let start = (part * length).min(rules.rows);
            (column, start, if lane < many { (start + length).min(rules.rows) } else { start })
        });
        let (mut counts, mut place) = ([0_usize; LANES], 0);
        for step in (0..length + size - 1).step_by(CHUNK) {
            let steps = (length + size - 1 - step).min(CHUNK);
            for (lane, (column, start, stop)) in series.iter().enumerate() {
                // Row `history + start + step - (size - 1)` of the table, which may lie before its first.
                let (row, back) = (rules.history + start + step, size - 1);
                let skipped = back.saturating_sub(row).min(steps);
                let end = (rules.history + stop + back).saturating_sub(row).min(steps);
                let wanted = loaded.get_mut(..end.saturating_sub(skipped)).unwrap_or_default();
                let found = values.load(*column, (row + skipped).saturating_sub(back), wanted);
                for keys in &mut entering {
                    keys[lane] = LAST;
                }
                for (keys, value) in entering.iter_mut().skip(skipped).zip(found.iter()) {
                    keys[lane] = key_of(*value);
                }
            }
            for (at, entering) in entering.iter().enumerate().take(steps) {
                let Some(slot) = ring.get_mut(place) else { break };
                let leaving = std::mem::replace(slot, *entering);
                place = if place + 1 < size { place + 1 } else { 0 };
                slide(lanes, &mut keys, &leaving, entering);
                for lane in 0..LANES {
                    counts[lane] += usize::from(entering[lane] != LAST);
                    counts[lane] -= usize::from(leaving[lane] != LAST);
                }
                if let Some(row) = (step + at + 1).checked_sub(size) {
                    let windows = Sorted { keys: &keys, counts };
                    let width = |lane: usize| (rules.history + series[lane].1 + row + 1).min(size);
                    let enough = std::array::from_fn(|lane| counts[lane] >= rules.needed(width(lane)));
                    let last = entering.map(|key| if key == LAST { f64::NAN } else { value_of(key) });
                    sheet.note(statistic, &windows, last, enough, at);
                }
            }
            for (lane, (column, start, stop)) in series.iter().enumerate().take(many) {
                let from = (size - 1).saturating_sub(step).min(steps);
                let row = start + (step + from).saturating_sub(size - 1);
                let end = (from + stop.saturating_sub(row)).min(steps);
                sheet.write(tables, *column, row, lane, from..end);
            }
        }
    }
}
