//! Windows of eight series, each in two halves around its median, that change in lockstep.
//!
//! To take one value out of a sorted array and one in, every slot takes the smaller or the greater of its neighbours and
//! the two: four operations on vectors for a slot of eight series, without a branch or a search.
//!
//! Both halves of all series have as many slots, also where values are missing: what stands for those is in order before
//! all values, in the lower half farther from the median than all of them, in the upper one nearer. So slots of one
//! number hold a pair whose distances to the median fall in the lower half and rise in the upper one, and what is asked
//! for are always the same ranks of these. With one array in order, medians took as long, and deviations, searched for by
//! gathers where windows are not equally full, up to twice as long.
//!
//! Lanes are looked at in loops, as calls of `array::from_fn` and `map` are not always made inline, and what is not runs
//! at the baseline: that took a third of the time of deviations.

use std::array::from_fn;
use std::cell::Cell;

use crate::simd::lanes::Lanes;
use crate::timeseries::order_statistics::{Ordered, midpoints};

pub(crate) const LANES: usize = 8;

/// The bits of floats, one for each lane.
pub(crate) type Bits = [i64; LANES];

/// What is taken out or put in where a value is missing, and what the slots end with.
pub(crate) const MISSING: i64 = f64::INFINITY.to_bits() as i64;

/// What stands for a missing value in a slot.
const ABSENT: i64 = f64::NEG_INFINITY.to_bits() as i64;

/// By how many pairs the range of those that are looked at grows, and how many it has on either side of those where
/// distances cross. Half and twice as many take as long.
const WIDER: usize = 4;
const MARGIN: usize = 2;

/// Pairs that are all looked at: of so few, branches take longer.
const FEW: usize = 16;

/// The windows. Zeros have no sign in the slots; it is told by their ranks, as -0.0 comes first.
pub(crate) struct Halves<L> {
    lanes: L,
    half: usize,
    /// Slot by slot, the lower halves and the upper ones in ascending order, and `MISSING` up to a power of two.
    slots: Vec<[Bits; 2]>,
    /// Missing values; where windows have an odd number of rows, one of them is always missing.
    ///
    /// Half of them are in either half, and the one more of an odd number is in the upper half.
    absent: Bits,
    /// Values below 0, and those that are -0.0.
    negative: Bits,
    /// The greatest of each lower half, and the least value of each upper half, infinity where it has none.
    middle: [Bits; 2],
    /// Whether as many are missing in each window.
    alike: bool,
    /// For each vector, the pairs among which the distances cross.
    crossing: [Cell<[usize; 2]>; LANES],
}

impl<L: Lanes> Halves<L> {
    /// Makes windows of `size` rows, all of them missing.
    #[inline(always)]
    pub(crate) fn new(lanes: L, size: usize) -> Self {
        let half = size.div_ceil(2);
        let mut slots = vec![[[ABSENT; LANES]; 2]; half];
        slots.resize((half + 2).next_power_of_two(), [[MISSING; LANES]; 2]);
        Self {
            lanes,
            half,
            slots,
            absent: [2 * half as i64; LANES],
            negative: [0; LANES],
            middle: [[ABSENT; LANES], [MISSING; LANES]],
            alike: true,
            crossing: from_fn(|_| Cell::new([0, half])),
        }
    }

