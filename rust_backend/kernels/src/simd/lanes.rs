//! Vectors of 64-bit words, and of the fields in them, at each SIMD level.
//!
//! LLVM vectorises the other loops by itself. What decimal ids need most, products of 16-bit fields and moves of fields
//! between words, it does not find in arithmetic on words. Only operations that every x86-64 processor has are used, so
//! that one algorithm serves all levels.

/// Operations on vectors of [`Lanes::ROWS`] words; a value exists only where the processor has the instructions.
///
/// Operations that mix the fields of two vectors do so in an order of their own: `join_first` and `join_second` undo
/// what `low` and `high` do, and those of bytes what `bytes` does.
pub(crate) trait Lanes: Copy {
    type Words: Copy;
    const ROWS: usize;
    /// Whether the processor multiplies and adds in one step.
    const FUSED: bool = false;

    fn load(self, words: &[i64]) -> Self::Words;
    fn store(self, words: Self::Words, to: &mut [i64]);
    /// Returns a vector of equal words.
    fn all(self, word: u64) -> Self::Words;

    fn and(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn or(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn xor(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn add(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn sub(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn shr(self, a: Self::Words, count: u32) -> Self::Words;
    fn shl(self, a: Self::Words, count: u32) -> Self::Words;
    /// All ones in the words that are negative.
    fn negative(self, a: Self::Words) -> Self::Words;
    /// The products of the low 32 bits of words.
    fn mul32(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The products of words below 2^32 and any factor.
    #[inline(always)]
    fn mul(self, a: Self::Words, factor: u64) -> Self::Words {
        let high = self.mul32(a, self.all(factor >> 32));
        self.add(self.mul32(a, self.all(factor)), self.shl(high, 32))
    }

    fn sub_fields32(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn shr_fields32(self, a: Self::Words, count: u32) -> Self::Words;
    /// All ones in the 32-bit fields that are equal.
    fn equal_fields32(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// All ones in the 32-bit fields where `a` is greater, as signed numbers.
    fn greater_fields32(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The low 16 bits of the products of 16-bit fields.
    fn mul_fields16(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The high 16 bits of the products of 16-bit fields.
    fn mul_high_fields16(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// In each 32-bit field, the sum of the products of its two signed 16-bit fields.
    fn mul_add_fields16(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// In each 16-bit field, the low byte and the high byte times a weight; all below 128.
    #[inline(always)]
    fn weigh_bytes(self, a: Self::Words, weight: u8) -> Self::Words {
        let bytes = self.all(0x00ff_00ff_00ff_00ff);
        let high = self.and(self.shr(a, 8), bytes);
        let weights = self.all(u64::from(weight) * 0x0001_0001_0001_0001);
        self.add(self.and(a, bytes), self.mul_fields16(high, weights))
    }

    /// The low halves of the words of two vectors.
    fn low(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The high halves of the words of two vectors.
    fn high(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn join_first(self, low: Self::Words, high: Self::Words) -> Self::Words;
    fn join_second(self, low: Self::Words, high: Self::Words) -> Self::Words;
    /// The 16-bit fields of two vectors, all below 256, as the bytes of 32-bit fields.
    fn bytes(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The words of the first vector from the low and the high bytes of their 16-bit fields.
    fn join_first_bytes(self, low: Self::Words, high: Self::Words) -> Self::Words;
    fn join_second_bytes(self, low: Self::Words, high: Self::Words) -> Self::Words;

    /// The float a * b + c, rounded once where that is one step, and else twice.
    #[inline(always)]
    fn multiply_add(self, a: f64, b: f64, c: f64) -> f64 {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }

    /// The words at some places, each modulo the number of words, which is a power of two.
    fn gather(self, words: &[i64], places: Self::Words) -> Self::Words;

    /// Words that are the bits of floats, here and below.
    fn load_floats(self, floats: &[f64]) -> Self::Words;
    fn store_floats(self, words: Self::Words, to: &mut [f64]);
    /// The sums of floats.
    fn add_floats(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The quotients of floats.
    fn div_floats(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The quotients of floats by one that stays the same for long: those of `div_floats` where the sizes of dividends are
    /// from 2^-900 to 2^1000, or they are 0, and the divisor is a whole number below 2^31.
    #[inline(always)]
    fn divided_by(self, a: Self::Words, b: Self::Words) -> Self::Words {
        self.div_floats(a, b)
    }
    /// 1 divided by floats that are whole numbers below 2^52, rounded once; infinite or NaN where it is 0.
    #[inline(always)]
    fn reciprocal(self, a: Self::Words) -> Self::Words {
        self.div_floats(self.all(1.0_f64.to_bits()), a)
    }
    /// `reciprocal` of as many floats as there are places.
    #[inline(always)]
    fn reciprocals(self, of: &[f64; 8], to: &mut [f64; 8]) {
        for (of, to) in of.chunks_exact(Self::ROWS).zip(to.chunks_exact_mut(Self::ROWS)) {
            self.store_floats(self.reciprocal(self.load_floats(of)), to);
        }
    }
    /// The sums of the floats up to each, made in an order of its own.
    fn running_sums(self, a: Self::Words) -> Self::Words;
    /// The last of the words, in all places.
    fn last(self, a: Self::Words) -> Self::Words;
    /// The differences of floats.
    fn sub_floats(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The smaller ones of words that are the bits of floats, none of which is NaN or -0.0.
    fn smaller(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The greater ones of floats without their signs and such words, the latter for NaN.
    #[inline(always)]
    fn greater_size(self, a: Self::Words, b: Self::Words) -> Self::Words {
        self.greater(self.and(a, self.all(u64::MAX >> 1)), b)
    }
    /// The greater ones of such words; those of `b` where one of `a` is NaN.
    fn greater(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The words of `yes` where that of `a` is less than that of `b`, as floats, and of `no` elsewhere.
    fn if_less(self, a: Self::Words, b: Self::Words, yes: Self::Words, no: Self::Words) -> Self::Words;
    /// Whether any word of `a` is less than that of `b`, as floats.
    fn any_less(self, a: Self::Words, b: Self::Words) -> bool;
}

#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) mod portable;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use portable::Portable as Baseline;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512, Sse2 as Baseline};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// Implements [`Lanes`] by functions that need the instructions of a level.
    macro_rules! lanes {
        (
            $name:ident, $words:ty, $rows:literal, $fused:literal, $load:ident, $store:ident, $gather:ident, $any_less:ident,
            { $($method:ident($($argument:ident: $type:ty),*) = $function:ident),* $(,)? }
        ) => {
            #[derive(Clone, Copy)]
            pub(crate) struct $name(());

            impl $name {
                /// # Safety
                ///
                /// The processor must have the instructions of the level.
                #[inline(always)]
                pub(crate) unsafe fn new() -> Self {
                    Self(())
                }
            }

            impl Lanes for $name {
                type Words = $words;
                const ROWS: usize = $rows;
                const FUSED: bool = $fused;

                #[inline(always)]
                fn load(self, words: &[i64]) -> $words {
                    assert!(words.len() >= $rows);
                    // SAFETY: the slice is long enough, and `self` shows that the processor has the instructions.
                    unsafe { $load(words.as_ptr().cast()) }
                }

                #[inline(always)]
                fn store(self, words: $words, to: &mut [i64]) {
                    assert!(to.len() >= $rows);
                    // SAFETY: the slice is long enough, and `self` shows that the processor has the instructions.
                    unsafe { $store(to.as_mut_ptr().cast(), words) }
                }

                #[inline(always)]
                fn load_floats(self, floats: &[f64]) -> $words {
                    assert!(floats.len() >= $rows);
                    // SAFETY: the slice is long enough, and `self` shows that the processor has the instructions.
                    unsafe { $load(floats.as_ptr().cast()) }
                }

                #[inline(always)]
                fn store_floats(self, words: $words, to: &mut [f64]) {
                    assert!(to.len() >= $rows);
                    // SAFETY: the slice is long enough, and `self` shows that the processor has the instructions.
                    unsafe { $store(to.as_mut_ptr().cast(), words) }
                }

                #[inline(always)]
                fn gather(self, words: &[i64], places: $words) -> $words {
                    assert!(words.len().is_power_of_two());
                    // SAFETY: `$gather` reads below the power of two, and `self` shows that the processor has the
                    // instructions.
                    unsafe { $gather(words.as_ptr(), self.and(places, self.all(words.len() as u64 - 1))) }
                }

                #[inline(always)]
                fn any_less(self, a: $words, b: $words) -> bool {
                    // SAFETY: `self` shows that the processor has the instructions.
                    unsafe { $any_less(a, b) }
                }

                $(
                    #[inline(always)]
                    fn $method(self $(, $argument: $type)*) -> $words {
                        // SAFETY: `self` shows that the processor has the instructions.
                        unsafe { $function($($argument),*) }
                    }
                )*
            }
        };
    }

    /// Defines what no single instruction does.
    macro_rules! functions {
        ($features:literal: $($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $value:expr;)*) => {
            $(
                #[inline]
                #[target_feature(enable = $features)]
                fn $name($($argument: $type),*) -> $result {
                    $value
                }
            )*
        };
    }

    functions! { "sse2":
        all_128(word: u64) -> __m128i = _mm_set1_epi64x(word as i64);
        shr_128(a: __m128i, count: u32) -> __m128i = _mm_srl_epi64(a, _mm_cvtsi32_si128(count as i32));
        shl_128(a: __m128i, count: u32) -> __m128i = _mm_sll_epi64(a, _mm_cvtsi32_si128(count as i32));
        shr32_128(a: __m128i, count: u32) -> __m128i = _mm_srl_epi32(a, _mm_cvtsi32_si128(count as i32));
        negative_128(a: __m128i) -> __m128i = _mm_shuffle_epi32::<0xf5>(_mm_srai_epi32::<31>(a));
        low_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castps_si128(_mm_shuffle_ps::<0x88>(_mm_castsi128_ps(a), _mm_castsi128_ps(b)));
        high_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castps_si128(_mm_shuffle_ps::<0xdd>(_mm_castsi128_ps(a), _mm_castsi128_ps(b)));
        add_floats_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castpd_si128(_mm_add_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
        div_floats_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castpd_si128(_mm_div_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
        running_sums_128(a: __m128i) -> __m128i = add_floats_128(a, _mm_slli_si128::<8>(a));
        last_128(a: __m128i) -> __m128i = _mm_unpackhi_epi64(a, a);
        sub_floats_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castpd_si128(_mm_sub_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
        smaller_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castpd_si128(_mm_min_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
        greater_128(a: __m128i, b: __m128i) -> __m128i =
            _mm_castpd_si128(_mm_max_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
        any_less_128(a: __m128i, b: __m128i) -> bool =
            _mm_movemask_pd(_mm_cmplt_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b))) != 0;
        if_less_128(a: __m128i, b: __m128i, yes: __m128i, no: __m128i) -> __m128i = {
            let less = _mm_castpd_si128(_mm_cmplt_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
            _mm_or_si128(_mm_and_si128(less, yes), _mm_andnot_si128(less, no))
        };
    }

    /// # Safety
    ///
    /// All places are those of words.
    #[inline]
    #[target_feature(enable = "sse2")]
    unsafe fn gather_128(words: *const i64, places: __m128i) -> __m128i {
        let [low, high] = [places, _mm_unpackhi_epi64(places, places)].map(|place| _mm_cvtsi128_si64(place) as usize);
        // SAFETY: the caller says so.
        let words = unsafe { std::slice::from_raw_parts(words, low.max(high) + 1) };
        _mm_set_epi64x(words[high], words[low])
    }

    lanes! { Sse2, __m128i, 2, false, _mm_loadu_si128, _mm_storeu_si128, gather_128, any_less_128, {
        all(word: u64) = all_128,
        and(a: __m128i, b: __m128i) = _mm_and_si128,
        or(a: __m128i, b: __m128i) = _mm_or_si128,
        xor(a: __m128i, b: __m128i) = _mm_xor_si128,
        add(a: __m128i, b: __m128i) = _mm_add_epi64,
        sub(a: __m128i, b: __m128i) = _mm_sub_epi64,
        shr(a: __m128i, count: u32) = shr_128,
        shl(a: __m128i, count: u32) = shl_128,
        negative(a: __m128i) = negative_128,
        mul32(a: __m128i, b: __m128i) = _mm_mul_epu32,
        sub_fields32(a: __m128i, b: __m128i) = _mm_sub_epi32,
        shr_fields32(a: __m128i, count: u32) = shr32_128,
        equal_fields32(a: __m128i, b: __m128i) = _mm_cmpeq_epi32,
        greater_fields32(a: __m128i, b: __m128i) = _mm_cmpgt_epi32,
        mul_fields16(a: __m128i, b: __m128i) = _mm_mullo_epi16,
        mul_high_fields16(a: __m128i, b: __m128i) = _mm_mulhi_epu16,
        mul_add_fields16(a: __m128i, b: __m128i) = _mm_madd_epi16,
        low(a: __m128i, b: __m128i) = low_128,
        high(a: __m128i, b: __m128i) = high_128,
        join_first(a: __m128i, b: __m128i) = _mm_unpacklo_epi32,
        join_second(a: __m128i, b: __m128i) = _mm_unpackhi_epi32,
        bytes(a: __m128i, b: __m128i) = _mm_packus_epi16,
        join_first_bytes(a: __m128i, b: __m128i) = _mm_unpacklo_epi8,
        join_second_bytes(a: __m128i, b: __m128i) = _mm_unpackhi_epi8,
        add_floats(a: __m128i, b: __m128i) = add_floats_128,
        div_floats(a: __m128i, b: __m128i) = div_floats_128,
        running_sums(a: __m128i) = running_sums_128,
        last(a: __m128i) = last_128,
        sub_floats(a: __m128i, b: __m128i) = sub_floats_128,
        smaller(a: __m128i, b: __m128i) = smaller_128,
        greater(a: __m128i, b: __m128i) = greater_128,
        if_less(a: __m128i, b: __m128i, yes: __m128i, no: __m128i) = if_less_128,
    }}

    functions! { "avx2":
        all_256(word: u64) -> __m256i = _mm256_set1_epi64x(word as i64);
        shr_256(a: __m256i, count: u32) -> __m256i = _mm256_srl_epi64(a, _mm_cvtsi32_si128(count as i32));
        shl_256(a: __m256i, count: u32) -> __m256i = _mm256_sll_epi64(a, _mm_cvtsi32_si128(count as i32));
        shr32_256(a: __m256i, count: u32) -> __m256i = _mm256_srl_epi32(a, _mm_cvtsi32_si128(count as i32));
        negative_256(a: __m256i) -> __m256i = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
        weigh_256(a: __m256i, weight: u8) -> __m256i =
            _mm256_maddubs_epi16(a, _mm256_set1_epi16(i16::from(weight) << 8 | 1));
        low_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castps_si256(_mm256_shuffle_ps::<0x88>(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
        high_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castps_si256(_mm256_shuffle_ps::<0xdd>(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
        add_floats_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castpd_si256(_mm256_add_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)));
        div_floats_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castpd_si256(_mm256_div_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)));
        running_sums_256(a: __m256i) -> __m256i = {
            let pairs = add_floats_256(a, _mm256_slli_si256::<8>(a));
            let half = _mm256_permute2x128_si256::<0x08>(pairs, pairs);
            add_floats_256(pairs, _mm256_unpackhi_epi64(half, half))
        };
        last_256(a: __m256i) -> __m256i = _mm256_permute4x64_epi64::<0xff>(a);
        sub_floats_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castpd_si256(_mm256_sub_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)));
        smaller_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castpd_si256(_mm256_min_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)));
        greater_256(a: __m256i, b: __m256i) -> __m256i =
            _mm256_castpd_si256(_mm256_max_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)));
        any_less_256(a: __m256i, b: __m256i) -> bool =
            _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b))) != 0;
        if_less_256(a: __m256i, b: __m256i, yes: __m256i, no: __m256i) -> __m256i = {
            let less = _mm256_cmp_pd::<_CMP_LT_OQ>(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b));
            _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(no), _mm256_castsi256_pd(yes), less))
        };
    }

    /// # Safety
    ///
    /// As above.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn gather_256(words: *const i64, places: __m256i) -> __m256i {
        // SAFETY: as above.
        unsafe { _mm256_i64gather_epi64::<8>(words, places) }
    }

    /// A product with the inverse in two floats, which is within 2^-103 of the quotient before it is rounded. No quotient by
    /// a whole number `b` is in the middle of two floats, or nearer to one than 2^-54 / `b`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn divided_by_256(a: __m256i, b: __m256i) -> __m256i {
        let (a, b, one) = (_mm256_castsi256_pd(a), _mm256_castsi256_pd(b), _mm256_set1_pd(1.0));
        let inverse = _mm256_div_pd(one, b);
        let rest = _mm256_mul_pd(_mm256_fnmadd_pd(inverse, b, one), inverse);
        _mm256_castpd_si256(_mm256_fmadd_pd(a, inverse, _mm256_mul_pd(a, rest)))
    }

    lanes! { Avx2, __m256i, 4, true, _mm256_loadu_si256, _mm256_storeu_si256, gather_256, any_less_256, {
        all(word: u64) = all_256,
        and(a: __m256i, b: __m256i) = _mm256_and_si256,
        or(a: __m256i, b: __m256i) = _mm256_or_si256,
        xor(a: __m256i, b: __m256i) = _mm256_xor_si256,
        add(a: __m256i, b: __m256i) = _mm256_add_epi64,
        sub(a: __m256i, b: __m256i) = _mm256_sub_epi64,
        shr(a: __m256i, count: u32) = shr_256,
        shl(a: __m256i, count: u32) = shl_256,
        negative(a: __m256i) = negative_256,
        mul32(a: __m256i, b: __m256i) = _mm256_mul_epu32,
        sub_fields32(a: __m256i, b: __m256i) = _mm256_sub_epi32,
        shr_fields32(a: __m256i, count: u32) = shr32_256,
        equal_fields32(a: __m256i, b: __m256i) = _mm256_cmpeq_epi32,
        greater_fields32(a: __m256i, b: __m256i) = _mm256_cmpgt_epi32,
        mul_fields16(a: __m256i, b: __m256i) = _mm256_mullo_epi16,
        mul_high_fields16(a: __m256i, b: __m256i) = _mm256_mulhi_epu16,
        mul_add_fields16(a: __m256i, b: __m256i) = _mm256_madd_epi16,
        weigh_bytes(a: __m256i, weight: u8) = weigh_256,
        low(a: __m256i, b: __m256i) = low_256,
        high(a: __m256i, b: __m256i) = high_256,
        join_first(a: __m256i, b: __m256i) = _mm256_unpacklo_epi32,
        join_second(a: __m256i, b: __m256i) = _mm256_unpackhi_epi32,
        bytes(a: __m256i, b: __m256i) = _mm256_packus_epi16,
        join_first_bytes(a: __m256i, b: __m256i) = _mm256_unpacklo_epi8,
        join_second_bytes(a: __m256i, b: __m256i) = _mm256_unpackhi_epi8,
        add_floats(a: __m256i, b: __m256i) = add_floats_256,
        div_floats(a: __m256i, b: __m256i) = div_floats_256,
        divided_by(a: __m256i, b: __m256i) = divided_by_256,
        running_sums(a: __m256i) = running_sums_256,
        last(a: __m256i) = last_256,
        sub_floats(a: __m256i, b: __m256i) = sub_floats_256,
        smaller(a: __m256i, b: __m256i) = smaller_256,
        greater(a: __m256i, b: __m256i) = greater_256,
        if_less(a: __m256i, b: __m256i, yes: __m256i, no: __m256i) = if_less_256,
    }}

    functions! { "avx512f,avx512bw,avx512dq":
        all_512(word: u64) -> __m512i = _mm512_set1_epi64(word as i64);
        shr_512(a: __m512i, count: u32) -> __m512i = _mm512_srl_epi64(a, _mm_cvtsi32_si128(count as i32));
        shl_512(a: __m512i, count: u32) -> __m512i = _mm512_sll_epi64(a, _mm_cvtsi32_si128(count as i32));
        shr32_512(a: __m512i, count: u32) -> __m512i = _mm512_srl_epi32(a, _mm_cvtsi32_si128(count as i32));
        negative_512(a: __m512i) -> __m512i = _mm512_srai_epi64::<63>(a);
        equal32_512(a: __m512i, b: __m512i) -> __m512i = _mm512_movm_epi32(_mm512_cmpeq_epi32_mask(a, b));
        greater32_512(a: __m512i, b: __m512i) -> __m512i = _mm512_movm_epi32(_mm512_cmpgt_epi32_mask(a, b));
        mul_512(a: __m512i, factor: u64) -> __m512i = _mm512_mullo_epi64(a, all_512(factor));
        weigh_512(a: __m512i, weight: u8) -> __m512i =
            _mm512_maddubs_epi16(a, _mm512_set1_epi16(i16::from(weight) << 8 | 1));
        low_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castps_si512(_mm512_shuffle_ps::<0x88>(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
        high_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castps_si512(_mm512_shuffle_ps::<0xdd>(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
        add_floats_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_add_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        div_floats_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_div_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        running_sums_512(a: __m512i) -> __m512i = {
            let none = _mm512_setzero_si512();
            let pairs = add_floats_512(a, _mm512_unpacklo_epi64(none, a));
            let fours = add_floats_512(pairs, _mm512_maskz_permutex_epi64::<0x55>(0b1100_1100, pairs));
            add_floats_512(fours, _mm512_maskz_permutexvar_epi64(0b1111_0000, _mm512_set1_epi64(3), fours))
        };
        last_512(a: __m512i) -> __m512i = _mm512_permutexvar_epi64(_mm512_set1_epi64(7), a);
        sub_floats_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_sub_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        smaller_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_min_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        greater_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_max_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        greater_size_512(a: __m512i, b: __m512i) -> __m512i =
            _mm512_castpd_si512(_mm512_range_pd::<0b1011>(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)));
        any_less_512(a: __m512i, b: __m512i) -> bool =
            _mm512_cmp_pd_mask::<_CMP_LT_OQ>(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b)) != 0;
        if_less_512(a: __m512i, b: __m512i, yes: __m512i, no: __m512i) -> __m512i = {
            let less = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b));
            _mm512_mask_blend_epi64(less, no, yes)
        };
    }

    /// # Safety
    ///
    /// As above.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn gather_512(words: *const i64, places: __m512i) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_i64gather_epi64::<8>(places, words.cast()) }
    }

    /// As for 256 bits.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn divided_by_512(a: __m512i, b: __m512i) -> __m512i {
        let (a, b, one) = (_mm512_castsi512_pd(a), _mm512_castsi512_pd(b), _mm512_set1_pd(1.0));
        let inverse = _mm512_div_pd(one, b);
        let rest = _mm512_mul_pd(_mm512_fnmadd_pd(inverse, b, one), inverse);
        _mm512_castpd_si512(_mm512_fmadd_pd(a, inverse, _mm512_mul_pd(a, rest)))
    }

    /// Within 2^-14, and after two of Newton's steps within an ulp, so that a third one rounds as a division does (Markstein,
    /// "Computation of elementary functions on the IBM RISC System/6000 processor", 1990; significands of ones alone are
    /// excepted). Eight divisions keep the divider for 16 cycles (Golden Cove), and these steps two multipliers for 3.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn reciprocal_512(a: __m512i) -> __m512i {
        let a = _mm512_castsi512_pd(a);
        let mut inverse = _mm512_rcp14_pd(a);
        for _ in 0..3 {
            inverse = _mm512_fmadd_pd(_mm512_fnmadd_pd(inverse, a, _mm512_set1_pd(1.0)), inverse, inverse);
        }
        _mm512_castpd_si512(inverse)
    }

    lanes! { Avx512, __m512i, 8, true, _mm512_loadu_si512, _mm512_storeu_si512, gather_512, any_less_512, {
        all(word: u64) = all_512,
        and(a: __m512i, b: __m512i) = _mm512_and_si512,
        or(a: __m512i, b: __m512i) = _mm512_or_si512,
        xor(a: __m512i, b: __m512i) = _mm512_xor_si512,
        add(a: __m512i, b: __m512i) = _mm512_add_epi64,
        sub(a: __m512i, b: __m512i) = _mm512_sub_epi64,
        shr(a: __m512i, count: u32) = shr_512,
        shl(a: __m512i, count: u32) = shl_512,
        negative(a: __m512i) = negative_512,
        mul32(a: __m512i, b: __m512i) = _mm512_mul_epu32,
        mul(a: __m512i, factor: u64) = mul_512,
        sub_fields32(a: __m512i, b: __m512i) = _mm512_sub_epi32,
        shr_fields32(a: __m512i, count: u32) = shr32_512,
        equal_fields32(a: __m512i, b: __m512i) = equal32_512,
        greater_fields32(a: __m512i, b: __m512i) = greater32_512,
        mul_fields16(a: __m512i, b: __m512i) = _mm512_mullo_epi16,
        mul_high_fields16(a: __m512i, b: __m512i) = _mm512_mulhi_epu16,
        mul_add_fields16(a: __m512i, b: __m512i) = _mm512_madd_epi16,
        weigh_bytes(a: __m512i, weight: u8) = weigh_512,
        low(a: __m512i, b: __m512i) = low_512,
        high(a: __m512i, b: __m512i) = high_512,
        join_first(a: __m512i, b: __m512i) = _mm512_unpacklo_epi32,
        join_second(a: __m512i, b: __m512i) = _mm512_unpackhi_epi32,
        bytes(a: __m512i, b: __m512i) = _mm512_packus_epi16,
        join_first_bytes(a: __m512i, b: __m512i) = _mm512_unpacklo_epi8,
        join_second_bytes(a: __m512i, b: __m512i) = _mm512_unpackhi_epi8,
        add_floats(a: __m512i, b: __m512i) = add_floats_512,
        div_floats(a: __m512i, b: __m512i) = div_floats_512,
        divided_by(a: __m512i, b: __m512i) = divided_by_512,
        reciprocal(a: __m512i) = reciprocal_512,
        running_sums(a: __m512i) = running_sums_512,
        last(a: __m512i) = last_512,
        sub_floats(a: __m512i, b: __m512i) = sub_floats_512,
        smaller(a: __m512i, b: __m512i) = smaller_512,
        greater(a: __m512i, b: __m512i) = greater_512,
        greater_size(a: __m512i, b: __m512i) = greater_size_512,
        if_less(a: __m512i, b: __m512i, yes: __m512i, no: __m512i) = if_less_512,
    }}
}
