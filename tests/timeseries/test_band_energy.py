"""Energies in bands against a transform of every window in long doubles."""

import numpy as np
import pytest

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries import hopping
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


class TestHop:
    bands = ((0.0, 0.2), (0.2, 1.0))
    table = np.hstack([walk(np.random.default_rng(0), 230, 2), 1e9 + np.random.default_rng(1).random((230, 1))])
    table[[70, 75], [0, 1]] = np.nan, np.inf

    def energies(self, x, width, **options):
        given = {"unit": "nyquist", "nyquist": True, "scaling": "acm", "taper": "hamming"} | options
        return timeseries.rolling_band_energy(x, width, self.bands, **given)

    @pytest.mark.parametrize(("transforms", "together"), [(True, hopping.TOGETHER), (True, 0), (False, 0)])
    @pytest.mark.parametrize(("width", "hop"), [(16, 4), (64, 64), (33, 7), (7, 100), (2, 2), (300, 50)])
    def test_every_so_manieth_row(self, monkeypatch, backend, width, hop, transforms, together):
        """By transforms, of columns together or not, and by sliding; with gaps, at an offset, behind a history."""
        whole = self.energies(self.table, width, backend=backend)
        monkeypatch.setattr(hopping, "SLIDING_COST", 0.0 if transforms else np.inf)
        monkeypatch.setattr(hopping, "TOGETHER", together)
        monkeypatch.setattr(hopping, "ROWS", 32)
        total = np.nan_to_num(whole).sum(axis=2, keepdims=True)
        for history in (0, 1, 50, 100):
            found = self.energies(
                self.table[history:], width, hop=hop, backend=backend, history=self.table[:history] if history else None
            )
            expected = whole[history:][::hop]
            assert found.shape == expected.shape
            np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
            wrong = np.abs(np.nan_to_num(found - expected)) > 1e-13 * total[history:][::hop]
            assert not wrong.any()
            if not transforms:
                np.testing.assert_array_equal(found, expected)

    def test_which_way_depends_on_settings_alone(self, monkeypatch):
        """And a cut at a multiple of the hop changes no bit."""
        whole = self.energies(self.table, 64, hop=32)
        for rows in (96, 128, 200):
            found = self.energies(self.table[96:][:rows], 64, hop=32, history=self.table[:96])
            np.testing.assert_array_equal(found, whole[3 : 3 + len(found)])

    def test_frames_keep_their_index(self):
        pd, pl, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
        expected = self.energies(self.table, 16, hop=8)
        index = pd.date_range("2026-01-01", periods=230, freq="min", name="ts")
        frame = pd.DataFrame(self.table, index, list("abc"))
        found = self.energies(frame, 16, hop=8)
        assert found.index.equals(index[::8])
        assert found.columns[:3].tolist() == ["a_energy_0", "a_energy_1", "b_energy_0"]
        np.testing.assert_array_equal(found.to_numpy().reshape(expected.shape), expected)
        assert self.energies(frame["b"], 16, hop=8).index.equals(index[::8])
        columns = dict(zip("abc", self.table.T, strict=True))
        for made in (pl.DataFrame(columns), pa.table(columns)):
            found = self.energies(made, 16, hop=8)
            np.testing.assert_array_equal(found["c_energy_1"].to_numpy().astype(np.float64), expected[:, 2, 1])

    @pytest.mark.parametrize(("hop", "error"), [(0, ValueError), (True, ValueError), (1.5, TypeError)])
    def test_what_is_refused(self, hop, error):
        with pytest.raises(error, match=f"hop is {hop}, but it is a number of rows"):
            self.energies(self.table, 16, hop=hop)


def test_what_comes_later_changes_nothing(backend):
    x = walk(np.random.default_rng(0), 100, 2)
    changed = x.copy()
    changed[61:] = 1e12
    for hop in (1, 16):
        whole, found = (
            timeseries.rolling_band_energy(table, 16, [(0.1, 0.3)], taper="hann", hop=hop, backend=backend)
            for table in (x, changed)
        )
        known = -(-61 // hop)
        np.testing.assert_array_equal(found[:known], whole[:known])


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
