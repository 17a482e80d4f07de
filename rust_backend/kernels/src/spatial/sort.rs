//! Sorting the few hits of a query by point id.

use crate::spatial::masks::{Masks, ones};

/// Rows up to this length are sorted by rank.
pub(crate) const FEW: usize = 256;

/// Eights of groups that the nearest hits are told by.
const GROUPS: usize = 6;

/// Hits that are collected for a sort by rank; a whole chunk fits behind the last one that counts.
pub(crate) struct Hits {
    ids: [i32; FEW + 64],
    squares: [f64; FEW + 64],
    count: usize,
}

impl Hits {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { ids: [i32::MAX; FEW + 64], squares: [0.0; FEW + 64], count: 0 }
    }

    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Appends the ids and squares of a chunk whose bits are set, as far as a sort by rank could take them.
    #[inline(always)]
    pub(crate) fn extend(&mut self, hits: u64, ids: &[i32], squares: &[f64]) {
        let mut count = self.count; // kept in a register: counting in memory waits for each store
        for bit in ones(hits) {
            let places = (self.ids.get_mut(count), self.squares.get_mut(count), ids.get(bit), squares.get(bit));
            if let (Some(own_id), Some(own), Some(id), Some(square)) = places {
                (*own_id, *own) = (*id, *square);
                count += 1;
            }
        }
        self.count = count;
    }

    /// Appends ids and squares of lines of candidates whose bits are set, as far as a sort by rank could take them.
    #[inline(always)]
    pub(crate) fn append(&mut self, masks: impl Masks, bits: &[u8], ids: &[[i32; 16]], squares: Option<&[[f64; 16]]>) {
        let mut count = self.count; // as above
        for (line, (bits, ids)) in bits.as_chunks().0.iter().zip(ids).enumerate() {
            let both = u16::from_le_bytes(*bits);
            let Some(to) = self.ids.get_mut(count..).and_then(|ids| ids.first_chunk_mut()) else {
                count += both.count_ones() as usize;
                continue;
            };
            masks.compress_ids(both, ids, to);
            let mut end = count;
            for (half, bits) in bits.iter().enumerate() {
                if let Some(squares) = squares.and_then(|squares| squares.get(line)) {
                    let to = self.squares.get_mut(end..).and_then(|squares| squares.first_chunk_mut());
                    if let (Some(to), Some(squares)) = (to, squares.as_chunks().0.get(half)) {
                        masks.compress(*bits, squares, to);
                    }
                }
                end += bits.count_ones() as usize;
            }
            count = end;
        }
        self.count = count;
    }

    /// Writes the ids in order, if they are few and there are instructions for it, and returns whether it did; what follows
    /// them is left open.
    #[inline(always)]
    pub(crate) fn sort_ids(&self, masks: impl Masks, to: &mut [i32; 32]) -> bool {
        self.ids.first_chunk().is_some_and(|ids| masks.sort(ids, self.count, to))
    }

    /// Fills as many places as there are hits with their ids, in order; what is behind them, up to 32 in all, is left open.
    #[inline(always)]
    pub(crate) fn write_ids(&self, masks: impl Masks, to: &mut [i32]) {
        if to.first_chunk_mut().is_some_and(|to| self.sort_ids(masks, to)) {
            return;
        }
        self.ranked(masks, |rank, id, _| {
            if let Some(place) = to.get_mut(rank) {
                *place = id;
            }
        });
    }

    /// Hands out every hit with its rank among the ids.
    #[inline(always)]
    pub(crate) fn ranked(&self, masks: impl Masks, mut put: impl FnMut(usize, i32, f64)) {
        let ids = self.ids.get(..self.count).unwrap_or(&[]);
        let lines = self.ids.as_chunks::<16>().0.iter().zip(self.squares.as_chunks::<16>().0);
        for (line, (own, squares)) in lines.take(ids.len().div_ceil(16)).enumerate() {
            let ranks = masks.ranks(ids, own);
            for ((rank, id), square) in ranks.iter().zip(own).zip(squares).take(ids.len() - 16 * line) {
                put(*rank as usize, *id, *square);
            }
        }
    }

    /// The number of lines' hits that were appended, kept or not.
    #[inline(always)]
    pub(crate) fn total(&self) -> usize {
        self.count
    }

    /// The number of hits, or none if there were too many.
    #[inline(always)]
    pub(crate) fn len(&self) -> Option<usize> {
        (self.count <= FEW).then_some(self.count)
    }

    /// Drops hits that are not among the nearest, where there are many more than wanted.
    ///
    /// Each of at least as many groups of hits has one that is not beyond the largest of the groups' least squares.
    #[inline(always)]
    pub(crate) fn keep_nearest(&mut self, wanted: usize) {
        let mut least = [[f64::INFINITY; 8]; GROUPS];
        let Some(least) = least.get_mut(..wanted.div_ceil(8)).filter(|_| self.count > 2 * wanted.max(8)) else {
            return;
        };
        let squares = self.squares.get(..self.count).unwrap_or(&[]);
        for round in squares.as_chunks::<8>().0.chunks(least.len().max(1)) {
            for (least, squares) in least.iter_mut().zip(round) {
                for (least, square) in least.iter_mut().zip(squares) {
                    *least = if square < least { *square } else { *least };
                }
            }
        }
        let limit = least.as_flattened().iter().fold(0.0, |limit: f64, least| limit.max(*least));
        let mut count = 0;
        for at in 0..self.count {
            if let (Some(id), Some(square)) = (self.ids.get(at).copied(), self.squares.get(at).copied()) {
                if let (Some(own_id), Some(own)) = (self.ids.get_mut(count), self.squares.get_mut(count)) {
                    (*own_id, *own) = (id, square);
                }
                count += usize::from(square <= limit);
            }
        }
        self.count = count;
    }

    /// Writes the first distances and ids, by distance and then by id, as far as there are places.
    #[inline(always)]
    pub(crate) fn write_nearest(&self, distances: &mut [f64], indices: &mut [i64]) {
        let (ids, squares) = (self.ids.get(..self.count).unwrap_or(&[]), self.squares.get(..self.count).unwrap_or(&[]));
        let eights = self.ids.as_chunks::<8>().0.iter().zip(self.squares.as_chunks::<8>().0);
        for (start, (own_ids, own)) in (0..self.count).step_by(8).zip(eights) {
            let mut ranks = [0_i64; 8];
            for (other_id, other) in ids.iter().zip(squares) {
                for ((rank, own_id), own) in ranks.iter_mut().zip(own_ids).zip(own) {
                    *rank += i64::from((other < own) | ((other == own) & (other_id < own_id)));
                }
            }
            for ((rank, id), square) in ranks.iter().zip(own_ids).zip(own).take(self.count - start) {
                if let (Some(distance), Some(index)) =
                    (distances.get_mut(*rank as usize), indices.get_mut(*rank as usize))
                {
                    (*distance, *index) = (square.sqrt(), i64::from(*id));
                }
            }
        }
    }
}

