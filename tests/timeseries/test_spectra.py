"""Spectra against SciPy's periodogram and NumPy's rfft."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import periodogram

from ferrumba import timeseries
from ferrumba.timeseries.column_cases import gaps

WINDOWS = ["boxcar", "hann", "hamming"]


@pytest.mark.parametrize("n", [1, 2, 3, 64, 101, 1000])
@pytest.mark.parametrize("window", WINDOWS)
def test_density_is_that_of_scipy(window, n):
    if n == 1 and window == "hann":
        pytest.skip("SciPy has one sample of a Hann window at 1, where the cosine has 0")
    table = np.random.default_rng(n).standard_normal((n, 18)) + 5.0
    for fs in (1.0, 250.0):
        frequencies, found = timeseries.spectrum(table, fs=fs, taper=window, scaling="psd")
        wanted, density = periodogram(table, fs, window, detrend="constant", axis=0)
        np.testing.assert_allclose(frequencies, wanted, rtol=1e-15)
        np.testing.assert_allclose(found, density, rtol=1e-10, atol=1e-12 * density.max(initial=1e-9))
        _, energy = timeseries.spectrum(table, fs=fs, taper=window)
        np.testing.assert_allclose(energy, found * fs, rtol=1e-13)


def test_energy_adds_up_to_the_sum_of_squares():
    for n in (100, 101):
        x = np.random.default_rng(n).standard_normal(n) * 3.0 + 1e6
        _, energy = timeseries.spectrum(x)
        np.testing.assert_allclose(energy.sum(), ((x - x.mean()) ** 2).sum(), rtol=1e-9)
        np.testing.assert_allclose(timeseries.band_energy(x, [(0.0, 0.5)], nyquist=True), energy.sum(), rtol=1e-12)


def test_the_source_has_plain_squares():
    x = np.random.default_rng(1).standard_normal(128)
    powers = np.abs(np.fft.rfft(x - x.mean())) ** 2
    frequencies, found = timeseries.spectrum(x, scaling="acm")
    np.testing.assert_allclose(found, powers, rtol=1e-11, atol=1e-11)
    bands = [(0.0, 0.1), (0.1, 0.3), (0.3, 1.0)]
    expected = [powers[(frequencies >= 0.5 * low) & (frequencies < 0.5 * high)].sum() for low, high in bands]
    np.testing.assert_allclose(timeseries.band_energy(x, bands, unit="nyquist", scaling="acm"), expected, rtol=1e-10)


@pytest.mark.parametrize("n", [20, 21, 100, 1440])
def test_bands_take_what_lies_in_them(n):
    """From low to below high; a bound that rounding moved off a frequency still is that frequency."""
    table = np.random.default_rng(n).standard_normal((n, 2))
    fs = 10.0
    _, energy = timeseries.spectrum(table, fs=fs)
    for low in range(0, n // 2, 3):
        for high in (low + 1, n // 2, n):
            if high <= low:
                continue
            expected = energy[low:high].sum(axis=0)
            for band, unit in (((low * fs / n, high * fs / n), "hz"), ((low / n * 2.0, high / n * 2.0), "nyquist")):
                np.testing.assert_allclose(timeseries.band_energy(table, [band], fs=fs, unit=unit)[0], expected)


def test_nyquist_belongs_to_a_band_when_asked_for():
    x = np.tile([1.0, -1.0], 50)
    assert timeseries.band_energy(x, [(0.3, 0.5)])[0] < 1e-20
    np.testing.assert_allclose(timeseries.band_energy(x, [(0.3, 0.5)], nyquist=True), [100.0])


def test_missing_values_take_the_mean():
    rng = np.random.default_rng(2)
    x = gaps(rng, rng.standard_normal(500), 0.1)
    finite = np.isfinite(x)
    filled = np.where(finite, x, x[finite].mean())
    _, found = timeseries.spectrum(x)
    _, whole = timeseries.spectrum(filled)
    np.testing.assert_allclose(found, whole * 500 / finite.sum(), rtol=1e-10, atol=1e-10)
    table = np.column_stack([x, filled, np.full(500, np.nan)])
    assert np.isnan(timeseries.spectrum(table, nan="propagate")[1]).any(axis=0).tolist() == [True, False, True]
    assert np.isnan(timeseries.spectrum(table)[1]).any(axis=0).tolist() == [False, False, True]


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_argument_is_left_alone(order):
    table = np.array(np.random.default_rng(4).standard_normal((50, 3)), order=order)
    before = table.copy()
    timeseries.spectrum(table)
    timeseries.acf(table, 3)
    timeseries.corr_matrix(table)
    timeseries.corr_matrix(table, method="spearman")
    np.testing.assert_array_equal(table, before)


def test_tables_are_labelled():
    frame = pd.DataFrame(np.random.default_rng(3).standard_normal((8, 2)), columns=["p", "q"])
    frequencies, found = timeseries.spectrum(frame, fs=8.0)
    assert found.index.name == "frequency"
    assert found.index.tolist() == frequencies.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    found = timeseries.band_energy(frame, [(0.0, 2.0), (2.0, 4.0)], fs=8.0)
    assert (found.index.name, found.columns.tolist(), found.shape) == ("band", ["p", "q"], (2, 2))
    assert timeseries.spectrum(np.empty((0, 2)))[1].shape == (0, 2)


def test_the_sun_has_a_period_of_eleven_years():
    found = importlib.util.find_spec("statsmodels")
    if found is None:
        pytest.skip("statsmodels, which brings the data, is not installed")
    spots = pd.read_csv(Path(found.origin).parent / "datasets" / "sunspots" / "sunspots.csv")["SUNACTIVITY"]
    frequencies, energy = timeseries.spectrum(spots.to_numpy(), taper="hann")
    assert 1.0 / frequencies[energy.argmax()] == pytest.approx(11.0, abs=0.3)


@pytest.mark.parametrize(
    ("words", "bands", "options"),
    [
        (r"bands holds \(0.001, 0.002\), in which no frequency lies: those of 100 rows are 0.01", [(0.001, 0.002)], {}),
        (r"bands holds \(0.5, 0.7\), in which no frequency lies", [(0.0, 0.1), (0.51, 0.7)], {}),
        (r"bands holds \(0.2, 0.1\), but a band goes from low", [(0.2, 0.1)], {}),
        ("bands holds 0.1, but a band is a pair", [0.1], {}),
        ("unit is 'rad'", [(0.0, 0.1)], {"unit": "rad"}),
        ("taper is 'kaiser', but it is one of 'boxcar', 'hann', 'hamming'", [(0.0, 0.1)], {"taper": "kaiser"}),
        ("scaling is 'power'", [(0.0, 0.1)], {"scaling": "power"}),
        ("fs is 0, but it is the number of samples", [(0.0, 0.1)], {"fs": 0}),
        ("nan is 'x'", [(0.0, 0.1)], {"nan": "x"}),
    ],
)
def test_bad_arguments(words, bands, options):
    with pytest.raises(ValueError, match=words.replace("0.5, 0.7", "0.51, 0.7")):
        timeseries.band_energy(np.ones(100), bands, **options)
