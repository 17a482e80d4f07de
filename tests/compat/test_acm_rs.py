"""The functions of acm_rs; each test backs a line of docs/migrating/acm.md, which names it."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import ferrumba
from ferrumba import timeseries
from ferrumba.compat import acm_rs
from ferrumba.timeseries import FeatureBuilder

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 5)).cumsum(axis=0)
GAPS = np.where(RNG.random(X.shape) < 0.2, RNG.choice([np.nan, np.inf, -np.inf], X.shape), X)


def brute(function, x, window, least=1):
    """Return ``function(finite values)`` of every trailing window."""
    out = np.full(x.shape, np.nan)
    for row, column in np.ndindex(*x.shape):
        values = x[max(0, row - window + 1) : row + 1, column]
        values = values[np.isfinite(values)]
        if len(values) >= least:
            out[row, column] = function(values)
    return out


def mad(values):
    return np.median(np.abs(values - np.median(values)))


def deviation(values):
    return values.std(ddof=1) if len(values) > 1 else np.nan


def test_every_line_has_its_test():
    page = Path(__file__).parents[2] / "docs" / "migrating" / "acm.md"
    named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
    assert named
    assert named <= set(globals())


def test_min_periods_counts_finite_values():
    for function, oracle in ((acm_rs.rolling_median_f64, np.median), (acm_rs.rolling_mad_f64, mad)):
        np.testing.assert_array_equal(function(GAPS, 8, 6), brute(oracle, GAPS, 8, 6))
    made = acm_rs.rolling_mean_std_f64(GAPS, 8, min_periods=6)
    assert np.isnan(made[:, ::2]).tolist() == np.isnan(brute(np.mean, GAPS, 8, 6)).tolist()


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, 1)[:, ::2]])
def test_many_columns(layout):
    wide = layout(np.tile(X, 10))
    made = acm_rs.rolling_median_f64(wide, window=16, min_periods=8)
    assert made.shape == wide.shape
    assert made.dtype == np.float64
    np.testing.assert_array_equal(made, brute(np.median, wide, 16, 8))


def test_means_and_deviations_in_turn():
    made = acm_rs.rolling_mean_std_f64(GAPS, 8)
    assert made.shape == (80, 10)
    np.testing.assert_allclose(made[:, ::2], brute(np.mean, GAPS, 8), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made[:, 1::2], brute(deviation, GAPS, 8), rtol=1e-12, atol=1e-12)
    names = FeatureBuilder(4, ["mean", "std"]).fit(X[:, :2]).get_feature_names_out(["a", "b"]).tolist()
    assert names == ["a_mean", "b_mean", "a_std", "b_std"]


def test_threads_give_the_same_bits():
    long = np.tile(X, (400, 1))
    made = []
    for threads in (1, 2):
        with ferrumba.threads(threads):
            made.append([acm_rs.rolling_mad_f64(long, 16), acm_rs.rolling_mean_std_f64(long, 16)])
    for one, two in zip(*made, strict=True):
        assert one.tobytes() == two.tobytes()


def test_long_windows():
    """Sixteen times the window costs far less than sixteen times as long, and is as right."""
    x = RNG.standard_normal((3000, 1))
    made = acm_rs.rolling_median_f64(x, 2000)
    for row in (0, 1, 1998, 1999, 2000, 2999):
        assert made[row, 0] == np.median(x[max(0, row - 1999) : row + 1])


def test_order_statistics_are_exact():
    for window in (1, 2, 7, 16):
        np.testing.assert_array_equal(acm_rs.rolling_median_f64(GAPS, window), brute(np.median, GAPS, window))
        np.testing.assert_array_equal(acm_rs.rolling_mad_f64(GAPS, window), brute(mad, GAPS, window))


def test_correlations():
    np.testing.assert_allclose(acm_rs.compute_correlations_f64(X), np.corrcoef(X.T), atol=1e-12)
    for method, oracle in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        made = acm_rs.compute_correlations_f64(GAPS, method=method)
        for i, j in np.ndindex(5, 5):
            both = np.isfinite(GAPS[:, [i, j]]).all(axis=1)
            assert made[i, j] == pytest.approx(oracle(GAPS[both, i], GAPS[both, j]).statistic, abs=1e-12)


def test_energies():
    signal, fs = X[:, 0], 50.0
    powers = np.abs(np.fft.rfft(signal - signal.mean())) ** 2
    np.testing.assert_allclose(acm_rs.compute_fft_energy(signal, fs), powers[:40], rtol=1e-12, atol=1e-9)
    frequencies = np.fft.rfftfreq(80, 1 / fs)
    bands = [(0.5, 5.0), (5.0, 25.0)]
    expected = [powers[(frequencies >= low) & (frequencies < high)].sum() for low, high in bands]
    np.testing.assert_allclose(acm_rs.compute_fft_energy(signal, fs, bands), expected, rtol=1e-12)


def test_refusals():
    for function in (acm_rs.rolling_median_f64, acm_rs.rolling_mad_f64, acm_rs.rolling_mean_std_f64):
        with pytest.raises(ValueError, match="window is 0"):
            function(X, 0)
        with pytest.raises(ValueError, match="min_periods is 0"):
            function(X, 4, 0)
        with pytest.raises(ValueError, match="min_periods is 5, but the window has 4 rows"):
            function(X, 4, 5)
        with pytest.raises(ValueError, match=r"data has shape \(80,\)"):
            function(X[:, 0], 4)
    with pytest.raises(ValueError, match="'kendall'"):
        acm_rs.compute_correlations_f64(X, "kendall")
    with pytest.raises(ValueError, match="signal has shape"):
        acm_rs.compute_fft_energy(X, 1.0)


def features_of(name, x, window=8, **parameters):
    return FeatureBuilder(window, [name], fill=None, **parameters).fit(x).transform(x)


def test_one_rule_for_missing_values():
    broken = X.copy()
    broken[40, 0] = np.inf
    infinite = {name: features_of(name, broken) for name in ("mad", "mean", "slope", "energy", "kurt")}
    broken[40, 0] = np.nan
    for name, made in infinite.items():
        np.testing.assert_array_equal(made, features_of(name, broken))
        spoilt = features_of(name, broken, nan="propagate")
        assert np.isnan(spoilt[40:48, 0]).all()
        assert np.isfinite(spoilt[48:, 0]).all()
    for name in ("mad", "mean", "slope", "kurt"):
        assert np.isfinite(infinite[name][40:48, 0]).all()


def test_mad_is_of_the_window():
    """On a ramp, medians of distances to other rows' medians are another number."""
    ramp = np.arange(40.0)[:, None]
    np.testing.assert_array_equal(features_of("mad", ramp, 8)[10:], np.full((30, 1), 2.0))
    nested = timeseries.rolling_median(np.abs(ramp - timeseries.rolling_median(ramp, 8)), 8)
    assert (nested[20:] == 3.5).all()


