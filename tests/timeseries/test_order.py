"""Rolling order statistics against brute force and pandas: the same bits."""

import numpy as np
import pandas as pd
import pytest
from brute_windows import deviation, median, rolled, same_bits
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.cases import hard

BACKENDS = list(backends())


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.mark.parametrize("window", [1, 2, 3, 4, 15, 16, 17, 64, 255])
def test_medians_and_deviations_are_those_of_sorted_windows(backend, window):
    """Every column of the hard table, all rules."""
    x = hard(np.random.default_rng(window), 300)
    for least, nan in [(1, "omit"), (max(1, window // 2), "omit"), (window, "propagate")]:
        medians = rolled(median, x, window, least, nan == "propagate")
        deviations = rolled(deviation, x, window, least, nan == "propagate")
        options = {"min_periods": least, "nan": nan, "backend": backend}
        assert same_bits(medians, timeseries.rolling_median(x, window, **options))
        assert same_bits(deviations, timeseries.rolling_mad(x, window, **options))
        both = timeseries.rolling_median_mad(x, window, scale=0.25, **options)
        assert same_bits(medians, both[0])
        assert same_bits(0.25 * deviations, both[1])


def steep(rng, n):
    """Return columns where what is nearest to the median jumps, or the values of a window are far from all others."""
    rows = np.arange(n)
    columns = hard(rng, n)[:, [0, 3, 4, 5]]
    flips = (-1.0) ** rows * 100 + rng.standard_normal(n)
    stairs = rows // 290 * 1e4 - rows % 290
    bursts = np.where(rows // 280 % 2 == 0, np.nan, rng.standard_normal(n))
    return np.column_stack([columns, flips, stairs, bursts])


@pytest.mark.parametrize("window", [257, 300])
def test_long_windows_are_those_of_sorted_windows(backend, window):
    """More rows than are put in order at once."""
    x = steep(np.random.default_rng(window), 5 * window + 100)
    medians, deviations = rolled(median, x, window, 2), rolled(deviation, x, window, 2)
    found = timeseries.rolling_median_mad(x, window, min_periods=2, backend=backend)
    assert same_bits(medians, found[0])
    assert same_bits(deviations, found[1])
    later = timeseries.rolling_mad(x[700:], window, min_periods=2, history=x[:700], backend=backend)
    assert same_bits(deviations[700:], later)


def test_long_windows_in_time_are_those_of_sorted_windows(backend):
    """Of 200 to 400 rows."""
    rng = np.random.default_rng(3)
    seconds = np.cumsum(np.where(np.arange(2000) // 500 % 2 == 0, 1, 2))
    x = steep(rng, len(seconds))
    widths = np.arange(len(seconds)) - np.searchsorted(seconds, seconds - 400, side="right") + 1
    frame = pd.DataFrame(x, index=pd.to_datetime(seconds, unit="s"))
    found = timeseries.rolling_median_mad(frame, "400s", backend=backend)
    assert same_bits(rolled(median, x, widths), found[0])
    assert same_bits(rolled(deviation, x, widths), found[1])


@pytest.mark.parametrize("window", [1, 2, 3, 16, 64, 255, 1024, 3000])
def test_medians_are_those_of_pandas(backend, window):
    """On a larger table; but for values whose sum overflows in pandas."""
    x = np.delete(hard(np.random.default_rng(0), 3000), 5, axis=1)
    frame = pd.DataFrame(x)
    for least in sorted({1, max(1, window // 2), window}):
        expected = frame.rolling(window, min_periods=least).median().to_numpy()
        np.testing.assert_array_equal(
            timeseries.rolling_median(x, window, min_periods=least, backend=backend), expected
        )


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, np.nan]), max_size=40),
    window=st.integers(1, 12),
    cut=st.integers(0, 40),
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_medians_of_any_values(backend, values, window, cut):
    """Whatever bits, cut anywhere."""
    x = np.array(values, np.float64)
    expected = rolled(median, x[:, None], window)[:, 0]
    assert same_bits(expected, timeseries.rolling_median(x, window, backend=backend))
    later = timeseries.rolling_median(x[cut:], window, history=x[:cut], backend=backend)
    assert same_bits(expected[cut:], later)
    expected = rolled(deviation, x[:, None], window)[:, 0]
    assert same_bits(expected, timeseries.rolling_mad(x, window, backend=backend))


def test_deviations_are_those_of_the_window_and_not_of_medians_of_rows(backend):
    """On a ramp the medians of |x - its own median| are something else."""
    x = np.arange(100.0)
    found = timeseries.rolling_mad(x, 5, scale="normal", backend=backend)
    assert found[50] == 1.482602218505602
    nested = timeseries.rolling_median(np.abs(x - timeseries.rolling_median(x, 5)), 5)
    assert nested[50] == 2.0


@pytest.mark.parametrize("window", [1, 3, 16, 255, 270])
def test_quantiles_are_those_of_numpy(backend, window):
    """Equal, but where NumPy overflows between opposite extremes."""
    x = np.delete(hard(np.random.default_rng(window), 300), 5, axis=1)
    q = [0.0, 0.05, 1 / 3, 0.5, 0.9, 1.0]
    found = timeseries.rolling_quantile(x, window, q, backend=backend)
    assert found.shape == (*x.shape, len(q))
    for place, each in enumerate(q):
        np.testing.assert_array_equal(
            found[..., place], rolled(lambda values, each=each: np.quantile(values, each), x, window)
        )
        np.testing.assert_array_equal(found[..., place], timeseries.rolling_quantile(x, window, each, backend=backend))
    assert timeseries.rolling_quantile([1.7e308, -1.7e308], 2, 0.25, backend=backend)[1] == pytest.approx(-0.85e308)


@pytest.mark.parametrize("window", [1, 2, 3, 16, 17, 64, 255, 3000])
def test_extremes_are_those_of_pandas(backend, window):
    x = hard(np.random.default_rng(0), 1000)
    frame = pd.DataFrame(x).where(np.isfinite(x))
    for name, least in [("min", 1), ("max", max(1, window // 2))]:
        expected = getattr(frame.rolling(window, min_periods=least), name)()
        found = getattr(timeseries, f"rolling_{name}")(x, window, min_periods=least, backend=backend)
        np.testing.assert_array_equal(found, expected)
        brute = rolled(lambda values, last=-(name == "max"): values[last], x[:300], min(window, 300), least)
        assert same_bits(brute, found[:300])


def test_extremes_in_time_are_those_of_pandas(backend):
    """Of 19 columns: eight abreast, and what is left over; with as many values as no window has, there is none."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((700, 19))
    x[rng.random(x.shape) < 0.2] = np.nan
    frame = pd.DataFrame(x, index=pd.to_datetime(np.sort(rng.integers(0, 3000, len(x))), unit="s"))
    for name in ("min", "max"):
        function = getattr(timeseries, f"rolling_{name}")
        for span, least in (("20s", 1), ("300s", 30), ("4000s", 2)):
            expected = getattr(frame.rolling(span, min_periods=least), name)()
            pd.testing.assert_frame_equal(function(frame, span, min_periods=least, backend=backend), expected)
        assert function(frame, "300s", min_periods=2**40, backend=backend).isna().all(axis=None)


def test_extremes_of_the_longest_windows_are_those_of_pandas(backend):
    frame = pd.DataFrame(np.random.default_rng(6).standard_normal((12_000, 2)))
    for window in (8192, 8193):
        expected = frame.rolling(window, min_periods=1).max()
        pd.testing.assert_frame_equal(timeseries.rolling_max(frame, window, backend=backend), expected)


@pytest.mark.parametrize("window", [1, 3, 16, 200, 290])
def test_scores_and_filters_are_compositions(backend, window):
    """Of the median and the deviation, operation for operation."""
    x = np.delete(hard(np.random.default_rng(window), 400), 5, axis=1)
    median, mad = timeseries.rolling_median_mad(x, window, min_periods=2 if window > 1 else 1, backend=backend)
    options = {"min_periods": 2 if window > 1 else 1, "backend": backend}
    value = np.where(np.isfinite(x), x, np.nan)
    for floor in (0.0, 0.25):
        spread = 1.482602218505602 * np.maximum(mad, floor)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where((spread == 0) & (value == median), 0.0, (value - median) / spread)
        found = timeseries.rolling_robust_zscore(x, window, floor=floor, **options)
        np.testing.assert_array_equal(found, score)
        found = timeseries.rolling_robust_zscore(x, window, floor=floor, clip=3, zero="nan", **options)
        np.testing.assert_array_equal(found, np.where(spread == 0, np.nan, np.clip(score, -3, 3)))
        filtered, outlier = timeseries.rolling_hampel(x, window, floor=floor, n_sigma=2, **options)
        far = np.abs(value - median) > 2 * spread
        assert outlier.dtype == bool
        np.testing.assert_array_equal(outlier, far)
        np.testing.assert_array_equal(filtered, np.where(far, median, np.where(np.isnan(median), np.nan, value)))


BAD = [
    (ValueError, "scale is 'gauss', but it is a number or 'normal'", "mad", {"scale": "gauss"}),
    (ValueError, "scale is 0, but a finite number above 0", "median_mad", {"scale": 0}),
    (ValueError, "scale is inf", "median_mad", {"scale": np.inf}),
    (TypeError, "floor is 'a', but a number", "robust_zscore", {"floor": "a"}),
    (ValueError, "floor is nan, but it is at least 0", "robust_zscore", {"floor": np.nan}),
    (ValueError, "clip is -1, but it is at least 0", "robust_zscore", {"clip": -1}),
    (ValueError, "zero is 'skip'", "robust_zscore", {"zero": "skip"}),
    (ValueError, "n_sigma is -3", "hampel", {"n_sigma": -3}),
    (ValueError, r"q is 1.5, but a number in \[0, 1\]", "quantile", {"q": 1.5}),
    (ValueError, r"q is \[\], but", "quantile", {"q": []}),
    (TypeError, "q is 'half', but numbers", "quantile", {"q": "half"}),
    (ValueError, "out holds 1 arrays, but there are 2 results", "hampel", {"out": np.empty(2)}),
    (
        ValueError,
        r"out is float64\[2\], but the result needs a writable array of bool\[2\]",
        "hampel",
        {"out": (np.empty(2),) * 2},
    ),
    (ValueError, r"needs a writable array of float64\[2, 2\]", "quantile", {"q": [0.1, 0.2], "out": np.empty(2)}),
]


@pytest.mark.parametrize(("fault", "words", "name", "options"), BAD)
def test_bad_arguments(fault, words, name, options):
    """One sentence that names the argument and shows the value."""
    with pytest.raises(fault, match=words):
        getattr(timeseries, f"rolling_{name}")([1.0, 2.0], 2, **options)
