//! Decimal Morton ids: a sign and a first digit 1 to 6 for the face, then one digit 1 to 4 for each level.
//!
//! With o levels, |id| = lead * 10^o + 11..1 + the levels written with digits 0 to 3, without a carry anywhere.

use std::hint::select_unpredictable;

use crate::healpix::digits::read;
use crate::rows::{Beside, Derive, Outputs};
use crate::simd::lanes::Lanes;

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

/// Reads 16 hexadecimal digits, each at most 3, as decimal ones, by joining neighbouring fields four times.
///
/// Plain arithmetic, which LLVM vectorises, takes a third of the time of tables, which cost gathers or scalar loads;
/// for rows of one order, `digits::write` takes a third of this.
#[inline(always)]
fn read_nibbles(mut word: u64) -> u64 {
    word -= (16 - 10) * (word >> 4 & 0x0f0f_0f0f_0f0f_0f0f);
    word -= (256 - 100) * (word >> 8 & 0x00ff_00ff_00ff_00ff);
    word -= (65536 - 10_000) * (word >> 16 & 0x0000_ffff_0000_ffff);
    (word & 0xffff_ffff) + 100_000_000 * (word >> 32)
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

/// Returns the id of a nested id at the order of the scale.
#[inline(always)]
pub(crate) fn compose_nested(nested: i64, scale: Scale) -> i64 {
    let cell = nested as u64;
    compose(cell >> (2 * scale.order), digits(cell & ((1 << (2 * scale.order)) - 1)), scale)
}

/// The cell of a decimal Morton id.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    /// The nested id, at order 18, of the cell's first descendant there; negative if the id is none.
    pub(crate) finest: i64,
    /// The number of levels; without meaning if the id is none.
    pub(crate) order: u64,
}

impl Cell {
    /// Returns the nested id of the ancestor at an order, that of the cell at most.
    #[inline(always)]
    pub(crate) fn ancestor(self, order: u64) -> i64 {
        self.finest >> ((2 * (MAX_ORDER as u64).wrapping_sub(order)) & 63)
    }

    /// Whether another cell is a descendant or this one; false if either id is none.
    #[inline(always)]
    pub(crate) fn contains(self, other: Self) -> bool {
        let differing = Self { finest: self.finest ^ other.finest, ..self };
        (differing.nested() == 0) & ((self.finest | other.finest) >= 0) & (self.order <= other.order)
    }

    /// Returns the nested id.
    #[inline(always)]
    pub(crate) fn nested(self) -> i64 {
        self.ancestor(self.order)
    }
}

/// The order of an integer with as many digits as an id of that order has, and what pads it to one of order 18.
#[derive(Clone, Copy)]
struct Padding {
    order: u64,
    power: i64,
    ones: i64,
}

impl Padding {
    #[inline(always)]
    fn of(morton: i64) -> Self {
        let magnitude = morton.unsigned_abs() | 1; // has as many digits
        let bits = 64 - u64::from(magnitude.leading_zeros());
        let guess = (bits * 1233) >> 12; // 1233 / 4096 is just above log10(2)
        let order = guess - u64::from(magnitude < POWERS[guess as usize & 31]);
        let missing = (18 - order) as usize & 31;
        Self { order, power: POWERS[missing] as i64, ones: ONES[missing] as i64 }
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

    /// Appends ones. A number whose lead is 9, which is no id, may wrap around, to one whose lead is 8 or 9.
    #[inline(always)]
    fn pad(self, morton: i64) -> i64 {
        let sign = morton >> 63;
        morton.wrapping_mul(self.power).wrapping_add((self.ones ^ sign) - sign)
    }
}

/// A chunk of decimal Morton ids, read.
pub(crate) struct Cells {
    finest: [i64; CHUNK],
    orders: [u64; CHUNK],
    padded: [i64; CHUNK],
}

impl Cells {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { finest: [0; CHUNK], orders: [0; CHUNK], padded: [0; CHUNK] }
    }

    /// Reads ids; returns their order if they share one, else fills `orders`.
    #[inline(always)]
    fn read(&mut self, lanes: impl Lanes, mortons: &[i64]) -> Option<u64> {
        let Self { finest, orders, padded } = self;
        if is_finest(mortons) && read(lanes, mortons, finest) {
            return Some(MAX_ORDER as u64);
        }
        let shared = Padding::shared(mortons);
        if let Some(padding) = shared {
            for (padded, morton) in padded.iter_mut().zip(mortons) {
                *padded = padding.pad(*morton);
            }
        } else {
            for ((padded, order), morton) in padded.iter_mut().zip(orders).zip(mortons) {
                let padding = Padding::of(*morton);
                (*padded, *order) = (padding.pad(*morton), padding.order);
            }
        }
        read(lanes, padded.get(..mortons.len()).unwrap_or(&[]), finest);
        shared.map(|padding| padding.order)
    }

    /// Reads ids and their orders.
    #[inline(always)]
    pub(crate) fn read_orders(&mut self, lanes: impl Lanes, mortons: &[i64]) {
        if let Some(order) = self.read(lanes, mortons) {
            self.orders = [order; CHUNK];
        }
    }

    /// Iterates over the cells after [`Cells::read_orders`].
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cell> {
        let cells = self.finest.iter().zip(&self.orders);
        cells.map(|(finest, order)| Cell { finest: *finest, order: *order })
    }
}

