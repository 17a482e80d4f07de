//! Long windows: the values of a few windows are put in order once, and a window is the set of the ranks in it.
//!
//! The set is a bit for each rank, so that a value enters and leaves in one operation, whatever the window. Order
//! statistics are found by cursors, which stay where they were asked for last and count what passes beneath them: from
//! row to row they move by a bit or two.
//!
//! A list that linked the ranks of a window saved a tenth of the time of deviations and cost quantiles a quarter and
//! medians up to a tenth. To look at five or nine places on either side of the last without a branch, instead of going
//! there step by step, took deviations a tenth or half as long again.

use std::cell::Cell;

use crate::table::Table;
use crate::timeseries::order_statistics::{Ordered, Statistic, first_not_less, midpoint};
use crate::timeseries::results::{CHUNK, Results, Sheet};
use crate::timeseries::windows::{MISSING, Rules, Windows, finite, key_of, value_of};

/// Rows that are put in order at once, in windows. With more of them fewer rows are ordered twice, but it takes memory.
const SPAN: usize = 4;

/// Bits of a digit of the radix sort: three of them hold 32.
const DIGIT: u32 = 11;

/// Cursors for the median, the first and the last of the values nearest to it; the others are for quantiles.
const MIDDLE: usize = 0;
const FIRST: usize = 1;
const LAST: usize = 2;
const CURSORS: usize = 16;

/// Neighbours on either side that are found at once, and the ranks on either side that are looked at for them.
const NEAR: usize = 2;
const REACH: u32 = 32;

/// Steps after which the search for the nearest values begins anew.
const PATIENCE: usize = 64;

/// A place among all ranks, and how many of the window are below it.
#[derive(Default)]
struct Cursors {
    place: [Cell<u32>; CURSORS],
    below: [Cell<u32>; CURSORS],
}

/// The set of ranks in a window. Negative infinity has rank 0 and infinity the last, and both are always in it.
#[derive(Default)]
struct Ranks {
    /// The values of all rows in order, and the rank of each row, 0 where it has none.
    sorted: Vec<f64>,
    rank: Vec<u32>,
    scratch: [Vec<u64>; 2],
    bits: Vec<u64>,
    count: usize,
    cursors: Cursors,
    /// The cursor that was used last.
    recent: Cell<usize>,
}

