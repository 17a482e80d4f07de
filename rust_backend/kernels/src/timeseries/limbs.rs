//! Sums of floats that lose nothing: fixed-point numbers wide enough for all of them.
//!
//! See Neal, "Fast exact summation using small and large superaccumulators" (arXiv 1505.05571).

/// Bits of a limb. The limbs are wider, so that many numbers can be added before a carry is due.
const BITS: usize = 32;

/// Limbs for 2^-1074 to 2^1024 and for the carries of 2^31 such numbers.
const LIMBS: usize = 68;

/// A number that counts units of 2^-1074.
pub(crate) struct Exact {
    limbs: [i64; LIMBS],
    /// The limbs that are not 0 are from `low` to `high`.
    low: usize,
    high: usize,
}

impl Exact {
    pub(crate) fn new() -> Self {
        Self { limbs: [0; LIMBS], low: LIMBS, high: 0 }
    }

    /// Adds a finite number times 1 or -1.
    pub(crate) fn add(&mut self, value: f64, times: i64) {
        let bits = value.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let (whole, place) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let sign = if value.is_sign_negative() { -times } else { times };
        let mut rest = u128::from(whole) << (place % BITS);
        let first = place / BITS;
        for limb in self.limbs.iter_mut().skip(first).take(3) {
            *limb += sign * (rest & 0xffff_ffff) as i64;
            rest >>= BITS;
        }
        self.low = self.low.min(first);
        self.high = self.high.max(first + 2);
    }

    /// The nearest float, the even one of two, of the number times 2^-64 if `small`.
    pub(crate) fn round(&self, small: bool) -> f64 {
        let mut digits = [0_u32; LIMBS];
        let negative = self.carry(&mut digits, 1);
        if negative {
            self.carry(&mut digits, -1);
        }
        let Some(top) = digits.iter().rposition(|digit| *digit != 0) else { return 0.0 };
        let digit = |at: usize| u128::from(digits.get(at).copied().unwrap_or(0));
        let highest = top * BITS + (u32::BITS - 1 - digits[top].leading_zeros()) as usize;
        let bits = if highest < 53 {
            (digit(0) | digit(1) << BITS) as u64
        } else {
            // The 53 bits of the float end at bit `last`; one more bit and whether anything is below it decide.
            let last = highest - 52;
            let (at, shift) = ((last - 1) / BITS, (last - 1) % BITS);
            let part = digit(at) | digit(at + 1) << BITS | digit(at + 2) << (2 * BITS);
            let kept = (part >> shift) as u64 & ((1 << 54) - 1);
            let below = part & ((1 << shift) - 1) != 0 || digits[..at].iter().any(|digit| *digit != 0);
            let up = kept & 1 == 1 && (below || kept & 2 == 2);
            let last = if small { last.saturating_sub(64) } else { last };
            ((last as u64) << 52) + (kept >> 1) + u64::from(up)
        };
        let size = f64::from_bits(bits.min(f64::INFINITY.to_bits()));
        if negative { -size } else { size }
    }

    /// Writes the digits of the number times `sign`; returns whether that is negative.
    fn carry(&self, digits: &mut [u32; LIMBS], sign: i64) -> bool {
        let mut carry = 0;
        for (at, digit) in digits.iter_mut().enumerate().skip(self.low) {
            if at > self.high && (carry == 0 || carry == -1) {
                return carry < 0;
            }
            let sum = sign * self.limbs[at] + carry;
            (*digit, carry) = (sum as u32, sum >> BITS);
        }
        carry < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_rounded_once() {
        let sum = |values: &[f64]| {
            let mut exact = Exact::new();
            values.iter().for_each(|value| exact.add(*value, 1));
            exact.round(false)
        };
        let tiny = f64::from_bits(1);
        for (values, expected) in [
            (vec![], 0.0),
            (vec![1e16, 1.0, -1e16], 1.0),
            (vec![1.0, f64::EPSILON / 2.0], 1.0),
            (vec![1.0, f64::EPSILON / 2.0, tiny], 1.0 + f64::EPSILON),
            (vec![-1.0, -f64::EPSILON / 2.0, -tiny], -1.0 - f64::EPSILON),
            (vec![1.0 + f64::EPSILON, f64::EPSILON / 2.0], 1.0 + 2.0 * f64::EPSILON),
            (vec![tiny, tiny], f64::from_bits(2)),
            (vec![f64::MIN_POSITIVE, -tiny], f64::from_bits((1 << 52) - 1)),
            (vec![f64::MAX, f64::MAX], f64::INFINITY),
            (vec![f64::MAX, f64::MAX, -f64::MAX], f64::MAX),
            (vec![1e300, tiny, -1e300], tiny),
            (vec![-tiny, 1e-300, -1e-300], -tiny),
        ] {
            assert_eq!(sum(&values), expected, "{values:?}");
        }
        let mut exact = Exact::new();
        for value in [f64::MAX, f64::MAX] {
            exact.add(value, 1);
        }
        assert_eq!(exact.round(true), f64::MAX * 2_f64.powi(-63));
        exact.add(f64::MAX, -1);
        exact.add(f64::MAX, -1);
        assert_eq!(exact.round(false), 0.0);
    }
}
