//! The eight neighbours SW, W, NW, N, NE, E, SE, S of nested cells.

use crate::healpix::bits::{MAX_ORDER, Order, X_BITS, compact, is_nested, spread};
use crate::rows::{Derive, fill_uniform};
use crate::simd::at_every_level;

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

/// What the neighbours inside a face are found with.
#[derive(Clone, Copy)]
struct Face {
    order: Order<MAX_ORDER>,
    x: u64,
    y: u64,
}

impl Derive<i64> for Face {
    #[inline(always)]
    fn derive(order: i64) -> Self {
        let order = Order::derive(order);
        let levels = (1 << (2 * order.order)) - 1;
        Self { order, x: levels & X_BITS, y: levels & !X_BITS }
    }
}

#[inline(always)]
fn row(nested: i64, face: Face) -> (Neighbours, bool) {
    let valid = face.order.valid & is_nested(nested, face.order.order);
    if !valid {
        return ([-1; 8], false);
    }
    let cell = nested as u64;
    let (x, y, rest) = (cell & face.x, cell & face.y, cell & !(face.x | face.y));
    if (x == 0) | (x == face.x) | (y == 0) | (y == face.y) {
        return (across(cell, face.order.order), true);
    }
    // The bits of the other axis carry a 1 across, or stop a borrow, without being taken apart.
    let x_up = (x | !face.x).wrapping_add(1) & face.x;
    let x_down = (x - 1) & face.x;
    let y_up = (y | !face.y).wrapping_add(2) & face.y;
    let y_down = (y - 2) & face.y;
    let (x, x_up, x_down) = (x | rest, x_up | rest, x_down | rest);
    let cells =
        [x_down | y, x_down | y_up, x | y_up, x_up | y_up, x_up | y, x_up | y_down, x | y_down, x_down | y_down];
    (cells.map(|cell| cell as i64), true)
}

at_every_level! {
    /// Fills the rows of `neighbours`, -1 where a corner has none and where a row is invalid.
    pub fn neighbours(nested: &[i64], order: &[i64], neighbours: &mut [Neighbours]) -> Option<usize> {
        fill_uniform(nested, order, neighbours, [-1; 8], row)
    }
}