impl Ranks {
    /// Puts keys in order and empties the window.
    ///
    /// The 32 highest of the bits in which keys differ, and the row below them, are sorted by digits from the lowest;
    /// keys that are equal in those and not in others are compared.
    #[inline(always)]
    fn order(&mut self, keys: &[i64]) {
        let present = || keys.iter().copied().filter(|key| *key != MISSING);
        let least = present().min().unwrap_or(0);
        let shift = present().max().unwrap_or(0).abs_diff(least).leading_zeros();
        let [source, target] = &mut self.scratch;
        source.clear();
        let rows = keys.iter().zip(0_u64..).filter(|(key, _)| **key != MISSING);
        source.extend(rows.map(|(key, row)| (key.abs_diff(least) << shift) & !u64::from(u32::MAX) | row));
        target.resize(source.len(), 0);
        for digit in 0..3 {
            let shift = 32 + digit * DIGIT;
            let mut places = [0_u32; 1 << DIGIT];
            for packed in source.iter() {
                places[(packed >> shift) as usize % (1 << DIGIT)] += 1;
            }
            let mut sum = 0;
            for place in &mut places {
                sum += std::mem::replace(place, sum);
            }
            for packed in source.iter() {
                let place = &mut places[(packed >> shift) as usize % (1 << DIGIT)];
                if let Some(slot) = target.get_mut(*place as usize) {
                    *slot = *packed;
                }
                *place += 1;
            }
            std::mem::swap(source, target);
        }
        let key_of = |packed: &u64| keys.get(*packed as u32 as usize).copied().unwrap_or(MISSING);
        for run in source.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
            if run.len() > 1 {
                run.sort_unstable_by_key(key_of);
            }
        }
        self.sorted.clear();
        self.sorted.push(f64::NEG_INFINITY);
        self.sorted.extend(source.iter().map(|packed| value_of(key_of(packed))));
        self.sorted.push(f64::INFINITY);
        self.rank.clear();
        self.rank.resize(keys.len(), 0);
        for (packed, rank) in source.iter().zip(1..) {
            if let Some(slot) = self.rank.get_mut(*packed as u32 as usize) {
                *slot = rank;
            }
        }
        self.bits.clear();
        self.bits.resize(self.sorted.len().div_ceil(64), 0);
        for rank in [0, self.sorted.len() - 1] {
            if let Some(word) = self.bits.get_mut(rank / 64) {
                *word |= 1 << (rank % 64);
            }
        }
        self.count = 0;
        self.cursors = Cursors::default();
    }

    /// Puts the value of a row into the window, or takes it out.
    #[inline(always)]
    fn turn(&mut self, row: usize, entering: bool) {
        let rank = self.rank.get(row).copied().unwrap_or(0);
        let Some(word) = self.bits.get_mut(rank as usize / 64).filter(|_| rank > 0) else { return };
        *word ^= 1 << (rank % 64);
        let step = if entering { 1 } else { u32::MAX };
        self.count = self.count.wrapping_add_signed(if entering { 1 } else { -1 });
        for (place, below) in self.cursors.place.iter_mut().zip(&mut self.cursors.below) {
            let below = below.get_mut();
            *below = below.wrapping_add(if rank < *place.get_mut() { step } else { 0 });
        }
        self.recent.set(LAST);
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        self.bits.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn value_at(&self, place: usize) -> f64 {
        self.sorted.get(place).copied().unwrap_or(f64::NAN)
    }

    /// The next place in the window; the last one is its own.
    #[inline(always)]
    fn next(&self, place: usize) -> usize {
        let mut at = place / 64;
        let mut bits = self.word(at) & (!1 << (place % 64));
        while bits == 0 {
            at += 1;
            if at >= self.bits.len() {
                return place;
            }
            bits = self.word(at);
        }
        at * 64 + bits.trailing_zeros() as usize
    }

    /// The place before in the window; the first one is its own.
    #[inline(always)]
    fn previous(&self, place: usize) -> usize {
        let mut at = place / 64;
        let mut bits = self.word(at) & !(!0 << (place % 64));
        while bits == 0 {
            if at == 0 {
                return place;
            }
            at -= 1;
            bits = self.word(at);
        }
        at * 64 + 63 - bits.leading_zeros() as usize
    }

    /// The place in the window that is this or the next, and those before and after it, if they are near.
    ///
    /// Without a branch that depends on a value: from row to row most places move by one or two, and none knows which.
    #[inline(always)]
    fn near(&self, place: u32) -> Option<[u32; 2 * NEAR + 1]> {
        let start = i64::from(place) - i64::from(REACH);
        let (at, shift) = ((start >> 6) as usize, start & 63);
        let bits = self.word(at) >> shift | self.word(at.wrapping_add(1)) << 1 << (63 - shift);
        let (below, above) = (bits as u32, (bits >> REACH) as u32);
        let second = above & above.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let before = below & !(1 << 31 >> (below.leading_zeros() & 31));
        let ends = [before, below].map(|bits| place.wrapping_sub(1 + bits.leading_zeros()));
        let [here, next, last] = [above, second, third].map(|bits| place + bits.trailing_zeros());
        (before != 0 && third != 0).then_some([ends[0], ends[1], here, next, last])
    }

    /// Lets a cursor go to the place that has so many of the window below it, infinity included.
    #[inline(always)]
    fn seek(&self, cursor: usize, below: usize) -> usize {
        let (place, count) = (&self.cursors.place[cursor], &self.cursors.below[cursor]);
        let steps = (below + NEAR).wrapping_sub(count.get() as usize);
        let near = self.near(place.get()).and_then(|near| near.get(steps).copied());
        let found = near.unwrap_or_else(|| self.count_up_to(place.get(), count.get() as usize, below));
        place.set(found);
        count.set(below as u32);
        found as usize
    }

    /// The place that has `below` of the window below it, from another.
    fn count_up_to(&self, place: u32, now: usize, below: usize) -> u32 {
        let (mut at, mask) = (place as usize / 64, !0_u64 << (place % 64));
        let (mut bits, mut left);
        if below >= now {
            (bits, left) = (self.word(at) & mask, below - now);
            while left >= bits.count_ones() as usize && at < self.bits.len() {
                left -= bits.count_ones() as usize;
                at += 1;
                bits = self.word(at);
            }
        } else {
            (bits, left) = (self.word(at) & !mask, now - below);
            while left > bits.count_ones() as usize && at > 0 {
                left -= bits.count_ones() as usize;
                at -= 1;
                bits = self.word(at);
            }
            left = bits.count_ones() as usize - left;
        }
        for _ in 0..left {
            bits &= bits.wrapping_sub(1);
        }
        at as u32 * 64 + bits.trailing_zeros()
    }
}

impl Ordered<1> for Ranks {
    #[inline(always)]
    fn counts(&self) -> [usize; 1] {
        [self.count]
    }

