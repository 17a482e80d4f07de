//! What is found in the keys of a window: medians, distances to them, quantiles.

use std::array::from_fn;

use crate::simd::lanes::Lanes;
use crate::table::Table;
use crate::timeseries::results::Results;
use crate::timeseries::sorted_keys::SortedKeys;
use crate::timeseries::windows::{Rules, Windows, roll};
use crate::timeseries::{lockstep, one_window, ranked};

/// The longest windows that eight series in lockstep keep in order.
const SHORT: usize = 256;

/// The longest windows whose keys are moved to keep them in order, one at a time.
const LONG: usize = 256;

/// The longest window that is put in order for one row.
const FEW: usize = 512;

/// The keys of `L` windows, each in order.
pub(crate) trait Ordered<const L: usize> {
    fn counts(&self) -> [usize; L];

    /// The value of a rank of each window; any value where there is none.
    fn values(&self, ranks: [usize; L]) -> [f64; L];

    #[inline(always)]
    fn medians(&self) -> [f64; L]
    where
        Self: Sized,
    {
        medians(self)
    }

    /// The medians of the distances to the medians.
    #[inline(always)]
    fn deviations(&self, medians: [f64; L]) -> [f64; L]
    where
        Self: Sized,
    {
        nearest(self, first_not_less(self, medians), medians)
    }
}

/// A statistic of windows.
pub(crate) trait Statistic {
    /// Writes one row for each column that it fills; the last values of the windows are given, NaN where missing.
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, last: [f64; L], into: &mut [[f64; L]]);
}

/// The mean of two values, also where their sum is beyond the largest float.
#[inline(always)]
pub(crate) fn midpoint(low: f64, high: f64) -> f64 {
    let total = low + high;
    if total.is_finite() { 0.5 * total } else { 0.5 * low + 0.5 * high }
}

/// The medians, by their ranks.
#[inline(always)]
pub(crate) fn medians<const L: usize>(windows: &impl Ordered<L>) -> [f64; L] {
    let counts = windows.counts();
    let high = windows.values(counts.map(|count| count / 2));
    if counts.iter().all(|count| count % 2 == 1) {
        return high;
    }
    middles(counts, windows.values(counts.map(|count| count.saturating_sub(1) / 2)), high)
}

/// The means of two values each; in vectors, unless one of the sums is beyond the largest float.
#[inline(always)]
pub(crate) fn midpoints<const L: usize>(low: [f64; L], high: [f64; L]) -> [f64; L] {
    let (mut found, mut all_finite) = (low, true);
    for i in 0..L {
        let total = low[i] + high[i];
        found[i] = 0.5 * total;
        all_finite &= total.abs() <= f64::MAX;
    }
    if all_finite { found } else { from_fn(|i| midpoint(low[i], high[i])) }
}

/// The middle values, or the means of two, where they are given with one rank less beside them.
#[inline(always)]
pub(crate) fn middles<const L: usize>(counts: [usize; L], low: [f64; L], high: [f64; L]) -> [f64; L] {
    midpoints(from_fn(|i| if counts[i] % 2 == 1 { high[i] } else { low[i] }), high)
}

/// Where the k + 1 values stand that are nearest to the median, k + 1 being half of them or half a one more.
///
/// They stand together: the largest of their distances is `max(m - v[i], v[i + k] - m)`, i the first of them, and least
/// where the first term, which falls with i, meets the second, which rises. This is the first i whose second term is not
/// less; no branch depends on a value.
#[inline(always)]
pub(crate) fn first_not_less<const L: usize>(windows: &impl Ordered<L>, medians: [f64; L]) -> [usize; L] {
    let counts = windows.counts();
    let k = counts.map(|count| count.saturating_sub(1) / 2);
    let (mut low, mut many): (_, [usize; L]) = ([0; L], from_fn(|i| counts[i] - k[i]));
    for _ in 0..usize::BITS - many.iter().max().map_or(0, |many| many.leading_zeros()) {
        let i: [usize; L] = from_fn(|lane| low[lane] + many[lane] / 2);
        let (left, right) = (windows.values(i), windows.values(from_fn(|lane| i[lane] + k[lane])));
        for lane in 0..L {
            let less = right[lane] - medians[lane] < medians[lane] - left[lane] && many[lane] > 0;
            low[lane] = if less { i[lane] + 1 } else { low[lane] };
            many[lane] = if less { many[lane] - many[lane] / 2 - 1 } else { many[lane] / 2 };
        }
    }
    low
}

/// The medians of the distances to the medians, by what [`first_not_less`] found.
///
/// Rounding keeps the order of distances on either side, so that the result is that of sorting the rounded distances.
#[inline(always)]
pub(crate) fn nearest<const L: usize>(windows: &impl Ordered<L>, low: [usize; L], medians: [f64; L]) -> [f64; L] {
    let counts = windows.counts();
    let k = counts.map(|count| count.saturating_sub(1) / 2);
    let below = |first: [usize; L]| -> [f64; L] {
        let values = windows.values(first.map(|rank| rank.saturating_sub(1)));
        from_fn(|i| if first[i] > 0 { medians[i] - values[i] } else { f64::INFINITY })
    };
    let above = |last: [usize; L]| -> [f64; L] {
        let values = windows.values(from_fn(|i| last[i].min(counts[i].saturating_sub(1))));
        from_fn(|i| if last[i] < counts[i] { values[i] - medians[i] } else { f64::INFINITY })
    };
    let (left, right) = (below(low), above(from_fn(|i| low[i] + k[i])));
    let first: [f64; L] = from_fn(|i| left[i].min(right[i]));
    if counts.iter().all(|count| count % 2 == 1) {
        return first;
    }
    let low: [usize; L] = from_fn(|i| if left[i] < right[i] { low[i].saturating_sub(1) } else { low[i] });
    let (left, right) = (below(low), above(from_fn(|i| low[i] + k[i] + 1)));
    middles(counts, from_fn(|i| left[i].min(right[i])), first)
}

