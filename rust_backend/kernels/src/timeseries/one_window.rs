//! A single large window: its order statistics are selected, and no order of the others is kept.
//!
//! A histogram of the keys tells which of 2048 buckets holds a rank; only that one is copied and selected from. A select
//! among all keys takes twice as long for one rank, and again as long for each further one.

use std::cell::RefCell;

use crate::table::Table;
use crate::timeseries::order_statistics::{Ordered, Statistic, midpoint};
use crate::timeseries::results::{Results, Sheet};
use crate::timeseries::windows::{MISSING, Rules, Windows, finite, key_of, value_of};

const BUCKETS: usize = 2048;

/// Keys, and how many of them lie below each bucket.
struct Buckets {
    keys: Vec<i64>,
    least: i64,
    shift: u32,
    below: Vec<u32>,
    /// The bucket that was looked at last: its number and its keys in order.
    last: RefCell<(usize, Vec<i64>)>,
}

impl Buckets {
    #[inline(always)]
    fn new(keys: Vec<i64>) -> Self {
        let least = keys.iter().copied().min().unwrap_or(0);
        let range = keys.iter().copied().max().unwrap_or(0).abs_diff(least);
        let shift = (u64::BITS - range.leading_zeros()).saturating_sub(BUCKETS.ilog2());
        let mut below = vec![0_u32; BUCKETS + 1];
        for key in &keys {
            if let Some(many) = below.get_mut((key.abs_diff(least) >> shift) as usize + 1) {
                *many += 1;
            }
        }
        let mut sum = 0;
        for many in &mut below {
            sum += *many;
            *many = sum;
        }
        Self { keys, least, shift, below, last: RefCell::new((usize::MAX, Vec::new())) }
    }

    #[inline(always)]
    fn key(&self, rank: usize) -> i64 {
        let bucket = self.below.partition_point(|below| *below as usize <= rank).saturating_sub(1);
        let mut last = self.last.borrow_mut();
        if last.0 != bucket {
            last.0 = bucket;
            last.1.clear();
            let wanted = |key: &i64| (key.abs_diff(self.least) >> self.shift) as usize == bucket;
            last.1.extend(self.keys.iter().copied().filter(wanted));
            last.1.sort_unstable();
        }
        let first = self.below.get(bucket).map_or(0, |below| *below as usize);
        last.1.get(rank.saturating_sub(first)).copied().unwrap_or(MISSING)
    }
}

/// The finite values of a column.
pub(crate) struct OneWindow(Buckets);

impl OneWindow {
    #[inline(always)]
    pub(crate) fn new(values: Table<'_, f64>, column: usize, first: usize) -> Self {
        let mut keys = Vec::with_capacity(values.rows().saturating_sub(first));
        let mut loaded = [0.0; 256];
        for start in (first..values.rows()).step_by(loaded.len()) {
            keys.extend(values.load(column, start, &mut loaded).iter().map(|value| key_of(*value)));
        }
        keys.retain(|key| *key != MISSING);
        Self(Buckets::new(keys))
    }
}

impl Ordered<1> for OneWindow {
    #[inline(always)]
    fn counts(&self) -> [usize; 1] {
        [self.0.keys.len()]
    }

    #[inline(always)]
    fn values(&self, [rank]: [usize; 1]) -> [f64; 1] {
        [value_of(self.0.key(rank))]
    }

    #[inline(always)]
    fn deviations(&self, [median]: [f64; 1]) -> [f64; 1] {
        let distance = |key: &i64| (value_of(*key) - median).abs().to_bits() as i64;
        let distances = Buckets::new(self.0.keys.iter().map(distance).collect());
        let many = self.0.keys.len();
        let [low, high] = [many.saturating_sub(1) / 2, many / 2].map(|rank| value_of(distances.key(rank)));
        [if many % 2 == 1 { high } else { midpoint(low, high) }]
    }
}

/// Fills the only row of tables.
#[inline(always)]
pub(crate) fn fill(
    values: Table<'_, f64>,
    windows: Windows<'_>,
    rules: Rules,
    statistic: Statistic<'_>,
    tables: &mut [Results<'_>],
) {
    let mut sheet = Sheet::<1>::new(tables, values.columns());
    let first = values.rows().saturating_sub(windows.width(0));
    for column in 0..values.columns() {
        let window = OneWindow::new(values, column, first);
        let mut last = [f64::NAN];
        values.load(column, rules.history, &mut last);
        sheet.note(statistic, &window, last.map(finite), [rules.needed(values.rows() - first)], 0);
        sheet.write(tables, column, 0, 0, 0..1);
    }
}
