//! Eight series in lockstep: their windows stay in order by moves that are the same for all of them.
//!
//! To take one key out of a sorted array and one in, every slot takes the smaller or the greater of its neighbours and
//! the keys: four operations on vectors for a slot of eight series, without a branch or a search. The series are
//! columns, or parts of them where there are fewer, each behind as many rows as its first window reaches back to.

use crate::simd::lanes::Lanes;
use crate::table::Table;
use crate::timeseries::order_statistics::{Ordered, Statistic, medians, middles};
use crate::timeseries::results::{CHUNK, Results, Sheet};
use crate::timeseries::windows::Rules;

const LANES: usize = 8;

/// The longest windows whose distances are all looked at.
const SCANNED: usize = 128;

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

/// A key whose value is below all others, infinity included; it is never compared.
const BELOW: i64 = FIRST as i64 + 1;

/// The windows of the series.
struct Sorted<'a, L> {
    lanes: L,
    /// `BELOW`, the keys, and `LAST`, up to a power of two.
    keys: &'a [Keys],
    counts: [usize; LANES],
}

impl<L: Lanes> Sorted<'_, L> {
    /// How many values each window has, where all have as many.
    #[inline(always)]
    fn count(&self) -> Option<usize> {
        let count = self.counts[0];
        self.counts.iter().all(|other| *other == count).then_some(count)
    }

    /// The keys of one rank.
    #[inline(always)]
    fn keys_of(&self, rank: usize) -> Keys {
        self.keys.get(rank + 1).copied().unwrap_or([LAST; LANES])
    }

    /// The k + 1 least distances to the medians, and the k + 2 least, as far as the last of them, of windows of `count`.
    ///
    /// As many values that stand together are no farther from the median than one of their ends, and the nearest ones do.
    /// Where no gather is needed, it is faster to look at all of them than to search.
    #[inline(always)]
    fn scan(&self, count: usize, medians: &Keys) -> [Keys; 2] {
        let (lanes, k) = (self.lanes, count.saturating_sub(1) / 2);
        let mut found = [[0; LANES]; 2];
        for first in (0..LANES).step_by(L::ROWS) {
            let median = lanes.load(&medians[first..]);
            let value = |rank: usize| {
                let key = lanes.load(&self.keys_of(rank)[first..]);
                lanes.sub(key, lanes.shr(key, 63))
            };
            let (mut nearer, mut farther) = (lanes.all(LAST as u64), lanes.all(LAST as u64));
            let mut right = lanes.sub_floats(value(k), median);
            for rank in 0..count - k {
                let left = lanes.sub_floats(median, value(rank));
                nearer = lanes.smaller(nearer, lanes.greater(left, right));
                right = lanes.sub_floats(value(rank + k + 1), median);
                farther = lanes.smaller(farther, lanes.greater(left, right));
            }
            lanes.store(nearer, &mut found[0][first..]);
            lanes.store(farther, &mut found[1][first..]);
        }
        found
    }

    /// The values of ranks of the lanes from `first` on; of rank -1 it is negative infinity, of the count infinity.
    #[inline(always)]
    fn at(&self, first: usize, ranks: L::Words) -> L::Words {
        let lanes = self.lanes;
        let places = lanes.add(lanes.shl(ranks, LANES.ilog2()), lanes.load(&PLACES[first..]));
        let keys = lanes.gather(self.keys.as_flattened(), places);
        lanes.sub(keys, lanes.shr(keys, 63))
    }

    /// How far a median is above one rank and below another.
    #[inline(always)]
    fn distances(&self, first: usize, median: L::Words, low: L::Words, high: L::Words) -> (L::Words, L::Words) {
        let (low, high) = (self.at(first, low), self.at(first, high));
        (self.lanes.sub_floats(median, low), self.lanes.sub_floats(high, median))
    }
}

/// The places of rank 0.
const PLACES: Keys = [8, 9, 10, 11, 12, 13, 14, 15];

