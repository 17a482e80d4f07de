//! The loop of the rolling moments: every window is a tree of pairs, and its result a function of the window alone.
//!
//! A node holds the sums of `size` observations, a power of two, and is made of two of half the size: all nodes of a level
//! in one pass over contiguous arrays. A window of any length is put together from one node for each bit of its length,
//! the larger ones later. That is the perfect tree whose last leaf is the last row of the window and whose missing leaves
//! are empty; joining an empty node changes nothing. So the order of operations depends neither on where a block begins
//! nor on what was before, nothing is subtracted that had been added, and errors grow with the logarithm of the length.
//!
//! Sums are those of differences from an anchor, the first value in the node: a common offset leaves no trace in them.
//!
//! Values beyond 2^180, and those below 2^-180 but not 0, whose fourth powers overflow or underflow, are wild. A window
//! with one of them is computed by itself, scaled by powers of two.
//!
//! Windows of one width meet their nodes on [`delay_lines`], others pick them here, level by level.

use crate::table::TableMut;
use crate::timeseries::delay_lines;
use crate::timeseries::windows::Windows;

const CHUNK: usize = 1024;

/// 2^180 and 2^-180.
const LARGEST: f64 = f64::from_bits((1023 + 180) << 52);
const SMALLEST: f64 = f64::from_bits((1023 - 180) << 52);

/// What two nodes that are joined hold: shares of the size of a node, and `1 / (a * b * (a + b))`, 0 if one is empty.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) weight: f64,
    /// How many observations are in the newer node.
    pub(crate) newer: f64,
}

impl Share {
    #[inline(always)]
    pub(crate) fn new(older: f64, newer: f64, part: f64) -> Self {
        let (a, b) = (older * part, newer * part);
        let product = a * b * (a + b);
        Self { a, b, weight: if product > 0.0 { 1.0 / product } else { 0.0 }, newer }
    }
}

/// The shares of the nodes of a level.
pub(crate) trait Shares: Copy {
    fn at(self, index: usize) -> Share;

    /// What is the same for all nodes, if none of them lacks an observation.
    fn same(self) -> Option<Share> {
        None
    }
}

#[derive(Clone, Copy)]
struct Counted<'a> {
    older: &'a [f64],
    newer: &'a [f64],
    part: f64,
}

impl Shares for Counted<'_> {
    #[inline(always)]
    fn at(self, index: usize) -> Share {
        Share::new(self.older[index], self.newer[index], self.part)
    }
}

/// Nodes, one array for each sum, behind one of how many observations they hold.
#[derive(Clone)]
pub(crate) struct Nodes<const F: usize> {
    count: Vec<f64>,
    pub(crate) sums: [Vec<f64>; F],
}

impl<const F: usize> Nodes<F> {
    fn new(room: usize) -> Self {
        Self { count: vec![0.0; room], sums: std::array::from_fn(|_| vec![0.0; room]) }
    }
}

/// Series of values, one array for each.
pub(crate) type Series<const S: usize> = [Vec<f64>; S];

