//! Testing a run of points that are neighbours in memory.

use crate::spatial::geometry::{Grid, Run, half_squared};
use crate::spatial::masks::Masks;
pub(crate) use crate::spatial::masks::ones;
use crate::spatial::sort::Hits;

/// Points that are tested before anything is done with the hits: one bit of a word for each.
pub(crate) const CHUNK: usize = 64;

/// Squared distances of a chunk.
pub(crate) type Squares = [[f64; 8]; CHUNK / 8];

/// A ball, with the periods of its box.
#[derive(Clone, Copy)]
pub(crate) struct Ball {
    pub(crate) centre: [f64; 3],
    pub(crate) r2: f64,
    pub(crate) periods: [f64; 3],
    periodic: bool,
}

impl Ball {
    pub(crate) const NONE: Self = Self { centre: [0.0; 3], r2: 0.0, periods: [0.0; 3], periodic: false };

    #[inline(always)]
    pub(crate) fn new(grid: &Grid, centre: [f64; 3], radius: f64) -> Self {
        let periods = grid.periods();
        let periodic = periods.is_some();
        Self { centre, r2: radius * radius, periods: periods.unwrap_or_default(), periodic }
    }

    #[inline(always)]
    pub(crate) fn is_periodic(&self) -> bool {
        self.periodic
    }

    /// Returns the square of the half width that no hit lies beyond.
    #[inline(always)]
    pub(crate) fn half_squared(&self) -> f64 {
        half_squared(self.r2)
    }

    /// Returns the squared distances of eight points.
    #[inline(always)]
    fn squares<const PERIODIC: bool>(&self, [x, y, z]: [&[f64; 8]; 3]) -> [f64; 8] {
        let ([qx, qy, qz], [lx, ly, lz]) = (self.centre, self.periods);
        let mut squares = [0.0; 8];
        for (((x, y), z), square) in x.iter().zip(y).zip(z).zip(&mut squares) {
            let (mut dx, mut dy, mut dz) = (x - qx, y - qy, z - qz);
            if PERIODIC {
                (dx, dy, dz) = (nearest_image(dx, lx), nearest_image(dy, ly), nearest_image(dz, lz));
            }
            *square = ((dx * dx) + (dy * dy)) + (dz * dz);
        }
        squares
    }

    #[inline(always)]
    fn test_eights<const PERIODIC: bool>(
        &self,
        masks: impl Masks,
        [x, y, z]: [&[[f64; 8]]; 3],
        squares: &mut Squares,
    ) -> u64 {
        let mut hits = 0;
        for (block, (((x, y), z), squares)) in x.iter().zip(y).zip(z).zip(squares).enumerate() {
            let eight = self.squares::<PERIODIC>([x, y, z]);
            hits |= u64::from(masks.at_most(&eight, self.r2)) << (8 * block);
            *squares = eight;
        }
        hits
    }
}

/// Returns a difference of coordinates to the nearest image, as SciPy computes it; the period may be infinite.
#[inline(always)]
pub(crate) fn nearest_image(d: f64, period: f64) -> f64 {
    let half = 0.5 * period;
    let shifted = if d > half { d - period } else { d };
    if d < -half { period + d } else { shifted }
}

/// The flags of removed points, or none.
#[derive(Clone, Copy)]
pub(crate) struct Alive<'a>(&'a [u8]);

impl<'a> Alive<'a> {
    #[inline(always)]
    pub(crate) fn new(flags: &'a [u8]) -> Self {
        Self(flags)
    }

    /// Returns a bit for each of the eight places from `begin` on that is alive.
    #[inline(always)]
    pub(crate) fn eight(&self, masks: impl Masks, begin: usize) -> u8 {
        if self.0.is_empty() {
            return u8::MAX;
        }
        let flags = self.0.get(begin..).unwrap_or(&[]);
        if let Some(flags) = flags.first_chunk() {
            return masks.set(flags);
        }
        flags.iter().enumerate().fold(0, |mask, (bit, flag)| mask | u8::from(*flag != 0) << bit)
    }

    /// Returns those of a chunk's hits that are alive.
    #[inline(always)]
    pub(crate) fn keep(&self, hits: u64, begin: usize) -> u64 {
        if self.0.is_empty() {
            return hits;
        }
        ones(hits)
            .filter(|bit| self.0.get(begin + bit).is_some_and(|flag| *flag != 0))
            .fold(0, |kept, bit| kept | 1 << bit)
    }
}

