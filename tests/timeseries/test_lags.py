"""Lags against slices, autocorrelation against its definition in long doubles."""

import numpy as np
import pandas as pd
import pytest

from ferrumba import threads, timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.column_cases import gaps, hard_columns

BACKENDS = list(backends())


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def shifted(table, lags):
    columns = [pd.Series(column).shift(lag) for column in table.T for lag in lags]
    return np.array(columns).T.reshape(len(table), len(lags) * table.shape[1])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("lags", [0, 3, [2], [5, 0, 300], [1000]])
@pytest.mark.parametrize("n", [0, 1, 2, 300, 900])
def test_lags_are_shifts(backend, n, lags, order):
    table = np.array(hard_columns(np.random.default_rng(n), 13, n).T, order=order)
    chosen = lags if isinstance(lags, list) else list(range(lags + 1))
    expected = shifted(table, chosen)
    found = timeseries.lag_stack(table, lags, backend=backend)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        np.signbit(found), np.signbit(expected) & ~np.isnan(expected) | np.signbit(found) & np.isnan(found)
    )


def test_blocks_with_history_give_the_whole(backend):
    table = np.random.default_rng(1).standard_normal((900, 5))
    whole = timeseries.lag_stack(table, [0, 4, 17], backend=backend)
    blocks = [
        timeseries.lag_stack(table[i : i + 200], [0, 4, 17], history=table[:i], backend=backend)
        for i in range(0, 900, 200)
    ]
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    for count in (1, 2, 7):
        with threads(count):
            np.testing.assert_array_equal(timeseries.lag_stack(table, [0, 4, 17], backend=backend), whole)


def test_names_and_out(backend):
    frame = pd.DataFrame({"p": [1.0, 2.0], "q": [3.0, 4.0]}, index=[7, 8])
    found = timeseries.lag_stack(frame, 1, backend=backend)
    expected = pd.DataFrame(
        {"p_lag0": [1.0, 2.0], "p_lag1": [np.nan, 1.0], "q_lag0": [3.0, 4.0], "q_lag1": [np.nan, 3.0]}, [7, 8]
    )
    pd.testing.assert_frame_equal(found, expected)
    out = np.empty((2, 4))
    assert timeseries.lag_stack(frame.to_numpy(), 1, out=out, backend=backend) is out
    np.testing.assert_array_equal(out, expected)
    pl = pytest.importorskip("polars")
    assert timeseries.lag_stack(pl.DataFrame(frame), [2]).columns == ["p_lag2", "q_lag2"]
    with pytest.raises(ValueError, match=r"out is float64\[2, 2\]"):
        timeseries.lag_stack(frame.to_numpy(), 1, out=np.empty((2, 2)))
    with pytest.raises(TypeError, match="out is ndarray"):
        timeseries.lag_stack(frame, 1, out=out)


@pytest.mark.parametrize(
    ("fault", "words", "lags"),
    [
        (ValueError, "lags is -1, but lags are whole numbers of rows, 0 or more", -1),
        (ValueError, r"lags is \[\]", []),
        (ValueError, r"lags is \[1, -2\]", [1, -2]),
        (ValueError, "lags is True", True),
        (TypeError, "lags is 1.5", 1.5),
        (TypeError, "lags is 'a'", "a"),
    ],
)
def test_bad_lags(fault, words, lags):
    with pytest.raises(fault, match=words):
        timeseries.lag_stack([1.0], lags)
    with pytest.raises(fault, match=words):
        timeseries.acf([1.0], lags)


def autocorrelation(series, lag, adjusted):
    finite = np.isfinite(series)
    if not finite.any() or (series[finite] == series[finite][0]).all():
        return 0, np.nan
    x = series.astype(np.longdouble)
    x = np.where(finite, x - x[finite].mean(), 0)
    x = np.where(finite, x - x[finite].mean(), 0)
    n = len(x)
    left = max(n - lag, 0)
    pairs = int((finite[n - left :] & finite[:left]).sum())
    value = (x[n - left :] @ x[:left]) / (x @ x)
    return pairs, float(value * finite.sum() / pairs if adjusted and pairs else value)


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_autocorrelation_is_that_of_its_definition(adjusted, share):
    rng = np.random.default_rng(6)
    table = np.column_stack([hard_columns(rng, 10, 400).T, gaps(rng, rng.standard_normal(400).cumsum(), share)])
    for least in (1, 300):
        found = timeseries.acf(table, [0, 1, 5, 99, 399, 500], adjusted=adjusted, min_periods=least)
        for k, lag in enumerate([0, 1, 5, 99, 399, 500]):
            for j in range(table.shape[1]):
                pairs, value = autocorrelation(table[:, j], lag, adjusted)
                expected = value if pairs >= least else np.nan
                np.testing.assert_allclose(found[k, j], expected, rtol=1e-10, atol=1e-10)


def test_autocorrelation_names_its_lags():
    found = timeseries.acf(pd.Series([1.0, -1.0, 1.0], name="p"), [0, 2])
    assert (found.name, found.index.name, found.index.tolist()) == ("p", "lag", [0, 2])
    assert np.isnan(timeseries.acf([1.0, np.nan, 2.0], 1, nan="propagate")).all()
    with pytest.raises(ValueError, match="nan is 'x'"):
        timeseries.acf([1.0], 1, nan="x")
    with pytest.raises(ValueError, match="min_periods is 0"):
        timeseries.acf([1.0], 1, min_periods=0)
