//! The energy in bands of frequency of the rows of a table, by the transforms of a library.

use std::cell::RefCell;

use realfft::RealFftPlanner;

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};

const LANES: usize = 8;

/// Bits that are all set in numbers that are not finite, and in no others.
const INFINITE: u64 = f64::INFINITY.to_bits();

/// A sum in a fixed order of several lanes, which do not wait for each other.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

thread_local! {
    /// Holds the plans that a thread has made: a new one takes as long as the transforms of twenty windows of 256 rows.
    static PLANNER: RefCell<RealFftPlanner<f64>> = RefCell::new(RealFftPlanner::new());
}

at_every_level! {
    /// Fills a row with values less their mean, tapered; by way of the first value, so that an offset costs no digits.
    /// Returns whether all of them are finite.
    fn detrend(values: &[f64], taper: &[f64], row: &mut [f64]) -> bool {
        let first = values.first().copied().unwrap_or(0.0);
        let mut strange = false;
        for (value, row) in values.iter().zip(&mut *row) {
            *row = value - first;
            strange |= value.to_bits() & INFINITE == INFINITE; // of integers, which may be told in any order
        }
        let mean = sum(row) / row.len() as f64;
        for (value, taper) in row.iter_mut().zip(taper) {
            *value = (*value - mean) * taper;
        }
        !strange
    }
}

at_every_level! {
    fn add_up(spectrum: &[realfft::num_complex::Complex<f64>], gains: &[f64], powers: &mut [f64]) -> () {
        for ((power, value), gain) in powers.iter_mut().zip(spectrum).zip(gains) {
            *power = (value.re * value.re + value.im * value.im) * gain;
        }
    }
}

/// Fills `energy` with sums over bands of the squared transforms times `gains`; NaN for rows that are not finite.
pub fn row_band_energy(
    level: Level,
    values: Table<'_, f64>,
    _window: &[i64],
    taper: &[f64],
    gains: &[f64],
    bands: &[[i64; 2]],
    energy: TableMut<'_, f64>,
) -> Option<usize> {
    let mut energy = energy;
    let (rows, width) = (values.rows().min(energy.rows()), values.columns());
    if width == 0 {
        return None;
    }
    let transform = PLANNER.with_borrow_mut(|planner| planner.plan_fft_forward(width));
    let (mut row, mut spectrum) = (transform.make_input_vec(), transform.make_output_vec());
    let mut copied = vec![0.0; width];
    let mut scratch = transform.make_scratch_vec();
    let mut powers = vec![0.0; spectrum.len()];
    let bands: Vec<[usize; 2]> =
        bands.iter().map(|band| band.map(|end| usize::try_from(end).unwrap_or(0).min(powers.len()))).collect();
    for place in 0..rows {
        let own = values.across(place, 0..width).unwrap_or_else(|| {
            values.load_row(place, &mut copied);
            &copied
        });
        let mut known = detrend(level, own, taper, &mut row);
        if known {
            known = transform.process_with_scratch(&mut row, &mut spectrum, &mut scratch).is_ok();
            add_up(level, &spectrum, gains, &mut powers);
        }
        for (column, [first, last]) in bands.iter().enumerate() {
            let found = if known { sum(powers.get(*first..*last).unwrap_or_default()) } else { f64::NAN };
            energy.store(column, place, std::iter::once(found));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of squared transforms by their definition.
    fn expected(row: &[f64], taper: &[f64], [first, last]: [i64; 2]) -> f64 {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        (first..last)
            .map(|frequency| {
                let turn = |place: usize| {
                    std::f64::consts::TAU * (place * frequency as usize % row.len()) as f64 / row.len() as f64
                };
                let part = |wave: fn(f64) -> f64| -> f64 {
                    row.iter().zip(taper).enumerate().map(|(i, (x, t))| (x - mean) * t * wave(turn(i))).sum()
                };
                part(f64::cos).powi(2) + part(f64::sin).powi(2)
            })
            .sum()
    }

    #[test]
    fn energies_are_those_of_the_definition() {
        for width in [1, 2, 3, 7, 16, 33, 64, 100] {
            let rows = 5;
            let mut values: Vec<f64> =
                (0..rows * width).map(|i| 1e6 + (i as f64 * 0.7).sin() + (i * i % 11) as f64).collect();
            values[2 * width] = f64::NAN;
            let taper: Vec<f64> = (0..width).map(|i| 1.0 + i as f64 / width as f64).collect();
            let half = width as i64 / 2 + 1;
            let bands = [[0, half], [half / 2, half], [0, 1]];
            for level in Level::available() {
                let mut energy = vec![7.0; rows * bands.len()];
                let gains = vec![1.0; half as usize];
                let (table, output) = (Table::of_rows(&values, width), TableMut::of_rows(&mut energy, bands.len()));
                assert_eq!(row_band_energy(level, table, &[1], &taper, &gains, &bands, output), None);
                for (row, found) in values.chunks(width).zip(energy.chunks(bands.len())) {
                    let whole = expected(row, &taper, bands[0]);
                    for (band, found) in bands.iter().zip(found) {
                        let known = row.iter().all(|value| value.is_finite());
                        let close = (found - expected(row, &taper, *band)).abs() <= 1e-9 * (whole + 1.0);
                        assert!(if known { close } else { found.is_nan() }, "{width} {band:?} {found}");
                    }
                }
            }
        }
    }
}
