//! Co-moment and correlation of pairs of columns over the rows that both have, in three passes.

use crate::simd::Level;
use crate::timeseries::series;

/// Rows whose sums are added up by themselves, so that errors grow with 1024 and with n / 1024 instead of n.
const BLOCK: usize = 1024;

/// Returns e, from -1022 to 1022, so that a / 2^e is about 1.
fn exponent(a: f64) -> i64 {
    ((a.abs().to_bits() >> 52) as i64 - 1022).clamp(-1022, 1022)
}

/// Returns 2^e for e from -1022 to 1022.
fn power(e: i64) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}

/// A series over the shared rows.
#[derive(Default)]
struct Shared {
    values: Vec<f64>,
    up: i64,
    varies: bool,
}

impl Shared {
    /// Makes the values differences from the first one, scaled by a power of two so that nothing overflows.
    fn scale(&mut self) {
        let first = self.values.first().copied().unwrap_or(0.0);
        self.up = exponent(self.values.iter().fold(0.0, |most: f64, value| most.max(value.abs())));
        self.varies = self.values.iter().any(|value| *value != first);
        let down = power(-self.up);
        for value in &mut self.values {
            *value = *value * down - first * down;
        }
    }

    fn mean(&self) -> f64 {
        let blocks = self.values.chunks(BLOCK).map(|block| block.iter().fold(0.0, |sum, value| sum + value));
        blocks.fold(0.0, |sum, block| sum + block) / self.values.len() as f64
    }
}

fn moments(x: &mut Shared, y: &mut Shared) -> (f64, f64) {
    x.scale();
    y.scale();
    if x.values.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    if !(x.varies && y.varies) {
        return (0.0, f64::NAN);
    }
    let (mean_x, mean_y) = (x.mean(), y.mean());
    let mut sums = [0.0; 5];
    for (x, y) in x.values.chunks(BLOCK).zip(y.values.chunks(BLOCK)) {
        let mut block = [0.0; 5];
        for (x, y) in x.iter().zip(y) {
            let (dx, dy) = (x - mean_x, y - mean_y);
            for (sum, value) in block.iter_mut().zip([dx, dy, dx * dx, dy * dy, dx * dy]) {
                *sum += value;
            }
        }
        for (sum, block) in sums.iter_mut().zip(block) {
            *sum += block;
        }
    }
    let count = x.values.len() as f64;
    let [rest_x, rest_y, xx, yy, xy] = sums;
    let xx = xx - rest_x * rest_x / count;
    let yy = yy - rest_y * rest_y / count;
    let xy = xy - rest_x * rest_y / count;
    // The larger factor first: the other way around, a small moment would lose bits on its way.
    (xy * power(x.up.max(y.up)) * power(x.up.min(y.up)), (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Fills the results of pairs of series of a length; NaN where nothing is shared.
pub fn pair_moments(
    _: Level,
    columns: &[f64],
    length: &[i64],
    first: &[i64],
    second: &[i64],
    count: &mut [i64],
    moment: &mut [f64],
    correlation: &mut [f64],
) -> Option<usize> {
    let length = length.first().and_then(|length| usize::try_from(*length).ok()).unwrap_or(0);
    let (mut x, mut y) = (Shared::default(), Shared::default());
    let results = count.iter_mut().zip(moment).zip(correlation);
    for ((i, j), ((count, moment), correlation)) in first.iter().zip(second).zip(results) {
        x.values.clear();
        y.values.clear();
        for (a, b) in series(columns, length, *i).iter().zip(series(columns, length, *j)) {
            if a.is_finite() && b.is_finite() {
                x.values.push(*a);
                y.values.push(*b);
            }
        }
        *count = x.values.len() as i64;
        (*moment, *correlation) = moments(&mut x, &mut y);
    }
    None
}
