//! All descendants of decimal Morton ids some levels down, in Z-order.

use crate::healpix::decimal::{CHUNK, Cell, MAX_ORDER, ONES, POWERS, digits, fill_cells};
use crate::rows::One;
use crate::simd::at_every_level;

/// The descendants three levels down, as digits 0 to 3.
static THREE_LEVELS: [i64; 64] = {
    let mut digits = [0; 64];
    let mut i = 1;
    while i < 64 {
        digits[i] = digits[i / 4] * 10 + i as i64 % 4;
        i += 1;
    }
    digits
};

#[inline(always)]
fn order(_: i64, cell: Cell, (): ()) -> (i64, bool) {
    (cell.order as i64, true)
}

/// Fills one row; returns whether it is valid. The order is that of the id, or -1.
#[inline(always)]
fn fill_row(morton: i64, order: i64, levels: i64, children: &mut [i64]) -> bool {
    let down = levels as usize & 31;
    if (order < 0) | (levels < 0) | (levels > MAX_ORDER - order) | (children.len() != 1 << (2 * down)) {
        children.fill(0);
        return false;
    }
    let base = (morton.unsigned_abs() * POWERS[down] + ONES[down]) as i64;
    let sign = morton >> 63;
    for (path, children) in (0..).zip(children.chunks_mut(THREE_LEVELS.len())) {
        let base = base + 1000 * digits(path) as i64;
        for (child, digits) in children.iter_mut().zip(&THREE_LEVELS) {
            *child = ((base + digits) ^ sign) - sign;
        }
    }
    true
}

at_every_level! {
    /// Fills each row of `children`, 4^levels wide, with the descendants in Z-order; 0 where a row is invalid.
    ///
    /// A row is invalid, too, when `children` has another width than its number of levels asks for.
    pub fn morton_children<lanes>(morton: &[i64], levels: &[i64], children: &mut [i64]) -> Option<usize> {
        let width = children.len().checked_div(morton.len()).unwrap_or(0).max(1);
        let mut first = None;
        let mut orders = [0; CHUNK];
        let chunks = morton.chunks(CHUNK).zip(children.chunks_mut(width * CHUNK));
        for (start, (mortons, children)) in (0..).step_by(CHUNK).zip(chunks) {
            fill_cells(lanes, mortons, One(()), &mut orders[..], -1, order);
            let rows = mortons.iter().zip(&orders).zip(children.chunks_exact_mut(width));
            for (index, ((morton, order), children)) in (start..).zip(rows) {
                let levels = if let [one] = *levels { one } else { levels.get(index).copied().unwrap_or(-1) };
                if !fill_row(*morton, *order, levels, children) {
                    first = first.or(Some(index));
                }
            }
        }
        first
    }
}
