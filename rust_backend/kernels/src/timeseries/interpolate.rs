//! Missing values on the line between their neighbours.

use std::ops::Range;

use crate::simd::Level;
use crate::table::{Table, TableMut};
use crate::timeseries::eight::LANES;

/// Rows that are in the cache at once, for eight columns: a line of the cache of a row-major table.
const CHUNK: usize = 128;

/// The value at x of the line through two points, as NumPy's `interp` has it unless that overflows.
fn on_line((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: f64) -> f64 {
    let slope = (y1 - y0) / (x1 - x0);
    let value = slope * (x - x0) + y0;
    if value.is_finite() {
        return value;
    }
    let share = (x - x0) / (x1 - x0);
    y0 * (1.0 - share) + y1 * share
}

/// A value and its position.
type Point = (f64, f64);

/// Which values of a gap are filled.
#[derive(Clone, Copy)]
struct Rules {
    forward: usize,
    backward: usize,
    area: i64,
}

impl Rules {
    /// The value at a place of a gap between two neighbours, NaN where none is wanted.
    fn value_at(
        &self,
        gap: &Range<usize>,
        [before, behind]: [Option<Point>; 2],
        place: usize,
        position: &[f64],
    ) -> f64 {
        let inner = before.is_some() && behind.is_some();
        let wanted = self.area == 0 || (self.area == 1) == inner;
        let near = before.is_some() && place - gap.start < self.forward
            || behind.is_some() && gap.end - place <= self.backward;
        match (before, behind) {
            _ if !(wanted && near) => f64::NAN,
            (Some(before), Some(behind)) => on_line(before, behind, position.get(place).copied().unwrap_or(f64::NAN)),
            (Some((_, value)), None) | (None, Some((_, value))) => value,
            (None, None) => f64::NAN,
        }
    }
}

/// Fills columns from one on, some rows at a time; a gap is filled when it ends, also where it began in rows before those.
fn fill<const N: usize>(values: Table<f64>, position: &[f64], rules: Rules, first: usize, filled: &mut TableMut<f64>) {
    let columns: [usize; N] = std::array::from_fn(|lane| first + lane);
    let (rows, mut buffer) = (filled.rows(), [[f64::NAN; N]; CHUNK]);
    let (mut next, mut before) = ([0; N], [None; N]); // the row after the last value, and this
    for start in (0..rows).step_by(CHUNK) {
        let part = buffer.get_mut(..CHUNK.min(rows - start)).unwrap_or_default();
        values.load_lanes(columns, [start; N], part);
        for at in 0..part.len() {
            for lane in 0..N {
                let (row, value) = (start + at, part[at][lane]);
                if !value.is_finite() {
                    part[at][lane] = f64::NAN;
                    continue;
                }
                let behind = Some((position.get(row).copied().unwrap_or(f64::NAN), value));
                let gap = next[lane]..row;
                for place in gap.clone() {
                    let found = rules.value_at(&gap, [before[lane], behind], place, position);
                    if let Some(place) = place.checked_sub(start) {
                        part[place][lane] = found;
                    } else {
                        filled.store(columns[lane], place, std::iter::once(found));
                    }
                }
                (next[lane], before[lane]) = (row + 1, behind);
            }
        }
        filled.store_lanes(columns, [start; N], part);
    }
    for lane in 0..N {
        let gap = next[lane]..rows;
        let found = gap.clone().map(|place| rules.value_at(&gap, [before[lane], None], place, position));
        filled.store(columns[lane], gap.start, found);
    }
}

/// Fills `filled`: in every gap the first `forward` and the last `backward` values, NaN elsewhere; a gap at an end takes
/// the one neighbour that it has. `area` is 0 for all gaps, 1 for those between values, 2 for those at the ends. The
/// window keeps columns whole.
pub fn interpolate(
    _: Level,
    values: Table<f64>,
    _window: &[i64],
    position: &[f64],
    forward: &[i64],
    backward: &[i64],
    area: &[i64],
    mut filled: TableMut<f64>,
) -> Option<usize> {
    let first = |values: &[i64]| values.first().copied().unwrap_or(0);
    let most = |values: &[i64]| usize::try_from(first(values)).unwrap_or(0);
    let rules = Rules { forward: most(forward), backward: most(backward), area: first(area) };
    // Columns that lie by themselves are filled by themselves: a third less time.
    let by_rows = values.across(0, 0..values.columns()).is_some();
    let whole = if by_rows { values.columns() / LANES * LANES } else { 0 };
    for first in (0..whole).step_by(LANES) {
        fill::<LANES>(values, position, rules, first, &mut filled);
    }
    for first in whole..values.columns() {
        fill::<1>(values, position, rules, first, &mut filled);
    }
    None
}
