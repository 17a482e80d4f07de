"""Covariances and correlations of windows against pandas, and against two passes in long doubles."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries import lagged_pairs
from ferrumba.timeseries.cases import hard, walk

X = walk(np.random.default_rng(0), 200, 3)
X[np.random.default_rng(1).random(X.shape) < 0.05] = np.nan
FRAME = pd.DataFrame(X, pd.date_range("2026-01-01", periods=200, freq="10min"), list("abc"))


@pytest.fixture(params=list(backends()))
def backend(request):
    return request.param


def two_passes(x, y):
    """Return covariance and correlation, and what their errors are measured by."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 2:
        return np.nan, np.nan, 1.0, 1.0
    x, y = (each[both].astype(np.longdouble) - np.longdouble(each[both][0]) for each in (x, y))
    x, y = x - x.mean(), y - y.mean()
    square = np.sqrt((x * x).sum()) * np.sqrt((y * y).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x * y).sum() / (both.sum() - 1), (x * y).sum() / square, square / (both.sum() - 1), 1.0


@pytest.mark.parametrize("width", [2, 3, 16, 100])
def test_both_are_those_of_long_doubles(backend, width):
    """Every two columns of the hard table: offsets, denormal numbers, 1.7e308, spikes, missing values, constants."""
    x = hard(np.random.default_rng(width), 110)[:, [0, 1, 3, 4, 5, 6, 8, 10]]
    pairs = [(i, j) for i in range(x.shape[1]) for j in range(i + 1)]
    found = [f(x, width, pairs=pairs, backend=backend) for f in (timeseries.rolling_cov, timeseries.rolling_corr)]
    with np.errstate(over="ignore", under="ignore"):
        for row in (0, 1, 2, 15, 16, 60, 99, 109):
            for place, (i, j) in enumerate(pairs):
                window = slice(max(0, row - width + 1), row + 1)
                *expected, size, one = two_passes(x[window, i], x[window, j])
                for got, want, bound in zip((f[row, place] for f in found), expected, (size, one), strict=True):
                    close = abs(got - want) <= 1e-12 * bound + 1e-323 or got == np.float64(want)
                    assert close or (np.isnan(got) and np.isnan(want)), (row, i, j, got, want)


@pytest.mark.parametrize("window", [5, 40, "2h"])
def test_pandas(window):
    """With missing values, which windows in time have, too."""
    for name in ("cov", "corr"):
        found = getattr(timeseries, f"rolling_{name}")(FRAME, window, min_periods=3)
        assert found.columns.tolist() == [f"{pair}_{name}" for pair in ("a_b", "a_c", "b_c")]
        assert found.index.equals(FRAME.index)
        for pair in ("ab", "ac", "bc"):
            rolled = FRAME[pair[0]].rolling(window, min_periods=3)
            expected = getattr(rolled, name)(FRAME[pair[1]]).to_numpy()
            np.testing.assert_allclose(found[f"{pair[0]}_{pair[1]}_{name}"], expected, rtol=1e-9, atol=1e-12)


def test_propagation_spoils_windows_with_missing_values():
    omitted, found = (timeseries.rolling_corr(X, 8, nan=nan) for nan in ("omit", "propagate"))
    bad = ~(np.isfinite(X[:, [0, 0, 1]]) & np.isfinite(X[:, [1, 2, 2]]))
    bad = np.array([bad[max(0, i - 7) : i + 1].any(axis=0) for i in range(200)])
    np.testing.assert_array_equal(found, np.where(bad, np.nan, omitted))


def brute(x, y, width, lag):
    """Return rolling correlations of x ``lag`` rows earlier and y, or of y earlier if it is below 0."""
    x, y = pd.Series(x).shift(max(lag, 0)), pd.Series(y).shift(max(-lag, 0))
    return x.rolling(width, min_periods=5).corr(y).to_numpy()


