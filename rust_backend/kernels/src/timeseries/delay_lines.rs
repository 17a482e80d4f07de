//! The loop of the rolling moments where all windows have one width: the nodes of each level wait on a delay line.
//!
//! Rows come in tiles. A node of `size` rows that ends at a row is joined to the one that ended `size` rows before, which
//! has waited on the line of its level; so has what a window is made of so far, until the next larger node follows it.
//! Every join runs over a tile that is in the nearest cache, and what waits is, for each sum, twice the width of a window.
//!
//! What a node holds is the same as in [`pairwise`](super::pairwise), where windows of any width pick their nodes.

use crate::table::TableMut;
use crate::timeseries::pairwise::{Alone, Joint, Moments, Series, Share, Shares, is_calm};
use crate::timeseries::windows::Windows;

/// Rows of a tile, a power of two. (512 and 1024 are slower: what a join reads and writes leaves the nearest cache.)
const TILE: usize = 256;

/// Columns that go abreast where rows lie together, those of a line of the cache, and rows of them loaded at once.
const ABREAST: usize = 8;
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
    fn take(&mut self, raw: &Series<S>, rows: usize) -> bool {
        let place = self.place;
        let before = self.counts[place - 1];
        let counts = &mut self.counts[place..place + rows];
        let strange = |values: &Vec<f64>| values[..rows].iter().map(|value| u64::from(!is_calm(*value))).sum::<u64>();
        let whole = raw.iter().map(strange).sum::<u64>() == 0;
        self.since_wild = self.since_wild.saturating_add(rows);
        if whole {
            for (at, count) in (1_u32..).zip(counts) {
                *count = before + f64::from(at);
            }
            for (anchors, values) in self.anchors.iter_mut().zip(raw) {
                anchors[place - self.pending..place].fill(values[0]);
                anchors[place..place + rows].copy_from_slice(&values[..rows]);
            }
            self.pending = 0;
            return true;
        }
        let filled = &mut self.filled[..rows];
        let mut many = before;
        for (row, (count, filled)) in counts.iter_mut().zip(filled.iter_mut()).enumerate() {
            let calm = raw.iter().all(|values| is_calm(values[row]));
            *filled = if calm { 1.0 } else { 0.0 };
            many += *filled;
            *count = many;
            if !calm && raw.iter().all(|values| values[row].is_finite()) {
                self.since_wild = rows - 1 - row;
            }
        }
        for (anchors, values) in self.anchors.iter_mut().zip(raw) {
            let mut following = 0.0;
            let tile = anchors[place..].iter_mut().zip(&values[..rows]).zip(filled.iter());
            for ((anchor, value), filled) in tile.rev() {
                following = if *filled == 0.0 { following } else { *value };
                *anchor = following;
            }
            if many > before {
                anchors[place - self.pending..place].fill(following);
            }
        }
        let last = filled.iter().rposition(|filled| *filled != 0.0);
        self.pending = last.map_or(self.pending + rows, |last| rows - 1 - last).min(self.width);
        false
    }

    /// Counts the rows at the end of the tile that lack nothing.
    fn count(&mut self, rows: usize, whole: bool) {
        let lacking = self.filled[..rows].iter().rev().position(|filled| *filled == 0.0);
        self.run = if whole { self.run + rows } else { lacking.unwrap_or(0) };
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

/// A column on its way.
struct Stream<const S: usize, const F: usize, const N: usize> {
    raw: Series<S>,
    results: [Vec<f64>; N],
    past: Past<S>,
    /// The nodes of each level; and, for each bit of the width, what a window is made of up to there.
    levels: Vec<Line<F>>,
    parts: Vec<Line<F>>,
    held: Vec<f64>,
}

impl<const S: usize, const F: usize, const N: usize> Stream<S, F, N> {
    fn new(width: usize) -> Self {
        let sizes = || (0..=width.ilog2()).map(|bit| 1 << bit);
        let delay = |size: usize| if size > width - size { 0 } else { size };
        let set = sizes().filter(|size| width & size != 0);
        Self {
            raw: std::array::from_fn(|_| vec![0.0; TILE]),
            results: std::array::from_fn(|_| vec![0.0; TILE]),
            past: Past::new(width),
            levels: sizes().map(|size| Line::new(delay(size))).collect(),
            parts: set.skip(1).chain([0]).map(Line::new).collect(),
            held: vec![0.0; TILE],
        }
    }

    /// Begins a column.
    fn clear(&mut self, wanted: [bool; F]) {
        self.past.clear();
        for line in self.levels.iter_mut().chain(&mut self.parts) {
            line.clear(wanted);
        }
    }

    /// Makes the results of the windows that end in a tile, the rows of which are in `raw`.
    #[inline(always)]
    fn pass<M: Moments<S, F, N>>(&mut self, kernel: &M, windows: Windows<'_>, start: usize, rows: usize) {
        let Self { raw, results, past, levels, parts, held } = self;
        let (width, wanted) = (past.width, kernel.wanted());
        if start > 0 {
            past.turn();
        }
        for line in levels.iter_mut().chain(&mut *parts) {
            line.turn(start / TILE, wanted);
        }
        let whole = past.take(raw, rows);
        if let Some(total) = M::TOTAL.filter(|total| wanted[*total]) {
            for (row, leaf) in levels[0].newer_mut(rows)[total].iter_mut().enumerate() {
                *leaf = if whole || past.filled[row] != 0.0 { raw[0][row] } else { 0.0 };
            }
        }
        let (mut done, mut part) = (0, 0);
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
                    let (older, target) = parts.split_at_mut(part);
                    past.join(kernel, (&older[part - 1], nodes, &mut target[0]), [done, size], (rows, whole));
                }
                (done, part) = (done + size, part + 1);
            }
            if let Some(target) = upper.first_mut() {
                past.join(kernel, (nodes, nodes, target), [size, size], (rows, whole));
            }
        }
        let full = whole && past.run + 1 >= width;
        let (before, up_to) = (&past.counts[past.place - width..][..rows], &past.counts[past.place..][..rows]);
        for ((held, before), up_to) in held.iter_mut().zip(before).zip(up_to) {
            *held = up_to - before;
        }
        let tops = parts[part - 1].newer(rows);
        kernel.emit(&held[..rows], tops, [[1.0; 2]; S], results.each_mut().map(|result| &mut result[..rows]));
        if !full || windows.needed(width) > width {
            for result in results {
                for (row, (result, held)) in (start + 1..).zip(result[..rows].iter_mut().zip(&*held)) {
                    *result = if *held >= windows.needed(row.min(width)) as f64 { *result } else { f64::NAN };
                }
            }
        }
        past.count(rows, whole);
    }
}

