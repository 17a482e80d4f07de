//! The loop of the rolling moments: a window is the end of one stack and the whole of another.
//!
//! Rows come in blocks. The first stack holds, for each row before a block, the node of all rows from there to the block;
//! the second grows with the rows of the block. A window joins a node of the first to that of the second, and when its
//! first row has come to the end of the first stack, a new block begins. So nothing is subtracted that had been added, what
//! is before a window leaves no trace, and a row costs two pushes and a join, however long the windows are.
//!
//! Windows of one width have blocks of that width from the first row of the call on, and series are cut where blocks begin,
//! so that neither threads nor lanes change a bit. Values are taken relative to an anchor, the last calm one before the
//! block or the first one in it, which is in the window as long as the others of its stack are: offsets leave no trace.
//!
//! Values beyond 2^180, and those below 2^-180 but not 0, whose fourth powers overflow or underflow, are wild. A window
//! with one of them is computed by itself, scaled by powers of two.

use crate::simd::lanes::Lanes;
use crate::table::TableMut;
use crate::timeseries::eight::{Eight, LANES, Number, Strands};
use crate::timeseries::spans::Spans;
use crate::timeseries::windows::Windows;

/// Rows that are written to the tables at once, and rows that are read ahead.
const BATCH: usize = 128;

/// 2^180 and 2^-180.
const LARGEST: f64 = f64::from_bits((1023 + 180) << 52);
const SMALLEST: f64 = f64::from_bits((1023 - 180) << 52);

/// What a push needs to know: how many observations there were before, and 1 by how many there are after.
#[derive(Clone, Copy)]
pub(crate) struct Step<C> {
    pub(crate) before: C,
    pub(crate) part: C,
}

impl<C: Number> Step<C> {
    #[inline(always)]
    fn after(before: C) -> Self {
        // A division, while joins and results take reciprocals: the divider and the multipliers share the work, so that a
        // standard deviation with gaps takes 0.95 of the time that reciprocals alone took, and 0.75 of divisions alone.
        Self { before, part: C::of(1.0) / (before + C::of(1.0)) }
    }
}

/// What a join needs to know: the shares of the older and the newer node in all observations, and their number times that
/// of the newer one by that of both.
#[derive(Clone, Copy)]
pub(crate) struct Share<C> {
    pub(crate) older: C,
    pub(crate) newer: C,
    pub(crate) both: C,
}

impl<C: Number> Share<C> {
    #[inline(always)]
    fn new(lanes: impl Lanes, older: C, newer: C) -> Self {
        let part = (older + newer).apply(|count| count.max(1.0)).reciprocal(lanes);
        let share = newer * part;
        Self { older: older * part, newer: share, both: older * share }
    }
}

/// A rolling kernel of `S` series, whose nodes have `F` sums, of which the first are the means, and give `N` results.
pub(crate) trait Moments<const S: usize, const F: usize, const N: usize> {
    /// Reads rows of the series, see [`Strands::load`].
    fn load(&self, strands: &Strands, start: isize, into: [&mut [Eight]; S]);

    /// Takes an observation into a node.
    fn push<C: Number>(&self, sums: &mut [Eight; F], values: [Eight; S], step: Step<C>);

    /// Joins nodes, of which the anchor of the newer one is `gap` above that of the older one.
    fn join<C: Number>(&self, older: &[Eight; F], newer: &[Eight; F], gap: [Eight; S], share: Share<C>) -> [Eight; F];

    /// The results of a node; the values of a series were divided by both elements of its scale.
    fn results<C: Number>(&self, lanes: impl Lanes, count: C, sums: &[Eight; F], scale: [[f64; 2]; S]) -> [Eight; N];
}

#[inline(always)]
fn is_calm(value: f64) -> bool {
    let size = value.abs();
    (size <= LARGEST) & ((size >= SMALLEST) | (size == 0.0))
}

/// 1 where no value of an observation is missing or wild, else 0.
#[inline(always)]
fn filled<const S: usize>(values: [Eight; S]) -> Eight {
    let mut filled = Eight::all(1.0);
    for values in values {
        filled = filled.zip(values, |filled, value| if is_calm(value) { filled } else { 0.0 });
    }
    filled
}

/// A node and how many observations it has.
#[derive(Clone, Copy)]
struct Node<const F: usize> {
    sums: [Eight; F],
    count: Eight,
}

