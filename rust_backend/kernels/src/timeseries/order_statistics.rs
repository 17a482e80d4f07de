//! What is found in the keys of a window: medians, distances to them, quantiles.

use crate::timeseries::windows::{MISSING, value_of};

/// The keys of a window, in order.
pub(crate) trait Ordered {
    fn count(&self) -> usize;

    /// The value of a rank, from 0 to below the count.
    fn value(&self, rank: usize) -> f64;
}

/// A statistic of windows that hold at least one key.
pub(crate) trait Statistic {
    /// Writes one result for each column that it fills; `key` is that of the last row.
    fn results(&self, window: &impl Ordered, key: i64, into: &mut [f64]);
}

/// The mean of two values, also where their sum is beyond the largest float.
#[inline(always)]
pub(crate) fn midpoint(low: f64, high: f64) -> f64 {
    let total = low + high;
    if total.is_finite() { 0.5 * total } else { 0.5 * low + 0.5 * high }
}

#[inline(always)]
fn middle(window: &impl Ordered) -> f64 {
    let half = window.count() / 2;
    let upper = window.value(half);
    if window.count() % 2 == 1 { upper } else { midpoint(window.value(half.wrapping_sub(1)), upper) }
}

/// The median of the distances to the median.
///
/// The k + 1 values nearest to m stand together: the largest of their distances is `max(m - v[i], v[i + k] - m)`, i the
/// first of them, and least where the first term, which falls with i, meets the second, which rises. Rounding keeps the
/// order of distances on either side, so that the result is that of sorting the rounded distances.
#[inline(always)]
fn deviation(window: &impl Ordered, median: f64) -> f64 {
    let count = window.count();
    let k = count.saturating_sub(1) / 2;
    let below = |first: usize| if first > 0 { median - window.value(first - 1) } else { f64::INFINITY };
    let above = |last: usize| if last < count { window.value(last) - median } else { f64::INFINITY };
    let (mut low, mut high) = (0, count - k); // the first i whose second term is not less is in [low, high]
    while low < high {
        let i = (low + high) / 2;
        if window.value(i + k) - median < median - window.value(i) {
            low = i + 1;
        } else {
            high = i;
        }
    }
    let (left, right) = (below(low), above(low + k));
    if count % 2 == 1 {
        return left.min(right);
    }
    if left < right {
        low -= 1;
    }
    midpoint(left.min(right), below(low).min(above(low + k + 1)))
}

pub(crate) struct Median;

impl Statistic for Median {
    #[inline(always)]
    fn results(&self, window: &impl Ordered, _: i64, into: &mut [f64]) {
        into.fill(middle(window));
    }
}

/// The median, and the scaled median of the distances to it.
pub(crate) struct MedianMad {
    pub(crate) scale: f64,
    /// Whether the second is wanted.
    pub(crate) mad: bool,
}

impl Statistic for MedianMad {
    #[inline(always)]
    fn results(&self, window: &impl Ordered, _: i64, into: &mut [f64]) {
        if let [median, mad] = into {
            *median = middle(window);
            if self.mad {
                *mad = self.scale * deviation(window, *median);
            }
        }
    }
}

/// The numbers of a rule, NaN where there are too few.
#[inline(always)]
pub(crate) fn rule<const N: usize>(numbers: &[f64]) -> [f64; N] {
    std::array::from_fn(|i| numbers.get(i).copied().unwrap_or(f64::NAN))
}

/// The distance of a value to the median, and the scaled deviation; NaN where the value is missing.
#[inline(always)]
fn distance(window: &impl Ordered, key: i64, scale: f64, floor: f64) -> (f64, f64, f64) {
    let median = middle(window);
    if key == MISSING {
        return (median, f64::NAN, f64::NAN);
    }
    let mad = deviation(window, median);
    (median, value_of(key) - median, scale * if mad < floor { floor } else { mad })
}

/// The distance of the last value to the median in robust standard deviations: the scale, the least deviation, the
/// limit, and whether a deviation of 0 gives NaN.
pub(crate) struct RobustZscore(pub(crate) [f64; 4]);

impl Statistic for RobustZscore {
    #[inline(always)]
    fn results(&self, window: &impl Ordered, key: i64, into: &mut [f64]) {
        let [scale, floor, limit, strict] = self.0;
        let (_, distance, spread) = distance(window, key, scale, floor);
        into.fill(if spread != 0.0 {
            let zscore = distance / spread;
            if zscore > limit {
                limit
            } else if zscore < -limit {
                -limit
            } else {
                zscore
            }
        } else if strict != 0.0 {
            f64::NAN
        } else if distance == 0.0 {
            0.0
        } else {
            limit.copysign(distance)
        });
    }
}

/// The last value, or the median in its place where it is far from it, and 1 there: the scale, the least deviation,
/// and how many of them are far.
pub(crate) struct Hampel(pub(crate) [f64; 3]);

impl Statistic for Hampel {
    #[inline(always)]
    fn results(&self, window: &impl Ordered, key: i64, into: &mut [f64]) {
        let [scale, floor, most] = self.0;
        let (median, distance, spread) = distance(window, key, scale, floor);
        let far = distance.abs() > most * spread;
        if let [filtered, outlier] = into {
            let value = if key == MISSING { f64::NAN } else { value_of(key) };
            (*filtered, *outlier) = if far { (median, 1.0) } else { (value, 0.0) };
        }
    }
}

/// Quantiles by linear interpolation, rounded as NumPy does; without overflow between opposite extremes.
pub(crate) struct Quantiles<'a>(pub(crate) &'a [f64]);

impl Statistic for Quantiles<'_> {
    #[inline(always)]
    fn results(&self, window: &impl Ordered, _: i64, into: &mut [f64]) {
        let last = window.count().saturating_sub(1);
        for (q, result) in self.0.iter().zip(into) {
            let place = last as f64 * q;
            let rank = (place as usize).min(last);
            let part = place - rank as f64;
            let low = window.value(rank);
            *result = if part == 0.0 { low } else { between(low, window.value((rank + 1).min(last)), part) };
        }
    }
}

#[inline(always)]
fn between(low: f64, high: f64, part: f64) -> f64 {
    let rise = high - low;
    if !rise.is_finite() {
        low * (1.0 - part) + high * part
    } else if part >= 0.5 {
        high - rise * (1.0 - part)
    } else {
        low + rise * part
    }
}
