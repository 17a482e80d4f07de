//! [`Lanes`] in plain Rust, for processors other than x86-64; LLVM makes of it what it can.

use super::Lanes;

type Words = [u64; 2];

#[derive(Clone, Copy)]
pub(crate) struct Portable(());

impl Portable {
    /// # Safety
    ///
    /// None is needed; the levels of x86-64 ask for it.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

#[inline(always)]
fn words(a: Words, b: Words, f: impl Fn(u64, u64) -> u64) -> Words {
    [f(a[0], b[0]), f(a[1], b[1])]
}

#[inline(always)]
fn fields32(a: Words, b: Words, f: impl Fn(u32, u32) -> u32) -> Words {
    words(a, b, |a, b| u64::from(f(a as u32, b as u32)) | u64::from(f((a >> 32) as u32, (b >> 32) as u32)) << 32)
}

#[inline(always)]
fn fields16(a: Words, b: Words, f: impl Fn(u32, u32) -> u32) -> Words {
    fields32(a, b, |a, b| f(a & 0xffff, b & 0xffff) & 0xffff | f(a >> 16, b >> 16) << 16)
}

/// Returns the four 16-bit fields of a word, as bytes.
#[inline(always)]
fn narrow(word: u64) -> u64 {
    (word | word >> 8) & 0xffff | (word | word >> 8) >> 16 & 0xffff_0000
}

/// Returns four bytes as 16-bit fields.
#[inline(always)]
fn widen(bytes: u64) -> u64 {
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff
}

#[inline(always)]
fn join(low: u64, high: u64) -> Words {
    [low & 0xffff_ffff | high << 32, low >> 32 | high >> 32 << 32]
}

#[inline(always)]
fn join_bytes(low: u64, high: u64) -> Words {
    let join = |low, high| widen(low) | widen(high) << 8;
    [join(low & 0xffff_ffff, high & 0xffff_ffff), join(low >> 32, high >> 32)]
}

impl Lanes for Portable {
    type Words = Words;
    const ROWS: usize = 2;

    #[inline(always)]
    fn load(self, words: &[i64]) -> Words {
        [words[0] as u64, words[1] as u64]
    }

    #[inline(always)]
    fn store(self, words: Words, to: &mut [i64]) {
        (to[0], to[1]) = (words[0] as i64, words[1] as i64);
    }

    #[inline(always)]
    fn all(self, word: u64) -> Words {
        [word; 2]
    }

    #[inline(always)]
    fn and(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| a & b)
    }

