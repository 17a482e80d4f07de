//! The energy in bands of frequency of trailing windows.
//!
//! The transform of a window is made of those of parts whose sizes are powers of two, one for each bit of its length: each
//! node is the older half plus the newer one turned by an angle, all nodes of a level in one pass, so that a result is a
//! function of its window alone. What is transformed are the steps from row to row, the last one back to the first row: no offset
//! is in them, and their transform is that of the values times `w - 1`, with `w` the root of unity.

use crate::simd::{Level, at_every_level};
use crate::table::{Table, TableMut};

const CHUNK: usize = 512;

/// What a kernel knows of the windows: their length is that of the circle.
#[derive(Clone, Copy)]
struct Spectrum<'a> {
    /// Cosines and sines of the angles of the roots of unity.
    circle: &'a [[f64; 2]],
    /// The reciprocals of a root of unity less 1.
    slopes: &'a [[f64; 2]],
    /// The taper in the spectrum: at a frequency, and at its neighbours.
    taps: [f64; 2],
    gains: &'a [f64],
    /// Frequencies from the first to below the second.
    bands: &'a [[i64; 2]],
}

/// Real and imaginary parts.
#[derive(Clone)]
struct Complex {
    real: Vec<f64>,
    imaginary: Vec<f64>,
}

impl Complex {
    fn new(room: usize) -> Self {
        Self { real: vec![0.0; room], imaginary: vec![0.0; room] }
    }
}

/// Adds nodes to those `offset` later, turned by an angle.
#[inline(always)]
fn turn(nodes: &Complex, [cosine, sine]: [f64; 2], offset: usize, length: usize, target: &mut Complex) {
    let (real, imaginary) = (&nodes.real[..length], &nodes.imaginary[..length]);
    let (late, later) = (&nodes.real[offset..offset + length], &nodes.imaginary[offset..offset + length]);
    let (target, other) = (&mut target.real[..length], &mut target.imaginary[..length]);
    for i in 0..length {
        target[i] = real[i] + (cosine * late[i] + sine * later[i]);
        other[i] = imaginary[i] + (cosine * later[i] - sine * late[i]);
    }
}

/// Adds nodes from `offset` on, turned by an angle, to what is in the target.
#[inline(always)]
fn turn_onto(nodes: &Complex, [cosine, sine]: [f64; 2], offset: usize, length: usize, target: &mut Complex) {
    let (late, later) = (&nodes.real[offset..offset + length], &nodes.imaginary[offset..offset + length]);
    let (target, other) = (&mut target.real[..length], &mut target.imaginary[..length]);
    for i in 0..length {
        target[i] += cosine * late[i] + sine * later[i];
        other[i] += cosine * later[i] - sine * late[i];
    }
}

/// The windows of some rows of a column.
struct Chunk {
    steps: Vec<f64>,
    back: Vec<f64>,
    /// How many values in a row are finite.
    run: Vec<usize>,
    nodes: Complex,
    spare: Complex,
    /// The transforms at three neighbouring frequencies, and which they are.
    spectra: [Complex; 3],
    held: [Option<usize>; 3],
}

impl Chunk {
    fn new(room: usize, chunk: usize) -> Self {
        Self {
            steps: vec![0.0; room],
            back: vec![0.0; chunk],
            run: vec![0; room],
            nodes: Complex::new(room),
            spare: Complex::new(room),
            spectra: std::array::from_fn(|_| Complex::new(chunk)),
            held: [None; 3],
        }
    }

    /// Reads steps from row to row and from the last row of each window to its first; counts finite values in a run.
    #[inline(always)]
    fn load(&mut self, values: Table<'_, f64>, column: usize, start: usize, length: usize, width: usize) {
        let steps = values.load(column, start, &mut self.steps[..length]);
        let mut count = 0;
        for (value, run) in steps.iter_mut().zip(&mut self.run) {
            count = if value.is_finite() { count + 1 } else { 0 };
            *run = count;
            *value = if value.is_finite() { *value } else { 0.0 };
        }
        for ((back, first), last) in self.back.iter_mut().zip(&*steps).zip(steps.get(width - 1..).unwrap_or_default()) {
            *back = first - last;
        }
        for i in 1..steps.len() {
            steps[i - 1] = steps[i] - steps[i - 1];
        }
        self.held = [None; 3];
    }

