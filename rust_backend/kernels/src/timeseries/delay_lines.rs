//! The loop of the rolling moments where all windows have one width: the nodes of each level wait on a delay line.
//!
//! Rows come in tiles. A node of `size` rows that ends at a row is joined to the one that ended `size` rows before, which
//! has waited on the line of its level; so has what a window is made of so far, until the next larger node follows it.
//! Every join runs over a tile that is in the nearest cache, and what waits is, for each sum, twice the width of a window.
//!
//! What a node holds is the same as in [`pairwise`](super::pairwise), where windows of any width pick their nodes.

use std::ops::Range;

use crate::table::TableMut;
use crate::timeseries::pairwise::{Alone, Joint, Moments, Series, Share, Shares, is_calm};
use crate::timeseries::windows::Windows;

/// Rows of a tile, a power of two. (512 and 1024 are slower: what a join reads and writes leaves the nearest cache.)
const TILE: usize = 256;

/// Where rows lie together, columns go abreast: as many as fill a line of the cache, some tiles of each at once. Strips of
/// rows are loaded and stored while their lines are in the nearest cache. What waits for windows wider than `WIDE` leaves
/// no room in the caches for others, and columns go one by one.
const ABREAST: usize = 8;
const BATCH: usize = 4 * TILE;
const WIDE: usize = 4096;
const STRIP: usize = 32;

/// The shares of nodes that lack nothing.
#[derive(Clone, Copy)]
struct Full(Share);

impl Shares for Full {
    #[inline(always)]
    fn at(self, _: usize) -> Share {
        self.0
    }

    #[inline(always)]
    fn same(self) -> Option<Share> {
        Some(self.0)
    }
}

/// The shares of nodes by how many observations there are up to where the older one begins, it ends, the newer one ends.
#[derive(Clone, Copy)]
struct Between<'a> {
    begins: &'a [f64],
    meets: &'a [f64],
    ends: &'a [f64],
    part: f64,
}

impl Shares for Between<'_> {
    #[inline(always)]
    fn at(self, index: usize) -> Share {
        let meets = self.meets[index];
        Share::new(meets - self.begins[index], self.ends[index] - meets, self.part)
    }
}

/// Nodes of a tile, and the same nodes some rows later.
///
/// A short line keeps what waits in front of the tile. A long one is a ring of tiles, as the delay is a multiple of one.
struct Line<const F: usize> {
    delay: usize,
    sums: [Vec<f64>; F],
    older: usize,
    newer: usize,
}

impl<const F: usize> Line<F> {
    fn new(delay: usize) -> Self {
        Self { delay, sums: std::array::from_fn(|_| vec![0.0; delay + TILE]), older: 0, newer: 0 }
    }

    /// Empties the line.
    fn clear(&mut self, wanted: [bool; F]) {
        for (sum, _) in self.sums.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted) {
            sum.fill(0.0);
        }
    }

    /// Makes room for a tile.
    #[inline(always)]
    fn turn(&mut self, tile: usize, wanted: [bool; F]) {
        if self.delay < TILE {
            self.newer = self.delay;
            for (sum, _) in self.sums.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted) {
                sum.copy_within(TILE..TILE + self.delay, 0);
            }
        } else {
            let tiles = self.delay / TILE + 1;
            self.newer = tile % tiles * TILE;
            self.older = (tile + 1) % tiles * TILE;
        }
    }

    fn older(&self, rows: usize) -> [&[f64]; F] {
        self.sums.each_ref().map(|sum| &sum[self.older..self.older + rows])
    }

    fn newer(&self, rows: usize) -> [&[f64]; F] {
        self.sums.each_ref().map(|sum| &sum[self.newer..self.newer + rows])
    }

    fn newer_mut(&mut self, rows: usize) -> [&mut [f64]; F] {
        self.sums.each_mut().map(|sum| &mut sum[self.newer..self.newer + rows])
    }
}

/// The rows of a column up to the end of the tile that begins at `place`, at least `width` of them before it.
struct Past<const S: usize> {
    width: usize,
    place: usize,
    anchors: Series<S>,
    /// How many observations there were up to a row.
    counts: Vec<f64>,
    /// Rows before the tile that lack nothing; rows there that lack the next anchor; rows since the last wild value.
    run: usize,
    pending: usize,
    since_wild: usize,
    filled: Vec<f64>,
}

impl<const S: usize> Past<S> {
    fn new(width: usize) -> Self {
        let room = width + width.max(7 * TILE) + TILE;
        Self {
            width,
            place: width,
            anchors: std::array::from_fn(|_| vec![0.0; room]),
            counts: vec![0.0; room],
            run: 0,
            pending: width,
            since_wild: usize::MAX,
            filled: vec![0.0; TILE],
        }
    }

