//! Whether decimal Morton ids are ancestors of, or equal to, others.

use crate::healpix::decimal::{CHUNK, Cells};
use crate::simd::at_every_level;

at_every_level! {
    /// Fills `contains` with whether each ancestor has its descendant; false where a row is invalid.
    pub fn morton_contains<lanes>(ancestor: &[i64], descendant: &[i64], contains: &mut [bool]) -> Option<usize> {
        let mut first = None;
        let (mut ancestors, mut descendants) = (Cells::new(), Cells::new());
        if let [one] = *ancestor {
            ancestors.read_orders(lanes, &[one; CHUNK]);
        }
        let chunks = contains.chunks_mut(CHUNK).zip(descendant.chunks(CHUNK));
        for (start, (out, ids)) in (0..).step_by(CHUNK).zip(chunks) {
            descendants.read_orders(lanes, ids);
            if ancestor.len() != 1 {
                let chunk = start..ancestor.len().min(start + CHUNK);
                ancestors.read_orders(lanes, ancestor.get(chunk).unwrap_or(&[]));
            }
            let mut invalid = 0;
            for (out, (cell, below)) in out.iter_mut().zip(ancestors.iter().zip(descendants.iter())) {
                *out = cell.contains(below);
                invalid |= cell.finest | below.finest;
            }
            if invalid < 0 && first.is_none() {
                let rows = ancestors.iter().zip(descendants.iter()).take(out.len());
                let mut rows = (start..).zip(rows);
                first = rows.find_map(|(row, (cell, below))| ((cell.finest | below.finest) < 0).then_some(row));
            }
        }
        first
    }
}
