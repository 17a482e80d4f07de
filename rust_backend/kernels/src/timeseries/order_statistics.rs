//! What is found in the keys of a window: medians, distances to them, quantiles.

use std::array::from_fn;

use crate::simd::at_every_level;
use crate::simd::lanes::Lanes;
use crate::table::Table;
use crate::timeseries::results::Results;
use crate::timeseries::windows::{Rules, Windows};
use crate::timeseries::{lockstep, one_window, ranked};

/// The longest windows that series in lockstep keep in order, for each row of theirs that a vector holds; those in which
/// deviations are found too, which take longer to find among ranks; and the longest that were measured.
///
/// In lockstep time grows with the window, and among ranks it stays as it is. Both are as fast at 160 rows where vectors
/// hold four, and at 270 with deviations; where they hold two, at 95 and 155.
const SHORT: usize = 40;
const SHORT_WITH_DEVIATIONS: usize = 64;
const LONGEST: usize = 256;

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

/// What is found in windows, and written to a row for each table.
///
/// All kernels share the loops of [`fill`], which ask for it at every row: one compiled set of loops for each of them made
/// the whole library take a tenth longer to build, and none faster.
#[derive(Clone, Copy)]
pub(crate) enum Statistic<'a> {
    Median,
    /// The median, and the scaled median of the distances to it.
    MedianMad {
        scale: f64,
    },
    /// The distance of the last value to the median in robust standard deviations: the scale, the least deviation, the
    /// limit, and whether a deviation of 0 gives NaN.
    RobustZscore([f64; 4]),
    /// The last value, or the median in its place where it is far from it, and 1 there: the scale, the least deviation,
    /// and how many of them are far.
    Hampel([f64; 3]),
    /// Quantiles by linear interpolation, rounded as NumPy does; without overflow between opposite extremes.
    Quantiles(&'a [f64]),
}

impl Statistic<'_> {
    /// Finds the results of windows, one for each row of `into`; their last values are given, NaN where missing.
    #[inline(always)]
    pub(crate) fn results<const L: usize>(&self, windows: &impl Ordered<L>, last: [f64; L], into: &mut [[f64; L]]) {
        if let Self::Quantiles(q) = self {
            return quantiles(windows, q, into);
        }
        let medians = windows.medians();
        if let Self::Median = self {
            return into.fill(medians);
        }
        let deviations = windows.deviations(medians);
        match (self, into) {
            (Self::MedianMad { scale }, [median, mad]) => {
                *median = medians;
                for lane in 0..L {
                    mad[lane] = scale * deviations[lane];
                }
            }
            (Self::RobustZscore([scale, floor, limit, strict]), [zscore]) => {
                for lane in 0..L {
                    let (distance, spread) = (last[lane] - medians[lane], spread(deviations[lane], *scale, *floor));
                    zscore[lane] = robust_zscore(distance, spread, *limit, *strict != 0.0);
                }
            }
            (Self::Hampel([scale, floor, most]), [filtered, outlier]) => {
                for lane in 0..L {
                    let spread = spread(deviations[lane], *scale, *floor);
                    let far = (last[lane] - medians[lane]).abs() > most * spread;
                    filtered[lane] = if far { medians[lane] } else { last[lane] };
                    outlier[lane] = f64::from(u8::from(far));
                }
            }
            _ => {}
        }
    }
}

/// The numbers of a rule, NaN where there are too few.
pub(crate) fn rule<const N: usize>(numbers: &[f64]) -> [f64; N] {
    from_fn(|i| numbers.get(i).copied().unwrap_or(f64::NAN))
}

/// A scaled deviation, which is not below the least one.
#[inline(always)]
fn spread(deviation: f64, scale: f64, floor: f64) -> f64 {
    scale * if deviation < floor { floor } else { deviation }
}

#[inline(always)]
fn robust_zscore(distance: f64, spread: f64, limit: f64, strict: bool) -> f64 {
    if spread != 0.0 {
        let zscore = distance / spread;
        if zscore > limit {
            limit
        } else if zscore < -limit {
            -limit
        } else {
            zscore
        }
    } else if strict {
        f64::NAN
    } else if distance == 0.0 {
        0.0
    } else {
        limit * distance.signum()
    }
}

#[inline(always)]
fn quantiles<const L: usize>(windows: &impl Ordered<L>, q: &[f64], into: &mut [[f64; L]]) {
    let counts = windows.counts();
    for (q, result) in q.iter().zip(into) {
        let (mut parts, mut ranks, mut next) = ([0.0; L], [0; L], [0; L]);
        for i in 0..L {
            let last = counts[i].saturating_sub(1);
            let place = last as f64 * q;
            ranks[i] = (place as usize).min(last);
            next[i] = (ranks[i] + 1).min(last);
            parts[i] = place - ranks[i] as f64;
        }
        let (low, high) = (windows.values(ranks), windows.values(next));
        *result = between(low, high, parts);
    }
}

/// Values between two each, by the parts of the way; in vectors, unless a distance is beyond the largest float.
#[inline(always)]
fn between<const L: usize>(low: [f64; L], high: [f64; L], part: [f64; L]) -> [f64; L] {
    let (mut found, mut all_finite) = (low, true);
    for i in 0..L {
        let rise = high[i] - low[i];
        let (up, down) = (low[i] + rise * part[i], high[i] - rise * (1.0 - part[i]));
        let value = if part[i] >= 0.5 { down } else { up };
        found[i] = if part[i] == 0.0 { low[i] } else { value };
        all_finite &= rise.abs() <= f64::MAX;
    }
    if !all_finite {
        for i in 0..L {
            if part[i] != 0.0 && !(high[i] - low[i]).is_finite() {
                found[i] = low[i] * (1.0 - part[i]) + high[i] * part[i];
            }
        }
    }
    found
}

/// The longest windows of series in lockstep.
#[inline(always)]
fn longest<L: Lanes>(_: L, statistic: Statistic<'_>) -> usize {
    let rows = match statistic {
        Statistic::Median | Statistic::Quantiles(_) => SHORT,
        _ => SHORT_WITH_DEVIATIONS,
    };
    LONGEST.min(rows * L::ROWS)
}

at_every_level! {
    /// Fills tables with a statistic of the windows of every column.
    pub(crate) fn fill<lanes>(
        values: Table<'_, f64>, windows: Windows<'_>, statistic: Statistic<'_>, tables: &mut [Results<'_>],
    ) -> () {
        let rules = Rules::of(values, windows, tables.iter().map(Results::rows).min().unwrap_or(0));
        let size = windows.widest(values.rows());
        if rules.rows == 1 && size > FEW {
            one_window::fill(values, windows, rules, statistic, tables);
        } else if windows.are_equal() && size <= longest(lanes, statistic) {
            lockstep::fill(lanes, values, rules, size, statistic, tables);
        } else {
            ranked::fill(values, windows, rules, size, statistic, tables);
        }
    }
}
