//! Ranks of the values in each column.
//!
//! Values are sorted by the 33 bits of their keys from the first on in which any two differ, packed with the row into one
//! word: three passes of a radix sort. Few keys share these bits without being equal; such runs are sorted by comparison.

use crate::simd::Level;

const ROW_BITS: u32 = 31;
const ROW: u64 = (1 << ROW_BITS) - 1;
const DIGIT_BITS: u32 = 11;
const RADIX: usize = 1 << DIGIT_BITS;
const DIGITS: usize = 3;

fn digit(word: u64, place: usize) -> usize {
    (word >> (ROW_BITS + DIGIT_BITS * place as u32)) as usize % RADIX
}

/// Sorts words by all bits but the lowest 31, in their order where these are equal.
fn sort(words: &mut Vec<u64>, spare: &mut Vec<u64>) {
    let Some(first) = words.first().copied() else { return };
    let mut counts = [[0_u32; RADIX]; DIGITS];
    for word in &*words {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[digit(*word, place)] += 1;
        }
    }
    spare.clear();
    spare.resize(words.len(), 0);
    for (place, counts) in counts.iter_mut().enumerate() {
        if counts[digit(first, place)] as usize == words.len() {
            continue;
        }
        let mut before = 0;
        for count in counts.iter_mut() {
            before += std::mem::replace(count, before);
        }
        for word in &*words {
            let target = &mut counts[digit(*word, place)];
            if let Some(slot) = spare.get_mut(*target as usize) {
                *slot = *word;
            }
            *target += 1;
        }
        std::mem::swap(words, spare);
    }
}

/// The key of a number, in the order of the numbers; zeros of both signs have one.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    bits ^ (((bits as i64 >> 63) as u64) | 1 << 63)
}

/// Room for the work on a column.
struct Sorter {
    keys: Vec<u64>,
    words: Vec<u64>,
    spare: Vec<u64>,
}

impl Sorter {
    fn key(&self, word: u64) -> u64 {
        self.keys.get((word & ROW) as usize).copied().unwrap_or(0)
    }

    /// Sorts the rows of the finite values into the lower bits of `words`.
    fn sort(&mut self, values: &[f64]) {
        self.keys.clear();
        self.keys.extend(values.iter().map(|value| key(*value)));
        self.words.clear();
        let finite = values.iter().zip(0..).filter(|(value, _)| value.is_finite());
        self.words.extend(finite.map(|(_, row)| row));
        let Some(first) = self.words.first().map(|row| self.key(*row)) else { return };
        let differing = self.words.iter().fold(0, |differing, row| differing | (self.key(*row) ^ first));
        let shift = ROW_BITS.saturating_sub(differing.leading_zeros());
        let mut words = std::mem::take(&mut self.words);
        for word in &mut words {
            *word |= (self.key(*word) >> shift) << ROW_BITS;
        }
        sort(&mut words, &mut self.spare);
        if shift > 0 {
            for run in words.chunk_by_mut(|a, b| a >> ROW_BITS == b >> ROW_BITS).filter(|run| run.len() > 1) {
                run.sort_unstable_by_key(|word| self.key(*word));
            }
        }
        self.words = words;
    }
}

/// Fills twice the average rank of each value, 0 where it is missing, and the groups of equal values: the number of the
/// group, or of groups where the value is missing; the members of each group; the number of groups.
pub fn column_ranks(
    _: Level,
    columns: &[f64],
    length: &[i64],
    doubled: &mut [i32],
    group: &mut [i32],
    size: &mut [i32],
    groups: &mut [i64],
) -> Option<usize> {
    let n = length.first().and_then(|length| usize::try_from(*length).ok()).unwrap_or(0);
    if n == 0 {
        groups.fill(0);
        return None;
    }
    let mut sorter = Sorter { keys: Vec::with_capacity(n), words: Vec::with_capacity(n), spare: Vec::with_capacity(n) };
    let results = doubled.chunks_exact_mut(n).zip(group.chunks_exact_mut(n)).zip(size.chunks_exact_mut(n));
    for ((values, groups), ((doubled, group), size)) in columns.chunks_exact(n).zip(groups).zip(results) {
        sorter.sort(values);
        doubled.fill(0);
        size.fill(0);
        let (mut found, mut start) = (0, 0);
        // Most differ in the bits that they hold.
        let same = |a: &u64, b: &u64| a >> ROW_BITS == b >> ROW_BITS && sorter.key(*a) == sorter.key(*b);
        let equal = sorter.words.chunk_by(same);
        for (equal, size) in equal.zip(size) {
            let twice = (2 * start + equal.len() + 1) as i32;
            for word in equal {
                let row = (word & ROW) as usize;
                if let Some((doubled, group)) = doubled.get_mut(row).zip(group.get_mut(row)) {
                    (*doubled, *group) = (twice, found);
                }
            }
            *size = equal.len() as i32;
            found += 1;
            start += equal.len();
        }
        for (doubled, group) in doubled.iter().zip(group) {
            if *doubled == 0 {
                *group = found;
            }
        }
        *groups = i64::from(found);
    }
    None
}
