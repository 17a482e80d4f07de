//! The eight neighbours SW, W, NW, N, NE, E, SE, S of nested cells.

use crate::healpix::bits::{MAX_ORDER, Order, X_BITS, compact, is_nested, spread};
use crate::rows::Derive;
use crate::simd::at_every_level;
use crate::stream::Stream;

type Neighbours = [i64; 8];

/// The steps to the neighbours in x and y.
const STEPS: [(i64, i64); 8] = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)];
const NONE: i8 = -1;

/// The face beyond a border, by [side of y][side of x][face], where a side is 0 below the face, 1 in it, 2 above.
const FACES: [[[i8; 12]; 3]; 3] = [
    [
        [8, 9, 10, 11, NONE, NONE, NONE, NONE, 10, 11, 8, 9],
        [5, 6, 7, 4, 8, 9, 10, 11, 9, 10, 11, 8],
        [NONE, NONE, NONE, NONE, 5, 6, 7, 4, NONE, NONE, NONE, NONE],
    ],
    [
        [4, 5, 6, 7, 11, 8, 9, 10, 11, 8, 9, 10],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        [1, 2, 3, 0, 0, 1, 2, 3, 5, 6, 7, 4],
    ],
    [
        [NONE, NONE, NONE, NONE, 7, 4, 5, 6, NONE, NONE, NONE, NONE],
        [3, 0, 1, 2, 3, 0, 1, 2, 4, 5, 6, 7],
        [2, 3, 0, 1, NONE, NONE, NONE, NONE, 0, 1, 2, 3],
    ],
];

/// How the axes turn at a border, by [side of y][side of x][row of faces]: 1 mirrors x, 2 mirrors y, 4 then swaps both.
const TURNS: [[[u8; 3]; 3]; 3] =
    [[[0, 0, 3], [0, 0, 6], [0, 0, 0]], [[0, 0, 5], [0, 0, 0], [5, 0, 0]], [[0, 0, 0], [6, 0, 0], [3, 0, 0]]];

/// Returns the neighbours of a cell at the border of its face.
#[inline(never)]
fn across(nested: u64, order: u64) -> Neighbours {
    let (face, levels) = (nested >> (2 * order), nested & ((1 << (2 * order)) - 1));
    let (x, y, nside) = (compact(levels) as i64, compact(levels >> 1) as i64, 1_i64 << order);
    STEPS.map(|(step_x, step_y)| {
        let (x, y) = (x + step_x, y + step_y);
        let side = |coordinate: i64| 1 + usize::from(coordinate >= nside) - usize::from(coordinate < 0);
        let other = FACES[side(y)][side(x)][face as usize % 12];
        if other == NONE {
            return -1;
        }
        let turn = TURNS[side(y)][side(x)][(face as usize >> 2) % 3];
        let (x, y) = (x & (nside - 1), y & (nside - 1));
        let x = if turn & 1 == 0 { x } else { nside - 1 - x };
        let y = if turn & 2 == 0 { y } else { nside - 1 - y };
        let (x, y) = if turn & 4 == 0 { (x, y) } else { (y, x) };
        (other as i64) << (2 * order) | (spread(x as u64) | spread(y as u64) << 1) as i64
    })
}

/// The coordinates of the neighbours along one axis: `((own | carry) + step) & bits` for each, where `carry` holds the
/// bits of the other axis, across which a 1 is to be carried; a borrow finds them 0.
#[derive(Clone, Copy)]
struct Axis {
    bits: u64,
    carry: [u64; 8],
    step: [u64; 8],
}

impl Axis {
    /// The axis that has these bits of a cell, the lowest of which is `one`.
    #[inline(always)]
    fn new(bits: u64, one: u64, steps: [i64; 8]) -> Self {
        let carry = steps.map(|step| if step > 0 { !bits } else { 0 });
        Self { bits, carry, step: steps.map(|step| one.wrapping_mul(step as u64)) }
    }
}

/// What the neighbours inside a face are found with.
#[derive(Clone, Copy)]
struct Face {
    order: Order<MAX_ORDER>,
    x: Axis,
    y: Axis,
}

impl Derive<i64> for Face {
    #[inline(always)]
    fn derive(order: i64) -> Self {
        let order = Order::derive(order);
        let levels = (1 << (2 * order.order)) - 1;
        let x = Axis::new(levels & X_BITS, 1, STEPS.map(|step| step.0));
        Self { order, x, y: Axis::new(levels & !X_BITS, 2, STEPS.map(|step| step.1)) }
    }
}

/// Returns the neighbours of one cell, unless it is none.
#[inline(always)]
fn around(nested: i64, Face { order, x, y }: &Face) -> Option<Neighbours> {
    if !(order.valid & is_nested(nested, order.order)) {
        return None;
    }
    let cell = nested as u64;
    let (own_x, own_y, face) = (cell & x.bits, cell & y.bits, cell & !(x.bits | y.bits));
    if (own_x == 0) | (own_x == x.bits) | (own_y == 0) | (own_y == y.bits) {
        return Some(across(cell, order.order));
    }
    let mut neighbours = [0; 8];
    for (index, neighbour) in neighbours.iter_mut().enumerate() {
        let other_x = (own_x | x.carry[index]).wrapping_add(x.step[index]) & x.bits;
        let other_y = (own_y | y.carry[index]).wrapping_add(y.step[index]) & y.bits;
        *neighbour = (face | other_x | other_y) as i64;
    }
    Some(neighbours)
}

at_every_level! {
    /// Fills the rows of `neighbours`, -1 where a corner has none and where a row is invalid.
    pub fn neighbours(nested: &[i64], order: &[i64], neighbours: &mut [Neighbours]) -> Option<usize> {
        let mut first = None;
        let stream = Stream::over(neighbours);
        let mut write = |index, row: &mut Neighbours, found: Option<Neighbours>| {
            if found.is_none() {
                first = first.or(Some(index));
            }
            stream.write(row, found.unwrap_or([-1; 8]));
        };
        let rows = nested.iter().zip(neighbours).enumerate();
        if let [order] = *order {
            let face = Face::derive(order);
            rows.for_each(|(index, (nested, row))| write(index, row, around(*nested, &face)));
        } else {
            for ((index, (nested, row)), order) in rows.zip(order) {
                write(index, row, around(*nested, &Face::derive(*order)));
            }
        }
        first
    }
}