class TestLagged:
    lags = (-7, -1, 0, 2, 30)

    @pytest.mark.parametrize("budget", [1, 1000, lagged_pairs.BUDGET])
    def test_pandas(self, monkeypatch, budget):
        """Shifted columns, however few of them are in memory at once."""
        monkeypatch.setattr(lagged_pairs, "BUDGET", budget)
        monkeypatch.setattr(lagged_pairs, "LAGS", 2 if budget < 1000 else 32)
        monkeypatch.setattr(lagged_pairs, "LEAST_ROWS", 64 if budget < 10**4 else 1 << 14)
        monkeypatch.setattr(lagged_pairs, "REPEATED", 1)
        every = timeseries.rolling_lagged_corr(X, 20, self.lags, reduce=None, min_periods=5)
        assert every.shape == (200, 3, 5)
        for place, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
            for k, lag in enumerate(self.lags):
                expected = brute(X[:, i], X[:, j], 20, lag)
                np.testing.assert_allclose(every[:, place, k], expected, rtol=1e-9, atol=1e-12)
        lag, corr = timeseries.rolling_lagged_corr(X, 20, self.lags, min_periods=5)
        largest = timeseries.rolling_lagged_corr(X, 20, self.lags, reduce="max_abs", min_periods=5)
        sizes = np.where(np.isnan(every), -1.0, np.abs(every))
        some = sizes.max(axis=2) >= 0.0
        chosen = sizes.argmax(axis=2)
        np.testing.assert_array_equal(lag, np.where(some, np.array(self.lags)[chosen], np.nan))
        np.testing.assert_array_equal(corr, np.take_along_axis(every, chosen[..., None], axis=2)[..., 0])
        np.testing.assert_array_equal(largest, np.where(some, sizes.max(axis=2), np.nan))
        best = timeseries.rolling_lagged_corr(X, 20, self.lags, reduce="best_lag", min_periods=5)
        np.testing.assert_array_equal(best, lag)

    def test_the_follower_is_found(self, backend):
        """At the lag by which it follows, on either side, in rows and in time."""
        lead = np.random.default_rng(0).standard_normal(150)
        frame = pd.DataFrame({"lead": lead, "late": np.roll(lead, 9)}, FRAME.index[:150])
        for pair, at in ((("lead", "late"), 9.0), (("late", "lead"), -9.0)):
            for window in (20, "200min"):
                lag, corr = timeseries.rolling_lagged_corr(
                    frame, window, range(-12, 13), pairs=[pair], min_periods=10, backend=backend
                )
                assert lag.columns.tolist() == [f"{pair[0]}_{pair[1]}_best_lag"]
                assert corr.columns.tolist() == [f"{pair[0]}_{pair[1]}_corr"]
                assert (lag.iloc[40:] == at).all(axis=None)
                np.testing.assert_allclose(corr.iloc[40:], 1.0)

    def test_nothing_comes_from_later(self):
        lag, corr = timeseries.rolling_lagged_corr(X, 10, self.lags)
        changed = X.copy()
        changed[121:] = 1e12
        for whole, found in zip((lag, corr), timeseries.rolling_lagged_corr(changed, 10, self.lags), strict=True):
            np.testing.assert_array_equal(found[:121], whole[:121])

    def test_blocks_join(self):
        """With ``window - 1`` rows and those of the largest lag as history."""
        whole = timeseries.rolling_lagged_corr(X[:, 0], 10, self.lags, other=X[:, 1:])
        x, history = X[100:], X[100 - 39 : 100]
        found = timeseries.rolling_lagged_corr(
            x[:, 0], 10, self.lags, other=x[:, 1:], history=(history[:, 0], history[:, 1:])
        )
        for one, other in zip(whole, found, strict=True):
            np.testing.assert_array_equal(one[100:], other)

    def test_spikes_leave_no_trace(self):
        """The correlations of a window are those that it has alone."""
        spoilt = X.copy()
        spoilt[:100] = 1e12
        whole, found = (timeseries.rolling_lagged_corr(x, 10, 4, reduce=None) for x in (X, spoilt))
        np.testing.assert_array_equal(found[113:], whole[113:])

    def test_memory_does_not_grow_with_pairs_and_lags(self, monkeypatch):
        """All correlations together would take 48 MB."""
        monkeypatch.setattr(lagged_pairs, "BUDGET", 1 << 16)
        x = walk(np.random.default_rng(0), 4000, 5)
        timeseries.rolling_lagged_corr(x[:50], 8, 2)
        tracemalloc.start()
        timeseries.rolling_lagged_corr(x, 8, 150, reduce="best_lag")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10e6

    def test_forms(self):
        every = timeseries.rolling_lagged_corr(FRAME, 10, [-1, 3], reduce=None, pairs=[("a", "c")])
        assert every.columns.tolist() == ["a_c_corr_lag-1", "a_c_corr_lag3"]
        a, b = X[:, 0], X[:, 1]
        lag, corr = timeseries.rolling_lagged_corr(a, 10, 3, other=b)
        assert lag.shape == corr.shape == (200,)
        assert timeseries.rolling_lagged_corr(a, 10, 3, other=b, reduce=None).shape == (200, 4)
        out = np.empty((200, 1)), np.empty((200, 1))
        assert timeseries.rolling_lagged_corr(a[:, None], 10, 3, other=b[:, None], out=out)[0] is out[0]
        np.testing.assert_array_equal(out[1][:, 0], corr)
        single = timeseries.rolling_lagged_corr(X.astype(np.float32), 10, 3, reduce=None)
        assert single.dtype == np.float32
        assert timeseries.rolling_lagged_corr(X[:0], 10, 3)[0].shape == (0, 3)
        far = timeseries.rolling_lagged_corr(X, 10, [2**61, -(2**61)], reduce="best_lag")
        assert np.isnan(far).all()

    @pytest.mark.parametrize(
        ("lags", "options", "error", "message"),
        [
            (1.5, {}, TypeError, "lags is 1.5, but lags are whole numbers of rows"),
            ([], {}, ValueError, r"lags is \[\], but lags are whole numbers of rows"),
            (-2, {}, ValueError, "lags is -2, but lags are whole numbers"),
            (
                2,
                {"reduce": "mean"},
                ValueError,
                "reduce is 'mean', but it is one of 'best', 'best_lag', 'max_abs', None",
            ),
        ],
    )
    def test_what_is_refused(self, lags, options, error, message):
        with pytest.raises(error, match=message):
            timeseries.rolling_lagged_corr(X, 10, lags, **options)