impl<L: Lanes> Ordered<LANES> for Sorted<'_, L> {
    #[inline(always)]
    fn counts(&self) -> [usize; LANES] {
        self.counts
    }

    #[inline(always)]
    fn values(&self, ranks: [usize; LANES]) -> [f64; LANES] {
        let (ranks, mut values) = (ranks.map(|rank| rank as i64), [0; LANES]);
        for first in (0..LANES).step_by(L::ROWS) {
            self.lanes.store(self.at(first, self.lanes.load(&ranks[first..])), &mut values[first..]);
        }
        values.map(|bits| f64::from_bits(bits as u64))
    }

    #[inline(always)]
    fn medians(&self) -> [f64; LANES] {
        let Some(count) = self.count() else { return medians(self) };
        let high = self.keys_of(count / 2).map(value_of);
        if count % 2 == 1 {
            return high;
        }
        middles(self.counts, self.keys_of(count.saturating_sub(1) / 2).map(value_of), high)
    }

    /// As `nearest`, in vectors. What lies beside the keys makes every look beyond them one at an infinite distance.
    #[inline(always)]
    fn deviations(&self, medians: [f64; LANES]) -> [f64; LANES] {
        let lanes = self.lanes;
        let (counts, medians) = (self.counts.map(|count| count as i64), medians.map(|median| median.to_bits() as i64));
        if let Some(count) = self.count().filter(|count| *count <= SCANNED) {
            let [nearer, farther] =
                self.scan(count, &medians).map(|words| words.map(|bits| f64::from_bits(bits as u64)));
            return middles(self.counts, farther, nearer);
        }
        let most = self.counts.iter().max().map_or(0, |count| count - count.saturating_sub(1) / 2);
        let (mut nearer, mut farther) = ([0; LANES], [0; LANES]);
        for first in (0..LANES).step_by(L::ROWS) {
            let (counts, median) = (lanes.load(&counts[first..]), lanes.load(&medians[first..]));
            let one = lanes.all(1);
            let k = lanes.shr(lanes.sub(counts, lanes.if_less(lanes.all(0), counts, one, counts)), 1);
            let (mut low, mut many) = (lanes.all(0), lanes.sub(counts, k));
            for _ in 0..usize::BITS - most.leading_zeros() {
                let half = lanes.shr(many, 1);
                let i = lanes.add(low, half);
                let (left, right) = self.distances(first, median, i, lanes.add(i, k));
                low = lanes.if_less(right, left, lanes.add(i, one), low);
                many = lanes.if_less(right, left, lanes.sub(lanes.sub(many, half), one), half);
            }
            let (left, right) = self.distances(first, median, lanes.sub(low, one), lanes.add(low, k));
            lanes.store(lanes.smaller(left, right), &mut nearer[first..]);
            let low = lanes.if_less(left, right, lanes.sub(low, one), low);
            let (left, right) = self.distances(first, median, lanes.sub(low, one), lanes.add(lanes.add(low, k), one));
            lanes.store(lanes.smaller(left, right), &mut farther[first..]);
        }
        let [nearer, farther] = [nearer, farther].map(|words| words.map(|bits| f64::from_bits(bits as u64)));
        middles(self.counts, farther, nearer)
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
    let (mut keys, mut ring) = (vec![[LAST; LANES]; (size + 3).next_power_of_two()], vec![[LAST; LANES]; size]);
    let mut loaded = [0.0; CHUNK];
    let mut entering = vec![[LAST; LANES]; CHUNK];
    for first in (0..columns * parts).step_by(LANES) {
        keys.fill([LAST; LANES]);
        keys[0] = [BELOW; LANES];
        ring.fill([LAST; LANES]);
        let many = (columns * parts - first).min(LANES);
        // The series of a lane: its column, and its rows of the call. Lanes without one repeat the last, so that all
        // windows have as many values.
        let series: [_; LANES] = std::array::from_fn(|lane| {
            let (column, part) = ((first + lane.min(many - 1)) / parts, (first + lane.min(many - 1)) % parts);
            let start = (part * length).min(rules.rows);
            (column, start, (start + length).min(rules.rows))
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
                slide(lanes, &mut keys[1..=size], &leaving, entering);
                for lane in 0..LANES {
                    counts[lane] += usize::from(entering[lane] != LAST);
                    counts[lane] -= usize::from(leaving[lane] != LAST);
                }
                if let Some(row) = (step + at + 1).checked_sub(size) {
                    let windows = Sorted { lanes, keys: &keys, counts };
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