impl<const F: usize> Node<F> {
    const EMPTY: Self = Self { sums: [Eight([0.0; LANES]); F], count: Eight([0.0; LANES]) };

    /// Takes the observations that are there, relative to the anchors. Looking at a row for them once, and not for each
    /// push, took 3 % less where some are missing, and 7 % more where none is.
    #[inline(always)]
    fn push<const S: usize, const N: usize>(
        &mut self,
        kernel: &impl Moments<S, F, N>,
        values: [Eight; S],
        anchors: &[Eight; S],
    ) {
        let filled = filled(values);
        let mut relative = values;
        for (series, value) in relative.iter_mut().enumerate() {
            // A value at the mean changes nothing.
            *value = filled.choose(*value - anchors[series], self.sums[series]);
        }
        kernel.push(&mut self.sums, relative, Step::after(self.count));
        self.count = self.count + filled;
    }
}

/// Rows of the series from `low` on, counted from the first that a window reaches back to, and what is strange in each.
struct Rows<const S: usize> {
    values: [Vec<Eight>; S],
    strange: Vec<u8>,
    low: usize,
}

/// A row has a value that is missing or wild; one that is wild.
const STRANGE: u8 = 1;
const WILD: u8 = 2;

impl<const S: usize> Rows<S> {
    /// Forgets rows before `low` and reads on until `high`, or some rows more up to `end`.
    #[inline(always)]
    fn ensure<const F: usize, const N: usize>(
        &mut self,
        kernel: &impl Moments<S, F, N>,
        spans: &Spans<'_>,
        strands: &Strands,
        [low, high, end]: [usize; 3],
    ) {
        let have = self.low + self.strange.len();
        if high <= have {
            return;
        }
        let kept = have.saturating_sub(low);
        let gone = self.strange.len() - kept;
        let room = (high + BATCH).min(end) - low;
        self.strange.copy_within(gone.., 0);
        self.strange.resize(room, 0);
        for values in &mut self.values {
            values.copy_within(gone.., 0);
            values.resize(room, Eight::all(f64::NAN));
        }
        self.low = low;
        kernel.load(strands, spans.place(low + kept), self.values.each_mut().map(|values| &mut values[kept..]));
        for at in kept..room {
            let (mut strange, mut wild) = (false, false);
            for lane in 0..LANES {
                let (mut calm, mut finite) = (true, true);
                for values in &self.values {
                    let value = values[at].0[lane];
                    calm &= is_calm(value);
                    finite &= value.is_finite();
                }
                strange |= !calm;
                wild |= !calm & finite;
            }
            self.strange[at] = (STRANGE * u8::from(strange)) | (WILD * u8::from(wild));
        }
    }

    fn is_wild(&self, at: usize, lane: usize) -> bool {
        let mut values = self.values.iter().map(|values| values[at].0[lane]);
        values.clone().all(f64::is_finite) && values.any(|value| !is_calm(value))
    }

    #[inline(always)]
    fn at(&self, row: usize) -> [Eight; S] {
        self.values.each_ref().map(|values| values[row - self.low])
    }

    /// The first of some rows in which each lane has an observation, or what there is otherwise.
    #[inline(always)]
    fn anchors(&self, rows: impl Iterator<Item = usize>, otherwise: [Eight; S]) -> [Eight; S] {
        let (mut anchors, mut open) = (otherwise, Eight::all(1.0));
        for row in rows {
            let values = self.at(row);
            let first = filled(values).zip(open, |filled, open| filled * open);
            for (anchors, values) in anchors.iter_mut().zip(values) {
                *anchors = first.choose(values, *anchors);
            }
            open = open - first;
            if open.0 == [0.0; LANES] {
                break;
            }
        }
        anchors
    }

    fn flags(&self, low: usize, high: usize) -> u8 {
        self.strange[low - self.low..high - self.low].iter().fold(0, |all, flags| all | flags)
    }
}

/// The results of rows that have not been written yet.
struct Found<const N: usize> {
    start: usize,
    many: usize,
    results: [Vec<Eight>; N],
}

