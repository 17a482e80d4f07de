//! Decimal Morton ids: a sign and a first digit 1 to 6 for the face, then one digit 1 to 4 for each level.
//!
//! With o levels, |id| = lead * 10^o + 11..1 + the levels written with digits 0 to 3, without a carry anywhere.

use std::hint::select_unpredictable;

use crate::rows::{Beside, Derive, Outputs};

/// The finest order whose ids fit 64 bits.
pub(crate) const MAX_ORDER: i64 = 18;

/// Ids that are taken apart together.
pub(crate) const CHUNK: usize = 256;

/// The powers of ten that fit 64 bits; padded so that any 5-bit index is in bounds.
pub(crate) const POWERS: [u64; 32] = {
    let mut powers = [0; 32];
    let mut i = 0;
    let mut power = 1;
    while i < 20 {
        powers[i] = power;
        power = if i < 19 { power * 10 } else { power };
        i += 1;
    }
    powers
};

/// The numbers 0, 1, 11, 111, ... of o digits; padded as [`POWERS`].
pub(crate) const ONES: [u64; 32] = {
    let mut ones = [0; 32];
    let mut i = 1;
    while i < 20 {
        ones[i] = ones[i - 1] * 10 + 1;
        i += 1;
    }
    ones
};

/// What an id of some order is written with; that of an order out of range writes nothing of meaning.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// The order, 0 if it is out of range.
    pub(crate) order: u64,
    /// Whether the order is in range.
    pub(crate) valid: bool,
    power: u64,
    ones: u64,
}

impl Derive<i64> for Scale {
    #[inline(always)]
    fn derive(order: i64) -> Self {
        let valid = order as u64 <= MAX_ORDER as u64;
        let order = if valid { order as u64 } else { 0 };
        Self { order, valid, power: POWERS[order as usize & 31], ones: ONES[order as usize & 31] }
    }
}

/// Moves bit i of a number below 2^16 to bit 4i.
#[inline(always)]
fn to_nibbles(bits: u64) -> u64 {
    let mut bits = bits & 0xffff;
    bits = (bits | bits << 24) & 0x0000_00ff_0000_00ff;
    bits = (bits | bits << 12) & 0x000f_000f_000f_000f;
    bits = (bits | bits << 6) & 0x0303_0303_0303_0303;
    (bits | bits << 3) & 0x1111_1111_1111_1111
}

/// Reads 16 hexadecimal digits, each at most 3, as decimal ones, by joining neighbouring fields four times.
///
/// Plain arithmetic, which LLVM vectorises, takes a third of the time of tables, which cost gathers or scalar loads.
#[inline(always)]
fn read_nibbles(mut word: u64) -> u64 {
    word -= (16 - 10) * (word >> 4 & 0x0f0f_0f0f_0f0f_0f0f);
    word -= (256 - 100) * (word >> 8 & 0x00ff_00ff_00ff_00ff);
    word -= (65536 - 10_000) * (word >> 16 & 0x0000_ffff_0000_ffff);
    (word & 0xffff_ffff) + 100_000_000 * (word >> 32)
}

/// Writes the levels of the cell (x, y) of a face, 18 at most, with digits 0 to 3.
#[inline(always)]
pub(crate) fn pixel_digits(x: u64, y: u64) -> u64 {
    let top = (x >> 16 & 1) + 2 * (y >> 16 & 1) + 10 * ((x >> 17) + 2 * (y >> 17));
    read_nibbles(to_nibbles(x) | to_nibbles(y) << 1).wrapping_add(POWERS[16].wrapping_mul(top))
}

/// Writes up to 18 levels, two bits each, with digits 0 to 3.
#[inline(always)]
pub(crate) fn digits(levels: u64) -> u64 {
    let mut word = levels & 0xffff_ffff;
    word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
    word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    word = (word | word << 2) & 0x3333_3333_3333_3333;
    read_nibbles(word) + POWERS[16] * ((levels >> 32 & 3) + 10 * (levels >> 34 & 3))
}

/// Returns the id of a face and of the digits 0 to 3 in it.
#[inline(always)]
pub(crate) fn compose(face: u64, digits: u64, scale: Scale) -> i64 {
    let south = face >= 6;
    let lead = select_unpredictable(south, face.wrapping_sub(5), face.wrapping_add(1));
    let magnitude = lead.wrapping_mul(scale.power).wrapping_add(scale.ones + digits) as i64;
    select_unpredictable(south, magnitude.wrapping_neg(), magnitude)
}

