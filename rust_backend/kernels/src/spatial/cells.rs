//! The strips and the cells of many points at once.
//!
//! Each step is taken for all points of a block before the next, so that all but the loads from a table are vectors: the
//! arrangement of 1e5 points takes 2.3 ms in place of 2.6 with one point after the other.

use crate::spatial::geometry::{Frame, clamp, first_cell};

/// Points that are looked at together.
pub(crate) const BLOCK: usize = 256;

/// Where the points of a block are.
pub(crate) struct Cells {
    coordinates: [[f64; BLOCK]; 3],
    places: [[i32; BLOCK]; 3],
    /// Parts of the lengths of strips.
    parts: [f64; BLOCK],
    /// How many cells the strips have.
    many: [f64; BLOCK],
    found: [u32; BLOCK],
}

impl Cells {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            coordinates: [[0.0; BLOCK]; 3],
            places: [[0; BLOCK]; 3],
            parts: [0.0; BLOCK],
            many: [1.0; BLOCK],
            found: [0; BLOCK],
        })
    }

    /// Returns the strips that hold points, up to `BLOCK` of them.
    #[inline(always)]
    pub(crate) fn strips_of(&mut self, frame: &Frame, points: &[[f64; 3]]) -> &[u32] {
        let count = points.len().min(BLOCK);
        let [xs, ys, zs] = &mut self.coordinates;
        for (((x, y), z), point) in xs.iter_mut().zip(ys).zip(zs).zip(points) {
            [*x, *y, *z] = *point;
        }
        for ((axis, coordinates), places) in
            [&frame.x, &frame.y, &frame.z].into_iter().zip(&self.coordinates).zip(&mut self.places)
        {
            for (place, q) in places.iter_mut().zip(coordinates).take(count) {
                *place = axis.box_of(*q);
            }
        }
        for ((part, x), place) in self.parts.iter_mut().zip(&self.coordinates[0]).zip(&self.places[0]).take(count) {
            *part = (x - frame.x.low) * frame.x.inverse - f64::from(*place);
        }
        for (axis, places) in [&frame.x, &frame.y, &frame.z].into_iter().zip(&mut self.places) {
            if axis.is_folded() {
                places.iter_mut().for_each(|place| *place = axis.place_of(*place));
            }
        }
        let [xs, ys, zs] = &self.places;
        for (((strip, x), y), z) in self.found.iter_mut().zip(xs).zip(ys).zip(zs).take(count) {
            *strip = frame.strip_at([*x, *y, *z]);
        }
        &self.found[..count]
    }

    /// Returns the cells that hold points, up to `BLOCK` of them.
    #[inline(always)]
    pub(crate) fn of(&mut self, frame: &Frame, strip_cell: &[i32], points: &[[f64; 3]]) -> &[u32] {
        let count = self.strips_of(frame, points).len();
        for (found, many) in self.found.iter_mut().zip(&mut self.many).take(count) {
            let (first, cells) = first_cell(strip_cell, *found as usize);
            (*found, *many) = (first as u32, cells);
        }
        for ((found, many), part) in self.found.iter_mut().zip(&self.many).zip(&self.parts).take(count) {
            *found = found.wrapping_add(clamp(part * many, many - 1.0) as u32);
        }
        &self.found[..count]
    }
}
