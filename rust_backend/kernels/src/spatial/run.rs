//! Testing a run of points that are neighbours in memory.

use crate::simd::{Kind, Level};
use crate::spatial::geometry::{Grid, half_squared};

/// Points that are tested before anything is done with the hits: one bit of a word for each.
pub(crate) const CHUNK: usize = 64;

/// Squared distances of a chunk.
pub(crate) type Squares = [[f64; 8]; CHUNK / 8];

/// A ball, with the periods of its box.
#[derive(Clone, Copy)]
pub(crate) struct Ball {
    pub(crate) centre: [f64; 3],
    pub(crate) r2: f64,
    periods: [f64; 3],
    periodic: bool,
}

impl Ball {
    #[inline(always)]
    pub(crate) fn new(grid: &Grid, centre: [f64; 3], radius: f64) -> Self {
        let periods = grid.periods();
        let periodic = periods.is_some();
        Self { centre, r2: radius * radius, periods: periods.unwrap_or_default(), periodic }
    }

    /// Returns the square of the half width that no hit lies beyond.
    #[inline(always)]
    pub(crate) fn half_squared(&self) -> f64 {
        half_squared(self.r2)
    }

    /// Fills `squares` with the squared distances of the points at up to [`CHUNK`] places from `begin` to `end`, and
    /// returns a bit for each that lies in the ball.
    #[inline(always)]
    pub(crate) fn test(&self, level: Level, grid: &Grid, begin: usize, end: usize, squares: &mut Squares) -> u64 {
        let eights = grid.eights(begin, end);
        let hits = match (level.kind, self.periodic) {
            (Kind::Baseline, false) => self.plain::<false>(eights, squares),
            (Kind::Baseline, true) => self.plain::<true>(eights, squares),
            // SAFETY: a level exists only on processors that have its instructions.
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx2, false) => unsafe { self.avx2::<false>(eights, squares) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx2, true) => unsafe { self.avx2::<true>(eights, squares) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx512, false) => unsafe { self.avx512::<false>(eights, squares) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx512, true) => unsafe { self.avx512::<true>(eights, squares) },
        };
        hits & (u64::MAX >> (CHUNK - (end - begin).clamp(1, CHUNK)))
    }

    #[inline(always)]
    fn plain<const PERIODIC: bool>(&self, [x, y, z]: [&[[f64; 8]]; 3], squares: &mut Squares) -> u64 {
        let ([qx, qy, qz], [lx, ly, lz]) = (self.centre, self.periods);
        let mut hits = 0;
        for (block, (((x, y), z), squares)) in x.iter().zip(y).zip(z).zip(squares).enumerate() {
            let mut inside = 0;
            for (lane, (((x, y), z), square)) in x.iter().zip(y).zip(z).zip(squares).enumerate() {
                let (mut dx, mut dy, mut dz) = (x - qx, y - qy, z - qz);
                if PERIODIC {
                    (dx, dy, dz) = (nearest_image(dx, lx), nearest_image(dy, ly), nearest_image(dz, lz));
                }
                *square = ((dx * dx) + (dy * dy)) + (dz * dz);
                inside |= u64::from(*square <= self.r2) << lane;
            }
            hits |= inside << (8 * block);
        }
        hits
    }
}

/// Returns a difference of coordinates to the nearest image, as SciPy computes it; the period may be infinite.
#[inline(always)]
fn nearest_image(d: f64, period: f64) -> f64 {
    let half = 0.5 * period;
    let shifted = if d > half { d - period } else { d };
    if d < -half { period + d } else { shifted }
}