    #[inline(always)]
    fn or(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| a | b)
    }

    #[inline(always)]
    fn xor(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| a ^ b)
    }

    #[inline(always)]
    fn add(self, a: Words, b: Words) -> Words {
        words(a, b, u64::wrapping_add)
    }

    #[inline(always)]
    fn sub(self, a: Words, b: Words) -> Words {
        words(a, b, u64::wrapping_sub)
    }

    #[inline(always)]
    fn shr(self, a: Words, count: u32) -> Words {
        a.map(|a| a >> count)
    }

    #[inline(always)]
    fn shl(self, a: Words, count: u32) -> Words {
        a.map(|a| a << count)
    }

    #[inline(always)]
    fn negative(self, a: Words) -> Words {
        a.map(|a| (a as i64 >> 63) as u64)
    }

    #[inline(always)]
    fn mul32(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| (a & 0xffff_ffff) * (b & 0xffff_ffff))
    }

    #[inline(always)]
    fn sub_fields32(self, a: Words, b: Words) -> Words {
        fields32(a, b, u32::wrapping_sub)
    }

    #[inline(always)]
    fn shr_fields32(self, a: Words, count: u32) -> Words {
        fields32(a, a, |a, _| a >> count)
    }

    #[inline(always)]
    fn equal_fields32(self, a: Words, b: Words) -> Words {
        fields32(a, b, |a, b| if a == b { !0 } else { 0 })
    }

    #[inline(always)]
    fn greater_fields32(self, a: Words, b: Words) -> Words {
        fields32(a, b, |a, b| if a as i32 > b as i32 { !0 } else { 0 })
    }

    #[inline(always)]
    fn mul_fields16(self, a: Words, b: Words) -> Words {
        fields16(a, b, u32::wrapping_mul)
    }

    #[inline(always)]
    fn mul_high_fields16(self, a: Words, b: Words) -> Words {
        fields16(a, b, |a, b| (a * b) >> 16)
    }

    #[inline(always)]
    fn mul_add_fields16(self, a: Words, b: Words) -> Words {
        let product = |a: u32, b: u32| (i32::from(a as i16) * i32::from(b as i16)) as u32;
        fields32(a, b, |a, b| product(a, b).wrapping_add(product(a >> 16, b >> 16)))
    }

    #[inline(always)]
    fn low(self, a: Words, b: Words) -> Words {
        [a, b].map(|[first, second]| first & 0xffff_ffff | second << 32)
    }

    #[inline(always)]
    fn high(self, a: Words, b: Words) -> Words {
        [a, b].map(|[first, second]| first >> 32 | second >> 32 << 32)
    }

    #[inline(always)]
    fn join_first(self, low: Words, high: Words) -> Words {
        join(low[0], high[0])
    }

    #[inline(always)]
    fn join_second(self, low: Words, high: Words) -> Words {
        join(low[1], high[1])
    }

    #[inline(always)]
    fn bytes(self, a: Words, b: Words) -> Words {
        [a, b].map(|[first, second]| narrow(first) | narrow(second) << 32)
    }

    #[inline(always)]
    fn join_first_bytes(self, low: Words, high: Words) -> Words {
        join_bytes(low[0], high[0])
    }

    #[inline(always)]
    fn join_second_bytes(self, low: Words, high: Words) -> Words {
        join_bytes(low[1], high[1])
    }

    #[inline(always)]
    fn gather(self, words: &[i64], places: Words) -> Words {
        assert!(words.len().is_power_of_two());
        places.map(|place| words[place as usize & (words.len() - 1)] as u64)
    }

    #[inline(always)]
    fn load_floats(self, floats: &[f64]) -> Words {
        [floats[0].to_bits(), floats[1].to_bits()]
    }

    #[inline(always)]
    fn store_floats(self, words: Words, to: &mut [f64]) {
        (to[0], to[1]) = (f64::from_bits(words[0]), f64::from_bits(words[1]));
    }

    #[inline(always)]
    fn add_floats(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| (f64::from_bits(a) + f64::from_bits(b)).to_bits())
    }

    #[inline(always)]
    fn div_floats(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| (f64::from_bits(a) / f64::from_bits(b)).to_bits())
    }

    #[inline(always)]
    fn running_sums(self, a: Words) -> Words {
        self.add_floats(a, [0, a[0]])
    }

    #[inline(always)]
    fn last(self, a: Words) -> Words {
        [a[1]; 2]
    }

    #[inline(always)]
    fn sub_floats(self, a: Words, b: Words) -> Words {
        words(a, b, |a, b| (f64::from_bits(a) - f64::from_bits(b)).to_bits())
    }

    #[inline(always)]
    fn smaller(self, a: Words, b: Words) -> Words {
        self.if_less(a, b, a, b)
    }

    #[inline(always)]
    fn greater(self, a: Words, b: Words) -> Words {
        self.if_less(b, a, a, b)
    }

    #[inline(always)]
    fn if_less(self, a: Words, b: Words, yes: Words, no: Words) -> Words {
        let less = |i: usize| f64::from_bits(a[i]) < f64::from_bits(b[i]);
        [if less(0) { yes[0] } else { no[0] }, if less(1) { yes[1] } else { no[1] }]
    }

    #[inline(always)]
    fn any_less(self, a: Words, b: Words) -> bool {
        (0..2).any(|i| f64::from_bits(a[i]) < f64::from_bits(b[i]))
    }
}
