//! The bounds of a set of points, and the first that is not finite.

use crate::simd::at_every_level;
use crate::spatial::geometry::LIMIT;

/// Points that are looked at together.
const BLOCK: usize = 8;

#[inline(always)]
fn is_valid(point: &[f64; 3]) -> bool {
    point.iter().all(|value| value.abs() <= LIMIT)
}

/// Minima and maxima: of coordinate `i % 3` at `i`.
struct Bounds<const N: usize> {
    low: [f64; N],
    high: [f64; N],
}

impl<const N: usize> Bounds<N> {
    const NONE: Self = Self { low: [f64::INFINITY; N], high: [f64::NEG_INFINITY; N] };

    #[inline(always)]
    fn add(&mut self, values: &[f64]) {
        for ((low, high), value) in self.low.iter_mut().zip(&mut self.high).zip(values) {
            *low = if *value < *low { *value } else { *low };
            *high = if *value > *high { *value } else { *high };
        }
    }
}

at_every_level! {
    /// Fills `bounds` with the minima and the maxima of the valid points, (inf, -inf) where there are none.
    pub fn survey(points: &[[f64; 3]], bounds: &mut [[f64; 3]]) -> Option<usize> {
        let mut first = None;
        let (mut lanes, mut rest) = (Bounds::<{ 3 * BLOCK }>::NONE, Bounds::<3>::NONE);
        for (start, block) in (0..).step_by(BLOCK).zip(points.chunks(BLOCK)) {
            let values = block.as_flattened();
            if values.iter().fold(true, |valid, value| valid & (value.abs() <= LIMIT)) {
                lanes.add(values);
                continue;
            }
            first = first.or_else(|| block.iter().position(|point| !is_valid(point)).map(|row| start + row));
            for point in block.iter().filter(|point| is_valid(point)) {
                rest.add(point);
            }
        }
        let seen = lanes.low.chunks(3).zip(lanes.high.chunks(3)).filter(|(low, high)| low <= high);
        for (low, high) in seen {
            rest.add(low);
            rest.add(high);
        }
        // Which of the two zeros a bound is shall not depend on the order in which lanes are combined: it is the first.
        let zero = |axis: usize| {
            points.iter().filter(|point| is_valid(point)).map(|point| point[axis]).find(|value| *value == 0.0)
        };
        let exact = |axis: usize, bound: f64| if bound == 0.0 { zero(axis).unwrap_or(bound) } else { bound };
        for (out, found) in bounds.iter_mut().zip([rest.low, rest.high]) {
            for (axis, (out, bound)) in out.iter_mut().zip(found).enumerate() {
                *out = exact(axis, bound);
            }
        }
        first
    }
}