/// Makes results anew that come from windows with wild values.
#[inline(always)]
fn make_anew<const S: usize, const F: usize, const N: usize>(
    kernel: &impl Moments<S, F, N>,
    windows: Windows<'_>,
    column: usize,
    rows: std::ops::Range<usize>,
    width: usize,
    results: &mut [Vec<f64>; N],
) {
    let low = (rows.start + 1).saturating_sub(width);
    let mut raw: Series<S> = std::array::from_fn(|_| vec![0.0; rows.end - low]);
    kernel.load(column, low, raw.each_mut().map(|values| &mut values[..]));
    let is_wild = |row: usize| {
        raw.iter().any(|values| !is_calm(values[row - low])) && raw.iter().all(|values| values[row - low].is_finite())
    };
    let mut alone = Alone::new(width);
    let mut last = (low..rows.start).rev().find(|row| is_wild(*row));
    for (place, row) in rows.enumerate() {
        last = if is_wild(row) { Some(row) } else { last };
        let begin = (row + 1).saturating_sub(width);
        if last.is_some_and(|last| last >= begin) {
            let found = alone.results(kernel, windows, &raw, begin - low, row + 1 - begin);
            for (result, found) in results.iter_mut().zip(found) {
                result[place] = found;
            }
        }
    }
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
    let abreast = if kernel.by_rows() { ABREAST.min(columns) } else { 1 };
    let mut streams: Vec<Stream<S, F, N>> = (0..abreast).map(|_| Stream::new(width)).collect();
    for first in (0..columns).step_by(abreast.max(1)) {
        let streams = &mut streams[..abreast.min(columns - first)];
        for stream in &mut *streams {
            stream.clear(kernel.wanted());
        }
        for start in (0..all_rows).step_by(TILE) {
            let many = TILE.min(all_rows - start);
            for strip in (0..many).step_by(STRIP) {
                for (column, stream) in (first..).zip(&mut *streams) {
                    let rows = strip..many.min(strip + STRIP);
                    kernel.load(column, start + strip, stream.raw.each_mut().map(|values| &mut values[rows.clone()]));
                }
            }
            for (column, stream) in (first..).zip(&mut *streams) {
                stream.pass(kernel, windows, start, many);
                if stream.past.since_wild < width + many {
                    make_anew(kernel, windows, column, start..start + many, width, &mut stream.results);
                }
            }
            for strip in (history.saturating_sub(start).min(many)..many).step_by(STRIP) {
                for (column, stream) in (first..).zip(&mut *streams) {
                    for (output, result) in outputs.iter_mut().zip(&stream.results) {
                        let part = &result[strip..many.min(strip + STRIP)];
                        output.store(column, start + strip - history, part.iter().copied());
                    }
                }
            }
        }
    }
}