/// What is searched: a grid, without the points that are not alive.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a, M> {
    pub(crate) masks: M,
    pub(crate) grid: &'a Grid<'a>,
    pub(crate) alive: Alive<'a>,
}

impl<M: Masks> Scan<'_, M> {
    /// Returns a bit for each of up to [`CHUNK`] points from place `begin` on, and none from `end` on, that is alive and
    /// lies in the ball; writes their squared distances to `squares`.
    #[inline(always)]
    pub(crate) fn hits(&self, ball: &Ball, begin: usize, end: usize, squares: &mut Squares) -> u64 {
        let end = end.min(begin + CHUNK);
        let eights = self.grid.eights(begin, end);
        let hits = if ball.periodic {
            ball.test_eights::<true>(self.masks, eights, squares)
        } else {
            ball.test_eights::<false>(self.masks, eights, squares)
        };
        self.alive.keep(hits & (u64::MAX >> (CHUNK - (end - begin).clamp(1, CHUNK))), begin)
    }

    /// Appends the points of a run that are alive and in the ball.
    #[inline(always)]
    pub(crate) fn collect(&self, ball: &Ball, run: Run, squares: &mut Squares, hits: &mut Hits) {
        let (begin, end) = (run.begin as usize, run.end as usize);
        for chunk in (begin..end).step_by(CHUNK) {
            let found = self.hits(ball, chunk, end, squares);
            hits.extend(found, self.grid.ids(chunk, end), squares.as_flattened());
        }
    }

    /// Calls `hit` with the place, the id and the squared distance of every point of a run that is alive and in the ball.
    #[inline(always)]
    pub(crate) fn each_hit(&self, ball: &Ball, run: Run, squares: &mut Squares, mut hit: impl FnMut(usize, i32, f64)) {
        let (begin, end) = (run.begin as usize, run.end as usize);
        for chunk in (begin..end).step_by(CHUNK) {
            let hits = self.hits(ball, chunk, end, squares);
            let ids = self.grid.ids(chunk, end);
            for bit in ones(hits) {
                if let (Some(id), Some(square)) = (ids.get(bit), squares.as_flattened().get(bit)) {
                    hit(chunk + bit, *id, *square);
                }
            }
        }
    }

    /// Shows the points of a run that are alive and in the ball, by eights.
    #[inline(always)]
    pub(crate) fn show(&self, ball: &Ball, run: Run, eights: &mut impl Eights) {
        match (ball.periodic, self.alive.0.is_empty()) {
            (false, true) => self.show_images::<false, true>(ball, run, eights),
            (false, false) => self.show_images::<false, false>(ball, run, eights),
            (true, _) => self.show_images::<true, false>(ball, run, eights),
        }
    }

    #[inline(always)]
    fn show_images<const PERIODIC: bool, const EVERY: bool>(&self, ball: &Ball, run: Run, eights: &mut impl Eights) {
        let (mut begin, end) = (run.begin as usize, run.end as usize);
        let [x, y, z] = self.grid.eights(begin, end);
        for ((x, y), z) in x.iter().zip(y).zip(z) {
            let squares = ball.squares::<PERIODIC>([x, y, z]);
            let within = u8::MAX >> (8 - (end - begin).min(8));
            let alive = if EVERY { u8::MAX } else { self.alive.eight(self.masks, begin) };
            let hits = self.masks.at_most(&squares, ball.r2) & within & alive;
            eights.eight(begin, hits);
            begin += 8;
        }
    }

    /// Moves the ids of eight places whose bits are set to the front; what follows them is left open.
    #[inline(always)]
    pub(crate) fn ids_to_front(&self, begin: usize, hits: u8, to: &mut [i32; 8]) {
        let ids = self.grid.index.get(begin..).unwrap_or(&[]);
        if let Some(ids) = ids.first_chunk() {
            return self.masks.compress_eight(hits, ids, to);
        }
        for (to, bit) in to.iter_mut().zip(ones(hits.into())) {
            *to = ids.get(bit).copied().unwrap_or(0);
        }
    }
}

/// What looks at hits: bits of eight places from one on.
pub(crate) trait Eights {
    fn eight(&mut self, begin: usize, hits: u8);
}
