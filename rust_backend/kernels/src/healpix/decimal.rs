//! Decimal Morton ids: a sign and a first digit 1 to 6 for the face, then one digit 1 to 4 for each level.
//!
//! With o levels, |id| = lead * 10^o + 11..1 + the levels written with digits 0 to 3, without a carry anywhere.

/// The finest order whose ids fit 64 bits.
pub(crate) const MAX_ORDER: i64 = 18;

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

/// Six levels, 12 bits, as the six digits 0 to 3 that write them.
static DIGITS: [u32; 4096] = {
    let mut digits = [0; 4096];
    let mut i = 1;
    while i < 4096 {
        digits[i] = digits[i / 4] * 10 + (i % 4) as u32;
        i += 1;
    }
    digits
};

/// What [`LEVELS`] holds for three digits that are not all 0 to 3.
const NO_LEVELS: u8 = 0x80;

/// Three digits as the three levels, 6 bits, that they write.
static LEVELS: [u8; 1024] = {
    let mut levels = [NO_LEVELS; 1024];
    let mut i = 0;
    while i < 64 {
        levels[i / 16 * 100 + i / 4 % 4 * 10 + i % 4] = i as u8;
        i += 1;
    }
    levels
};

/// Writes up to 18 levels, two bits each, with digits 0 to 3.
#[inline(always)]
pub(crate) fn digits(levels: u64) -> u64 {
    let part = |shift: u32| u64::from(DIGITS[(levels >> shift & 0xfff) as usize]);
    part(24) * 1_000_000_000_000 + part(12) * 1_000_000 + part(0)
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
    read_nibbles(to_nibbles(x) | to_nibbles(y) << 1) + POWERS[16] * top
}

/// Returns the id of a cell from its face and its index inside the face.
#[inline(always)]
pub(crate) fn compose(face: u64, levels: u64, order: u64) -> i64 {
    signed(face, digits(levels), order)
}

/// Returns the id of a face and of the digits 0 to 3 in it.
#[inline(always)]
pub(crate) fn signed(face: u64, digits: u64, order: u64) -> i64 {
    let south = face >= 6;
    let lead = if south { face - 5 } else { face + 1 };
    let levels = ONES[order as usize & 31] + digits;
    let magnitude = lead.wrapping_mul(POWERS[order as usize & 31]).wrapping_add(levels) as i64;
    if south { magnitude.wrapping_neg() } else { magnitude }
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

/// The order of an id with this magnitude: one less than its digits.
#[inline(always)]
fn order_of(magnitude: u64) -> u64 {
    let bits = 64 - u64::from((magnitude | 1).leading_zeros());
    let guess = (bits * 1233) >> 12; // 1233 / 4096 is just above log10(2)
    guess - u64::from(magnitude | 1 < POWERS[guess as usize & 31])
}

/// Takes an id apart, whatever its order; any integer may be given.
#[inline(always)]
pub(crate) fn split(morton: i64) -> Cell {
    let magnitude = morton.unsigned_abs();
    split_at(morton, order_of(magnitude))
}

/// Takes an id of this order apart; the integer must have `order` + 1 digits or be 0.
#[inline(always)]
pub(crate) fn split_at(morton: i64, order: u64) -> Cell {
    const E18: u64 = POWERS[18];
    const E9: u64 = POWERS[9];
    let missing = 18 - order;
    let padded = morton.unsigned_abs().wrapping_mul(POWERS[missing as usize & 31]);
    let lead = padded / E18;
    let rest = padded - lead * E18;
    let ones = ONES[18] - ONES[missing as usize & 31];
    let enough = rest >= ones;
    let rest = if enough { rest - ones } else { 0 };
    let (high, low) = ((rest / E9) as u32, (rest % E9) as u32);
    let part = |value: u32| u64::from(LEVELS[value as usize & 1023]);
    let nine = |value: u32| {
        let thousands = value / 1000;
        let (a, b, c) = (part(thousands / 1000), part(thousands % 1000), part(value % 1000));
        (a << 12 | b << 6 | c, a | b | c)
    };
    let ((high, high_flags), (low, low_flags)) = (nine(high), nine(low));
    Cell {
        face: lead.wrapping_sub(1).wrapping_add(6 * u64::from(morton < 0)),
        levels: (high << 18 | low) >> (2 * missing),
        order,
        valid: enough & (lead.wrapping_sub(1) < 6) & ((high_flags | low_flags) & u64::from(NO_LEVELS) == 0),
    }
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
                let id = compose(face % 12, levels, order);
                assert!(is_id(id), "{id}");
                let cell = split(id);
                assert!(cell.valid, "{id}");
                assert_eq!((cell.face, cell.levels, cell.order), (face % 12, levels, order));
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
            let id = compose(state % 12, state >> 28, 18);
            // One digit changed, at a random place.
            values.push(id.wrapping_add((state >> 20 & 7) as i64 * POWERS[(state >> 8 & 15) as usize] as i64));
        }
        for value in values {
            assert_eq!(split(value).valid, is_id(value), "{value}");
        }
    }
}