pub(crate) struct Median;

impl Statistic for Median {
    #[inline(always)]
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, _: [f64; L], into: &mut [[f64; L]]) {
        into.fill(windows.medians());
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
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, _: [f64; L], into: &mut [[f64; L]]) {
        if let [median, mad] = into {
            *median = windows.medians();
            if self.mad {
                *mad = windows.deviations(*median);
                for deviation in mad {
                    *deviation *= self.scale;
                }
            }
        }
    }
}

/// The numbers of a rule, NaN where there are too few.
#[inline(always)]
pub(crate) fn rule<const N: usize>(numbers: &[f64]) -> [f64; N] {
    from_fn(|i| numbers.get(i).copied().unwrap_or(f64::NAN))
}

/// The medians, the distances of values to them, and the scaled deviations.
#[inline(always)]
fn distances<const L: usize>(windows: &impl Ordered<L>, last: [f64; L], scale: f64, floor: f64) -> [[f64; L]; 3] {
    let medians = windows.medians();
    let spreads = windows.deviations(medians).map(|mad| scale * if mad < floor { floor } else { mad });
    [medians, from_fn(|i| last[i] - medians[i]), spreads]
}

/// The distance of the last value to the median in robust standard deviations: the scale, the least deviation, the
/// limit, and whether a deviation of 0 gives NaN.
pub(crate) struct RobustZscore(pub(crate) [f64; 4]);

impl Statistic for RobustZscore {
    #[inline(always)]
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, last: [f64; L], into: &mut [[f64; L]]) {
        let [scale, floor, limit, strict] = self.0;
        let [_, distances, spreads] = distances(windows, last, scale, floor);
        into.fill(from_fn(|i| {
            let (distance, spread) = (distances[i], spreads[i]);
            if spread != 0.0 {
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
                limit * distance.signum()
            }
        }));
    }
}

/// The last value, or the median in its place where it is far from it, and 1 there: the scale, the least deviation,
/// and how many of them are far.
pub(crate) struct Hampel(pub(crate) [f64; 3]);

impl Statistic for Hampel {
    #[inline(always)]
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, last: [f64; L], into: &mut [[f64; L]]) {
        let [scale, floor, most] = self.0;
        let [medians, distances, spreads] = distances(windows, last, scale, floor);
        if let [filtered, outlier] = into {
            let far: [bool; L] = from_fn(|i| distances[i].abs() > most * spreads[i]);
            *filtered = from_fn(|i| if far[i] { medians[i] } else { last[i] });
            *outlier = far.map(|far| f64::from(u8::from(far)));
        }
    }
}

/// Quantiles by linear interpolation, rounded as NumPy does; without overflow between opposite extremes.
pub(crate) struct Quantiles<'a>(pub(crate) &'a [f64]);

impl Statistic for Quantiles<'_> {
    #[inline(always)]
    fn results<const L: usize>(&self, windows: &impl Ordered<L>, _: [f64; L], into: &mut [[f64; L]]) {
        let counts = windows.counts();
        for (q, result) in self.0.iter().zip(into) {
            let (mut places, mut ranks, mut next) = ([0.0; L], [0; L], [0; L]);
            for i in 0..L {
                let last = counts[i].saturating_sub(1);
                places[i] = last as f64 * q;
                ranks[i] = (places[i] as usize).min(last);
                next[i] = (ranks[i] + 1).min(last);
            }
            let (low, high) = (windows.values(ranks), windows.values(next));
            for i in 0..L {
                result[i] = between(low[i], high[i], places[i] - ranks[i] as f64);
            }
        }
    }
}

#[inline(always)]
fn between(low: f64, high: f64, part: f64) -> f64 {
    let rise = high - low;
    if part == 0.0 {
        low
    } else if !rise.is_finite() {
        low * (1.0 - part) + high * part
    } else if part >= 0.5 {
        high - rise * (1.0 - part)
    } else {
        low + rise * part
    }
}

/// Fills tables with a statistic of the windows of every column.
#[inline(always)]
pub(crate) fn fill(
    lanes: impl Lanes,
    values: Table<'_, f64>,
    windows: Windows<'_>,
    statistic: &impl Statistic,
    tables: &mut [Results<'_>],
) {
    let rules = Rules::of(values, windows, tables.iter().map(Results::rows).min().unwrap_or(0));
    let size = windows.widest(values.rows());
    if rules.rows == 1 && size > FEW {
        one_window::fill(values, windows, rules, statistic, tables);
    } else if size <= SHORT && windows.window.len() == 1 {
        lockstep::fill(lanes, values, rules, size, statistic, tables);
    } else if size > LONG {
        ranked::fill(values, windows, rules, size, statistic, tables);
    } else {
        roll(values, windows, rules, &mut SortedKeys::new(size), statistic, tables);
    }
}
