//! The keys of a window in ascending order.
//!
//! One merged shift between the place of the key that leaves and the place of the one that enters keeps the order; on
//! smooth signals it moves a few keys.

use crate::timeseries::order_statistics::Ordered;
use crate::timeseries::windows::{Keys, MISSING, value_of};

/// The keys of a window in ascending order.
pub(crate) struct SortedKeys {
    keys: Vec<i64>,
    count: usize,
}

impl SortedKeys {
    pub(crate) fn new(size: usize) -> Self {
        Self { keys: vec![0; size], count: 0 }
    }

    /// How many keys are smaller.
    #[inline(always)]
    fn place_of(&self, key: i64) -> usize {
        self.keys.get(..self.count).unwrap_or_default().partition_point(|other| *other < key)
    }
}

impl Keys for SortedKeys {
    #[inline(always)]
    fn clear(&mut self) {
        self.count = 0;
    }

    #[inline(always)]
    fn step(&mut self, leaving: i64, entering: i64) {
        if leaving == entering {
            return;
        }
        // A key that leaves goes to the end of the run that moves, one that enters comes from it.
        let hole = if leaving == MISSING { self.count } else { self.place_of(leaving) };
        let place = if entering == MISSING { self.count } else { self.place_of(entering) };
        let end = self.keys.len().min(self.count.max(hole + 1));
        let place = if leaving != MISSING && place > hole { place - 1 } else { place };
        if let Some(run) = self.keys.get_mut(place..end.min(hole + 1)).filter(|_| place <= hole) {
            run.rotate_right(1);
        } else if let Some(run) = self.keys.get_mut(hole..(place + 1).min(end)) {
            run.rotate_left(1);
        }
        if entering == MISSING {
            self.count -= usize::from(self.count > 0);
        } else {
            self.count += usize::from(leaving == MISSING && self.count < self.keys.len());
            if let Some(slot) = self.keys.get_mut(place) {
                *slot = entering;
            }
        }
    }
}

impl Ordered<1> for SortedKeys {
    #[inline(always)]
    fn counts(&self) -> [usize; 1] {
        [self.count]
    }

    #[inline(always)]
    fn values(&self, [rank]: [usize; 1]) -> [f64; 1] {
        [self.keys.get(rank).map_or(f64::NAN, |key| value_of(*key))]
    }
}