    /// Empties the windows.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().take(self.half).for_each(|slot| *slot = [[ABSENT; LANES]; 2]);
        self.absent = [2 * self.half as i64; LANES];
        self.negative = [0; LANES];
        self.alike = true;
        self.middle = [[ABSENT; LANES], [MISSING; LANES]];
        self.crossing.iter().for_each(|range| range.set([0, self.half]));
    }

    /// Takes one value out of each window and one in; both may be missing.
    ///
    /// A half that loses a value takes one from the other: where x leaves the lower half, that is the lesser of y, which
    /// enters, and the least above, b; else it gives the greatest below, a, for y. A half whose value goes and comes
    /// again stays as it is. What stands for missing values goes to and comes from either half in turn.
    #[inline(always)]
    pub(crate) fn step(&mut self, leaving: &Bits, entering: &Bits) {
        let mut missing = false;
        for lane in 0..LANES {
            missing |= (entering[lane] == MISSING) | (leaving[lane] == MISSING);
            self.negative[lane] += (leaving[lane] >> 63) - (entering[lane] >> 63);
        }
        if self.alike && !missing {
            self.exchange(leaving, entering);
        } else {
            self.exchange_missing(leaving, entering);
            self.alike = self.absent == [self.absent[0]; LANES];
        }
    }

    /// Loads values without the sign of zeros.
    #[inline(always)]
    fn unsigned(&self, bits: &Bits, first: usize) -> L::Words {
        self.lanes.sub_floats(self.lanes.load(&bits[first..]), self.lanes.all((-0.0_f64).to_bits()))
    }

    /// Takes values out and others in where as many are missing in each window and none of these is.
    #[inline(always)]
    fn exchange(&mut self, leaving: &Bits, entering: &Bits) {
        let lanes = self.lanes;
        let least = (self.absent[0] + 1) as usize / 2;
        for first in (0..LANES).step_by(L::ROWS) {
            let [x, y] = [leaving, entering].map(|bits| self.unsigned(bits, first));
            let [below, above] = [0, 1].map(|half| lanes.load(&self.middle[half][first..]));
            let pivot = lanes.if_less(below, x, below, above);
            let out = [lanes.smaller(below, x), lanes.if_less(below, x, x, above)];
            let into = [lanes.smaller(pivot, y), lanes.greater(pivot, y)];
            slide(lanes, self.slots.get_mut(..=self.half).unwrap_or_default(), first, out, into);
            for (half, slot) in [self.half - 1, least].into_iter().enumerate() {
                let middle = lanes.load(&self.slot(slot)[half][first..]);
                lanes.store(middle, &mut self.middle[half][first..]);
            }
        }
    }

    /// Takes values out and others in, any of which may be missing.
    #[inline(always)]
    fn exchange_missing(&mut self, leaving: &Bits, entering: &Bits) {
        let lanes = self.lanes;
        let (none, absent) = (lanes.all(MISSING as u64), lanes.all(ABSENT as u64));
        let (zero, one) = (lanes.all(0), lanes.all(1));
        for first in (0..LANES).step_by(L::ROWS) {
            let [below, above] = [0, 1].map(|half| lanes.load(&self.middle[half][first..]));
            let many = lanes.load(&self.absent[first..]);
            // Infinity where as many are missing in either half, negative infinity where it is one more above; the other.
            let even = lanes.or(none, lanes.shl(many, 63));
            let odd = lanes.or(none, lanes.shl(lanes.add(many, one), 63));
            let [x, y] = [leaving, entering].map(|bits| self.unsigned(bits, first));
            let both = lanes.smaller(x, y);
            let [x, y] = [x, y].map(|value| lanes.if_less(both, none, value, below));
            let where_from = lanes.if_less(x, none, x, odd);
            let value = lanes.if_less(x, none, x, absent);
            // Where there is nothing to do, the greatest below goes and comes again.
            let pivot = lanes.if_less(below, where_from, below, above);
            let out = [lanes.if_less(below, where_from, below, value), lanes.if_less(below, where_from, value, above)];
            let into = [
                lanes.smaller(pivot, lanes.if_less(y, none, y, even)),
                lanes.if_less(y, none, lanes.greater(pivot, y), lanes.smaller(pivot, odd)),
            ];
            // The least value above but one. Gathered before the slots change, as it waits for them to be written.
            let next = self.gather(first, lanes.add(lanes.or(lanes.add(many, one), one), lanes.all(2)));
            let rest = lanes.if_less(above, where_from, above, next);
            let entered = lanes.if_less(absent, into[1], into[1], none);
            slide(lanes, self.slots.get_mut(..=self.half).unwrap_or_default(), first, out, into);
            let many = lanes.add(many, lanes.if_less(y, none, zero, one));
            let many = lanes.sub(many, lanes.if_less(x, none, zero, one));
            lanes.store(many, &mut self.absent[first..]);
            lanes.store(lanes.load(&self.slot(self.half - 1)[0][first..]), &mut self.middle[0][first..]);
            lanes.store(lanes.smaller(rest, entered), &mut self.middle[1][first..]);
        }
    }

    /// A middle value, or the mean of two where as many are missing in either half.
    #[inline(always)]
    fn middles(&self, one: [f64; LANES], mut other: [f64; LANES]) -> [f64; LANES] {
        for lane in 0..LANES {
            other[lane] = if self.absent[lane] & 1 == 1 { one[lane] } else { other[lane] };
        }
        midpoints(one, other)
    }

    #[inline(always)]
    fn slot(&self, number: usize) -> &[Bits; 2] {
        self.slots.get(number).unwrap_or(&[[MISSING; LANES]; 2])
    }

    /// The bits at some places, twice the number of a slot and one more in an upper half, of the lanes from `first` on.
    #[inline(always)]
    fn gather(&self, first: usize, places: L::Words) -> L::Words {
        let lanes = self.lanes;
        let places = lanes.add(lanes.shl(places, LANES.ilog2()), lanes.load(&NUMBERS[first..]));
        lanes.gather(self.slots.as_flattened().as_flattened(), places)
    }

    /// Gives values of ranks their signs where they are 0.
    #[inline(always)]
    fn signed(&self, mut values: [f64; LANES], ranks: [usize; LANES]) -> [f64; LANES] {
        let mut zero = false;
        for value in values {
            zero |= value == 0.0;
        }
        if zero {
            for lane in 0..LANES {
                let negative = (ranks[lane] as i64) < self.negative[lane];
                values[lane] = if negative { -values[lane].abs() } else { values[lane] };
            }
        }
        values
    }
}

