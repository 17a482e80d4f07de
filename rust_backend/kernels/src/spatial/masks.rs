//! Bit masks of comparisons, the one thing in this family that LLVM does not find in plain loops, at every SIMD level.

/// Makes masks; a value exists only where the processor has the instructions.
pub(crate) trait Masks: Copy {
    /// Returns a bit for each value that is at most `limit`.
    fn at_most(self, values: &[f64; 8], limit: f64) -> u8;
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

    impl Masks for Avx2 {
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

    impl Masks for Avx512 {
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
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($argument: $type),*) -> $result {
                // SAFETY: this function runs only where its features are.
                body(unsafe { $crate::spatial::masks::Avx2::new() }, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
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