/// Whether the first integer has as many digits as ids of order 18.
#[inline(always)]
pub(crate) fn is_finest(mortons: &[i64]) -> bool {
    mortons.first().is_some_and(|morton| morton.unsigned_abs() >= POWERS[18])
}

/// Fills one chunk as [`fill_cells`] does; returns whether a row is invalid.
#[inline(always)]
fn fill_chunk<T: Copy, O: Outputs>(
    rows: impl Iterator<Item = (i64, Cell, T)>,
    outputs: &mut O,
    start: usize,
    sentinel: O::Row,
    row: impl Fn(i64, Cell, T) -> (O::Row, bool),
) -> bool {
    let mut invalid = 0;
    for (slot, (id, cell, other)) in outputs.slots(start).zip(rows) {
        let (result, good) = row(id, cell, other);
        let good = good & (cell.finest >= 0);
        invalid |= u64::from(!good);
        O::store(slot, good, result, sentinel);
    }
    invalid != 0
}

/// As [`crate::rows::fill`], for decimal Morton ids: `row` gets the id, the cell, whose validity is seen to here, and
/// what is beside it.
#[inline(always)]
pub(crate) fn fill_cells<B: Beside, O: Outputs>(
    lanes: impl Lanes,
    mortons: &[i64],
    beside: B,
    mut outputs: O,
    sentinel: O::Row,
    row: impl Fn(i64, Cell, B::Row) -> (O::Row, bool) + Copy,
) -> Option<usize> {
    let mut first = None;
    let mut cells = Cells::new();
    for (start, mortons) in (0..).step_by(CHUNK).zip(mortons.chunks(CHUNK)) {
        let shared = cells.read(lanes, mortons);
        let rows = beside.beside(mortons, start).zip(&cells.finest);
        let invalid = if let Some(order) = shared {
            let rows = rows.map(|((id, other), finest)| (id, Cell { finest: *finest, order }, other));
            fill_chunk(rows, &mut outputs, start, sentinel, row)
        } else {
            let rows = rows.zip(&cells.orders);
            let rows = rows.map(|(((id, other), finest), order)| (id, Cell { finest: *finest, order: *order }, other));
            fill_chunk(rows, &mut outputs, start, sentinel, row)
        };
        if invalid && first.is_none() {
            let mut rows = (start..).zip(beside.beside(mortons, start).zip(&cells.finest));
            first = rows.find_map(|(index, ((id, other), finest))| {
                let cell = Cell { finest: *finest, order: Padding::of(id).order };
                (!((cell.finest >= 0) & row(id, cell, other).1)).then_some(index)
            });
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::healpix::nested_to_morton;
    use crate::rows::One;
    use crate::simd::{Level, at_every_level};

    /// The definition of an id, on its text.
    fn is_id(value: i64) -> bool {
        let text = value.unsigned_abs().to_string();
        let (lead, levels) = text.split_at(1);
        "123456".contains(lead) && levels.chars().all(|digit| "1234".contains(digit))
    }

    /// Shows that integers are taken for ids if they are, each beside equally many digits and beside any.
    fn assert_validity(values: &[i64]) {
        let mut sorted = values.to_vec();
        sorted.sort_by_key(|value| value.unsigned_abs());
        for level in Level::available() {
            for values in [values, &sorted] {
                let (mut orders, mut nested) = (vec![0; values.len()], vec![0; values.len()]);
                let first = parse(level, values, &mut orders, &mut nested);
                assert_eq!(first, values.iter().position(|value| !is_id(*value)));
                for (value, nested) in values.iter().zip(nested) {
                    assert_eq!(nested >= 0, is_id(*value), "{value}, {}", level.name());
                }
            }
        }
    }

    at_every_level! {
        fn parse<lanes>(ids: &[i64], orders: &mut [i64], nested: &mut [i64]) -> Option<usize> {
            let row = |_, cell: Cell, ()| ((cell.order as i64, cell.nested()), true);
            fill_cells(lanes, ids, One(()), (orders, nested), (-1, -1), row)
        }
    }

    #[test]
    fn writing_and_reading_are_inverse() {
        let mut state = 1_u64;
        for order in 0..=18 {
            let scale = Scale::derive(order);
            let cells: Vec<_> = (0..2000)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    ((u128::from(state) * (12 << (2 * order))) >> 64) as i64
                })
                .collect();
            let ids: Vec<_> = cells.iter().map(|cell| compose_nested(*cell, scale)).collect();
            assert!(ids.iter().all(|id| is_id(*id)), "order {order}");
            for level in Level::available() {
                let (mut orders, mut nested, mut written) = (vec![0; 2000], vec![0; 2000], vec![0; 2000]);
                assert_eq!(parse(level, &ids, &mut orders, &mut nested), None);
                assert!(nested == cells && orders.iter().all(|own| *own == order), "order {order}, {}", level.name());
                assert_eq!(nested_to_morton(level, &nested, &[order], &mut written), None);
                assert!(written == ids, "order {order}, {}", level.name());
            }
        }
    }

    #[test]
    fn no_part_of_an_id_is_mistaken() {
        let mut values = Vec::new();
        for part in 0..10_000_i64 {
            for place in [1, POWERS[4], POWERS[8], POWERS[12]].map(|place| place as i64) {
                values.push(ONES[19] as i64 + (part - 1111) * place);
            }
            values.push(ONES[16] as i64 + part % 922 * POWERS[16] as i64);
        }
        assert_validity(&values);
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
        assert_validity(&values);
    }
}
