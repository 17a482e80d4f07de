//! Spearman's correlation of pairs of ranked columns over the rows that both have.
//!
//! What a pair shares needs no sorting: the rank of a group of equal values among the shared rows is its rank in the
//! column less the lower ones that the partner lacks. All sums are of integers, so their order is free.

use crate::simd::at_every_level;
use crate::timeseries::series;

/// Rows whose products are added up as integers: 4096 squares of numbers below 2^25 fit 63 bits.
const BLOCK: usize = 4096;
/// Ranks that are written at once: a run between two lacking ones has some twenty, at 5 % missing.
const RUN: usize = 32;

/// A ranked column.
#[derive(Clone, Copy)]
struct Column<'a> {
    group: &'a [i32],
    size: &'a [i32],
    groups: usize,
    absent: &'a [i32],
}

/// The ranks of the groups of a column among the rows that a partner shares.
#[derive(Default)]
struct Ranks {
    rank: Vec<i32>,
    lacking: Vec<i32>,
    words: Vec<u64>,
}

impl Ranks {
    /// Fills `rank` with twice the rank of each group, less its mean, and 0 for what is missing; what no shared row has
    /// may have any rank.
    ///
    /// Returns the number of shared rows and the sum of the squares of these numbers over them.
    #[inline(always)]
    fn share(&mut self, column: &Column, absent: &[i32]) -> (i64, f64) {
        let n = column.group.len();
        self.rank.resize(n + 1 + RUN, 0);
        let ties = if column.groups + column.absent.len() == n {
            self.single(column, absent)
        } else {
            self.tied(column, absent)
        };
        self.rank[column.groups.min(n)..].fill(0);
        let full = ties.0 as f64;
        (ties.0, (full * (full * full - 1.0) - ties.1) / 3.0)
    }

    /// As `share`, where every group has one member.
    #[inline(always)]
    fn single(&mut self, column: &Column, absent: &[i32]) -> (i64, f64) {
        let groups = column.groups;
        self.words.clear();
        self.words.resize(groups / 64 + 1, 0);
        for row in absent {
            let group = column.group.get(*row as usize).map_or(0, |group| *group as usize);
            if let Some(word) = self.words.get_mut(group / 64) {
                *word |= 1 << (group % 64);
            }
        }
        // What lacks in both stands behind the last group.
        if let Some(word) = self.words.get_mut(groups / 64) {
            *word &= !(u64::MAX << (groups % 64));
        }
        let lacking: u32 = self.words.iter().map(|word| word.count_ones()).sum();
        let shared = groups as i32 - lacking as i32;
        let (mut start, mut below) = (0, 1 - shared);
        for (first, word) in (0..).step_by(64).zip(&self.words) {
            let mut word = *word;
            while word != 0 {
                let lack = first + word.trailing_zeros() as usize;
                run(&mut self.rank, start, lack, below);
                (start, below) = (lack, below - 2);
                word &= word - 1;
            }
        }
        run(&mut self.rank, start, groups, below);
        (i64::from(shared), 0.0)
    }

    #[inline(always)]
    fn tied(&mut self, column: &Column, absent: &[i32]) -> (i64, f64) {
        self.lacking.clear();
        self.lacking.resize(column.groups, 0);
        for row in absent {
            let group = column.group.get(*row as usize).map_or(0, |group| *group as usize);
            if let Some(lacking) = self.lacking.get_mut(group) {
                *lacking += 1;
            }
        }
        let shared: i32 = column.size.iter().zip(&self.lacking).map(|(size, lacking)| size - lacking).sum();
        let (mut before, mut ties) = (0, 0.0);
        for ((size, lacking), rank) in column.size.iter().zip(&self.lacking).zip(&mut self.rank) {
            let here = size - lacking;
            *rank = 2 * before + here - shared;
            before += here;
            let here = f64::from(here);
            ties += here * (here * here - 1.0);
        }
        (i64::from(shared), ties)
    }
}

/// Writes `below` plus twice their number to the ranks from `start` to `stop`, and to some behind.
#[inline(always)]
fn run(rank: &mut [i32], start: usize, stop: usize, below: i32) {
    let mut at = start;
    loop {
        let Some(ranks) = rank.get_mut(at..).and_then(|ranks| ranks.first_chunk_mut::<RUN>()) else { return };
        let first = 2 * at as i32 + below;
        for (place, rank) in (0..).zip(ranks) {
            *rank = first + 2 * place;
        }
        at += RUN;
        if at >= stop {
            return;
        }
    }
}

#[inline(always)]
fn products(x: &[i32], y: &[i32], rank_x: &[i32], rank_y: &[i32]) -> f64 {
    let most = |groups: &[i32]| groups.iter().fold(0, |most: u32, group| most.max(*group as u32)) as usize;
    if most(x) >= rank_x.len() || most(y) >= rank_y.len() {
        return f64::NAN;
    }
    let mut sum = 0.0;
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        let mut block = 0_i64;
        for (x, y) in x.iter().zip(y) {
            // SAFETY: no group is beyond the ranks, as has been looked at.
            let rank_x = unsafe { *rank_x.get_unchecked(*x as u32 as usize) };
            // SAFETY: as above.
            let rank_y = unsafe { *rank_y.get_unchecked(*y as u32 as usize) };
            block += i64::from(rank_x) * i64::from(rank_y);
        }
        sum += block as f64;
    }
    sum
}

at_every_level! {
    /// Fills the shared rows and the correlation of pairs of columns; NaN where one has a single rank. `absent` are the
    /// rows that each column lacks, cut at `ends`.
    pub fn pair_ranks(
        group: &[i32],
        size: &[i32],
        groups: &[i64],
        absent: &[i32],
        ends: &[i64],
        first: &[i64],
        second: &[i64],
        count: &mut [i64],
        correlation: &mut [f64],
    ) -> Option<usize> {
        let n = group.len().checked_div(groups.len()).unwrap_or(0);
        let column = |number: i64| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            let bounds = ends.get(place).zip(ends.get(place.saturating_add(1)));
            Column {
                group: series(group, n, number),
                size: series(size, n, number),
                groups: groups.get(place).map_or(0, |groups| (*groups).max(0) as usize).min(n),
                absent: bounds.and_then(|(start, stop)| absent.get(*start as usize..*stop as usize)).unwrap_or_default(),
            }
        };
        let (mut x, mut y) = (Ranks::default(), Ranks::default());
        for ((first, second), (count, correlation)) in first.iter().zip(second).zip(count.iter_mut().zip(correlation)) {
            let (i, j) = (column(*first), column(*second));
            let (_, xx) = x.share(&i, j.absent);
            let (shared, yy) = y.share(&j, i.absent);
            let xy = products(i.group, j.group, &x.rank, &y.rank);
            *count = shared;
            *correlation = if xx > 0.0 && yy > 0.0 { (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0) } else { f64::NAN };
        }
        None
    }
}
