//! Long windows, and those of different widths: the values of a few windows are put in order once, and a window is the set
//! of the ranks in it.
//!
//! The set is a bit for each rank, so that a value enters and leaves in one operation, whatever the window. Order
//! statistics are found by cursors, which stay where they were asked for last and count what passes beneath them: from
//! row to row they move by a bit or two.
//!
//! A list that linked the ranks of a window saved a tenth of the time of deviations and cost quantiles a quarter and
//! medians up to a tenth. To look at five or nine places on either side of the last without a branch, instead of going
//! there step by step, took deviations a tenth or half as long again.

use std::cell::Cell;
use std::ops::Range;

use crate::table::Table;
use crate::timeseries::order_statistics::{Ordered, Statistic, first_not_less, midpoint};
use crate::timeseries::results::{CHUNK, Results, Sheet};
use crate::timeseries::windows::{MISSING, Rules, Windows, finite, key_of, value_of};

/// Rows that are put in order at once, in windows. With more of them fewer rows are ordered twice, but it takes memory.
const SPAN: usize = 4;

/// The least rows that are put in order at once.
const LEAST: usize = 64;

/// The least and the most bits of each of the two digits of a bucket, and how many more both have than the number of values.
const DIGITS: [u32; 2] = [4, 11];
const SPARE: u32 = 10;

/// Keys that tell where most of them are.
const SAMPLE: usize = 32;

/// Values are divided by eight, as three times the distance of opposite extremes is beyond the largest float.
const EIGHTH: f64 = 0.125;

/// Cursors for the median, the first and the last of the values nearest to it; the others are for quantiles.
const MIDDLE: usize = 0;
const FIRST: usize = 1;
const LAST: usize = 2;
const CURSORS: usize = 16;

/// The ranks on either side of a place that are looked at for its neighbours.
const REACH: u32 = 32;

/// Steps after which the search for the nearest values begins anew.
const PATIENCE: usize = 64;

/// A place among all ranks, and how many of the window are below it.
#[derive(Default)]
struct Cursor {
    place: Cell<u32>,
    below: Cell<u32>,
}

impl Cursor {
    #[inline(always)]
    fn set(&self, place: usize, below: usize) {
        self.place.set(place as u32);
        self.below.set(below as u32);
    }
}

/// A number for each value of a digit.
type Digit = [u32; 1 << DIGITS[1]];

/// Puts numbers in the order of a digit, given how many there are of each, which are 0 afterwards, and leaves those alike
/// as they stand.
#[inline(always)]
fn scatter(source: &[u64], target: &mut [u64], places: &mut Digit, shift: u32, base: usize) {
    let mut sum = 0;
    for place in places.iter_mut().take(base) {
        sum += std::mem::replace(place, sum);
    }
    for packed in source {
        let place = &mut places[(packed >> shift) as usize % base];
        if let Some(slot) = target.get_mut(*place as usize) {
            *slot = *packed;
        }
        *place += 1;
    }
    places.iter_mut().take(base).for_each(|place| *place = 0);
}

/// The set of ranks in a window. Negative infinity has rank 0 and infinity the last, and both are always in it.
struct Ranks {
    /// The values of all rows in order, and the rank of each row, 0 where it has none.
    sorted: Vec<f64>,
    rank: Vec<u32>,
    scratch: [Vec<u64>; 2],
    /// Where values of each digit go; all 0 between two sorts.
    places: Box<[Digit; 2]>,
    bits: Vec<u64>,
    count: usize,
    cursors: [Cursor; CURSORS],
    /// The cursors that a statistic uses, and the one that was used last.
    used: Range<usize>,
    recent: Cell<usize>,
}

impl Ranks {
    fn new(used: Range<usize>) -> Self {
        Self {
            sorted: Vec::new(),
            rank: Vec::new(),
            scratch: Default::default(),
            places: Box::new([[0; 1 << DIGITS[1]]; 2]),
            bits: Vec::new(),
            count: 0,
            cursors: Default::default(),
            used,
            recent: Cell::new(LAST),
        }
    }

    /// Where most of the values of keys begin, and how far they reach, both divided by eight.
    fn middle(keys: &[i64]) -> (f64, f64) {
        let mut sample = [MISSING; SAMPLE];
        let mut many = 0;
        for key in keys.iter().step_by(keys.len().div_ceil(SAMPLE).max(1)).filter(|key| **key != MISSING) {
            sample[many] = *key;
            many += 1;
        }
        let sample = &mut sample[..many];
        sample.sort_unstable();
        let value = |at: usize| sample.get(at).map_or(0.0, |key| EIGHTH * value_of(*key));
        let (first, last) = (value(many / 16), value(many.saturating_sub(1 + many / 16)));
        (first, last - first)
    }

