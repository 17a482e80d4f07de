"""Energies in bands against a transform of every window in long doubles."""

import numpy as np
import pytest

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.cases import walk


@pytest.fixture(params=list(backends()))
def backend(request):
    return request.param


def powers(window, taper):
    """Return |rfft|^2 of a window, its mean removed, by direct sums in long doubles."""
    width = len(window)
    values = window.astype(np.longdouble)
    values = values - values[0]
    values = (values - values.mean()) * taper
    turns = (np.arange(width)[:, None] * np.arange(width // 2 + 1) % width).astype(np.longdouble) / width
    angles = 2 * np.arctan(np.longdouble(1)) * 4 * turns
    return (values @ np.cos(angles)) ** 2 + (values @ np.sin(angles)) ** 2, (values * values).sum()


@pytest.mark.parametrize("taper", ["boxcar", "hann", "hamming"])
@pytest.mark.parametrize("width", [2, 3, 7, 16, 33, 64])
def test_energies_are_those_of_transforms(backend, width, taper):
    """Within 1e-13 of the energy of the window, also at an offset of 1e9 and after a spike."""
    rng = np.random.default_rng(width)
    x = np.hstack([walk(rng, 120), 1e9 + rng.standard_normal((120, 1)), rng.standard_normal((120, 1))])
    x[10, 2] = 1e12
    cosine = {"boxcar": 1.0, "hann": 0.5, "hamming": 0.54}[taper]
    factors = cosine - (1 - cosine) * np.cos(2 * np.pi * np.arange(width) / width)
    found = timeseries.rolling_band_energy(
        x, width, [(0.0, 0.5), (0.25, 1.0)], unit="nyquist", nyquist=True, taper=taper, scaling="acm", backend=backend
    )
    assert found.shape == (120, 3, 2)
    assert np.isnan(found[: width - 1]).all()
    for row in range(width - 1, 120):
        for column in range(3):
            squares, energy = powers(x[row - width + 1 : row + 1, column], factors)
            bins = np.arange(width // 2 + 1) / (width / 2)
            expected = squares[bins < 0.5].sum(), squares[bins >= 0.25].sum()
            np.testing.assert_allclose(found[row, column], expected, rtol=0, atol=1e-13 * width * float(energy))


def test_all_bands_add_up_to_the_sum_of_squares(backend):
    x = walk(np.random.default_rng(0), 200)[:, 0]
    bands = [(0.0, 0.1), (0.1, 0.3), (0.3, 1.0)]
    found = timeseries.rolling_band_energy(x, 32, bands, unit="nyquist", nyquist=True, backend=backend).sum(axis=1)
    np.testing.assert_allclose(found[31:], timeseries.rolling_var(x, 32)[31:] * 31, rtol=1e-12)
    density = timeseries.rolling_band_energy(x, 32, [(0, 2.0)], fs=4.0, scaling="psd", nyquist=True, backend=backend)
    np.testing.assert_allclose(density[31:, 0] * 4.0 / 32, timeseries.rolling_var(x, 32)[31:] * 31 / 32, rtol=1e-12)


def test_missing_values_leave_no_trace(backend):
    """A window with one is NaN; those before and behind are what they are without."""
    x = walk(np.random.default_rng(0), 100)
    spoilt = x.copy()
    spoilt[[40, 60]] = [[np.nan], [np.inf]]
    whole = timeseries.rolling_band_energy(x, 8, [(0.1, 0.3)], backend=backend)
    found = timeseries.rolling_band_energy(spoilt, 8, [(0.1, 0.3)], backend=backend)
    bad = np.isin(np.arange(100), [*range(7), *range(40, 48), *range(60, 68)])
    assert np.isnan(found[bad]).all()
    np.testing.assert_array_equal(found[~bad], whole[~bad])


def test_blocks_join(backend):
    x = walk(np.random.default_rng(0), 100, 3)
    whole = timeseries.rolling_band_energy(x, 24, [(0.1, 0.3)], taper="hann", backend=backend)
    later = timeseries.rolling_band_energy(x[50:], 24, [(0.1, 0.3)], taper="hann", history=x[:50], backend=backend)
    np.testing.assert_array_equal(later, whole[50:])


def test_frames_name_the_bands():
    pd = pytest.importorskip("pandas")
    found = timeseries.rolling_band_energy(pd.DataFrame({"a": [1.0, 2.0, 4.0]}), 2, [(0.0, 0.4), (0.4, 0.6)])
    assert list(found.columns) == ["a_energy_0", "a_energy_1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"bands": [(0.1, 0.11)]},
            r"bands holds \(0.1, 0.11\), in which no frequency lies: those of 16 rows are 0.0625",
        ),
        ({"bands": [(0.2, 0.1)]}, "but a band goes from low"),
        ({"bands": [0.2]}, "but a band is a pair of low and high"),
        ({"taper": "hanning"}, "taper is 'hanning', but it is one of 'boxcar', 'hann', 'hamming'"),
        ({"fs": 0}, "fs is 0, but it is the number of samples"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        timeseries.rolling_band_energy(np.zeros(50), 16, **{"bands": [(0.1, 0.3)], **options})
