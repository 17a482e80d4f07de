//! Bit masks of comparisons, and fused steps: what LLVM does not find in this family's plain loops, at every SIMD level.

/// Makes masks; a value exists only where the processor has the instructions.
pub(crate) trait Masks: Copy {
    /// Returns a bit for each value that is at most `limit`.
    fn at_most(self, values: &[f64; 8], limit: f64) -> u8;
    /// Returns `a * b + c`, rounded once where that is one instruction, and twice otherwise.
    #[inline(always)]
    fn multiply_add(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
    /// Returns a bit for each value whose sign is set.
    #[inline(always)]
    fn negative(self, values: &[f32; 16]) -> u16 {
        values.iter().enumerate().fold(0, |mask, (bit, value)| mask | u16::from(value.is_sign_negative()) << bit)
    }
    /// Returns a bit for each id that is above `limit`.
    #[inline(always)]
    fn above(self, ids: &[i32; 16], limit: i32) -> u16 {
        ids.iter().enumerate().fold(0, |mask, (bit, id)| mask | u16::from(*id > limit) << bit)
    }
    /// Returns how many of `ids` are below each of 16.
    #[inline(always)]
    fn ranks(self, ids: &[i32], own: &[i32; 16]) -> [i32; 16] {
        let mut ranks = [0; 16];
        for id in ids {
            for (rank, own) in ranks.iter_mut().zip(own) {
                *rank += i32::from(own > id);
            }
        }
        ranks
    }
    /// Puts the first ids in order, if they are few and there are instructions for it, and returns whether it did; what `to`
    /// holds behind them is left open.
    #[inline(always)]
    fn sort(self, _ids: &[i32; 32], _many: usize, _to: &mut [i32; 32]) -> bool {
        false
    }
    /// Moves the ids whose bits are set to the front; what follows them is left open.
    #[inline(always)]
    fn compress_ids(self, bits: u16, ids: &[i32; 16], to: &mut [i32; 16]) {
        for (to, bit) in to.iter_mut().zip(ones(bits.into())) {
            *to = ids[bit & 15];
        }
    }
    /// As [`Self::compress_ids`], of eight ids.
    #[inline(always)]
    fn compress_eight(self, bits: u8, ids: &[i32; 8], to: &mut [i32; 8]) {
        for (to, bit) in to.iter_mut().zip(ones(bits.into())) {
            *to = ids[bit & 7];
        }
    }
    /// Returns a bit for each flag that is not 0.
    #[inline(always)]
    fn set(self, flags: &[u8; 8]) -> u8 {
        flags.iter().enumerate().fold(0, |mask, (bit, flag)| mask | u8::from(*flag != 0) << bit)
    }
    /// Moves the values whose bits are set to the front; what follows them is left open.
    #[inline(always)]
    fn compress(self, bits: u8, values: &[f64; 8], to: &mut [f64; 8]) {
        for (to, bit) in to.iter_mut().zip(ones(bits.into())) {
            *to = values[bit & 7];
        }
    }
}

/// Iterates over the places of the bits that are set.
#[inline(always)]
pub(crate) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (word != 0).then(|| word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        place
    })
}