/// One node of each of two kinds, and where the results go.
pub(crate) struct Joint<'a, const S: usize, const F: usize> {
    pub(crate) older: [&'a [f64]; F],
    pub(crate) newer: [&'a [f64]; F],
    pub(crate) target: [&'a mut [f64]; F],
    /// The anchors of older and of newer nodes.
    pub(crate) x: [&'a [f64]; S],
    pub(crate) y: [&'a [f64]; S],
    /// The size of a node, and its reciprocal.
    pub(crate) size: f64,
    pub(crate) part: f64,
    /// How many nodes there are; all slices are as long.
    pub(crate) length: usize,
}

/// A rolling kernel of `S` series, whose nodes have `F` sums and give `N` results.
pub(crate) trait Moments<const S: usize, const F: usize, const N: usize> {
    /// The sum that begins with the first value itself.
    const TOTAL: Option<usize>;

    /// Which sums are made.
    fn wanted(&self) -> [bool; F] {
        [true; F]
    }

    /// Whether joins look at the anchors.
    fn anchored(&self) -> bool {
        true
    }

    /// Whether the rows of the series lie together in memory, and not their columns.
    fn by_rows(&self) -> bool;

    /// Reads rows of the series behind an output column.
    fn load(&self, column: usize, start: usize, into: [&mut [f64]; S]);

    /// Joins nodes.
    fn join(&self, joint: Joint<'_, S, F>, shares: impl Shares);

    /// Writes the results of nodes of which the counts and the sums are given; the values of a series were divided by both
    /// elements of its scale.
    fn emit(&self, counts: &[f64], sums: [&[f64]; F], scale: [[f64; 2]; S], results: [&mut [f64]; N]);
}

#[inline(always)]
pub(crate) fn is_calm(value: f64) -> bool {
    let size = value.abs();
    (size <= LARGEST) & ((size >= SMALLEST) | (size == 0.0))
}

/// A power of two, for exponents of normal numbers.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

struct Forest<const S: usize, const F: usize> {
    nodes: Nodes<F>,
    spare: Nodes<F>,
    tops: Nodes<F>,
    free: Nodes<F>,
    picked: Nodes<F>,
    anchors: Series<S>,
    top_anchors: Series<S>,
    picked_anchors: Series<S>,
}

/// The windows of some rows, counted from the first row that is loaded.
struct Batch<'a> {
    first: &'a [usize],
    width: &'a [usize],
    many: usize,
    longest: usize,
}

#[inline(always)]
fn join<const S: usize, const F: usize, const N: usize>(
    kernel: &impl Moments<S, F, N>,
    (older, newer, target): (&Nodes<F>, &Nodes<F>, &mut Nodes<F>),
    (x, y): (&Series<S>, &Series<S>),
    offset: usize,
    length: usize,
    size: usize,
) {
    let part = 1.0 / size as f64;
    let joint = Joint {
        older: older.sums.each_ref().map(|sum| &sum[..length]),
        newer: newer.sums.each_ref().map(|sum| &sum[offset..offset + length]),
        target: target.sums.each_mut().map(|sum| &mut sum[..length]),
        x: x.each_ref().map(|series| &series[..length]),
        y: y.each_ref().map(|series| &series[offset..offset + length]),
        size: size as f64,
        part,
        length,
    };
    let (old, new) = (&older.count[..length], &newer.count[offset..offset + length]);
    kernel.join(joint, Counted { older: old, newer: new, part });
    for ((target, old), new) in target.count.iter_mut().zip(old).zip(new) {
        *target = old + new;
    }
}

impl<const S: usize, const F: usize> Forest<S, F> {
    fn new(room: usize, chunk: usize) -> Self {
        let series = |room| std::array::from_fn(|_| vec![0.0; room]);
        Self {
            nodes: Nodes::new(room),
            spare: Nodes::new(room),
            tops: Nodes::new(chunk),
            free: Nodes::new(chunk),
            picked: Nodes::new(chunk),
            anchors: series(room),
            top_anchors: series(chunk),
            picked_anchors: series(chunk),
        }
    }

    /// Makes leaves of observations and anchors them, where an empty one counts as the next that is filled.
    #[inline(always)]
    fn plant(&mut self, raw: &Series<S>, filled: &[f64], total: Option<usize>) {
        let length = filled.len();
        for sum in &mut self.nodes.sums {
            sum[..length].fill(0.0);
        }
        for (anchors, values) in self.anchors.iter_mut().zip(raw) {
            let mut following = 0.0;
            for ((anchor, value), filled) in anchors[..length].iter_mut().zip(&values[..length]).zip(filled).rev() {
                following = if *filled == 0.0 { following } else { *value };
                *anchor = following;
            }
        }
        self.nodes.count[..length].copy_from_slice(filled);
        if let Some(total) = total {
            for ((sum, value), filled) in self.nodes.sums[total].iter_mut().zip(&self.anchors[0]).zip(filled) {
                *sum = if *filled == 0.0 { 0.0 } else { *value };
            }
        }
    }

    /// Copies the node of `size` observations that each window is made of, or an empty one.
    #[inline(always)]
    fn pick(&mut self, batch: &Batch<'_>, size: usize) {
        let places = |index: usize| {
            let (first, width) = (batch.first[index], batch.width[index]);
            if width & size == 0 { None } else { Some(first + (width & (size - 1))) }
        };
        let copy = |from: &[f64], to: &mut [f64]| {
            for (index, to) in to[..batch.many].iter_mut().enumerate() {
                *to = places(index).map_or(0.0, |place| from[place]);
            }
        };
        copy(&self.nodes.count, &mut self.picked.count);
        for (from, to) in self.nodes.sums.iter().zip(&mut self.picked.sums) {
            copy(from, to);
        }
        for (from, to) in self.anchors.iter().zip(&mut self.picked_anchors) {
            for (index, to) in to[..batch.many].iter_mut().enumerate() {
                *to = from[places(index).unwrap_or(batch.first[index])];
            }
        }
    }

    /// Makes the nodes of all windows from leaves, in `tops`.
    #[inline(always)]
    fn grow<const N: usize>(&mut self, kernel: &impl Moments<S, F, N>, mut length: usize, batch: &Batch<'_>) {
        let Batch { first, many, longest, .. } = *batch;
        self.tops.count[..many].fill(0.0);
        for sum in &mut self.tops.sums {
            sum[..many].fill(0.0);
        }
        for (from, to) in self.anchors.iter().zip(&mut self.top_anchors) {
            for (to, first) in to.iter_mut().zip(&first[..many]) {
                *to = from[*first];
            }
        }
        let mut size = 1;
        loop {
            self.pick(batch, size);
            let anchors = (&self.top_anchors, &self.picked_anchors);
            join(kernel, (&self.tops, &self.picked, &mut self.free), anchors, 0, many, size);
            std::mem::swap(&mut self.tops, &mut self.free);
            if size > longest - size {
                break;
            }
            length -= size;
            let anchors = (&self.anchors, &self.anchors);
            join(kernel, (&self.nodes, &self.nodes, &mut self.spare), anchors, size, length, size);
            std::mem::swap(&mut self.nodes, &mut self.spare);
            size += size;
        }
    }

    #[inline(always)]
    fn emit<const N: usize>(
        &self,
        kernel: &impl Moments<S, F, N>,
        batch: &Batch<'_>,
        windows: Windows<'_>,
        scale: [[f64; 2]; S],
        results: &mut [Vec<f64>; N],
    ) {
        let (many, counts) = (batch.many, &self.tops.count[..batch.many]);
        let sums = self.tops.sums.each_ref().map(|sum| &sum[..many]);
        kernel.emit(counts, sums, scale, results.each_mut().map(|result| &mut result[..many]));
        for result in results {
            for ((result, count), width) in result.iter_mut().zip(counts).zip(batch.width) {
                *result = if *count >= windows.needed(*width) as f64 { *result } else { f64::NAN };
            }
        }
    }
}

/// Copies a window, scaled by powers of two so that the largest finite values are about 1, and returns the way back.
fn tame<const S: usize>(
    raw: &Series<S>,
    start: usize,
    length: usize,
    tamed: &mut Series<S>,
    filled: &mut [f64],
) -> [[f64; 2]; S] {
    for (place, filled) in filled[..length].iter_mut().enumerate() {
        *filled = if raw.iter().all(|values| values[start + place].is_finite()) { 1.0 } else { 0.0 };
    }
    let mut scale = [[1.0; 2]; S];
    for ((values, tamed), scale) in raw.iter().zip(tamed).zip(&mut scale) {
        let values = &values[start..start + length];
        let finite = values.iter().zip(&filled[..length]).filter(|(_, filled)| **filled != 0.0);
        let largest = finite.fold(0.0_f64, |largest, (value, _)| largest.max(value.abs()));
        let exponent = if largest == 0.0 { 0 } else { (largest.to_bits() >> 52) as i32 - 1022 };
        let half = exponent >> 1;
        let (down, further) = (power(-half), power(half - exponent));
        for (tamed, value) in tamed.iter_mut().zip(values) {
            *tamed = value * down * further;
        }
        *scale = [power(half), power(exponent - half)];
    }
    scale
}

/// What computes windows with wild values, each by itself.
pub(crate) struct Alone<const S: usize, const F: usize, const N: usize> {
    forest: Forest<S, F>,
    tamed: Series<S>,
    filled: Vec<f64>,
    results: [Vec<f64>; N],
}

impl<const S: usize, const F: usize, const N: usize> Alone<S, F, N> {
    pub(crate) fn new(widest: usize) -> Self {
        Self {
            forest: Forest::new(widest, 1),
            tamed: std::array::from_fn(|_| vec![0.0; widest]),
            filled: vec![0.0; widest],
            results: std::array::from_fn(|_| vec![0.0; 1]),
        }
    }

    /// The results of a window of `raw`.
    #[inline(always)]
    pub(crate) fn results<M: Moments<S, F, N>>(
        &mut self,
        kernel: &M,
        windows: Windows<'_>,
        raw: &Series<S>,
        begin: usize,
        length: usize,
    ) -> [f64; N] {
        let Self { forest, tamed, filled, results } = self;
        let scale = tame(raw, begin, length, tamed, filled);
        let batch = Batch { first: &[0], width: &[length], many: 1, longest: length };
        forest.plant(tamed, &filled[..length], M::TOTAL);
        forest.grow(kernel, length, &batch);
        forest.emit(kernel, &batch, windows, scale, results);
        results.each_ref().map(|result| result[0])
    }
}

/// Fills the outputs of a rolling kernel with what the trees of its windows give; an output may have no columns.
#[inline(always)]
pub(crate) fn roll_trees<const S: usize, const F: usize, const N: usize, M: Moments<S, F, N>>(
    kernel: &M,
    windows: Windows<'_>,
    shape: [usize; 3],
    mut outputs: [TableMut<'_, f64>; N],
) {
    if windows.are_equal() {
        return delay_lines::roll(kernel, windows, shape, outputs);
    }
    let [all_rows, rows, columns] = shape;
    let history = all_rows.saturating_sub(rows);
    let widest = windows.widest(all_rows);
    let chunk = CHUNK.max(4 * widest).min(rows).max(1);
    let room = chunk + widest;
    let mut forest = Forest::<S, F>::new(room, chunk);
    let mut alone = None;
    let mut raw: Series<S> = std::array::from_fn(|_| vec![0.0; room]);
    let (mut filled, mut wild) = (vec![0.0; room], vec![0_usize; room + 1]);
    let (mut first, mut width) = (vec![0_usize; chunk], vec![0_usize; chunk]);
    let mut results: [Vec<f64>; N] = std::array::from_fn(|_| vec![0.0; chunk]);
    for column in 0..columns {
        for start in (0..rows).step_by(chunk) {
            let many = chunk.min(rows - start);
            let low = (history + start + 1).saturating_sub(windows.width(start));
            let length = history + start + many - low;
            kernel.load(column, low, raw.each_mut().map(|values| &mut values[..length]));
            let mut longest = 1;
            for (place, (first, width)) in first.iter_mut().zip(&mut width).take(many).enumerate() {
                let row = history + start + place;
                let begin = (row + 1).saturating_sub(windows.width(start + place)).max(low);
                (*first, *width) = (begin - low, row + 1 - begin);
                longest = longest.max(*width);
            }
            for place in 0..length {
                let calm = raw.iter().all(|values| is_calm(values[place]));
                let finite = raw.iter().all(|values| values[place].is_finite());
                filled[place] = if calm { 1.0 } else { 0.0 };
                wild[place + 1] = wild[place] + usize::from(finite && !calm);
            }
            let batch = Batch { first: &first, width: &width, many, longest };
            forest.plant(&raw, &filled[..length], M::TOTAL);
            forest.grow(kernel, length, &batch);
            forest.emit(kernel, &batch, windows, [[1.0; 2]; S], &mut results);
            for place in 0..if wild[length] > 0 { many } else { 0 } {
                let (begin, length) = (first[place], width[place]);
                if wild[begin] < wild[begin + length] {
                    let alone = alone.get_or_insert_with(|| Alone::new(widest));
                    let found = alone.results(kernel, windows, &raw, begin, length);
                    for (result, found) in results.iter_mut().zip(found) {
                        result[place] = found;
                    }
                }
            }
            for (output, result) in outputs.iter_mut().zip(&results) {
                output.store(column, start, result[..many].iter().copied());
            }
        }
    }
}
