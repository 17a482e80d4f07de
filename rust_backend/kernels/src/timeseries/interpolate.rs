//! Missing values on the line between their neighbours.

use crate::simd::Level;
use crate::table::{Table, TableMut};

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

struct Rules {
    forward: usize,
    backward: usize,
    area: i64,
}

impl Rules {
    /// Fills the gap from `start` to `stop` of a column whose other values are there.
    fn fill(&self, column: &mut [f64], position: &[f64], start: usize, stop: usize) {
        let point = |place: usize| position.get(place).copied().zip(column.get(place).copied());
        let (before, behind) = (start.checked_sub(1).and_then(point), point(stop));
        let inner = before.is_some() && behind.is_some();
        let wanted = self.area == 0 || (self.area == 1) == inner;
        let Some(gap) = column.get_mut(start..stop) else { return };
        for (place, value) in (start..).zip(gap) {
            let near =
                before.is_some() && place - start < self.forward || behind.is_some() && stop - place <= self.backward;
            *value = match (before, behind) {
                _ if !(wanted && near) => f64::NAN,
                (Some(before), Some(behind)) => {
                    on_line(before, behind, position.get(place).copied().unwrap_or(f64::NAN))
                }
                (Some((_, value)), None) | (None, Some((_, value))) => value,
                (None, None) => f64::NAN,
            };
        }
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
    let rows = filled.rows();
    let mut buffer = vec![0.0; rows];
    for number in 0..filled.columns() {
        let column = values.load(number, 0, &mut buffer);
        let mut start = 0;
        for row in 0..rows {
            if column.get(row).is_some_and(|value| value.is_finite()) {
                if start < row {
                    rules.fill(column, position, start, row);
                }
                start = row + 1;
            }
        }
        if start < rows {
            rules.fill(column, position, start, rows);
        }
        filled.store(number, 0, column.iter().copied());
    }
    None
}