    /// Makes the transforms of windows at one frequency.
    #[inline(always)]
    fn transform(&mut self, spectrum: &Spectrum<'_>, frequency: usize, many: usize) {
        let slot = frequency % 3;
        if self.held[slot] == Some(frequency) {
            return;
        }
        self.held[slot] = Some(frequency);
        let target = &mut self.spectra[slot];
        let width = spectrum.circle.len();
        let angle = |rows: usize| spectrum.circle[rows * frequency % width];
        let left = width - 1;
        let mut length = many + left - 1;
        self.nodes.real[..length].copy_from_slice(&self.steps[..length]);
        self.nodes.imaginary[..length].fill(0.0);
        target.real[..many].fill(0.0);
        target.imaginary[..many].fill(0.0);
        let (mut size, mut done) = (1, 0);
        while size <= left {
            if left & size != 0 {
                turn_onto(&self.nodes, angle(done), done, many, target);
                done += size;
            }
            if size > left - size {
                break;
            }
            length -= size;
            turn(&self.nodes, angle(size), size, length, &mut self.spare);
            std::mem::swap(&mut self.nodes, &mut self.spare);
            size += size;
        }
        let ([cosine, sine], [up, across]) = (angle(1), spectrum.slopes[frequency]);
        let parts = target.real[..many].iter_mut().zip(&mut target.imaginary[..many]);
        for ((real, imaginary), back) in parts.zip(&self.back[..many]) {
            let (low, high) = (*real + cosine * back, *imaginary + sine * back);
            *real = low * up - high * across;
            *imaginary = low * across + high * up;
        }
    }

    /// Adds the energies of windows at one frequency, from the transforms there and at its neighbours.
    #[inline(always)]
    fn add_energy(&mut self, spectrum: &Spectrum<'_>, frequency: usize, many: usize, energy: &mut [f64]) {
        let (width, [centre, side], gain) = (spectrum.circle.len(), spectrum.taps, spectrum.gains[frequency]);
        let part = |frequency: usize, spectra: &[Complex; 3]| -> usize { frequency % spectra.len() };
        self.transform(spectrum, frequency, many);
        if side == 0.0 {
            let Complex { real, imaginary } = &self.spectra[part(frequency, &self.spectra)];
            for ((energy, real), imaginary) in energy[..many].iter_mut().zip(real).zip(imaginary) {
                *energy += (real * real + imaginary * imaginary) * gain;
            }
            return;
        }
        let (below, above) = (frequency.abs_diff(1), (frequency + 1).min(width - frequency - 1));
        self.transform(spectrum, below, many);
        self.transform(spectrum, above, many);
        let below_sign = if frequency == 0 { -1.0 } else { 1.0 };
        let above_sign = if above == frequency + 1 { 1.0 } else { -1.0 };
        let [at, low, high] = [frequency, below, above].map(|frequency| &self.spectra[frequency % 3]);
        let (real, imaginary) = (&at.real[..many], &at.imaginary[..many]);
        let (low_real, low_imaginary) = (&low.real[..many], &low.imaginary[..many]);
        let (high_real, high_imaginary) = (&high.real[..many], &high.imaginary[..many]);
        for (i, energy) in energy[..many].iter_mut().enumerate() {
            let x = centre * real[i] + side * (low_real[i] + high_real[i]);
            let y = centre * imaginary[i] + side * (below_sign * low_imaginary[i] + above_sign * high_imaginary[i]);
            *energy += (x * x + y * y) * gain;
        }
    }
}

at_every_level! {
    fn rolling_band_energy_at(values: Table<'_, f64>, spectrum: Spectrum<'_>, energy: TableMut<'_, f64>) -> () {
        let mut output = energy;
        let width = spectrum.circle.len().max(1);
        let rows = output.rows();
        let history = values.rows().saturating_sub(rows);
        let chunk = CHUNK.max(2 * width).min(rows).max(1);
        let mut here = Chunk::new(chunk + width, chunk);
        let mut total = vec![0.0; chunk];
        for column in 0..values.columns() {
            for start in (0..rows).step_by(chunk) {
                let stop = rows.min(start + chunk);
                let low = (history + start + 1).saturating_sub(width);
                let length = history + stop - low;
                let many = (length + 1).saturating_sub(width); // windows that are whole; they are the last ones
                let lost = stop - start - many;
                here.load(values, column, low, length, width);
                for (place, [first, last]) in spectrum.bands.iter().enumerate() {
                    total.fill(0.0);
                    let [first, last] = [first, last].map(|end| usize::try_from(*end).unwrap_or(0));
                    for frequency in first..last.min(width / 2 + 1) {
                        here.add_energy(&spectrum, frequency, many, &mut total);
                    }
                    let runs = here.run.iter().skip(width - 1);
                    let found = total[..many].iter().zip(runs);
                    let found = found.map(|(energy, run)| if *run >= width { *energy } else { f64::NAN });
                    let column = column * spectrum.bands.len() + place;
                    output.store(column, start, std::iter::repeat_n(f64::NAN, lost).chain(found));
                }
            }
        }
    }
}