    /// Begins a column.
    fn clear(&mut self) {
        (self.place, self.run, self.pending, self.since_wild) = (self.width, 0, self.width, usize::MAX);
        self.counts[..self.width].fill(0.0);
    }

    /// Goes on to the next tile.
    fn turn(&mut self) {
        self.place += TILE;
        if self.place + TILE > self.counts.len() {
            for past in self.anchors.iter_mut().chain([&mut self.counts]) {
                past.copy_within(self.place - self.width..self.place, 0);
            }
            self.place = self.width;
        }
    }

    /// Takes a tile in; returns whether it lacks nothing, or else `filled` tells what it lacks.
    #[inline(always)]
    fn take(&mut self, raw: [&[f64]; S], anchored: bool) -> bool {
        let rows = raw[0].len();
        let (place, filled) = (self.place, &mut self.filled[..rows]);
        filled.fill(1.0);
        let mut strange = 0;
        for values in raw {
            for (filled, value) in filled.iter_mut().zip(values) {
                let calm = is_calm(*value);
                *filled *= f64::from(u8::from(calm));
                strange += u64::from(!calm);
            }
        }
        let before = self.counts[place - 1];
        let counts = &mut self.counts[place..place + rows];
        self.since_wild = self.since_wild.saturating_add(rows);
        if strange == 0 {
            for (at, count) in (1_u32..).zip(counts) {
                *count = before + f64::from(at);
            }
            for (anchors, values) in self.anchors.iter_mut().zip(raw).filter(|_| anchored) {
                anchors[place - self.pending..place].fill(values[0]);
                anchors[place..place + rows].copy_from_slice(values);
            }
            self.pending = 0;
            return true;
        }
        let mut many = 0_u32;
        for (count, filled) in counts.iter_mut().zip(filled.iter()) {
            many += u32::from(*filled != 0.0);
            *count = before + f64::from(many);
        }
        let finite: u64 = (0..rows).map(|row| u64::from(raw.iter().all(|values| values[row].is_finite()))).sum();
        if finite != u64::from(many) {
            let last = (0..rows).rev().find(|row| is_wild(raw, *row));
            self.since_wild = last.map_or(self.since_wild, |row| rows - 1 - row);
        }
        for (anchors, values) in self.anchors.iter_mut().zip(raw).filter(|_| anchored) {
            let mut following = 0.0;
            let tile = anchors[place..].iter_mut().zip(values).zip(filled.iter());
            for ((anchor, value), filled) in tile.rev() {
                following = if *filled == 0.0 { following } else { *value };
                *anchor = following;
            }
            if many > 0 {
                anchors[place - self.pending..place].fill(following);
            }
        }
        let last = filled.iter().rposition(|filled| *filled != 0.0);
        self.pending = last.map_or(self.pending + rows, |last| rows - 1 - last).min(self.width);
        false
    }

    /// Counts the rows at the end of the tile that lack nothing.
    fn count(&mut self, rows: usize, whole: bool) {
        if whole {
            self.run += rows;
        } else {
            self.run = self.filled[..rows].iter().rev().take_while(|filled| **filled != 0.0).count();
        }
    }

    /// Joins an older node of `done` rows to a newer one of `size`.
    #[inline(always)]
    fn join<const F: usize, const N: usize>(
        &self,
        kernel: &impl Moments<S, F, N>,
        lines: (&Line<F>, &Line<F>, &mut Line<F>),
        [done, size]: [usize; 2],
        (rows, whole): (usize, bool),
    ) {
        let (older, newer, target) = lines;
        let part = 1.0 / size as f64;
        let anchors = |behind: usize| self.anchors.each_ref().map(|past| &past[self.place - behind..][..rows]);
        let counts = |behind: usize| &self.counts[self.place - behind..][..rows];
        let joint = Joint {
            older: older.older(rows),
            newer: newer.newer(rows),
            target: target.newer_mut(rows),
            x: anchors(size + done - 1),
            y: anchors(size - 1),
            size: size as f64,
            part,
            length: rows,
        };
        if whole && self.run + 1 >= done + size {
            kernel.join(joint, Full(Share::new(done as f64, size as f64, part)));
        } else {
            let (begins, meets, ends) = (counts(size + done), counts(size), counts(0));
            kernel.join(joint, Between { begins, meets, ends, part });
        }
    }
}