/// Takes a value out of each half of the lanes from `first` on, and one in.
///
/// Without the one that leaves, slot j has `t[j] = s[j] < leaving ? s[j] : s[j + 1]`; with the one that enters,
/// `min(t[j], max(t[j - 1], entering))`.
#[inline(always)]
fn slide<L: Lanes>(lanes: L, slots: &mut [[Bits; 2]], first: usize, leaving: [L::Words; 2], entering: [L::Words; 2]) {
    let load = |slot: &[Bits; 2]| [lanes.load(&slot[0][first..]), lanes.load(&slot[1][first..])];
    let mut before = [lanes.all(ABSENT as u64); 2];
    let mut slots = slots.iter_mut();
    let Some(mut slot) = slots.next() else { return };
    let mut here = load(slot);
    for next in slots {
        let after = load(next);
        for half in 0..2 {
            let kept = lanes.if_less(here[half], leaving[half], here[half], after[half]);
            let found = lanes.smaller(kept, lanes.greater(before[half], entering[half]));
            lanes.store(found, &mut slot[half][first..]);
            before[half] = kept;
        }
        (here, slot) = (after, next);
    }
}

const NUMBERS: Bits = [0, 1, 2, 3, 4, 5, 6, 7];

#[inline(always)]
fn floats(bits: Bits) -> [f64; LANES] {
    let mut floats = [0.0; LANES];
    for lane in 0..LANES {
        floats[lane] = f64::from_bits(bits[lane] as u64);
    }
    floats
}

impl<L: Lanes> Ordered<LANES> for Halves<L> {
    #[inline(always)]
    fn counts(&self) -> [usize; LANES] {
        let mut counts = [0; LANES];
        for (count, absent) in counts.iter_mut().zip(&self.absent) {
            *count = 2 * self.half - *absent as usize;
        }
        counts
    }

    #[inline(always)]
    fn values(&self, ranks: [usize; LANES]) -> [f64; LANES] {
        if self.alike && ranks == [ranks[0]; LANES] {
            // All of them stand in one slot.
            let many = self.absent[0] as usize;
            let number = ranks[0] + many / 2;
            let (half, slot) = match number.checked_sub(self.half) {
                None => (0, number),
                Some(beyond) => (1, beyond + many.div_ceil(2)),
            };
            return self.signed(floats(self.slot(slot)[half]), ranks);
        }
        let (lanes, mut found) = (self.lanes, [0; LANES]);
        let mut numbers = [0; LANES];
        for lane in 0..LANES {
            numbers[lane] = ranks[lane] as i64;
        }
        for first in (0..LANES).step_by(L::ROWS) {
            let (rank, many) = (lanes.load(&numbers[first..]), lanes.load(&self.absent[first..]));
            let (half, one) = (lanes.all(self.half as u64), lanes.all(1));
            let number = lanes.add(rank, lanes.shr(many, 1));
            let beyond = lanes.sub(number, half);
            let above = lanes.shl(lanes.add(beyond, lanes.shr(lanes.add(many, one), 1)), 1);
            let (lower, upper) = (lanes.shl(number, 1), lanes.or(above, one));
            let places = lanes.xor(upper, lanes.and(lanes.xor(lower, upper), lanes.negative(beyond)));
            lanes.store(self.gather(first, places), &mut found[first..]);
        }
        self.signed(floats(found), ranks)
    }

    #[inline(always)]
    fn medians(&self) -> [f64; LANES] {
        let (mut low, mut high) = (self.counts(), [0; LANES]);
        for lane in 0..LANES {
            low[lane] = low[lane].saturating_sub(1) / 2;
            high[lane] = low[lane] + 1;
        }
        let [below, above] = [floats(self.middle[0]), floats(self.middle[1])];
        self.middles(self.signed(below, low), self.signed(above, high))
    }

