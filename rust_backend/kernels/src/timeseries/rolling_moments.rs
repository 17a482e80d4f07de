//! Sum, mean, variance, standard deviation, skewness and kurtosis of trailing windows.

use crate::simd::lanes::Lanes;
use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};
use crate::timeseries::eight::{Eight, Number, Strands};
use crate::timeseries::exact_sums;
use crate::timeseries::two_stacks::{Moments, Share, Step, roll};
use crate::timeseries::windows::Windows;

/// The sums of a node: the mean of differences from the anchor, and the sums of powers of differences from the mean.
const MEAN: usize = 0;
const SECOND: usize = 1;
const THIRD: usize = 2;
const FOURTH: usize = 3;

/// Powers up to the second.
struct Squares<'a> {
    values: Table<'a, f64>,
}

/// Powers up to the fourth.
struct Fourths<'a> {
    values: Table<'a, f64>,
    /// Which results are wanted.
    wanted: [bool; 4],
}

/// Takes a value into the mean and the squares; returns what the mean moves by, and what the squares grow by.
#[inline(always)]
fn push_square<C: Number>(mean: &mut Eight, value: Eight, step: Step<C>) -> (Eight, Eight) {
    let apart = value - *mean;
    let moved = apart * step.part.eight();
    *mean = *mean + moved;
    (moved, apart * moved * step.before.eight())
}

impl Moments<1, 2, 2> for Squares<'_> {
    #[inline(always)]
    fn load(&self, strands: &Strands, start: isize, [into]: [&mut [Eight]; 1]) {
        strands.load(self.values, strands.columns, start, into);
    }

    #[inline(always)]
    fn push<C: Number>(&self, [mean, squares]: &mut [Eight; 2], [value]: [Eight; 1], step: Step<C>) {
        *squares = *squares + push_square(mean, value, step).1;
    }

    #[inline(always)]
    fn join<C: Number>(
        &self,
        older: &[Eight; 2],
        newer: &[Eight; 2],
        [gap]: [Eight; 1],
        share: Share<C>,
    ) -> [Eight; 2] {
        let apart = (newer[MEAN] - older[MEAN]) + gap;
        [older[MEAN], (older[SECOND] + newer[SECOND]) + apart * apart * share.both.eight()]
    }

    #[inline(always)]
    fn results<C: Number>(
        &self,
        lanes: impl Lanes,
        count: C,
        sums: &[Eight; 2],
        [[up, further]]: [[f64; 2]; 1],
    ) -> [Eight; 2] {
        let variance = sums[SECOND] * (count - C::of(1.0)).reciprocal(lanes).eight();
        [variance.map(|x| x * up * up * further * further), variance.map(|x| x.sqrt() * up * further)]
    }
}