/// Whether an observation is finite and not calm.
#[inline(always)]
fn is_wild<const S: usize>(raw: [&[f64]; S], row: usize) -> bool {
    raw.iter().any(|values| !is_calm(values[row])) && raw.iter().all(|values| values[row].is_finite())
}

/// A column on its way.
struct Stream<const S: usize, const F: usize, const N: usize> {
    /// The rows of a batch, the results, and how many more observations than needed there were for each.
    raw: Series<S>,
    results: [Vec<f64>; N],
    spare: Vec<f64>,
    past: Past<S>,
    /// The nodes of each level; and, for each bit of the width, what a window is made of up to there.
    levels: Vec<Line<F>>,
    parts: Vec<Line<F>>,
}

impl<const S: usize, const F: usize, const N: usize> Stream<S, F, N> {
    fn new(width: usize, batch: usize) -> Self {
        let sizes = || (0..=width.ilog2()).map(|bit| 1 << bit);
        let delay = |size: usize| if size > width - size { 0 } else { size };
        let set = sizes().filter(|size| width & size != 0);
        Self {
            raw: std::array::from_fn(|_| vec![0.0; batch]),
            results: std::array::from_fn(|_| vec![0.0; batch]),
            spare: vec![0.0; batch],
            past: Past::new(width),
            levels: sizes().map(|size| Line::new(delay(size))).collect(),
            parts: set.skip(1).chain([0]).map(Line::new).collect(),
        }
    }

    /// Begins a column.
    fn clear(&mut self, wanted: [bool; F]) {
        self.past.clear();
        for line in self.levels.iter_mut().chain(&mut self.parts) {
            line.clear(wanted);
        }
    }

    /// Makes the results of the windows that end in a tile, whose rows begin at `start` and are `part` of the batch.
    #[inline(always)]
    fn pass<M: Moments<S, F, N>>(&mut self, kernel: &M, windows: Windows<'_>, start: usize, part: Range<usize>) {
        let Self { raw, results, spare, past, levels, parts } = self;
        let (width, wanted, rows) = (past.width, kernel.wanted(), part.len());
        let raw = raw.each_ref().map(|values| &values[part.clone()]);
        let spare = &mut spare[part.clone()];
        if start > 0 {
            past.turn();
        }
        for line in levels.iter_mut().chain(&mut *parts) {
            line.turn(start / TILE, wanted);
        }
        let whole = past.take(raw, kernel.anchored());
        if let Some(total) = M::TOTAL.filter(|total| wanted[*total]) {
            let leaves = &mut *levels[0].newer_mut(rows)[total];
            leaves.copy_from_slice(raw[0]);
            if !whole {
                for (leaf, filled) in leaves.iter_mut().zip(&past.filled) {
                    *leaf = f64::from_bits(leaf.to_bits() & u64::from(*filled == 0.0).wrapping_sub(1));
                }
            }
        }
        let (mut done, mut bits) = (0, 0);
        for level in 0..levels.len() {
            let (lower, upper) = levels.split_at_mut(level + 1);
            let (nodes, size) = (&lower[level], 1 << level);
            if width & size != 0 {
                if done == 0 {
                    let copies = parts[0].newer_mut(rows).into_iter().zip(nodes.newer(rows));
                    for ((to, from), _) in copies.zip(wanted).filter(|(_, wanted)| *wanted) {
                        to.copy_from_slice(from);
                    }
                } else {
                    let (older, target) = parts.split_at_mut(bits);
                    past.join(kernel, (&older[bits - 1], nodes, &mut target[0]), [done, size], (rows, whole));
                }
                (done, bits) = (done + size, bits + 1);
            }
            if let Some(target) = upper.first_mut() {
                past.join(kernel, (nodes, nodes, target), [size, size], (rows, whole));
            }
        }
        if whole && past.run + 1 >= width {
            spare.fill(width as f64);
        } else {
            let counts = |behind: usize| &past.counts[past.place - behind..][..rows];
            for ((held, before), up_to) in spare.iter_mut().zip(counts(width)).zip(counts(0)) {
                *held = up_to - before;
            }
        }
        let tops = parts[bits - 1].newer(rows);
        kernel.emit(spare, tops, [[1.0; 2]; S], results.each_mut().map(|result| &mut result[part.clone()]));
        if start < width {
            for (row, held) in (start + 1..).zip(spare) {
                *held -= windows.needed(row.min(width)) as f64;
            }
        } else {
            let needed = windows.needed(width) as f64;
            spare.iter_mut().for_each(|held| *held -= needed);
        }
        past.count(rows, whole);
    }
}