    /// Each call for a row has a cursor of its own, but the next rank is found from that of the one before.
    #[inline(always)]
    fn values(&self, [rank]: [usize; 1]) -> [f64; 1] {
        let (recent, below) = (self.recent.get(), rank.min(self.count) + 1);
        if recent > LAST && self.cursors.below[recent].get() as usize + 1 == below {
            return [self.value_at(self.next(self.cursors.place[recent].get() as usize))];
        }
        let cursor = if recent + 1 < CURSORS { recent + 1 } else { LAST + 1 };
        self.recent.set(cursor);
        [self.value_at(self.seek(cursor, below))]
    }

    #[inline(always)]
    fn medians(&self) -> [f64; 1] {
        let place = self.seek(MIDDLE, self.count / 2 + 1);
        let high = self.value_at(place);
        [if self.count % 2 == 1 { high } else { midpoint(self.value_at(self.previous(place)), high) }]
    }

    /// As `nearest`, from where the nearest values were before.
    #[inline(always)]
    fn deviations(&self, [median]: [f64; 1]) -> [f64; 1] {
        let k = self.count.saturating_sub(1) / 2;
        let most = self.count - k + 1;
        let (left, right) = (|place| median - self.value_at(place), |place| self.value_at(place) - median);
        let mut low = (self.cursors.below[FIRST].get() as usize).clamp(1, most);
        let (mut first, mut last) = (self.seek(FIRST, low), self.seek(LAST, low + k));
        let mut patience = PATIENCE;
        let (before, distance) = loop {
            let distance = right(last);
            if distance < left(first) {
                (first, last, low) = (self.next(first), self.next(last), low + 1);
            } else {
                let (before, end) = (self.previous(first), self.previous(last));
                if low == 1 || right(end) < left(before) {
                    break (before, distance);
                }
                (first, last, low) = (before, end, low - 1);
            }
            patience -= 1;
            if patience == 0 {
                low = first_not_less(self, [median])[0] + 1;
                (first, last) = (self.seek(FIRST, low), self.seek(LAST, low + k));
                break (self.previous(first), right(last));
            }
        };
        for (cursor, place, below) in [(FIRST, first, low), (LAST, last, low + k)] {
            self.cursors.place[cursor].set(place as u32);
            self.cursors.below[cursor].set(below as u32);
        }
        let (below, above) = (left(before), distance);
        if self.count % 2 == 1 {
            return [below.min(above)];
        }
        // Both, as a branch would go wrong half of the time.
        let (beyond, next) = (left(self.previous(before)), right(self.next(last)));
        let farther = below.max(above).min(beyond).min(next);
        [midpoint(below.min(above), farther)]
    }
}

/// Fills tables with a statistic of windows.
#[inline(always)]
pub(crate) fn fill(
    values: Table<'_, f64>,
    windows: Windows<'_>,
    rules: Rules,
    size: usize,
    statistic: &impl Statistic,
    tables: &mut [Results<'_>],
) {
    let history = rules.history;
    let mut ranks = Ranks::default();
    let mut sheet = Sheet::<1>::new(tables, values.columns());
    let (mut loaded, mut keys) = ([0.0; CHUNK], Vec::new());
    for column in 0..values.columns() {
        for from in (0..rules.rows).step_by(SPAN * size) {
            let upto = (from + SPAN * size).min(rules.rows);
            let mut first = (history + from + 1).saturating_sub(windows.width(from));
            let begin = first;
            keys.clear();
            for start in (begin..history + upto).step_by(CHUNK) {
                let many = (history + upto - start).min(CHUNK);
                let loaded = values.load(column, start, loaded.get_mut(..many).unwrap_or_default());
                keys.extend(loaded.iter().map(|value| key_of(*value)));
            }
            ranks.order(&keys);
            for row in begin..history + from {
                ranks.turn(row - begin, true);
            }
            for start in (from..upto).step_by(CHUNK) {
                let stop = (start + CHUNK).min(upto);
                for row in start..stop {
                    ranks.turn(history + row - begin, true);
                    while first + windows.width(row) <= history + row {
                        ranks.turn(first - begin, false);
                        first += 1;
                    }
                    let needed = [rules.needed(history + row + 1 - first)];
                    let key = keys.get(history + row - begin).copied().unwrap_or(MISSING);
                    let last = if key == MISSING { f64::NAN } else { finite(value_of(key)) };
                    sheet.note(statistic, &ranks, [last], needed, row - start);
                }
                sheet.write(tables, column, start, 0, 0..stop - start);
            }
        }
    }
}
