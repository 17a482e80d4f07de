//! Where rolling kernels put what they find.

use crate::table::TableMut;
use crate::timeseries::order_statistics::{Ordered, Statistic};

/// Rows that are written to the tables at once.
pub(crate) const CHUNK: usize = 256;

/// A table of results, with some columns for each of the values, or none where it is not wanted.
pub(crate) enum Results<'a> {
    Floats(TableMut<'a, f64>),
    Flags(TableMut<'a, bool>),
}

impl Results<'_> {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Floats(table) => table.rows(),
            Self::Flags(table) => table.rows(),
        }
    }

    fn columns(&self) -> usize {
        match self {
            Self::Floats(table) => table.columns(),
            Self::Flags(table) => table.columns(),
        }
    }
}

/// The results of some rows of `LANES` series, on their way to the tables.
pub(crate) struct Sheet<const LANES: usize> {
    /// Results for each value in each table.
    each: Vec<usize>,
    /// The results of a row; a table that is not wanted has one too.
    found: Vec<[f64; LANES]>,
    buffer: Vec<[f64; LANES]>,
}

impl<const LANES: usize> Sheet<LANES> {
    pub(crate) fn new(tables: &[Results<'_>], columns: usize) -> Self {
        let each: Vec<usize> = tables.iter().map(|table| table.columns().checked_div(columns).unwrap_or(0)).collect();
        let many = each.iter().map(|each| each.max(&1)).sum();
        Self { each, found: vec![[f64::NAN; LANES]; many], buffer: vec![[0.0; LANES]; CHUNK * many] }
    }

    /// Notes what a statistic finds in windows, NaN for those that have fewer values than needed.
    #[inline(always)]
    pub(crate) fn note(
        &mut self,
        statistic: Statistic<'_>,
        windows: &impl Ordered<LANES>,
        last: [f64; LANES],
        needed: [usize; LANES],
        place: usize,
    ) {
        statistic.results(windows, last, &mut self.found);
        let counts = windows.counts();
        for (part, found) in self.buffer.chunks_exact_mut(CHUNK).zip(&self.found) {
            if let Some(row) = part.get_mut(place) {
                for lane in 0..LANES {
                    row[lane] = if counts[lane] >= needed[lane] { found[lane] } else { f64::NAN };
                }
            }
        }
    }

    /// Writes the notes of a series from `places` on to a column of the tables, from row `start` on.
    #[inline(always)]
    pub(crate) fn write(
        &self,
        tables: &mut [Results<'_>],
        column: usize,
        start: usize,
        lane: usize,
        places: std::ops::Range<usize>,
    ) {
        let mut parts = self.buffer.chunks_exact(CHUNK).map(|part| part.get(places.clone()).unwrap_or_default());
        for (table, each) in tables.iter_mut().zip(&self.each) {
            for (at, part) in (0..*each.max(&1)).zip(parts.by_ref()) {
                let results = part.iter().map(|row| row.get(lane).copied().unwrap_or(f64::NAN));
                match table {
                    _ if *each == 0 => {}
                    Results::Floats(table) => table.store(column * each + at, start, results),
                    Results::Flags(table) => table.store(column * each + at, start, results.map(|one| one == 1.0)),
                }
            }
        }
    }
}
