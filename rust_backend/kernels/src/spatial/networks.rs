//! Sorting up to 32 ids in vectors, by Batcher's bitonic networks: half lists of a few dozen neighbours.
//!
//! Ranks of 24 ids among each other take three operations for each id and each line and a store for each id, and a branch
//! where they end; a network takes 90 operations with AVX-512 and 75 or 210 with AVX2, and no branch but for the half.

use std::arch::x86_64::*;

/// Ids that are sorted at most.
pub(crate) const MOST: usize = 32;

/// A step: each pair of ids whose places differ by `APART` is put in order, the greater ones at the places of `GREATER`.
#[inline]
#[target_feature(enable = "avx2")]
fn pairs_of_8<const APART: i32, const GREATER: i32>(ids: __m256i) -> __m256i {
    let others = match APART {
        1 => _mm256_shuffle_epi32::<0xb1>(ids),
        2 => _mm256_shuffle_epi32::<0x4e>(ids),
        _ => _mm256_permute4x64_epi64::<0x4e>(ids),
    };
    _mm256_blend_epi32::<GREATER>(_mm256_min_epi32(ids, others), _mm256_max_epi32(ids, others))
}

/// Orders ids that ascend and then descend, or the other way round.
#[inline]
#[target_feature(enable = "avx2")]
fn merge_8(ids: __m256i) -> __m256i {
    pairs_of_8::<1, 0xaa>(pairs_of_8::<2, 0xcc>(pairs_of_8::<4, 0xf0>(ids)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn sort_8(ids: __m256i) -> __m256i {
    merge_8(pairs_of_8::<1, 0x5a>(pairs_of_8::<2, 0x3c>(pairs_of_8::<1, 0x66>(ids))))
}

#[inline]
#[target_feature(enable = "avx2")]
fn turned_8(ids: __m256i) -> __m256i {
    _mm256_permutevar8x32_epi32(ids, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0))
}

/// Orders two vectors that together ascend and then descend.
#[inline]
#[target_feature(enable = "avx2")]
fn merge_two([low, high]: [__m256i; 2]) -> [__m256i; 2] {
    [merge_8(_mm256_min_epi32(low, high)), merge_8(_mm256_max_epi32(low, high))]
}

#[inline]
#[target_feature(enable = "avx2")]
fn sort_two([low, high]: [__m256i; 2]) -> [__m256i; 2] {
    merge_two([sort_8(low), turned_8(sort_8(high))])
}

/// Puts the first `many` of 32 ids, none of which is negative, in order; what `to` holds behind them is left open.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn sort_by_eights(ids: &[i32; MOST], many: usize, to: &mut [i32; MOST]) {
    let places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let load = |eight: usize| {
        let ids: &[i32; 8] = ids.as_chunks().0.get(eight).unwrap_or(&[0; 8]);
        // SAFETY: the reference covers the eight ids, and the instruction asks for no alignment.
        let ids = unsafe { _mm256_loadu_si256(ids.as_ptr().cast()) };
        let absent = _mm256_cmpgt_epi32(places, _mm256_set1_epi32(many as i32 - 8 * eight as i32 - 1));
        _mm256_or_si256(ids, _mm256_srli_epi32::<1>(absent)) // the largest number where there is none
    };
    let mut store = |eight: usize, vector: __m256i| {
        if let Some(to) = to.as_chunks_mut::<8>().0.get_mut(eight) {
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), vector) };
        }
    };
    let [a, b] = sort_two([load(0), load(1)]);
    if many <= 16 {
        store(0, a);
        store(1, b);
        return;
    }
    let [d, c] = sort_two([load(2), load(3)]).map(|ids| turned_8(ids));
    let low = merge_two([_mm256_min_epi32(a, c), _mm256_min_epi32(b, d)]);
    let high = merge_two([_mm256_max_epi32(a, c), _mm256_max_epi32(b, d)]);
    for (eight, vector) in low.into_iter().chain(high).enumerate() {
        store(eight, vector);
    }
}

/// As [`pairs_of_8`].
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs_of_16<const APART: u16, const GREATER: u16>(ids: __m512i) -> __m512i {
    let others = match APART {
        1 => _mm512_shuffle_epi32::<0xb1>(ids),
        2 => _mm512_shuffle_epi32::<0x4e>(ids),
        4 => _mm512_shuffle_i32x4::<0xb1>(ids, ids),
        _ => _mm512_shuffle_i32x4::<0x4e>(ids, ids),
    };
    _mm512_mask_max_epi32(_mm512_min_epi32(ids, others), GREATER, ids, others)
}

/// As [`merge_8`].
#[inline]
#[target_feature(enable = "avx512f")]
fn merge_16(ids: __m512i) -> __m512i {
    let eights = pairs_of_16::<4, 0xf0f0>(pairs_of_16::<8, 0xff00>(ids));
    pairs_of_16::<1, 0xaaaa>(pairs_of_16::<2, 0xcccc>(eights))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sort_16(ids: __m512i) -> __m512i {
    let fours = pairs_of_16::<1, 0x5a5a>(pairs_of_16::<2, 0x3c3c>(pairs_of_16::<1, 0x6666>(ids)));
    merge_16(pairs_of_16::<1, 0x55aa>(pairs_of_16::<2, 0x33cc>(pairs_of_16::<4, 0x0ff0>(fours))))
}

/// As [`sort_by_eights`].
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn sort_by_sixteens(ids: &[i32; MOST], many: usize, to: &mut [i32; MOST]) {
    let present = u32::MAX.checked_shr(MOST as u32 - many.min(MOST) as u32).unwrap_or(0);
    let load = |line: usize| {
        let ids: &[i32; 16] = ids.as_chunks().0.get(line).unwrap_or(&[0; 16]);
        // SAFETY: the reference covers the 16 ids, and the instruction asks for no alignment.
        let ids = unsafe { _mm512_loadu_si512(ids.as_ptr().cast()) };
        let present = (present >> (16 * line)) as u16;
        sort_16(_mm512_mask_mov_epi32(_mm512_set1_epi32(i32::MAX), present, ids))
    };
    let mut store = |line: usize, vector: __m512i| {
        if let Some(to) = to.as_chunks_mut::<16>().0.get_mut(line) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) };
        }
    };
    let low = load(0);
    if many <= 16 {
        store(0, low);
        return;
    }
    let turned = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let high = _mm512_permutexvar_epi32(turned, load(1));
    store(0, merge_16(_mm512_min_epi32(low, high)));
    store(1, merge_16(_mm512_max_epi32(low, high)));
}