class TestPairs:
    def test_a_second_table(self):
        """Every column of the first with every one of the second, or those that are listed."""
        every = timeseries.rolling_corr(X, 10, pairs=[(0, 1), (0, 2)])
        np.testing.assert_array_equal(timeseries.rolling_corr(X[:, :1], 10, other=X[:, 1:]), every)
        np.testing.assert_array_equal(timeseries.rolling_corr(X[:, 0], 10, other=X[:, 1:]), every)
        np.testing.assert_array_equal(timeseries.rolling_corr(X[:, 0], 10, other=X[:, 1]), every[:, 0])
        np.testing.assert_array_equal(timeseries.rolling_corr(X[:, :1], 10, other=X, pairs=[(0, 1), (0, 2)]), every)
        found = timeseries.rolling_corr(FRAME[["a"]], 10, other=FRAME[["b", "c"]])
        assert found.columns.tolist() == ["a_b_corr", "a_c_corr"]
        np.testing.assert_array_equal(found, every)
        series = timeseries.rolling_corr(FRAME.a, 10, other=FRAME.b)
        pd.testing.assert_series_equal(series, pd.Series(every[:, 0], FRAME.index, name="a"))

    def test_polars_and_arrow(self):
        pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
        whole = timeseries.rolling_cov(X, 10)
        for table in (pl.DataFrame(dict(zip("abc", X.T, strict=True))), pa.table(dict(zip("abc", X.T, strict=True)))):
            found = timeseries.rolling_cov(table, 10)
            assert type(found) is type(table)
            for place, name in enumerate(["a_b_cov", "a_c_cov", "b_c_cov"]):
                np.testing.assert_array_equal(found[name].to_numpy().astype(np.float64), whole[:, place])

    def test_out(self):
        out = np.empty((200, 3))
        assert timeseries.rolling_cov(X, 10, out=out) is out
        np.testing.assert_array_equal(out, timeseries.rolling_cov(X, 10))
        inside = X.copy()
        timeseries.rolling_cov(inside, 10, out=inside)
        np.testing.assert_array_equal(inside, out)

    def test_history(self):
        whole = timeseries.rolling_cov(X, 10)
        np.testing.assert_array_equal(timeseries.rolling_cov(X[60:], 10, history=X[:60]), whole[60:])

    @pytest.mark.parametrize(
        ("x", "options", "error", "message"),
        [
            (X[:, 0], {}, ValueError, "x has 1 columns, but a pair needs two"),
            (X, {"pairs": []}, ValueError, "pairs is empty"),
            (X, {"pairs": [(0, 1, 2)]}, ValueError, r"pairs holds \(0, 1, 2\), but a pair is two columns"),
            (X, {"pairs": [(0, 3)]}, ValueError, "pairs holds 3, but there are 3 columns; give a place from 0 to 2"),
            (X, {"pairs": [(0, -1)]}, ValueError, "pairs holds -1, but there are 3 columns"),
            (X, {"pairs": 5}, TypeError, "pairs is 5, but it is a list of pairs"),
            (X, {"pairs": [("a", 1)]}, ValueError, "pairs holds 'a', but the columns have no names"),
            (FRAME, {"pairs": [("a", "d")]}, ValueError, "pairs holds 'd', but the columns are called 'a', 'b', 'c'"),
            (FRAME, {"pairs": [("a", "b"), (0, 1)]}, ValueError, "pairs has several that are called 'a_b'"),
            (X, {"other": X[1:]}, ValueError, "other has 199 rows and x 200"),
            (FRAME, {"other": FRAME.shift(1, freq="h")}, ValueError, "other has another index than x"),
            (X, {"other": X, "history": X}, TypeError, "history is one table, but there are x and other"),
            (X, {"other": X, "history": (X, X[1:])}, ValueError, "history has 200 and 199 rows"),
            (X, {"out": np.empty((200, 2))}, ValueError, r"but the result needs a writable array of float64\[200, 3\]"),
            (X, {"min_periods": 11}, ValueError, "min_periods is 11, but the window has 10 rows"),
        ],
    )
    def test_what_is_refused(self, x, options, error, message):
        with pytest.raises(error, match=message):
            timeseries.rolling_corr(x, 10, **options)
