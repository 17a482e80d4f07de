//! What a table has in the rows that a column lacks.

use crate::simd::at_every_level;
use crate::simd::lanes::Lanes;

/// Columns whose sums are in registers while they run down the rows: those of AVX-512, and of others.
const WIDE: [usize; 2] = [32, 16];

/// Fills the sums of the W columns from `start` on, and returns W.
#[inline(always)]
fn run<const W: usize>(
    centred: &[f64],
    missing: &[u8],
    columns: usize,
    lacking: &[usize],
    start: usize,
    sums: &mut [f64],
) -> usize {
    let (mut count, mut total, mut square) = ([lacking.len() as i32; W], [0.0; W], [0.0; W]);
    for row in lacking {
        let first = row * columns + start;
        let values = centred.get(first..).and_then(|values| values.first_chunk::<W>());
        let gone = missing.get(first..).and_then(|gone| gone.first_chunk::<W>());
        let (Some(values), Some(gone)) = (values, gone) else { continue };
        for k in 0..W {
            total[k] += values[k];
            square[k] += values[k] * values[k];
            count[k] -= i32::from(gone[k]);
        }
    }
    for (sums, found) in sums.chunks_exact_mut(columns).zip([count.map(f64::from), total, square]) {
        if let Some(sums) = sums.get_mut(start..).and_then(|sums| sums.first_chunk_mut::<W>()) {
            *sums = found;
        }
    }
    W
}

/// How many of them there are at a level.
#[inline(always)]
fn widest_of<L: Lanes>(_: L) -> usize {
    WIDE[usize::from(L::ROWS < 8)]
}

at_every_level! {
    /// Fills, for each column of `absent`, three sums for every column of `centred` over the rows that it lacks: how many
    /// of these rows the other column has, its values there and their squares; all run down the rows.
    pub fn absent_sums<lanes>(
        centred: &[f64],
        missing: &[u8],
        absent: &[u8],
        column: &[i64],
        sums: &mut [f64],
    ) -> Option<usize> {
        let columns = sums.len().checked_div(3 * column.len()).unwrap_or(0).max(1);
        let rows = centred.len() / columns;
        let wide = absent.len().checked_div(rows).unwrap_or(0).max(1);
        let mut lacking = vec![Vec::with_capacity(rows / 8); column.len()];
        for (row, gone) in absent.chunks_exact(wide).take(rows).enumerate() {
            for (j, lacking) in column.iter().zip(&mut lacking) {
                if gone.get(*j as usize).is_some_and(|gone| *gone != 0) {
                    lacking.push(row);
                }
            }
        }
        for (lacking, sums) in lacking.iter().zip(sums.chunks_exact_mut(3 * columns)) {
            let mut start = 0;
            while start < columns {
                start += match columns - start {
                    32.. if widest_of(lanes) == WIDE[0] => run::<{ WIDE[0] }>(centred, missing, columns, lacking, start, sums),
                    16.. => run::<{ WIDE[1] }>(centred, missing, columns, lacking, start, sums),
                    8.. => run::<8>(centred, missing, columns, lacking, start, sums),
                    _ => run::<1>(centred, missing, columns, lacking, start, sums),
                };
            }
        }
        None
    }
}
