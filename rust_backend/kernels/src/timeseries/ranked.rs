//! Long windows: the values of a few windows are put in order once, and a window is the set of the ranks in it.
//!
//! The set is a bit for each rank, and a list that links the ranks in it, so that a value enters and leaves in a few
//! operations, whatever the window. Order statistics are found by cursors, which stay where they were asked for last and
//! count what passes beneath them: from row to row they move by a link or two.

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

/// Links that a cursor follows before it counts bits instead.
const FAR: u32 = 16;

/// Places on either side of the last that are looked at without a branch: where the values nearest to the median are
/// moves by that much at most in nine of ten rows. To go there step by step took twice as long.
const NEAR: usize = 2;

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
    /// The ranks before and after each one in the window; the ends are their own.
    links: Vec<[u32; 2]>,
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
        let end = self.sorted.len() as u32 - 1;
        self.links.clear();
        self.links.resize(self.sorted.len(), [0, end]);
        self.count = 0;
        self.cursors = Cursors::default();
    }

    /// Puts the value of a row into the window.
    #[inline(always)]
    fn enter(&mut self, row: usize) {
        let rank = self.rank.get(row).copied().unwrap_or(0);
        if rank == 0 {
            return;
        }
        let before = self.previous(rank as usize) as u32;
        let [_, after] = self.link(before);
        self.join(before, rank);
        self.join(rank, after);
        self.count += 1;
        self.turn(rank, 1);
    }

    /// Takes the value of a row out of the window.
    #[inline(always)]
    fn leave(&mut self, row: usize) {
        let rank = self.rank.get(row).copied().unwrap_or(0);
        if rank == 0 {
            return;
        }
        let [before, after] = self.link(rank);
        self.join(before, after);
        self.count -= 1;
        self.turn(rank, u32::MAX);
        for place in self.cursors.place.iter_mut().take(LAST + 1) {
            let place = place.get_mut();
            *place = if *place == rank { after } else { *place };
        }
    }

    /// Turns the bit of a rank, and adds `step` to the counts of the cursors that are above.
    #[inline(always)]
    fn turn(&mut self, rank: u32, step: u32) {
        if let Some(word) = self.bits.get_mut(rank as usize / 64) {
            *word ^= 1 << (rank % 64);
        }
        for (place, below) in self.cursors.place.iter_mut().zip(&mut self.cursors.below) {
            let below = below.get_mut();
            *below = below.wrapping_add(if rank < *place.get_mut() { step } else { 0 });
        }
        self.recent.set(LAST);
    }

    /// The ranks before and after one in the window.
    #[inline(always)]
    fn link(&self, rank: u32) -> [u32; 2] {
        self.links.get(rank as usize).copied().unwrap_or_default()
    }

    /// Makes two ranks neighbours.
    #[inline(always)]
    fn join(&mut self, before: u32, after: u32) {
        if let Some(link) = self.links.get_mut(before as usize) {
            link[1] = after;
        }
        if let Some(link) = self.links.get_mut(after as usize) {
            link[0] = before;
        }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        self.bits.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn value_at(&self, place: u32) -> f64 {
        self.sorted.get(place as usize).copied().unwrap_or(f64::NAN)
    }

    /// The place in the window before any one but the first.
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

    /// Lets a cursor go to the place that has so many of the window below it, infinity included.
    #[inline(always)]
    fn seek(&self, cursor: usize, below: usize) -> u32 {
        let (place, count) = (&self.cursors.place[cursor], &self.cursors.below[cursor]);
        let (mut at, mask) = (place.get() as usize / 64, !0_u64 << (place.get() % 64));
        let now = count.get() as usize;
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
        let found = at as u32 * 64 + bits.trailing_zeros();
        place.set(found);
        count.set(below as u32);
        found
    }

    /// Where the values nearest to the median are: how many are below, and the first and the last of them.
    fn search(&self, median: f64, mut low: usize, mut first: u32, mut last: u32) -> (usize, u32, u32) {
        let less = |first, last| self.value_at(last) - median < median - self.value_at(first);
        for _ in 0..PATIENCE {
            let [before, end] = [first, last].map(|place| self.link(place)[0]);
            if less(first, last) {
                ([first, last], low) = ([first, last].map(|place| self.link(place)[1]), low + 1);
            } else if low > 1 && !less(before, end) {
                (first, last, low) = (before, end, low - 1);
            } else {
                return (low, first, last);
            }
        }
        let k = self.count.saturating_sub(1) / 2;
        let low = first_not_less(self, [median])[0] + 1;
        (low, self.seek(FIRST, low), self.seek(LAST, low + k))
    }

    /// As `seek`, for a cursor that is at a place in the window. Most go by one link or none; no branch tells which.
    #[inline(always)]
    fn walk(&self, cursor: usize, below: usize) -> u32 {
        let (mut place, mut now, below) =
            (self.cursors.place[cursor].get(), self.cursors.below[cursor].get(), below as u32);
        if now.abs_diff(below) > FAR {
            return self.seek(cursor, below as usize);
        }
        loop {
            let [before, after] = self.link(place);
            place = if now < below { after } else { place };
            place = if now > below { before } else { place };
            now = now + u32::from(now < below) - u32::from(now > below);
            if now == below {
                break;
            }
        }
        self.cursors.place[cursor].set(place);
        self.cursors.below[cursor].set(below);
        place
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
            return [self.value_at(self.link(self.cursors.place[recent].get())[1])];
        }
        let cursor = if recent + 1 < CURSORS { recent + 1 } else { LAST + 1 };
        self.recent.set(cursor);
        [self.value_at(self.seek(cursor, below))]
    }

    #[inline(always)]
    fn medians(&self) -> [f64; 1] {
        let place = self.walk(MIDDLE, self.count / 2 + 1);
        let high = self.value_at(place);
        [if self.count % 2 == 1 { high } else { midpoint(self.value_at(self.link(place)[0]), high) }]
    }

    /// As `nearest`, from where the nearest values were before.
    #[inline(always)]
    fn deviations(&self, [median]: [f64; 1]) -> [f64; 1] {
        let k = self.count.saturating_sub(1) / 2;
        let most = self.count - k + 1;
        let (left, right) = (|place| median - self.value_at(place), |place| self.value_at(place) - median);
        let mut low = (self.cursors.below[FIRST].get() as usize).clamp(1, most);
        let (mut firsts, mut lasts) = ([self.walk(FIRST, low); 2 * NEAR + 1], [self.walk(LAST, low + k); 2 * NEAR + 1]);
        for i in 1..=NEAR {
            for places in [&mut firsts, &mut lasts] {
                places[NEAR - i] = self.link(places[NEAR - i + 1])[0];
                places[NEAR + i] = self.link(places[NEAR + i - 1])[1];
            }
        }
        let mut less = 0;
        for i in 0..=2 * NEAR {
            less += usize::from(right(lasts[i]) < left(firsts[i]));
        }
        let (before, first, last);
        if less > 0 && less <= 2 * NEAR {
            (before, first, last) = (firsts[less - 1], firsts[less], lasts[less]);
            low = low + less - NEAR;
        } else {
            (low, first, last) = self.search(median, low, firsts[NEAR], lasts[NEAR]);
            before = self.link(first)[0];
        }
        for (cursor, place, below) in [(FIRST, first, low), (LAST, last, low + k)] {
            self.cursors.place[cursor].set(place);
            self.cursors.below[cursor].set(below as u32);
        }
        let (nearer, distance) = (left(before), right(last));
        let next = if nearer < distance { left(self.link(before)[0]) } else { right(self.link(last)[1]) };
        let (nearer, farther) = if nearer < distance { (nearer, distance) } else { (distance, nearer) };
        [if self.count % 2 == 1 { nearer } else { midpoint(nearer, farther.min(next)) }]
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
                ranks.enter(row - begin);
            }
            for start in (from..upto).step_by(CHUNK) {
                let stop = (start + CHUNK).min(upto);
                for row in start..stop {
                    ranks.enter(history + row - begin);
                    while first + windows.width(row) <= history + row {
                        ranks.leave(first - begin);
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