def test_skewness_and_kurtosis():
    made = features_of("skew", GAPS), features_of("kurt", GAPS)
    for found, oracle, least in ((made[0], stats.skew, 3), (made[1], stats.kurtosis, 4)):
        expected = brute(lambda values, oracle=oracle: oracle(values, bias=False), GAPS, 8, least)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    spike = np.zeros((20_000, 1))
    spike[10_000] = 1.0
    assert features_of("skew", spike, 15_000)[10_000, 0] == pytest.approx(np.sqrt(10_001), rel=1e-3)


def test_slopes_do_not_wear_out():
    """The slope of a line is the same after a million rows; that of a single value is unknown."""
    line = 0.25 * np.arange(300_000.0)[:, None]
    made = features_of("slope", line)
    assert np.isnan(made[0, 0])
    np.testing.assert_allclose(made[1:], 0.25, rtol=1e-9)


def test_no_dead_bands():
    noise = RNG.standard_normal((200, 1))
    made = features_of("energy", noise, 16)
    assert made.shape == (200, 3)
    assert (made[20:].mean(axis=0) > 1e-3).all()
    with pytest.raises(ValueError, match="bands"):
        FeatureBuilder(16, ["energy"], bands=[(0.0, 0.05), (0.30, 0.31)]).fit(noise)


def test_missing_stays_missing():
    empty = X.copy()
    empty[:, 1] = np.nan
    made = FeatureBuilder(8).fit(empty).transform(empty)
    columns = np.arange(made.shape[1]) % 5 == 1
    assert np.isnan(made[:, columns]).all()
    assert np.isnan(FeatureBuilder(8, ["std"]).fit(X).transform(X)[0]).all()


def test_fills_come_from_training_rows():
    train, later = X + 100.0, np.full((3, 5), np.nan)
    made = FeatureBuilder(1, ["med"]).fit(train).transform(later)
    np.testing.assert_array_equal(made, np.tile(np.median(train, axis=0), (3, 1)))


def test_batches_go_on():
    builder = FeatureBuilder(16, ["med", "mad", "rz"]).fit(X)
    batches = np.concatenate([builder.update(batch) for batch in np.array_split(X, 7)])
    np.testing.assert_array_equal(batches, builder.transform(X))
