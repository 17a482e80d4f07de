//! Reading and writing decimal Morton ids, many digits at once in the fields of words, two vectors at a time.
//!
//! The same splits in arithmetic on 64-bit words, which LLVM vectorises by itself, take twice the time at AVX-512 and
//! four times at the other levels, where products of 64-bit words take many instructions.
//!
//! What is done to vectors is in functions, not closures: those that are not inlined run at the baseline.

use crate::healpix::decimal::{ONES, POWERS};
use crate::simd::lanes::Lanes;

/// A one in each field of a word.
const FIELDS8: u64 = 0x0101_0101_0101_0101;
const FIELDS16: u64 = 0x0001_0001_0001_0001;
const FIELDS32: u64 = 0x0000_0001_0000_0001;

/// The most rows that two vectors have at any level.
const MOST: usize = 16;

/// What is done to two vectors.
trait Step<L: Lanes>: Copy {
    /// Returns two vectors, and one that is 0 if all their rows are valid.
    fn step(self, first: L::Words, second: L::Words) -> (L::Words, L::Words, L::Words);

    /// The step on rows of slices.
    #[inline(always)]
    fn store(self, lanes: L, values: &[i64], out: &mut [i64], wrong: L::Words) -> L::Words {
        let (first, second, bad) = self.step(lanes.load(values), lanes.load(&values[L::ROWS..]));
        lanes.store(first, out);
        lanes.store(second, &mut out[L::ROWS..]);
        lanes.or(wrong, bad)
    }

    /// Fills `out`; returns whether all rows are valid.
    #[inline(always)]
    fn fill(self, lanes: L, values: &[i64], out: &mut [i64]) -> bool {
        let whole = values.len().min(out.len()) / (2 * L::ROWS) * (2 * L::ROWS);
        let ((values, rest), (out, rest_out)) = (values.split_at(whole), out.split_at_mut(whole));
        let mut wrong = lanes.all(0);
        for (values, out) in values.chunks_exact(2 * L::ROWS).zip(out.chunks_exact_mut(2 * L::ROWS)) {
            wrong = self.store(lanes, values, out, wrong);
        }
        if !rest.is_empty() {
            let (mut last, mut last_out) = ([0; MOST], [0; MOST]);
            for (last, value) in last.iter_mut().zip(rest.iter().cycle()) {
                *last = *value;
            }
            wrong = self.store(lanes, &last, &mut last_out, wrong);
            for (out, last) in rest_out.iter_mut().zip(last_out) {
                *out = last;
            }
        }
        let mut flags = [0; MOST];
        lanes.store(wrong, &mut flags);
        flags == [0; MOST]
    }
}

/// Reads ids of order 18.
#[derive(Clone, Copy)]
struct Reader<L>(L);

impl<L: Lanes> Reader<L> {
    #[inline(always)]
    fn and(self, words: L::Words, mask: u64) -> L::Words {
        self.0.and(words, self.0.all(mask))
    }

    /// Returns the signs, as words of zeros or ones, and the magnitudes of integers.
    #[inline(always)]
    fn magnitude(self, ids: L::Words) -> (L::Words, L::Words) {
        let sign = self.0.negative(ids);
        (sign, self.0.sub(self.0.xor(ids, sign), sign))
    }

    /// Turns two-digit numbers in bytes, digits 0 to 3, into base-four ones; returns also words that are 0 if they were
    /// such numbers.
    #[inline(always)]
    fn pairs(self, bytes: L::Words) -> (L::Words, L::Words) {
        let Self(lanes) = self;
        let tens = self.and(lanes.shr(lanes.mul_fields16(bytes, lanes.all(7 * FIELDS16)), 6), 3 * FIELDS8);
        let six = lanes.mul_fields16(tens, lanes.all(6 * FIELDS16));
        // With six times the tens added, the digits are in nibbles of their own; below 64, only such numbers pass.
        let wrong = lanes.or(self.and(bytes, 0xc0 * FIELDS8), self.and(lanes.add(bytes, six), 0xcc * FIELDS8));
        (lanes.sub(bytes, six), wrong)
    }