/// Makes results of some rows anew where they come from windows with wild values.
#[inline(always)]
fn make_anew<const S: usize, const F: usize, const N: usize>(
    kernel: &impl Moments<S, F, N>,
    windows: Windows<'_>,
    column: usize,
    rows: Range<usize>,
    stream: &mut Stream<S, F, N>,
    at: usize,
) {
    let width = stream.past.width;
    let low = (rows.start + 1).saturating_sub(width);
    let mut raw: Series<S> = std::array::from_fn(|_| vec![0.0; rows.end - low]);
    kernel.load(column, low, raw.each_mut().map(|values| &mut values[..]));
    let values = raw.each_ref().map(|values| &values[..]);
    let mut alone = Alone::new(width);
    let mut last = (low..rows.start).rev().find(|row| is_wild(values, *row - low));
    for (place, row) in (at..).zip(rows) {
        last = if is_wild(values, row - low) { Some(row) } else { last };
        let begin = (row + 1).saturating_sub(width);
        if last.is_some_and(|last| last >= begin) {
            stream.spare[place] = 0.0;
            let found = alone.results(kernel, windows, &raw, begin - low, row + 1 - begin);
            for (result, found) in stream.results.iter_mut().zip(found) {
                result[place] = found;
            }
        }
    }
}

/// The parts of some rows that have so many.
fn parts_of(rows: Range<usize>, many: usize) -> impl Iterator<Item = Range<usize>> {
    rows.clone().step_by(many).map(move |start| start..rows.end.min(start + many))
}

/// Fills the outputs of a rolling kernel whose windows have one width; an output may have no columns.
#[inline(always)]
pub(crate) fn roll<const S: usize, const F: usize, const N: usize>(
    kernel: &impl Moments<S, F, N>,
    windows: Windows<'_>,
    [all_rows, rows, columns]: [usize; 3],
    mut outputs: [TableMut<'_, f64>; N],
) {
    let (width, history) = (windows.widest(all_rows), all_rows.saturating_sub(rows));
    let (abreast, batch, strip) =
        if kernel.by_rows() && width <= WIDE { (ABREAST.min(columns), BATCH, STRIP) } else { (1, TILE, TILE) };
    let mut streams: Vec<Stream<S, F, N>> = (0..abreast).map(|_| Stream::new(width, batch)).collect();
    for first in (0..columns).step_by(abreast.max(1)) {
        let streams = &mut streams[..abreast.min(columns - first)];
        for stream in &mut *streams {
            stream.clear(kernel.wanted());
        }
        for start in (0..all_rows).step_by(batch) {
            let many = batch.min(all_rows - start);
            for part in parts_of(0..many, strip) {
                for (column, stream) in (first..).zip(&mut *streams) {
                    kernel.load(column, start + part.start, stream.raw.each_mut().map(|raw| &mut raw[part.clone()]));
                }
            }
            for (column, stream) in (first..).zip(&mut *streams) {
                for part in parts_of(0..many, TILE) {
                    let rows = start + part.start..start + part.end;
                    stream.pass(kernel, windows, rows.start, part.clone());
                    if stream.past.since_wild < width + rows.len() {
                        make_anew(kernel, windows, column, rows, stream, part.start);
                    }
                }
            }
            for part in parts_of(history.saturating_sub(start).min(many)..many, strip) {
                for (column, stream) in (first..).zip(&mut *streams) {
                    for (output, result) in outputs.iter_mut().zip(&stream.results) {
                        let results = result[part.clone()].iter().zip(&stream.spare[part.clone()]);
                        let results = results.map(|(result, spare)| if *spare >= 0.0 { *result } else { f64::NAN });
                        output.store(column, start + part.start - history, results);
                    }
                }
            }
        }
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

    #[test]
    fn windows_of_one_width_give_the_bits_of_windows_that_pick_their_nodes() {
        let (rows, columns) = (600, 3);
        let values = table(rows, columns);
        for width in [1, 3, 64, 257, 5000] {
            for level in Level::available() {
                let found = [vec![width], vec![width; rows]].map(|window| {
                    let mut found = vec![vec![7.0; rows * columns]; 6];
                    let mut outputs = found.iter_mut().map(|out| TableMut::of_rows(out, columns));
                    let mut next = || outputs.next().unwrap();
                    let (total, mean, var, std, skew, kurt) = (next(), next(), next(), next(), next(), next());
                    let values = Table::of_rows(&values, columns);
                    rolling_moments(level, values, &window, &[2], &[0], total, mean, var, std, skew, kurt);
                    found.concat()
                });
                let same =
                    |(one, other): (&f64, &f64)| one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan();
                assert!(found[0].iter().zip(&found[1]).all(same), "{}, window {width}", level.name());
            }
        }
    }
}