    /// Of `half` pairs of distances that fall and rise, the greatest of the lesser ones has rank `half` among all of them,
    /// and the least of the greater ones the next. Both stand where they cross, which is near where they crossed before.
    #[inline(always)]
    fn deviations(&self, medians: [f64; LANES]) -> [f64; LANES] {
        let (lanes, half) = (self.lanes, self.half);
        let medians = medians.map(|median| (median + 0.0).to_bits() as i64);
        let (mut nearer, mut farther) = ([0; LANES], [0; LANES]);
        for (first, range) in (0..LANES).step_by(L::ROWS).zip(&self.crossing) {
            let median = lanes.load(&medians[first..]);
            let falling = |pair: usize| lanes.sub_floats(median, lanes.load(&self.slot(pair)[0][first..]));
            let rising = |pair: usize| lanes.sub_floats(lanes.load(&self.slot(pair)[1][first..]), median);
            let crossed = |pair: usize| lanes.any_less(falling(pair), rising(pair));
            let uncrossed = |pair: usize| lanes.any_less(rising(pair), falling(pair));
            let [mut low, mut high] = if half <= FEW { [0, half] } else { range.get() };
            while low > 0 && crossed(low) {
                low = low.saturating_sub(WIDER);
            }
            while high < half && uncrossed(high - 1) {
                high = (high + WIDER).min(half);
            }
            let (mut least, mut most) = (lanes.all(MISSING as u64), lanes.all(ABSENT as u64));
            for pair in low..high {
                let (left, right) = (falling(pair), rising(pair));
                most = lanes.greater(most, lanes.smaller(left, right));
                least = lanes.smaller(least, lanes.greater(left, right));
            }
            lanes.store(most, &mut nearer[first..]);
            lanes.store(least, &mut farther[first..]);
            if half > FEW && low + 2 * MARGIN < high {
                low += usize::from(!crossed(low + MARGIN));
                high -= usize::from(!uncrossed(high - 1 - MARGIN));
            }
            range.set([low, high]);
        }
        self.middles(floats(farther), floats(nearer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::lanes::{Baseline, portable::Portable};
    use crate::timeseries::order_statistics::midpoint;

    /// What is at the edges of floats, ties, zeros of both signs, and missing values.
    const EDGES: [f64; 12] = [
        f64::MIN,
        f64::MIN,
        f64::MAX,
        4.99e291, // half of the step of floats at `MAX`, nearly
        -1e308,
        -f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        -0.0,
        0.0,
        f64::NAN,
        f64::NAN,
    ];

    fn check<L: Lanes>(lanes: L) {
        for size in [1, 2, 3, 4, 7, 8, 40, 41, 90] {
            let mut windows = Halves::new(lanes, size);
            let mut rows = vec![[f64::NAN; LANES]; size];
            let mut random = 1_u64;
            for step in 0..400 {
                let mut entering = [f64::NAN; LANES];
                for value in &mut entering {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let wide = (random >> 33) as usize % EDGES.len();
                    *value = EDGES[if step % 100 < 50 { wide } else { wide % 2 + 7 * (step % 2) }];
                }
                let bits =
                    |row: [f64; LANES]| row.map(|value| if value.is_nan() { MISSING } else { value.to_bits() as i64 });
                windows.step(&bits(rows.remove(0)), &bits(entering));
                rows.push(entering);
                let (medians, counts) = (windows.medians(), windows.counts());
                let (deviations, tops) =
                    (windows.deviations(medians), windows.values(counts.map(|count| count.max(1) - 1)));
                for lane in 0..LANES {
                    let median_of = |values: &mut Vec<f64>| {
                        values.sort_by(f64::total_cmp);
                        let [low, high] = [(values.len() - 1) / 2, values.len() / 2].map(|rank| values[rank]);
                        if values.len() % 2 == 1 { high } else { midpoint(low, high) }
                    };
                    let mut window: Vec<f64> =
                        rows.iter().map(|row| row[lane]).filter(|value| !value.is_nan()).collect();
                    assert_eq!(window.len(), counts[lane]);
                    if !window.is_empty() {
                        let median = median_of(&mut window);
                        let top = window[window.len() - 1];
                        let mut distances: Vec<f64> = window.iter().map(|value| (value - median).abs()).collect();
                        let wanted = [median, median_of(&mut distances), top];
                        let found = [medians[lane], deviations[lane], tops[lane]];
                        assert_eq!(found.map(f64::to_bits), wanted.map(f64::to_bits), "{size} {step} {window:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn windows_are_those_of_a_sort_at_the_edges_of_floats() {
        // SAFETY: it needs none.
        check(unsafe { Portable::new() });
        // SAFETY: every processor has the instructions.
        check(unsafe { Baseline::new() });
    }
}
