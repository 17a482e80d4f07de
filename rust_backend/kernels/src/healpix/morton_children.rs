//! All descendants of decimal Morton ids some levels down, in Z-order.

use crate::healpix::decimal::{Cell, MAX_ORDER, ONES, POWERS, digits};
use crate::rows::Derive;
use crate::simd::at_every_level;

at_every_level! {
    /// Fills each row of `children`, 4^levels wide, with the descendants in Z-order; 0 where a row is invalid.
    ///
    /// A row is invalid, too, when `children` has another width than its number of levels asks for.
    pub fn morton_children(morton: &[i64], levels: &[i64], children: &mut [i64]) -> Option<usize> {
        let width = children.len().checked_div(morton.len()).unwrap_or(0).max(1);
        let mut first = None;
        for (index, (&morton, children)) in morton.iter().zip(children.chunks_exact_mut(width)).enumerate() {
            let levels = if let [one] = *levels { one } else { levels.get(index).copied().unwrap_or(-1) };
            let cell = Cell::derive(morton);
            let room = MAX_ORDER - cell.order as i64;
            if cell.valid && (0..=room).contains(&levels) && width == 1 << (2 * levels) {
                let down = levels as usize & 31;
                let base = (morton.unsigned_abs() * POWERS[down] + ONES[down]) as i64;
                let sign = morton.signum();
                for (path, child) in (0..).zip(children) {
                    *child = sign * (base + digits(path) as i64);
                }
            } else {
                children.fill(0);
                first = first.or(Some(index));
            }
        }
        first
    }
}
