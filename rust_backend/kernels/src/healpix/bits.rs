//! Bits of nested ids: the face, then bit i of x at bit 2i and bit i of y at bit 2i + 1.

use crate::rows::Derive;

/// The finest order of nested ids.
pub(crate) const MAX_ORDER: i64 = 29;

/// The places of the face and of x in a packed word `face << 58 | x << 29 | y`, which the stages hand on.
const FACE_SHIFT: u32 = 58;
const X_SHIFT: u32 = 29;
const COORDINATE: u64 = (1 << X_SHIFT) - 1;

/// Packs a cell; the result is not negative.
#[inline(always)]
pub(crate) fn pack(face: u64, x: u64, y: u64) -> i64 {
    (face << FACE_SHIFT | x << X_SHIFT | y) as i64
}

/// Returns the face, x and y of a packed word.
#[inline(always)]
pub(crate) fn unpack(word: i64) -> (u64, u64, u64) {
    let word = word as u64;
    (word >> FACE_SHIFT, word >> X_SHIFT & COORDINATE, word & COORDINATE)
}

/// An order and what follows from it, up to a highest one.
#[derive(Clone, Copy)]
pub(crate) struct Order<const HIGHEST: i64> {
    /// The order, 0 if it is out of range.
    pub(crate) order: u64,
    /// Whether the order is in range.
    pub(crate) valid: bool,
    /// The number of cells along a side of a face, as a number to compute with; 0 if the order is out of range.
    pub(crate) nside: f64,
}

impl<const HIGHEST: i64> Derive<i64> for Order<HIGHEST> {
    #[inline(always)]
    fn derive(order: i64) -> Self {
        let valid = order as u64 <= HIGHEST as u64;
        let order = if valid { order as u64 } else { 0 };
        Self { order, valid, nside: if valid { real(1 << order) } else { 0.0 } }
    }
}

/// Whether an id is one at an order, itself in range.
#[inline(always)]
pub(crate) fn is_nested(nested: i64, order: u64) -> bool {
    (nested as u64) < (12 << (2 * order))
}

/// Returns the face, x and y of a nested id.
#[inline(always)]
pub(crate) fn locate(nested: i64, order: u64) -> (u64, u64, u64) {
    let nested = nested as u64;
    let levels = nested & ((1 << (2 * order)) - 1);
    (nested >> (2 * order), compact(levels), compact(levels >> 1))
}

/// Converts an integer below 2^52; unlike a conversion of 64-bit integers, this vectorises at every level.
#[inline(always)]
pub(crate) fn real(integer: u64) -> f64 {
    const MAGIC: f64 = (1_u64 << 52) as f64;
    f64::from_bits(integer | MAGIC.to_bits()) - MAGIC
}

/// The bits of x in an interleaved word; those of y are its complement.
pub(crate) const X_BITS: u64 = 0x5555_5555_5555_5555;

/// Moves bit i of a coordinate below 2^32 to bit 2i.
///
/// For both coordinates at once, five exchanges of bits in one word take 4 % more of lonlat_to_morton.
#[inline(always)]
pub(crate) fn spread(coordinate: u64) -> u64 {
    let mut bits = coordinate;
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & X_BITS
}

/// Moves bit 2i of a word to bit i; the odd bits are dropped.
#[inline(always)]
pub(crate) fn compact(word: u64) -> u64 {
    let mut bits = word & X_BITS;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) & 0x0000_0000_ffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_goes_to_its_place_and_back() {
        for i in 0..32 {
            assert_eq!(spread(1 << i), 1 << (2 * i));
            assert_eq!(compact(1 << (2 * i)), 1 << i);
            assert_eq!(compact(2 << (2 * i)), 0);
        }
        let word = 0x0123_4567_89ab_cdef;
        assert_eq!(spread(compact(word)) | spread(compact(word >> 1)) << 1, word);
    }
}