/// A decimal Morton id taken apart.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    /// The face, 0 to 11.
    pub(crate) face: u64,
    /// The index inside the face, two bits a level.
    pub(crate) levels: u64,
    /// The number of levels.
    pub(crate) order: u64,
    /// Whether the id is one; if not, the other fields have no meaning.
    pub(crate) valid: bool,
}

impl Derive<i64> for Cell {
    #[inline(always)]
    fn derive(morton: i64) -> Self {
        split(morton, Padding::of(morton))
    }
}

/// What pads the ids of one order to 19 digits and takes the ones out of the levels.
#[derive(Clone, Copy)]
struct Padding {
    order: u64,
    power: u64,
    ones: u64,
}

impl Padding {
    /// The padding of an id, or of any integer as if it were one.
    #[inline(always)]
    fn of(morton: i64) -> Self {
        let magnitude = morton.unsigned_abs() | 1; // has as many digits
        let bits = 64 - u64::from(magnitude.leading_zeros());
        let guess = (bits * 1233) >> 12; // 1233 / 4096 is just above log10(2)
        let order = guess - u64::from(magnitude < POWERS[guess as usize & 31]);
        let missing = (18 - order) as usize & 31;
        Self { order, power: POWERS[missing], ones: ONES[18] - ONES[missing] }
    }

    /// The padding that all these integers share, if they have equally many digits.
    #[inline(always)]
    fn shared(mortons: &[i64]) -> Option<Self> {
        let padding = Self::of(*mortons.first()?);
        let least = POWERS[padding.order as usize & 31];
        let mut shared = true;
        for morton in mortons {
            shared &= morton.unsigned_abs().wrapping_sub(least) < 9 * least;
        }
        shared.then_some(padding)
    }
}

/// The paddings of the ids of a chunk, looked up before the loop over them, which then vectorises.
struct Paddings {
    order: [u64; CHUNK],
    power: [u64; CHUNK],
    ones: [u64; CHUNK],
}

impl Default for Paddings {
    #[inline(always)]
    fn default() -> Self {
        Self { order: [0; CHUNK], power: [0; CHUNK], ones: [0; CHUNK] }
    }
}