/// The same with explicit instructions: LLVM makes no bit masks of comparisons by itself.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Ball, Squares};

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(values: &[f64; 4]) -> __m256d {
        // SAFETY: the reference covers the four values, and the instruction asks for no alignment.
        unsafe { _mm256_loadu_pd(values.as_ptr()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn store(out: &mut [f64; 4], values: __m256d) {
        // SAFETY: as above.
        unsafe { _mm256_storeu_pd(out.as_mut_ptr(), values) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_8(values: &[f64; 8]) -> __m512d {
        // SAFETY: the reference covers the eight values, and the instruction asks for no alignment.
        unsafe { _mm512_loadu_pd(values.as_ptr()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store_8(out: &mut [f64; 8], values: __m512d) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_pd(out.as_mut_ptr(), values) }
    }

    /// As `super::nearest_image`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn nearest_image(d: __m256d, period: f64) -> __m256d {
        let (half, length) = (0.5 * period, _mm256_set1_pd(period));
        let above = _mm256_cmp_pd::<_CMP_GT_OQ>(d, _mm256_set1_pd(half));
        let below = _mm256_cmp_pd::<_CMP_LT_OQ>(d, _mm256_set1_pd(-half));
        let shifted = _mm256_blendv_pd(d, _mm256_sub_pd(d, length), above);
        _mm256_blendv_pd(shifted, _mm256_add_pd(length, d), below)
    }

    /// As `super::nearest_image`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn nearest_image_8(d: __m512d, period: f64) -> __m512d {
        let (half, length) = (0.5 * period, _mm512_set1_pd(period));
        let above = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(d, _mm512_set1_pd(half));
        let below = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(d, _mm512_set1_pd(-half));
        let shifted = _mm512_mask_sub_pd(d, above, d, length);
        _mm512_mask_add_pd(shifted, below, length, d)
    }

    impl Ball {
        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        pub(super) fn avx2<const PERIODIC: bool>(&self, [x, y, z]: [&[[f64; 8]]; 3], squares: &mut Squares) -> u64 {
            let (centre, r2) = (self.centre.map(|q| _mm256_set1_pd(q)), _mm256_set1_pd(self.r2));
            let mut hits = 0;
            let fours = x.as_flattened().as_chunks::<4>().0.iter();
            let fours = fours.zip(y.as_flattened().as_chunks::<4>().0).zip(z.as_flattened().as_chunks::<4>().0);
            for (block, (((x, y), z), out)) in fours.zip(squares.as_flattened_mut().as_chunks_mut::<4>().0).enumerate()
            {
                let mut dx = _mm256_sub_pd(load(x), centre[0]);
                let mut dy = _mm256_sub_pd(load(y), centre[1]);
                let mut dz = _mm256_sub_pd(load(z), centre[2]);
                if PERIODIC {
                    dx = nearest_image(dx, self.periods[0]);
                    dy = nearest_image(dy, self.periods[1]);
                    dz = nearest_image(dz, self.periods[2]);
                }
                let xy = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
                let square = _mm256_add_pd(xy, _mm256_mul_pd(dz, dz));
                store(out, square);
                hits |= (_mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(square, r2)) as u64) << (4 * block);
            }
            hits
        }

        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
        pub(super) fn avx512<const PERIODIC: bool>(&self, [x, y, z]: [&[[f64; 8]]; 3], squares: &mut Squares) -> u64 {
            let (centre, r2) = (self.centre.map(|q| _mm512_set1_pd(q)), _mm512_set1_pd(self.r2));
            let mut hits = 0;
            for (block, (((x, y), z), out)) in x.iter().zip(y).zip(z).zip(squares).enumerate() {
                let mut dx = _mm512_sub_pd(load_8(x), centre[0]);
                let mut dy = _mm512_sub_pd(load_8(y), centre[1]);
                let mut dz = _mm512_sub_pd(load_8(z), centre[2]);
                if PERIODIC {
                    dx = nearest_image_8(dx, self.periods[0]);
                    dy = nearest_image_8(dy, self.periods[1]);
                    dz = nearest_image_8(dz, self.periods[2]);
                }
                let xy = _mm512_add_pd(_mm512_mul_pd(dx, dx), _mm512_mul_pd(dy, dy));
                let square = _mm512_add_pd(xy, _mm512_mul_pd(dz, dz));
                store_8(out, square);
                hits |= u64::from(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(square, r2)) << (8 * block);
            }
            hits
        }
    }
}

/// The flags of removed points, or none.
#[derive(Clone, Copy)]
pub(crate) struct Alive<'a>(&'a [u8]);

impl<'a> Alive<'a> {
    #[inline(always)]
    pub(crate) fn new(flags: &'a [u8]) -> Self {
        Self(flags)
    }

    /// Returns those of a chunk's hits that are alive.
    #[inline(always)]
    pub(crate) fn keep(&self, hits: u64, begin: usize) -> u64 {
        if self.0.is_empty() {
            return hits;
        }
        ones(hits)
            .filter(|bit| self.0.get(begin + bit).is_some_and(|flag| *flag != 0))
            .fold(0, |kept, bit| kept | 1 << bit)
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