    /// Puts keys in order and empties the window.
    ///
    /// Values go in two passes to buckets of equal width, of which there are many times as many as values; those that share
    /// one are compared. The buckets reach from a little before to a little behind most values, and what is farther off
    /// is in the first or the last: with buckets from the least to the greatest, a few far values left one for all others.
    #[inline(always)]
    fn order(&mut self, keys: &[i64]) {
        let digit = ((keys.len().max(1).ilog2() + SPARE) / 2).clamp(DIGITS[0], DIGITS[1]);
        let (last, base) = ((1_u32 << (2 * digit)) - 1, 1 << digit);
        let (from, width) = Self::middle(keys);
        let scale = (f64::from(last) / (3.0 * width)).min(f64::MAX);
        let [low, high] = &mut *self.places;
        let [by_row, by_low] = &mut self.scratch;
        by_row.clear();
        for (key, row) in keys.iter().zip(0_u64..) {
            if *key != MISSING {
                // Each step rounds, and none lets values pass each other.
                let bucket = (((EIGHTH * value_of(*key) - from + width) * scale) as u32).min(last);
                low[bucket as usize % base] += 1;
                high[(bucket >> digit) as usize] += 1;
                by_row.push(u64::from(bucket) << 32 | row);
            }
        }
        by_low.resize(by_row.len(), 0);
        let (by_row, by_low) = (&mut by_row[..], &mut by_low[..]);
        scatter(by_row, by_low, low, 32, base);
        scatter(by_low, by_row, high, 32 + digit, base);
        let key_of = |packed: &u64| keys.get(*packed as u32 as usize).copied().unwrap_or(MISSING);
        for run in by_row.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
            if run.len() > 1 {
                run.sort_unstable_by_key(key_of);
            }
        }
        self.sorted.clear();
        self.sorted.push(f64::NEG_INFINITY);
        self.sorted.extend(by_row.iter().map(|packed| value_of(key_of(packed))));
        self.sorted.push(f64::INFINITY);
        self.rank.clear();
        self.rank.resize(keys.len(), 0);
        for (packed, rank) in by_row.iter().zip(1..) {
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
        self.cursors = Default::default();
    }

    /// Puts the value of a row into the window, or takes it out.
    #[inline(always)]
    fn turn(&mut self, row: usize, entering: bool) {
        self.recent.set(LAST);
        let rank = self.rank.get(row).copied().unwrap_or(0);
        let Some(word) = self.bits.get_mut(rank as usize / 64).filter(|_| rank > 0) else { return };
        *word ^= 1 << (rank % 64);
        let step = if entering { 1 } else { u32::MAX };
        self.count = self.count.wrapping_add_signed(if entering { 1 } else { -1 });
        // One by one: a vector of numbers has to wait for the one that was written last.
        for cursor in self.cursors.get_mut(self.used.clone()).unwrap_or_default() {
            let below = cursor.below.get_mut();
            *below = below.wrapping_add(if rank < *cursor.place.get_mut() { step } else { 0 });
        }
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

    /// The place some steps on from this or the next one of the window, if it is near.
    ///
    /// Without a branch that depends on a value: from row to row most places move by one or two, and none knows which.
    #[inline(always)]
    fn near(&self, place: u32, steps: i64) -> Option<u32> {
        let start = i64::from(place) - i64::from(REACH);
        let (at, shift) = ((start >> 6) as usize, start & 63);
        let bits = self.word(at) >> shift | self.word(at.wrapping_add(1)) << 1 << (63 - shift);
        let (below, above) = (bits as u32, (bits >> REACH) as u32);
        let second = above & above.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let before = below & !(1 << 31 >> (below.leading_zeros() & 31));
        let up = if steps == 0 { above } else { second };
        let up = if steps == 2 { third } else { up };
        let down = if steps == -1 { below } else { before };
        let found = if steps < 0 { 31_u32.wrapping_sub(down.leading_zeros()) } else { REACH + up.trailing_zeros() };
        let near = before != 0 && third != 0 && (-2..=2).contains(&steps);
        near.then_some(place.wrapping_add(found).wrapping_sub(REACH))
    }

    /// Lets a cursor go to the place that has so many of the window below it, infinity included.
    #[inline(always)]
    fn seek(&self, cursor: usize, below: usize) -> usize {
        let cursor = &self.cursors[cursor];
        let (place, count) = (cursor.place.get(), cursor.below.get() as usize);
        let near = self.near(place, below as i64 - count as i64);
        let found = near.unwrap_or_else(|| self.count_up_to(place, count, below)) as usize;
        cursor.set(found, below);
        found
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
        if recent > LAST && self.cursors[recent].below.get() as usize + 1 == below {
            return [self.value_at(self.next(self.cursors[recent].place.get() as usize))];
        }
        let cursor = if recent + 1 < self.used.end { recent + 1 } else { LAST + 1 };
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
        let mut low = (self.cursors[FIRST].below.get() as usize).clamp(1, most);
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
            self.cursors[cursor].set(place, below);
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
    statistic: Statistic<'_>,
    tables: &mut [Results<'_>],
) {
    let history = rules.history;
    let used = match statistic {
        Statistic::Median => MIDDLE..MIDDLE + 1,
        Statistic::Quantiles(q) => LAST + 1..(LAST + 1 + 2 * q.len()).min(CURSORS),
        _ => MIDDLE..LAST + 2, // one for ranks, where the search for the nearest begins anew
    };
    let mut ranks = Ranks::new(used);
    let mut sheet = Sheet::<1>::new(tables, values.columns());
    let (mut loaded, mut keys) = ([0.0; CHUNK], Vec::new());
    let span = (SPAN * size).max(LEAST);
    for column in 0..values.columns() {
        for from in (0..rules.rows).step_by(span) {
            let upto = (from + span).min(rules.rows);
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
                    let width = if windows.are_equal() { size } else { windows.width(row) };
                    while first + width <= history + row {
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
