"""Rolling order statistics against brute force and pandas: the same bits."""

import numpy as np
import pandas as pd
import pytest
from brute_windows import median, rolled, same_bits
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
def test_medians_are_those_of_sorted_windows(backend, window):
    """Every column of the hard table, all rules."""
    x = hard(np.random.default_rng(window), 300)
    for least in sorted({1, max(1, window // 2), window}):
        for nan in ("omit", "propagate"):
            found = timeseries.rolling_median(x, window, min_periods=least, nan=nan, backend=backend)
            assert same_bits(rolled(median, x, window, least, nan == "propagate"), found)


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