    /// Takes the sixteen low digits off magnitudes: returns what is above them, the levels as bytes in 16-bit fields,
    /// and words that are 0 where all sixteen are 1 to 4.
    ///
    /// A number is split in two four times, until each pair of digits has a byte. The quotients come from leading bits
    /// and a rounded reciprocal: in an id, what they cut off is 0.11 to 0.45, farther from an integer than they err.
    /// Any quotient keeps the value, so that a number is an id if and only if every part is in range after each split.
    #[inline(always)]
    fn sixteen(self, magnitude: L::Words) -> (L::Words, L::Words, L::Words) {
        let Self(lanes) = self;
        // The reciprocals are 2^76 / 10^16, 2^58 / 10^8, 2^26 / 10^4 and 2^16 / 10^2.
        let top = lanes.shr(lanes.mul32(lanes.shr(magnitude, 44), lanes.all(7_555_787)), 32);
        let word = lanes.sub(magnitude, lanes.mul(top, POWERS[16]));
        let wrong = self.and(word, !0 << 52);
        let upper = lanes.shr(lanes.mul32(lanes.shr(word, 20), lanes.all(2_882_303_762)), 38);
        let word = lanes.add(word, lanes.mul32(upper, lanes.all((1 << 32) - POWERS[8])));
        let wrong = lanes.or(wrong, self.and(word, 0xfc00_0000 * FIELDS32));
        let upper = lanes.mul_high_fields16(lanes.shr_fields32(word, 10), lanes.all(6711 * FIELDS16));
        // Half the factor, twice, because the products are of signed fields.
        let half = lanes.mul_add_fields16(upper, lanes.all(((1 << 16) - POWERS[4]) / 2 * FIELDS16));
        let word = lanes.add(lanes.add(word, half), half);
        let wrong = lanes.or(wrong, self.and(word, 0xe000 * FIELDS16));
        let upper = lanes.mul_high_fields16(word, lanes.all(656 * FIELDS16));
        let word = lanes.add(word, lanes.mul_fields16(upper, lanes.all(((1 << 8) - POWERS[2]) * FIELDS16)));
        let (levels, bad) = self.pairs(lanes.sub(word, lanes.all(11 * FIELDS8)));
        (top, lanes.weigh_bytes(levels, 16), lanes.or(wrong, bad))
    }
}

impl<L: Lanes> Step<L> for Reader<L> {
    #[inline(always)]
    fn step(self, first: L::Words, second: L::Words) -> (L::Words, L::Words, L::Words) {
        let Self(lanes) = self;
        let ((first_sign, first), (second_sign, second)) = (self.magnitude(first), self.magnitude(second));
        let (first_top, first, first_wrong) = self.sixteen(first);
        let (second_top, second, second_wrong) = self.sixteen(second);
        // The digits above, of both vectors: the face in byte 1 and two levels in byte 0.
        let top = lanes.low(first_top, second_top);
        let upper = lanes.mul_high_fields16(top, lanes.all(656 * FIELDS32));
        let top = lanes.add(top, lanes.mul_fields16(upper, lanes.all(((1 << 8) - POWERS[2]) * FIELDS32)));
        let top = lanes.sub_fields32(top, lanes.all(0x010b * FIELDS32));
        let face = lanes.shr_fields32(top, 8);
        let (levels, bad) = self.pairs(self.and(top, 0xff * FIELDS32));
        let wrong = lanes.or(lanes.low(first_wrong, second_wrong), lanes.high(first_wrong, second_wrong));
        let good = lanes.equal_fields32(lanes.or(wrong, bad), lanes.all(0));
        let wrong = lanes.or(lanes.xor(good, lanes.all(!0)), lanes.greater_fields32(face, lanes.all(5 * FIELDS32)));
        let south = self.and(lanes.low(first_sign, second_sign), 6 * FIELDS32);
        let high = lanes.or(lanes.shl(lanes.add(face, south), 4), lanes.or(levels, wrong));
        let low = lanes.or(lanes.bytes(first, second), wrong);
        (lanes.join_first(low, high), lanes.join_second(low, high), wrong)
    }
}

/// Fills `nested` with nested ids at order 18 of decimal ids of that order, -1 where an integer is none; returns
/// whether all are.
#[inline(always)]
pub(crate) fn read<L: Lanes>(lanes: L, ids: &[i64], nested: &mut [i64]) -> bool {
    Reader(lanes).fill(lanes, ids, nested)
}

/// Writes ids of one order.
#[derive(Clone, Copy)]
struct Writer<L> {
    lanes: L,
    /// The number of bits below the face.
    bits: u32,
    /// The face and the levels above sixteen are written together: (lead * lead_weight + levels) * weight.
    lead_weight: u64,
    weight: u64,
    ones: u64,
}

impl<L: Lanes> Writer<L> {
    #[inline(always)]
    fn new(lanes: L, order: u64) -> Self {
        let (lead_weight, weight) = match order {
            18 => (100, POWERS[16]),
            17 => (10, POWERS[16]),
            _ => (1, POWERS[order as usize & 31]),
        };
        Self { lanes, bits: 2 * order as u32, lead_weight, weight, ones: ONES[order as usize & 31] }
    }