/// Fills `energy` with the sums of squares of transforms, NaN where a window has not as many finite values as the circle.
pub fn rolling_band_energy(
    level: Level,
    values: Table<'_, f64>,
    _window: &[i64],
    _min_periods: &[i64],
    _propagate: &[u8],
    circle: &[[f64; 2]],
    slopes: &[[f64; 2]],
    taps: &[f64],
    gains: &[f64],
    bands: &[[i64; 2]],
    energy: TableMut<'_, f64>,
) -> Option<usize> {
    let half = circle.len() / 2 + 1;
    if circle.is_empty() || slopes.len() < half || gains.len() < half {
        return None;
    }
    let taps = [taps.first(), taps.get(1)].map(|tap| tap.copied().unwrap_or_default());
    rolling_band_energy_at(level, values, Spectrum { circle, slopes, taps, gains, bands }, energy);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The energy of a window by the definition of the transform, its mean removed, and that of all frequencies.
    fn expected(window: &[f64], [centre, side]: [f64; 2], [first, last]: [i64; 2]) -> f64 {
        let width = window.len() as f64;
        let turn = |place: usize, frequency: i64| std::f64::consts::TAU * (place as i64 * frequency) as f64 / width;
        let first_value = window.first().copied().unwrap_or_default();
        let mean = window.iter().map(|value| value - first_value).sum::<f64>() / width;
        (first..last)
            .map(|frequency| {
                let part = |wave: fn(f64) -> f64| -> f64 {
                    let tapered = window.iter().enumerate().map(|(place, value)| {
                        let taper = centre + 2.0 * side * turn(place, 1).cos();
                        (value - first_value - mean) * taper * wave(turn(place, frequency))
                    });
                    tapered.sum()
                };
                part(f64::cos).powi(2) + part(f64::sin).powi(2)
            })
            .sum()
    }

    #[test]
    fn energies_are_those_of_the_definition() {
        let values: Vec<f64> = (0..150)
            .map(|i| if i == 70 { f64::NAN } else { 1e3 + (i as f64 * 0.9).sin() + (i * i % 13) as f64 })
            .collect();
        for (width, taps) in [(2, [1.0, 0.0]), (7, [0.5, -0.25]), (16, [0.54, -0.23]), (33, [1.0, 0.0])] {
            let half = width / 2 + 1;
            let angle = |k: usize| std::f64::consts::TAU * k as f64 / width as f64;
            let circle: Vec<_> = (0..width).map(|k| [angle(k).cos(), angle(k).sin()]).collect();
            let slopes: Vec<_> =
                (0..half).map(|k| if k == 0 { [0.0, 0.0] } else { [-0.5, -0.5 / (angle(k) / 2.0).tan()] }).collect();
            let (gains, bands) = (vec![1.0; half], [[0, half as i64], [1, 2]]);
            for (level, history) in Level::available().into_iter().flat_map(|level| [(level, 0), (level, 40)]) {
                let mut energy = vec![7.0; 2 * (150 - history)];
                let spectrum = (&circle, &slopes, &taps, &gains);
                let found = rolling_band_energy(
                    level,
                    Table::of_rows(&values, 1),
                    &[width as i64],
                    &[width as i64],
                    &[1],
                    spectrum.0,
                    spectrum.1,
                    spectrum.2,
                    spectrum.3,
                    &bands,
                    TableMut::of_rows(&mut energy, 2),
                );
                assert_eq!(found, None);
                for (row, found) in (history..150).zip(energy.chunks(2)) {
                    let window = values.get((row + 1).wrapping_sub(width)..=row).unwrap_or_default();
                    let known = !window.is_empty() && window.iter().all(|value| value.is_finite());
                    for (band, found) in bands.iter().zip(found) {
                        let wanted = expected(window, taps, *band);
                        let close = (found - wanted).abs() <= 1e-11 * (expected(window, taps, bands[0]) + 1.0);
                        assert!(if known { close } else { found.is_nan() }, "{width} {row} {band:?} {found} {wanted}");
                    }
                }
            }
        }
    }
}