/// The hits of a row and of the row before.
///
/// Sorting what was stored just now would wait for the stores, because vectors are loaded from several of them: that took
/// 10 ms of 50 for 1e5 rows of 30 hits. So a row is sorted and written when the next one was collected.
pub(crate) struct Rows {
    hits: [Hits; 2],
    current: usize,
}

impl Rows {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { hits: [Hits::new(), Hits::new()], current: 0 }
    }

    /// The hits of the row that is collected.
    #[inline(always)]
    pub(crate) fn current(&mut self) -> &mut Hits {
        &mut self.hits[self.current & 1]
    }

    /// The hits of the row before.
    #[inline(always)]
    pub(crate) fn before(&mut self) -> &mut Hits {
        &mut self.hits[!self.current & 1]
    }

    /// Begins the next row.
    #[inline(always)]
    pub(crate) fn next(&mut self) {
        self.current ^= 1;
        self.current().clear();
    }
}

/// Sorts ids in place, a byte at a time, and distances with them; the scratch memory is that of the row.
pub(crate) fn radix_sort(indices: &mut [i64], distances: &mut [f64]) {
    let (mut other, mut other_distances) = (vec![0_i64; indices.len()], vec![0.0_f64; distances.len()]);
    let largest = indices.iter().copied().max().unwrap_or(0).max(0);
    let byte = |id: i64, shift: u32| (id >> shift) as usize & 255;
    for shift in (0..64).step_by(8).take_while(|shift| largest >> shift > 0) {
        let mut first = [0_usize; 257];
        for id in indices.iter() {
            first[byte(*id, shift) + 1] += 1;
        }
        for b in 0..256 {
            first[b + 1] += first[b];
        }
        for (i, id) in indices.iter().enumerate() {
            let place = &mut first[byte(*id, shift)];
            if let Some(slot) = other.get_mut(*place) {
                *slot = *id;
            }
            if let (Some(slot), Some(distance)) = (other_distances.get_mut(*place), distances.get(i)) {
                *slot = *distance;
            }
            *place += 1;
        }
        indices.copy_from_slice(&other);
        distances.copy_from_slice(&other_distances);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;
    use crate::spatial::masks::{Plain, with_masks};

    with_masks! {
        fn write_ids_at<masks>(hits: &Hits, to: &mut [i32]) -> () {
            hits.write_ids(masks, to);
        }
    }

    #[test]
    fn ids_are_written_in_order() {
        for n in 0..50 {
            for turn in 0..20 {
                let ids: Vec<i32> = (0..n).map(|i| (i * 7919 + turn * 104_729) % 1_000_003).collect();
                let mut sorted = ids.clone();
                sorted.sort_unstable();
                let mut hits = Hits::new();
                ids.iter().for_each(|id| hits.extend(1, &[*id], &[0.0]));
                for level in Level::available() {
                    for room in [0, 1, 32] {
                        let mut found = vec![-1; ids.len() + room];
                        write_ids_at(level, &hits, &mut found);
                        assert_eq!(found[..ids.len()], sorted, "{}", level.name());
                    }
                }
            }
        }
    }

    #[test]
    fn both_sorts_order_ids_and_carry_their_distances() {
        for n in [0, 1, 2, 15, 16, 17, 96] {
            let ids: Vec<i64> = (0..n).map(|i| (i * 7919) % 1_000_003 + 5).collect();
            let mut sorted = ids.clone();
            sorted.sort_unstable();
            let expected: Vec<f64> = sorted.iter().map(|id| *id as f64).collect();
            let (mut hits, mut indices, mut distances) = (Hits::new(), vec![0; ids.len()], vec![0.0; ids.len()]);
            for id in &ids {
                hits.extend(1, &[*id as i32], &[(id * id) as f64]);
            }
            hits.ranked(Plain, |rank, id, square| (indices[rank], distances[rank]) = (i64::from(id), square.sqrt()));
            assert_eq!((&indices, &distances), (&sorted, &expected));
            let (mut indices, mut distances) = (ids.clone(), ids.iter().map(|id| *id as f64).collect::<Vec<_>>());
            radix_sort(&mut indices, &mut distances);
            assert_eq!((&indices, &distances), (&sorted, &expected));
            let mut indices = ids;
            radix_sort(&mut indices, &mut []);
            assert_eq!(indices, sorted);
        }
    }

    #[test]
    fn the_nearest_hits_are_kept_and_most_others_dropped() {
        for (count, wanted, most) in [
            (0, 1, 0),
            (1, 1, 1),
            (16, 8, 16),
            (17, 8, 17),
            (100, 8, 50),
            (100, 9, 99),
            (256, 1, 50),
            (256, 48, 250),
            (256, 49, 256),
        ] {
            let mut hits = Hits::new();
            let square = |id: i32| f64::from(id * 7919 % 101);
            (0..count).for_each(|id| hits.extend(1, &[id], &[square(id)]));
            hits.keep_nearest(wanted);
            let kept = hits.len().unwrap_or(0);
            assert!(kept <= most, "{count} {wanted}: {kept}");
            let (mut distances, mut indices) = (vec![f64::INFINITY; wanted], vec![-1; wanted]);
            hits.write_nearest(&mut distances, &mut indices);
            let mut expected: Vec<i32> = (0..count).collect();
            expected.sort_by(|a, b| square(*a).total_cmp(&square(*b)).then(a.cmp(b)));
            let expected: Vec<i64> =
                expected.into_iter().map(i64::from).chain(std::iter::repeat(-1)).take(wanted).collect();
            assert_eq!(indices, expected, "{count} {wanted}");
        }
    }
}