    #[inline(always)]
    fn wrong(self, nested: L::Words) -> L::Words {
        let Self { lanes, bits, .. } = self;
        lanes.negative(lanes.or(nested, lanes.sub(lanes.all((12 << bits) - 1), nested)))
    }

    /// Reads base-four numbers of two digits, in bytes, as decimal ones.
    #[inline(always)]
    fn pairs(self, bytes: L::Words) -> L::Words {
        let four = self.lanes.and(bytes, self.lanes.all(0x0c * FIELDS8));
        self.lanes.add(bytes, self.lanes.add(four, self.lanes.shr(four, 1)))
    }

    /// Joins the pairs of digits in bytes, and what is above them; gives the sign, and 0 where wrong.
    #[inline(always)]
    fn compose(self, top: L::Words, pairs: L::Words, south: L::Words, wrong: L::Words) -> L::Words {
        let Self { lanes, weight, ones, .. } = self;
        let halves = lanes.mul_add_fields16(lanes.weigh_bytes(pairs, 100), lanes.all((POWERS[4] << 16 | 1) * FIELDS32));
        let upper = lanes.mul32(lanes.shr(halves, 32), lanes.all(POWERS[8]));
        let digits = lanes.add(lanes.and(halves, lanes.all(0xffff_ffff)), upper);
        let magnitude = lanes.add(lanes.add(lanes.mul(top, weight), lanes.all(ones)), digits);
        let id = lanes.sub(lanes.xor(magnitude, south), south);
        lanes.and(id, lanes.xor(wrong, lanes.all(!0)))
    }
}

impl<L: Lanes> Step<L> for Writer<L> {
    #[inline(always)]
    fn step(self, first: L::Words, second: L::Words) -> (L::Words, L::Words, L::Words) {
        let Self { lanes, bits, .. } = self;
        let (first_wrong, second_wrong) = (self.wrong(first), self.wrong(second));
        let face = lanes.low(lanes.shr(first, bits), lanes.shr(second, bits));
        let south = lanes.greater_fields32(face, lanes.all(5 * FIELDS32));
        let lead = lanes.sub_fields32(face, lanes.all(0xffff_ffff * FIELDS32));
        let lead = lanes.sub_fields32(lead, lanes.and(south, lanes.all(6 * FIELDS32)));
        let levels = lanes.all((1 << bits) - 1);
        let (first, second) = (lanes.and(first, levels), lanes.and(second, levels));
        let lead = lanes.mul_fields16(lead, lanes.all(self.lead_weight * FIELDS32));
        let top = lanes.add(lead, self.pairs(lanes.high(first, second)));
        let levels = lanes.low(first, second);
        let low = self.pairs(lanes.and(levels, lanes.all(0x0f * FIELDS8)));
        let high = self.pairs(lanes.and(lanes.shr(levels, 4), lanes.all(0x0f * FIELDS8)));
        let (first_pairs, second_pairs) = (lanes.join_first_bytes(low, high), lanes.join_second_bytes(low, high));
        let (first_top, second_top) = (lanes.join_first(top, lanes.all(0)), lanes.join_second(top, lanes.all(0)));
        let (first_south, second_south) = (lanes.join_first(south, south), lanes.join_second(south, south));
        (
            self.compose(first_top, first_pairs, first_south, first_wrong),
            self.compose(second_top, second_pairs, second_south, second_wrong),
            lanes.or(first_wrong, second_wrong),
        )
    }
}

/// Fills `ids` with the decimal ids of nested ids at an order, 18 at most, 0 where an integer is none; returns whether
/// all are.
#[inline(always)]
pub(crate) fn write<L: Lanes>(lanes: L, nested: &[i64], order: u64, ids: &mut [i64]) -> bool {
    Writer::new(lanes, order).fill(lanes, nested, ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::lanes::{Baseline, portable::Portable};

    #[test]
    fn plain_rust_gives_the_same() {
        // SAFETY: every processor has the instructions.
        let baseline = unsafe { Baseline::new() };
        // SAFETY: as above.
        let portable = unsafe { Portable::new() };
        for order in 0..=18 {
            let nested: Vec<_> = (-3..3000).map(|step| step * ((12 << (2 * order)) / 2989 + 1)).collect();
            let [mut ids, mut read_ids, mut cells, mut read_cells] = [(); 4].map(|()| vec![0; nested.len()]);
            assert!(!write(baseline, &nested, order, &mut ids) && !write(portable, &nested, order, &mut read_ids));
            assert!(ids == read_ids, "order {order}");
            ids.extend(&nested);
            cells.resize(ids.len(), 0);
            read_cells.resize(ids.len(), 0);
            assert!(!read(baseline, &ids, &mut cells) && !read(portable, &ids, &mut read_cells));
            assert!(cells == read_cells, "order {order}");
        }
    }
}