/// Masks without special instructions.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Masks for Plain {
    #[inline(always)]
    fn at_most(self, values: &[f64; 8], limit: f64) -> u8 {
        values.iter().enumerate().fold(0, |mask, (bit, value)| mask | u8::from(*value <= limit) << bit)
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Masks;
    use crate::spatial::networks::{MOST, sort_by_eights, sort_by_sixteens};

    /// Masks with AVX2.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        /// # Safety
        /// The processor must have the instructions.
        #[inline(always)]
        pub(crate) unsafe fn new() -> Self {
            Self(())
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn at_most_4(values: &[f64], limit: f64) -> u8 {
        let &[a, b, c, d] = values else { return 0 };
        let values = _mm256_set_pd(d, c, b, a);
        _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(values, _mm256_set1_pd(limit))) as u8
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn set_8(flags: [u8; 8]) -> u8 {
        let flags = _mm_cvtsi64_si128(i64::from_le_bytes(flags));
        !(_mm_movemask_epi8(_mm_cmpeq_epi8(flags, _mm_setzero_si128())) as u8)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn above_8(ids: &[i32; 8], limit: i32) -> u16 {
        // SAFETY: the reference covers the eight ids, and the instruction asks for no alignment.
        let ids = unsafe { _mm256_loadu_si256(ids.as_ptr().cast()) };
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(ids, _mm256_set1_epi32(limit)))) as u16
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn negative_8(values: &[f32; 8]) -> u16 {
        // SAFETY: the reference covers the eight values, and the instruction asks for no alignment.
        let values = unsafe { _mm256_loadu_ps(values.as_ptr()) };
        _mm256_movemask_ps(values) as u16
    }

    /// For each mask of eight, the places of its bits, a byte for each.
    const FRONT: [u64; 256] = {
        let mut front = [0; 256];
        let mut bits = 0;
        while bits < 256 {
            let (mut bit, mut shift) = (0, 0);
            while bit < 8 {
                if bits >> bit & 1 == 1 {
                    front[bits] |= bit << shift;
                    shift += 8;
                }
                bit += 1;
            }
            bits += 1;
        }
        front
    };

    /// Moves the ids whose bits are set to the front.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn compress_8(bits: u8, ids: &[i32; 8], to: &mut [i32; 8]) {
        // SAFETY: the reference covers the eight ids, and the instruction asks for no alignment.
        let ids = unsafe { _mm256_loadu_si256(ids.as_ptr().cast()) };
        let places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(FRONT[bits as usize] as i64));
        let front = _mm256_permutevar8x32_epi32(ids, places);
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), front) };
    }

    /// Returns how many of `ids` are below each of 16. LLVM turns the two loops of the plain form inside out, into
    /// 16 series of vectors that fit no registers: that took 120 ms of 470 for 1e6 half lists.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn ranks_by_halves(ids: &[i32], own: &[i32; 16]) -> [i32; 16] {
        let [low, high]: &[[i32; 8]; 2] = own.as_chunks().0.try_into().unwrap_or(&[[0; 8]; 2]);
        // SAFETY: the reference covers the eight ids, and the instruction asks for no alignment.
        let low = unsafe { _mm256_loadu_si256(low.as_ptr().cast()) };
        // SAFETY: as above.
        let high = unsafe { _mm256_loadu_si256(high.as_ptr().cast()) };
        let mut ranks = [_mm256_setzero_si256(); 2];
        for id in ids {
            let id = _mm256_set1_epi32(*id);
            ranks[0] = _mm256_sub_epi32(ranks[0], _mm256_cmpgt_epi32(low, id));
            ranks[1] = _mm256_sub_epi32(ranks[1], _mm256_cmpgt_epi32(high, id));
        }
        let mut out = [0; 16];
        for (out, ranks) in out.as_chunks_mut::<8>().0.iter_mut().zip(ranks) {
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), ranks) };
        }
        out
    }

    impl Masks for Avx2 {
        #[inline(always)]
        fn set(self, flags: &[u8; 8]) -> u8 {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { set_8(*flags) }
        }

        #[inline(always)]
        fn compress_eight(self, bits: u8, ids: &[i32; 8], to: &mut [i32; 8]) {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { compress_8(bits, ids, to) };
        }

        #[inline(always)]
        fn ranks(self, ids: &[i32], own: &[i32; 16]) -> [i32; 16] {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { ranks_by_halves(ids, own) }
        }

        #[inline(always)]
        fn sort(self, ids: &[i32; 32], many: usize, to: &mut [i32; 32]) -> bool {
            if many <= MOST {
                // SAFETY: as above.
                unsafe { sort_by_eights(ids, many, to) };
            }
            many <= MOST
        }

        #[inline(always)]
        fn multiply_add(self, a: f32, b: f32, c: f32) -> f32 {
            a.mul_add(b, c)
        }

        #[inline(always)]
        fn negative(self, values: &[f32; 16]) -> u16 {
            let [low, high]: &[[f32; 8]; 2] = values.as_chunks().0.try_into().unwrap_or(&[[0.0; 8]; 2]);
            // SAFETY: `self` exists only where the instructions are.
            let low = unsafe { negative_8(low) };
            // SAFETY: as above.
            low | unsafe { negative_8(high) } << 8
        }

        #[inline(always)]
        fn compress_ids(self, bits: u16, ids: &[i32; 16], to: &mut [i32; 16]) {
            let [low, high]: &[[i32; 8]; 2] = ids.as_chunks().0.try_into().unwrap_or(&[[0; 8]; 2]);
            let (low_bits, high_bits) = (bits as u8, (bits >> 8) as u8);
            if let Some(to) = to.first_chunk_mut() {
                // SAFETY: `self` exists only where the instructions are.
                unsafe { compress_8(low_bits, low, to) };
            }
            if let Some(to) = to.get_mut(low_bits.count_ones() as usize..).and_then(|to| to.first_chunk_mut()) {
                // SAFETY: as above.
                unsafe { compress_8(high_bits, high, to) };
            }
        }

        #[inline(always)]
        fn above(self, ids: &[i32; 16], limit: i32) -> u16 {
            let [low, high]: &[[i32; 8]; 2] = ids.as_chunks().0.try_into().unwrap_or(&[[i32::MIN; 8]; 2]);
            // SAFETY: `self` exists only where the instructions are.
            let low = unsafe { above_8(low, limit) };
            // SAFETY: as above.
            low | unsafe { above_8(high, limit) } << 8
        }

        #[inline(always)]
        fn at_most(self, values: &[f64; 8], limit: f64) -> u8 {
            let (low, high) = values.split_at(4);
            // SAFETY: `self` exists only where the instructions are.
            let low = unsafe { at_most_4(low, limit) };
            // SAFETY: as above.
            low | unsafe { at_most_4(high, limit) } << 4
        }
    }

    /// Masks with AVX-512.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        /// # Safety
        /// The processor must have the instructions.
        #[inline(always)]
        pub(crate) unsafe fn new() -> Self {
            Self(())
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn at_most_8(values: &[f64; 8], limit: f64) -> u8 {
        // SAFETY: the reference covers the eight values, and the instruction asks for no alignment.
        let values = unsafe { _mm512_loadu_pd(values.as_ptr()) };
        _mm512_cmp_pd_mask::<_CMP_LE_OQ>(values, _mm512_set1_pd(limit))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn negative_16(values: &[f32; 16]) -> u16 {
        // SAFETY: the reference covers the 16 values, and the instruction asks for no alignment.
        let values = unsafe { _mm512_loadu_ps(values.as_ptr()) };
        _mm512_movepi32_mask(_mm512_castps_si512(values))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn above_16(ids: &[i32; 16], limit: i32) -> u16 {
        // SAFETY: the reference covers the 16 ids, and the instruction asks for no alignment.
        let ids = unsafe { _mm512_loadu_si512(ids.as_ptr().cast()) };
        _mm512_cmpgt_epi32_mask(ids, _mm512_set1_epi32(limit))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn ranks_16(ids: &[i32], own: &[i32; 16]) -> [i32; 16] {
        // SAFETY: the reference covers the 16 ids, and the instruction asks for no alignment.
        let own = unsafe { _mm512_loadu_si512(own.as_ptr().cast()) };
        // Unknown to the compiler, which would make vectors of the masks first: a fifth of the time.
        let (mut ranks, one) = (_mm512_setzero_si512(), _mm512_set1_epi32(std::hint::black_box(1)));
        for id in ids {
            ranks = _mm512_mask_add_epi32(ranks, _mm512_cmpgt_epi32_mask(own, _mm512_set1_epi32(*id)), ranks, one);
        }
        let mut out = [0; 16];
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), ranks) };
        out
    }

    /// A compression in registers and a whole store: compression to memory takes many times longer on some processors.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn compress_16(bits: u16, ids: &[i32; 16], to: &mut [i32; 16]) {
        // SAFETY: as above.
        let ids = unsafe { _mm512_loadu_si512(ids.as_ptr().cast()) };
        let front = _mm512_maskz_compress_epi32(bits, ids);
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), front) };
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn compress_doubles(bits: u8, values: &[f64; 8], to: &mut [f64; 8]) {
        // SAFETY: the reference covers the eight values, and the instruction asks for no alignment.
        let values = unsafe { _mm512_loadu_pd(values.as_ptr()) };
        let front = _mm512_maskz_compress_pd(bits, values);
        // SAFETY: as above.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), front) };
    }

    impl Masks for Avx512 {
        #[inline(always)]
        fn set(self, flags: &[u8; 8]) -> u8 {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { set_8(*flags) }
        }

        #[inline(always)]
        fn compress_eight(self, bits: u8, ids: &[i32; 8], to: &mut [i32; 8]) {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { compress_8(bits, ids, to) };
        }

        #[inline(always)]
        fn multiply_add(self, a: f32, b: f32, c: f32) -> f32 {
            a.mul_add(b, c)
        }

        #[inline(always)]
        fn negative(self, values: &[f32; 16]) -> u16 {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { negative_16(values) }
        }

        #[inline(always)]
        fn above(self, ids: &[i32; 16], limit: i32) -> u16 {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { above_16(ids, limit) }
        }

        #[inline(always)]
        fn ranks(self, ids: &[i32], own: &[i32; 16]) -> [i32; 16] {
            // SAFETY: as above.
            unsafe { ranks_16(ids, own) }
        }

        #[inline(always)]
        fn sort(self, ids: &[i32; 32], many: usize, to: &mut [i32; 32]) -> bool {
            if many <= MOST {
                // SAFETY: as above.
                unsafe { sort_by_sixteens(ids, many, to) };
            }
            many <= MOST
        }

        #[inline(always)]
        fn compress_ids(self, bits: u16, ids: &[i32; 16], to: &mut [i32; 16]) {
            // SAFETY: as above.
            unsafe { compress_16(bits, ids, to) };
        }

        #[inline(always)]
        fn compress(self, bits: u8, values: &[f64; 8], to: &mut [f64; 8]) {
            // SAFETY: as above.
            unsafe { compress_doubles(bits, values, to) };
        }

        #[inline(always)]
        fn at_most(self, values: &[f64; 8], limit: f64) -> u8 {
            // SAFETY: `self` exists only where the instructions are.
            unsafe { at_most_8(values, limit) }
        }
    }
}

/// As [`crate::simd::at_every_level`], for a function whose body gets the [`Masks`] of the level under the name in angle
/// brackets.
macro_rules! with_masks {
    (
        $(#[$attribute:meta])* $visibility:vis fn $name:ident<$masks:ident>($($argument:ident: $type:ty),* $(,)?)
        -> $result:ty $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name(level: $crate::simd::Level, $($argument: $type),*) -> $result {
            #[inline(always)]
            fn body($masks: impl $crate::spatial::masks::Masks, $($argument: $type),*) -> $result $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($argument: $type),*) -> $result {
                // SAFETY: this function runs only where its features are.
                body(unsafe { $crate::spatial::masks::Avx2::new() }, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
            fn avx512($($argument: $type),*) -> $result {
                // SAFETY: as above.
                body(unsafe { $crate::spatial::masks::Avx512::new() }, $($argument),*)
            }

            match level.kind {
                $crate::simd::Kind::Baseline => body($crate::spatial::masks::Plain, $($argument),*),
                // SAFETY: a level exists only on processors that have its instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Kind::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Kind::Avx512 => unsafe { avx512($($argument),*) },
            }
        }
    };
}
pub(crate) use with_masks;
