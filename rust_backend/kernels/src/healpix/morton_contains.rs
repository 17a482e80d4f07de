//! Whether decimal Morton ids are ancestors of, or equal to, others.

use crate::healpix::decimal::{CHUNK, Cell, fill_cells};
use crate::rows::One;
use crate::simd::at_every_level;
use crate::simd::lanes::Lanes;

/// Addresses and orders of a chunk of ids, -1 where a number is no id; an address is the face above the levels.
struct Places {
    address: [i64; CHUNK],
    order: [i64; CHUNK],
}

#[inline(always)]
fn place(cell: Cell, (): ()) -> ((i64, i64), bool) {
    ((cell.nested(), cell.order as i64), true)
}

impl Places {
    #[inline(always)]
    fn of(lanes: impl Lanes, mortons: &[i64]) -> Self {
        let mut places = Self { address: [-1; CHUNK], order: [-1; CHUNK] };
        fill_cells(lanes, mortons, One(()), (&mut places.address[..], &mut places.order[..]), (-1, -1), place);
        places
    }

    /// The places of one id, as often as a chunk has ids.
    #[inline(always)]
    fn of_one(lanes: impl Lanes, morton: i64) -> Self {
        let place = Self::of(lanes, &[morton]);
        Self { address: [place.address[0]; CHUNK], order: [place.order[0]; CHUNK] }
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.address.iter().copied().zip(self.order.iter().copied())
    }
}

at_every_level! {
    /// Fills `contains` with whether each ancestor has its descendant; false where a row is invalid.
    pub fn morton_contains<lanes>(ancestor: &[i64], descendant: &[i64], contains: &mut [bool]) -> Option<usize> {
        let mut first = None;
        let mut ancestors = Places::of_one(lanes, ancestor.first().copied().unwrap_or(0));
        for (start, (out, descendants)) in (0..).step_by(CHUNK).zip(contains.chunks_mut(CHUNK).zip(descendant.chunks(CHUNK))) {
            let descendants = Places::of(lanes, descendants);
            if ancestor.len() != 1 {
                let chunk = start..ancestor.len().min(start + CHUNK);
                ancestors = Places::of(lanes, ancestor.get(chunk).unwrap_or(&[]));
            }
            let mut orders = 0;
            for ((out, (address, order)), (below, own)) in out.iter_mut().zip(ancestors.iter()).zip(descendants.iter()) {
                let same = below >> (2 * ((own - order) & 31)) == address;
                *out = same & (order <= own) & ((order | own) >= 0);
                orders |= order | own;
            }
            if orders < 0 && first.is_none() {
                let mut rows = (start..start + out.len()).zip(ancestors.order.iter().zip(&descendants.order));
                first = rows.find_map(|(index, (order, own))| ((order | own) < 0).then_some(index));
            }
        }
        first
    }
}