impl<const N: usize> Found<N> {
    #[inline(always)]
    fn note(&mut self, results: [Eight; N], strands: &Strands, outputs: &mut [TableMut<'_, f64>; N]) {
        if self.many == BATCH {
            self.flush(strands, outputs);
        }
        for (rows, result) in self.results.iter_mut().zip(results) {
            rows[self.many] = result;
        }
        self.many += 1;
    }

    #[inline(always)]
    fn flush(&mut self, strands: &Strands, outputs: &mut [TableMut<'_, f64>; N]) {
        for (output, results) in outputs.iter_mut().zip(&self.results) {
            if output.columns() > 0 {
                strands.store(output, self.start, &results[..self.many]);
            }
        }
        (self.start, self.many) = (self.start + self.many, 0);
    }
}

/// What the loop knows while it passes some series.
struct Pass<'a, const S: usize, const F: usize> {
    spans: Spans<'a>,
    strands: &'a Strands,
    rows: Rows<S>,
    older: Vec<[Eight; F]>,
    counts: Vec<Eight>,
}

impl<const S: usize, const F: usize> Pass<'_, S, F> {
    /// The rows from `start` whose windows begin at `start` or before.
    #[inline(always)]
    fn block(&self, start: usize, end: usize) -> usize {
        if self.spans.are_equal() {
            return end.min(start + self.spans.width);
        }
        (start..end).find(|row| self.spans.begin(*row) > start).unwrap_or(end)
    }

    /// Makes room for the nodes of so many rows and the empty one.
    fn reserve(&mut self, rows: usize) {
        if self.older.len() <= rows {
            self.older.resize(rows + 1, [Eight::all(0.0); F]);
            self.counts.resize(rows + 1, Eight::all(0.0));
        }
    }