impl Moments<1, 4, 4> for Fourths<'_> {
    #[inline(always)]
    fn load(&self, strands: &Strands, start: isize, [into]: [&mut [Eight]; 1]) {
        strands.load(self.values, strands.columns, start, into);
    }

    /// See Pebay, SAND2008-6212.
    #[inline(always)]
    fn push<C: Number>(&self, sums: &mut [Eight; 4], [value]: [Eight; 1], step: Step<C>) {
        let [mean, squares, cubes, fourths] = sums;
        let (moved, grown) = push_square(mean, value, step);
        let (one, three, n) = (C::of(1.0), C::of(3.0), step.before + C::of(1.0));
        let (twice, thrice) = (step.before - one, n * n - three * n + three);
        if self.wanted[3] {
            let inner = moved * (grown * thrice.eight() + Eight::all(6.0) * *squares) - Eight::all(4.0) * *cubes;
            *fourths = *fourths + moved * inner;
        }
        *cubes = *cubes + moved * (grown * twice.eight() - Eight::all(3.0) * *squares);
        *squares = *squares + grown;
    }

    #[inline(always)]
    fn join<C: Number>(
        &self,
        older: &[Eight; 4],
        newer: &[Eight; 4],
        [gap]: [Eight; 1],
        share: Share<C>,
    ) -> [Eight; 4] {
        let apart = (newer[MEAN] - older[MEAN]) + gap;
        let grown = apart * apart * share.both.eight();
        let (a, b) = (share.older, share.newer);
        let (low, high) = (older[SECOND], newer[SECOND]);
        let inner = grown * (a - b).eight() + Eight::all(3.0) * (a.eight() * high - b.eight() * low);
        let cubes = (older[THIRD] + newer[THIRD]) + apart * inner;
        let mut fourths = older[FOURTH] + newer[FOURTH];
        if self.wanted[3] {
            let inner = grown * (a * a - a * b + b * b).eight()
                + Eight::all(6.0) * ((a * a).eight() * high + (b * b).eight() * low);
            let inner = apart * inner + Eight::all(4.0) * (a.eight() * newer[THIRD] - b.eight() * older[THIRD]);
            fourths = fourths + apart * inner;
        }
        [older[MEAN], (low + high) + grown, cubes, fourths]
    }

    #[inline(always)]
    fn results<C: Number>(&self, lanes: impl Lanes, n: C, sums: &[Eight; 4], scale: [[f64; 2]; 1]) -> [Eight; 4] {
        let nothing = Eight::all(0.0);
        let (one, two, three) = (C::of(1.0), C::of(2.0), C::of(3.0));
        let [var, std] = if self.wanted[0] || self.wanted[1] {
            Squares { values: self.values }.results(lanes, n, &[sums[MEAN], sums[SECOND]], scale)
        } else {
            [nothing; 2]
        };
        let squares = sums[SECOND];
        let mut skew = nothing;
        if self.wanted[2] {
            let root = ((n - one).eight() * squares).map(f64::sqrt);
            skew = (n.eight() * sums[THIRD] * root) / ((n - two).eight() * (squares * squares));
            skew = squares.choose(skew, nothing);
            skew = n.eight().zip(skew, |n, skew| if n < 3.0 { f64::NAN } else { skew });
        }
        let mut kurt = nothing;
        if self.wanted[3] {
            let (square, below) = (squares * squares, (n - two) * (n - three));
            kurt = ((n + one) * n).eight() * sums[FOURTH] - (three * (n - one)).eight() * square;
            kurt = (n - one).eight() * kurt / (below.eight() * square);
            kurt = squares.choose(kurt, Eight::all(-3.0));
            kurt = n.eight().zip(kurt, |n, kurt| if n < 4.0 { f64::NAN } else { kurt });
        }
        [var, std, skew, kurt]
    }
}

at_every_level! {
    fn second_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, rows: usize, outputs: [TableMut<'_, f64>; 2]) -> () {
        roll(lanes, &Squares { values }, windows, [values.rows(), rows, values.columns()], outputs);
    }
}

at_every_level! {
    fn fourth_at<lanes>(values: Table<'_, f64>, windows: Windows<'_>, rows: usize, outputs: [TableMut<'_, f64>; 4]) -> () {
        let wanted = outputs.each_ref().map(|output| output.columns() > 0);
        roll(lanes, &Fourths { values, wanted }, windows, [values.rows(), rows, values.columns()], outputs);
    }
}

/// Fills the outputs that have columns.
pub fn rolling_moments(
    level: Level,
    values: Table<'_, f64>,
    window: &[i64],
    min_periods: &[i64],
    propagate: &[u8],
    total: TableMut<'_, f64>,
    mean: TableMut<'_, f64>,
    var: TableMut<'_, f64>,
    std: TableMut<'_, f64>,
    skew: TableMut<'_, f64>,
    kurt: TableMut<'_, f64>,
) -> Option<usize> {
    let (rows, windows) = (total.rows(), Windows { window, min_periods, propagate });
    // A function each, as compilers need more than twice the time for one of twice the length.
    if total.columns() + mean.columns() > 0 {
        exact_sums::roll(level, values, windows, rows, [total, mean]);
    }
    if skew.columns() + kurt.columns() > 0 {
        fourth_at(level, values, windows, rows, [var, std, skew, kurt]);
    } else if var.columns() + std.columns() > 0 {
        second_at(level, values, windows, rows, [var, std]);
    }
    None
}