impl Paddings {
    #[inline(always)]
    fn set(&mut self, mortons: &[i64]) {
        let slots = self.order.iter_mut().zip(&mut self.power).zip(&mut self.ones);
        for (((order, power), ones), morton) in slots.zip(mortons) {
            let padding = Padding::of(*morton);
            (*order, *power, *ones) = (padding.order, padding.power, padding.ones);
        }
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = Padding> {
        let values = self.order.iter().zip(&self.power).zip(&self.ones);
        values.map(|((order, power), ones)| Padding { order: *order, power: *power, ones: *ones })
    }
}

/// Divides a number by 10^8 and returns quotient and remainder, by a product that vectorises.
///
/// The product is within 4e-5 of the quotient, and adding 2^52 rounds it to an integer that is the quotient or one more.
#[inline(always)]
fn divide_by_e8(value: u64) -> (u64, u64) {
    const MAGIC: f64 = (1_u64 << 52) as f64;
    let quotient = (value as f64 * 1e-8 + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits());
    let rest = value.wrapping_sub(quotient.wrapping_mul(POWERS[8]));
    let excess = (rest as i64 >> 63) as u64; // all ones if the quotient is one too many
    (quotient.wrapping_add(excess), rest.wrapping_add(excess & POWERS[8]))
}

/// Returns the eight decimal digits of a number, one in each byte, by splitting fields three times.
#[inline(always)]
fn to_bytes(value: u64) -> u64 {
    let mut word = value + (((value & 0xffff_ffff) * 109_951_163) >> 40) * ((1 << 32) - 10_000);
    word += ((word * 5243) >> 19 & 0x0000_007f_0000_007f) * ((1 << 16) - 100);
    word + ((word * 103) >> 10 & 0x000f_000f_000f_000f) * ((1 << 8) - 10)
}

/// Moves the two low bits of each byte together.
#[inline(always)]
fn from_bytes(mut word: u64) -> u64 {
    word = (word | word >> 6) & 0x000f_000f_000f_000f;
    word = (word | word >> 12) & 0x0000_00ff_0000_00ff;
    (word | word >> 24) & 0xffff
}

/// Takes an integer apart, which must have as many digits as the padding is for; 0 counts as one digit.
///
/// With the ones taken out, an id of order 18 has a digit 1 to 6 and then digits 0 to 3; no other number becomes such.
#[inline(always)]
fn split(morton: i64, padding: Padding) -> Cell {
    let padded = morton.unsigned_abs().wrapping_mul(padding.power).wrapping_sub(padding.ones);
    let (rest, low) = divide_by_e8(padded);
    let (top, middle) = divide_by_e8(rest);
    let lead = (top * 5243) >> 19; // top / 100
    let two = top - 100 * lead;
    let ten = (two * 103) >> 10;
    let one = two - 10 * ten;
    let (middle, low) = (to_bytes(middle), to_bytes(low));
    let few = ((middle | low) & 0xfcfc_fcfc_fcfc_fcfc) | ((ten | one) & !3);
    let levels = ten << 34 | one << 32 | from_bytes(middle) << 16 | from_bytes(low);
    let face = lead.wrapping_sub(1);
    Cell {
        face: face.wrapping_add((morton >> 63) as u64 & 6),
        levels: levels >> (2 * (18 - padding.order)),
        order: padding.order,
        valid: (few == 0) & (face < 6),
    }
}

/// As [`crate::rows::fill`], for decimal Morton ids: `row` gets the id, its cell, whose validity is seen to here, and what
/// is beside it.
#[inline(always)]
pub(crate) fn fill_cells<B: Beside, O: Outputs>(
    mortons: &[i64],
    beside: B,
    mut outputs: O,
    sentinel: O::Row,
    row: impl Fn(i64, Cell, B::Row) -> (O::Row, bool),
) -> Option<usize> {
    let mut first = None;
    let mut paddings = Paddings::default();
    for (start, mortons) in (0..).step_by(CHUNK).zip(mortons.chunks(CHUNK)) {
        let mut invalid = 0;
        let rows = outputs.slots(start).zip(beside.beside(mortons, start));
        if let Some(padding) = Padding::shared(mortons) {
            for (slot, (morton, other)) in rows {
                let cell = split(morton, padding);
                let (result, good) = row(morton, cell, other);
                invalid |= u64::from(!(good & cell.valid));
                O::store(slot, good & cell.valid, result, sentinel);
            }
        } else {
            paddings.set(mortons);
            for ((slot, (morton, other)), padding) in rows.zip(paddings.iter()) {
                let cell = split(morton, padding);
                let (result, good) = row(morton, cell, other);
                invalid |= u64::from(!(good & cell.valid));
                O::store(slot, good & cell.valid, result, sentinel);
            }
        }
        if invalid != 0 && first.is_none() {
            let mut rows = (start..).zip(beside.beside(mortons, start));
            first = rows.find_map(|(index, (morton, other))| {
                let cell = Cell::derive(morton);
                (!(cell.valid & row(morton, cell, other).1)).then_some(index)
            });
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of an id, on its text.
    fn is_id(value: i64) -> bool {
        let text = value.unsigned_abs().to_string();
        let (lead, levels) = text.split_at(1);
        "123456".contains(lead) && levels.chars().all(|digit| "1234".contains(digit))
    }

    #[test]
    fn composing_and_splitting_are_inverse() {
        let mut state = 1_u64;
        for order in 0..=18 {
            for _ in 0..2000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (face, levels) = (state >> 40 & 0xff, state >> 20 & ((1 << (2 * order)) - 1));
                let id = compose(face % 12, digits(levels), Scale::derive(order as i64));
                assert!(is_id(id), "{id}");
                let cell = Cell::derive(id);
                assert!(cell.valid, "{id}");
                assert_eq!((cell.face, cell.levels, cell.order), (face % 12, levels, order));
            }
        }
    }

    #[test]
    fn divisions_are_exact_at_every_carry() {
        for quotient in 0..10_000 {
            for value in [quotient * 10_000, quotient * 10_000 + 9_999] {
                let text = format!("{value:08}");
                let bytes = text.bytes().fold(0, |word, digit| word << 8 | u64::from(digit - b'0'));
                assert_eq!(to_bytes(value), bytes);
            }
        }
        for quotient in (0..100_000_000_000).step_by(999_983) {
            for rest in [0, 1, 49_999_999, 50_000_000, 50_000_001, 99_999_999] {
                assert_eq!(divide_by_e8(quotient * 100_000_000 + rest), (quotient, rest));
            }
        }
    }

    #[test]
    fn validity_is_that_of_the_text() {
        let mut state = 1_u64;
        let mut values = vec![i64::MIN, i64::MAX, 0, 10, -10, 7, -7];
        values.extend(-20_000..20_000);
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            values.push(state as i64 >> (state >> 58));
            let id = compose(state % 12, digits(state >> 28), Scale::derive(18));
            // One digit changed, at a random place.
            values.push(id.wrapping_add((state >> 20 & 7) as i64 * POWERS[(state >> 8 & 15) as usize] as i64));
        }
        for value in values {
            assert_eq!(Cell::derive(value).valid, is_id(value), "{value}");
        }
    }
}