    /// Makes the results of a block in which no observation is missing.
    #[inline(always)]
    fn whole<const N: usize>(
        &mut self,
        lanes: impl Lanes,
        kernel: &impl Moments<S, F, N>,
        [low, start, stop]: [usize; 3],
        found: &mut Found<N>,
        outputs: &mut [TableMut<'_, f64>; N],
    ) {
        self.reserve(start - low);
        let mut sums = [Eight::all(0.0); F];
        self.older[start - low] = sums;
        let last = if low < start { self.rows.at(start - 1) } else { [Eight::all(0.0); S] };
        let mut before = 0.0;
        for row in (low..start).rev() {
            let values = self.rows.at(row);
            let values = std::array::from_fn(|series| values[series] - last[series]);
            kernel.push(&mut sums, values, Step::after(before));
            self.older[row - low] = sums;
            before += 1.0;
        }
        let first = self.rows.at(start);
        let gap =
            std::array::from_fn(|series| if low < start { first[series] - last[series] } else { Eight::all(0.0) });
        sums = [Eight::all(0.0); F];
        let mut before = 0.0;
        for row in start..stop {
            let values = self.rows.at(row);
            let values = std::array::from_fn(|series| values[series] - first[series]);
            kernel.push(&mut sums, values, Step::after(before));
            before += 1.0;
            let begin = self.spans.begin(row).max(low);
            let older = (start - begin) as f64;
            let joined = kernel.join(&self.older[begin - low], &sums, gap, Share::new(lanes, older, before));
            let mut results = kernel.results(lanes, older + before, &joined, [[1.0; 2]; S]);
            if (row + 1 - begin) < self.spans.needed(row + 1 - begin) {
                results = [Eight::all(f64::NAN); N];
            }
            found.note(results, self.strands, outputs);
        }
    }

    /// Makes the results of a block in which observations are counted.
    #[inline(always)]
    fn counted<const N: usize>(
        &mut self,
        lanes: impl Lanes,
        kernel: &impl Moments<S, F, N>,
        [low, start, stop]: [usize; 3],
        found: &mut Found<N>,
        outputs: &mut [TableMut<'_, f64>; N],
    ) {
        self.reserve(start - low);
        let mut node = Node::EMPTY;
        (self.older[start - low], self.counts[start - low]) = (node.sums, node.count);
        let last = self.rows.anchors((low..start).rev(), [Eight::all(0.0); S]);
        for row in (low..start).rev() {
            node.push(kernel, self.rows.at(row), &last);
            (self.older[row - low], self.counts[row - low]) = (node.sums, node.count);
        }
        // Where one of the stacks has none, its node is made of zeros, and the gap changes nothing as long as it is finite.
        let first = self.rows.anchors(start..stop, last);
        let gap = std::array::from_fn(|series| first[series] - last[series]);
        node = Node::EMPTY;
        let as_ever = self.spans.needed(1) == self.spans.needed(self.spans.width);
        let mut needed = Eight::all(self.spans.needed(1) as f64);
        for row in start..stop {
            node.push(kernel, self.rows.at(row), &first);
            let begin = self.spans.begin(row).max(low) - low;
            let share = Share::new(lanes, self.counts[begin], node.count);
            let joined = kernel.join(&self.older[begin], &node.sums, gap, share);
            let count = self.counts[begin] + node.count;
            if !as_ever {
                needed = self.spans.needed_by(row, self.strands);
            }
            // Added, as a choice becomes a branch for some lanes; negative zero changes nothing.
            let refused = count.zip(needed, |count, needed| if count < needed { f64::NAN } else { -0.0 });
            let results = kernel.results(lanes, count, &joined, [[1.0; 2]; S]);
            found.note(results.map(|result| result + refused), self.strands, outputs);
        }
    }

    /// Makes the results of windows with wild values anew, each by itself.
    #[cold]
    fn alone<const N: usize>(
        &mut self,
        lanes: impl Lanes,
        kernel: &impl Moments<S, F, N>,
        [low, start, stop]: [usize; 3],
        outputs: &mut [TableMut<'_, f64>; N],
    ) {
        for lane in 0..self.strands.many {
            let wild = |row: usize| self.rows.is_wild(row - self.rows.low, lane);
            let mut last = (low..start).rev().find(|row| wild(*row));
            for row in start..stop {
                last = if wild(row) { Some(row) } else { last };
                let begin = self.spans.begin(row).max(low);
                let at = self.strands.starts[lane] + row - self.spans.reach;
                if last.is_none_or(|last| last < begin) || at >= self.strands.stops[lane] {
                    continue;
                }
                let (node, scale) = self.tame(kernel, begin..row + 1, lane);
                let enough = node.count.0[lane] >= self.spans.needed_by(row, self.strands).0[lane];
                let results = kernel.results(lanes, node.count, &node.sums, scale);
                for (output, result) in outputs.iter_mut().zip(results) {
                    let result = if enough { result.0[lane] } else { f64::NAN };
                    output.store(self.strands.columns[lane], at, std::iter::once(result));
                }
            }
        }
    }

    /// The node of a window, scaled by powers of two so that the largest finite values are about 1, and the way back.
    fn tame<const N: usize>(
        &self,
        kernel: &impl Moments<S, F, N>,
        window: std::ops::Range<usize>,
        lane: usize,
    ) -> (Node<F>, [[f64; 2]; S]) {
        let rows = window.map(|row| self.rows.at(row).map(|values| values.0[lane]));
        let rows = rows.filter(|values| values.iter().all(|value| value.is_finite()));
        let scale: [[f64; 2]; S] = std::array::from_fn(|series| {
            let largest = rows.clone().fold(0.0_f64, |largest, values| largest.max(values[series].abs()));
            let exponent = if largest == 0.0 { 0 } else { (largest.to_bits() >> 52) as i32 - 1022 };
            [power(exponent >> 1), power(exponent - (exponent >> 1))]
        });
        let (mut node, mut anchors) = (Node::EMPTY, None);
        for values in rows {
            let values: [f64; S] = std::array::from_fn(|at| values[at] * (1.0 / scale[at][0]) * (1.0 / scale[at][1]));
            // What is too small beside the largest is nothing.
            let values = values.map(|value| Eight::all(if is_calm(value) { value } else { 0.0 }));
            node.push(kernel, values, anchors.get_or_insert(values));
        }
        (node, scale)
    }
}

/// A power of two, for exponents of normal numbers.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// Fills the outputs of a rolling kernel with what its windows give; an output may have no columns.
#[inline(always)]
pub(crate) fn roll<const S: usize, const F: usize, const N: usize>(
    lanes: impl Lanes,
    kernel: &impl Moments<S, F, N>,
    windows: Windows<'_>,
    [all_rows, rows, columns]: [usize; 3],
    mut outputs: [TableMut<'_, f64>; N],
) {
    let spans = Spans::new(windows, all_rows, rows);
    let reach = spans.reach;
    let zero = Eight::all(0.0);
    for strands in &Strands::cut(&spans, rows, columns) {
        let mut pass = Pass {
            spans,
            strands,
            rows: Rows { values: std::array::from_fn(|_| Vec::new()), strange: Vec::new(), low: 0 },
            older: Vec::new(),
            counts: Vec::new(),
        };
        let mut found = Found { start: 0, many: 0, results: std::array::from_fn(|_| vec![zero; BATCH]) };
        let end = reach + strands.length;
        // Rows before the first of the table are none; only parts of columns have others there.
        let none = if strands.starts[..strands.many] == [0; LANES][..strands.many] {
            reach.saturating_sub(spans.history)
        } else {
            0
        };
        let mut start = reach;
        while start < end {
            let low = pass.spans.begin(start).max(none);
            let stop = pass.block(start, end);
            pass.rows.ensure(kernel, &spans, strands, [low, stop, end]);
            let (block, flags) = ([low, start, stop], pass.rows.flags(low, stop));
            if flags == 0 {
                pass.whole(lanes, kernel, block, &mut found, &mut outputs);
            } else {
                pass.counted(lanes, kernel, block, &mut found, &mut outputs);
            }
            if flags & WILD != 0 {
                found.flush(strands, &mut outputs);
                pass.alone(lanes, kernel, block, &mut outputs);
            }
            start = stop;
        }
        found.flush(strands, &mut outputs);
    }
}

#[cfg(test)]
mod tests {
    use crate::simd::Level;
    use crate::table::{Table, TableMut};
    use crate::timeseries::rolling_moments;

    /// Values at an offset; some are missing or wild.
    fn table(rows: usize, columns: usize) -> Vec<f64> {
        let value = |at: usize| match at * 7919 % 1009 {
            0..9 => f64::NAN,
            _ if at == 601 => 1e300,
            part => 1e9 + part as f64 / 7.0,
        };
        (0..rows * columns).map(value).collect()
    }

    /// Variance, skewness and kurtosis in two passes, scaled so that nothing overflows.
    fn two_passes(window: &[f64]) -> [f64; 3] {
        let largest = window.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let (n, down) = (window.len() as f64, largest.log2().ceil().exp2());
        let apart: Vec<f64> = window.iter().map(|value| value / down - window[0] / down).collect();
        let mean = apart.iter().sum::<f64>() / n;
        let power = |power: i32| apart.iter().map(|value| (value - mean).powi(power)).sum::<f64>();
        let (square, cube, fourth) = (power(2), power(3), power(4));
        let skew = n * (n - 1.0).sqrt() / (n - 2.0) * cube / square.powf(1.5);
        let kurt = (n + 1.0) * n * fourth / (square * square) - 3.0 * (n - 1.0);
        [square / (n - 1.0) * down * down, skew, kurt * (n - 1.0) / ((n - 2.0) * (n - 3.0))]
    }

    #[test]
    fn moments_are_those_of_two_passes_in_any_number_of_columns() {
        let rows = 300;
        for (columns, width) in
            [1, 2, 3, 8, 11].into_iter().flat_map(|columns| [5, 16, 100, 1000].map(|w| (columns, w)))
        {
            let values = table(rows, columns);
            let mut windows: Vec<_> = [vec![width], vec![width; rows]]
                .into_iter()
                .flat_map(|window| Level::available().into_iter().map(move |level| (level, window.clone())))
                .map(|(level, window)| {
                    let mut found = vec![vec![7.0; rows * columns]; 3];
                    let mut outputs = found.iter_mut().map(|out| TableMut::of_rows(out, columns));
                    let mut next = || outputs.next().unwrap();
                    let (empty, var, skew, kurt) = (|| TableMut::empty(rows), next(), next(), next());
                    let values = Table::of_rows(&values, columns);
                    rolling_moments(level, values, &window, &[4], &[0], empty(), empty(), var, empty(), skew, kurt);
                    found
                })
                .collect();
            let first = windows.remove(0);
            let plain = |x: &f64| if x.is_nan() { f64::NAN } else { x + 0.0 };
            let bits = |tables: &[Vec<f64>]| tables.concat().iter().map(|x| plain(x).to_bits()).collect::<Vec<_>>();
            assert!(windows.iter().all(|other| bits(other) == bits(&first)), "{columns} columns, window {width}");
            for at in 0..rows * columns {
                let (row, column) = (at / columns, at % columns);
                let here = (row + 1).saturating_sub(width as usize)..row + 1;
                let window: Vec<f64> =
                    here.map(|row| values[row * columns + column]).filter(|value| value.is_finite()).collect();
                if window.len() < 4 {
                    assert!(first.iter().all(|table| table[at].is_nan()));
                    continue;
                }
                for (table, expected) in first.iter().zip(two_passes(&window)) {
                    let near = (table[at] - expected).abs() <= 1e-6 * expected.abs().max(1.0);
                    assert!(near || table[at] == expected, "{width} {at}: {} for {expected}", table[at]);
                }
            }
        }
    }
}
