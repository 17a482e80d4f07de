//! Held ids on the way to where they belong.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::simd::{Level, prefetch};
use crate::spatial::collect::{NONE, TILE};

/// How many rows ahead the edges are asked for, and then the places between them.
const EDGES_AHEAD: usize = 24;
const PLACES_AHEAD: usize = 8;

/// Copies the ids of tiles, as [`crate::spatial::collect()`] left them, to their rows, and [`NONE`] where a query's ids are
/// not held: those of query k to row `row[k]`, which begins at `edges[row[k]]`. Fills `held` with how many queries of each
/// tile had their ids in it.
///
/// `edges` must be those that the counts lead to; with others, some elements stay as they were.
pub fn distribute(
    _: Level,
    ids: &[i32],
    row_of: &[i32],
    edges: &[i64],
    indices: &[AtomicI64],
    held: &mut [i32],
) -> Option<usize> {
    let rows = row_of.as_chunks::<TILE>().0;
    let between = |row: i32| -> Range<usize> {
        let edge = |row: usize| edges.get(row).map_or(usize::MAX, |edge| *edge as usize);
        edge(row as usize)..edge((row as usize).wrapping_add(1))
    };
    let room = ids.len().checked_div(rows.len()).unwrap_or(0).max(1);
    let mut tiles = ids.chunks(room);
    for (tile_number, (rows_of_tile, held)) in rows.iter().zip(held).enumerate() {
        let mut tile = tiles.next();
        *held = 0;
        for (slot, row) in rows_of_tile.iter().enumerate() {
            let at = tile_number * TILE + slot;
            if let Some(row) = row_of.get(at + EDGES_AHEAD) {
                prefetch(edges, *row as usize);
            }
            if let Some(row) = row_of.get(at + PLACES_AHEAD) {
                for place in between(*row).take(room).step_by(8) {
                    prefetch(indices, place);
                }
            }
            let places = between(*row);
            let own = tile.and_then(|ids| ids.split_at_checked(places.len()));
            let own = own.filter(|(own, _)| own.last() != Some(&NONE));
            let slots = indices.get(places).unwrap_or(&[]);
            if let Some((own, others)) = own {
                slots.iter().zip(own).for_each(|(place, id)| place.store(i64::from(*id), Relaxed));
                (tile, *held) = (Some(others), *held + 1);
            } else {
                slots.iter().for_each(|place| place.store(NONE.into(), Relaxed));
                tile = None;
            }
        }
    }
    None
}
