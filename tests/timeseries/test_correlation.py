"""Correlations against pandas, and against two passes in long doubles where pandas loses digits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba import threads, timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries import products
from ferrumba.timeseries.column_cases import gaps, hard_columns

BACKENDS = list(backends())


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def moments(x, y):
    """Return how many rows two columns share, their covariance and their correlation, in long doubles."""
    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    x, y = x[both].astype(np.longdouble), y[both].astype(np.longdouble)
    if n == 0:
        return n, np.nan, np.nan
    constant = (x == x[0]).all() or (y == y[0]).all()
    x, y = x - x.mean(), y - y.mean()
    x, y = x - x.mean(), y - y.mean()
    with np.errstate(all="ignore"):
        covariance = 0.0 if constant else (x @ y) / (n - 1)
        correlation = np.nan if constant else (x @ y) / np.sqrt((x @ x) * (y @ y))
        return n, np.float64(covariance) if n > 1 else np.nan, np.float64(correlation)


def expected(table, least=1):
    columns = table.shape[1]
    covariance, correlation = np.empty((2, columns, columns))
    for i in range(columns):
        for j in range(columns):
            n, covariance[i, j], correlation[i, j] = moments(table[:, i], table[:, j])
            if n < least:
                covariance[i, j] = correlation[i, j] = np.nan
    return covariance, correlation


def assert_symmetric(found):
    np.testing.assert_array_equal(found, found.T)
    assert not (np.abs(found) > 1.0).any()


def mixed(rng, n, columns=9, offset=0.0, share=0.05):
    table = rng.standard_normal((n, columns)) @ rng.standard_normal((columns, columns)) + offset
    return gaps(rng, table, share) if share else table


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.6])
@pytest.mark.parametrize("offset", [0.0, 30.0, 1e6])
def test_pearson_is_that_of_pandas(backend, offset, share, order):
    table = np.array(mixed(np.random.default_rng(1), 3000, offset=offset, share=share), order=order)
    frame = pd.DataFrame(np.where(np.isfinite(table), table, np.nan))
    tolerance = 1e-10 if offset < 1e6 else 1e-8  # pandas' own
    for least in (1, 2700):
        found = timeseries.corr_matrix(table, min_periods=least, backend=backend)
        assert_symmetric(found)
        np.testing.assert_allclose(found, frame.corr(min_periods=least), rtol=0, atol=tolerance)
        found = timeseries.cov_matrix(table, min_periods=least, backend=backend)
        np.testing.assert_allclose(found, frame.cov(min_periods=least), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("share", [0.0, 0.05])
@pytest.mark.parametrize("offset", [1e3, 1e9, 1e12])
def test_an_offset_costs_no_digits(backend, offset, share):
    table = mixed(np.random.default_rng(2), 2000, 5, offset, share)
    covariance, correlation = expected(table)
    np.testing.assert_allclose(timeseries.corr_matrix(table, backend=backend), correlation, rtol=0, atol=1e-11)
    np.testing.assert_allclose(timeseries.cov_matrix(table, backend=backend), covariance, rtol=1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 40, 1100])
@pytest.mark.parametrize("complete", [True, False])
def test_hard_columns(backend, n, complete):
    """Constants, extremes, denormal numbers, ties, spikes, columns of nothing; NaN where a side is constant."""
    table = hard_columns(np.random.default_rng(n), 14, n).T
    if complete:
        table = np.where(np.isfinite(table), table, 3.0)
    found = timeseries.corr_matrix(table, backend=backend)
    covariance, correlation = expected(table)
    assert_symmetric(found)
    np.testing.assert_allclose(found, correlation, rtol=0, atol=1e-10)
    found = timeseries.cov_matrix(table, backend=backend)
    # Sums of products of 1e308 and others overflow in float64 alone.
    large = np.abs(covariance) > 1e300
    np.testing.assert_allclose(found[~large], covariance[~large], rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(np.isinf(found) | (np.abs(found) > 0.9e300), large)


def test_a_spike_that_no_partner_shares_leaves_no_trace(backend):
    rng = np.random.default_rng(3)
    table = rng.standard_normal((500, 4))
    table[7, 0], table[7, 1] = 1e12, np.nan
    table[9, 2], table[9, 3] = -1e15, np.inf
    _, correlation = expected(table)
    np.testing.assert_allclose(timeseries.corr_matrix(table, backend=backend), correlation, rtol=0, atol=1e-11)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.6])
@pytest.mark.parametrize("decimals", [1, 15])
def test_spearman_is_that_of_pandas(backend, decimals, share):
    table = mixed(np.random.default_rng(4), 700, 8, 0.0, share).round(decimals)
    table[:, 7] = np.random.default_rng(0).standard_normal(700)
    frame = pd.DataFrame(np.where(np.isfinite(table), table, np.nan))
    for least in (1, 600):
        found = timeseries.corr_matrix(table, method="spearman", min_periods=least, backend=backend)
        assert_symmetric(found)
        np.testing.assert_allclose(found, frame.corr("spearman", min_periods=least), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 40, 500])
def test_spearman_of_hard_columns(backend, n):
    table = hard_columns(np.random.default_rng(n), 14, n).T
    frame = pd.DataFrame(np.where(np.isfinite(table), table, np.nan))
    found = timeseries.corr_matrix(table, method="spearman", backend=backend)
    assert_symmetric(found)
    for i in range(14):
        for j in range(14):
            both = frame[[i, j]].dropna() if i != j else frame[[i, i]].dropna()
            ranks = both.rank().to_numpy()
            _, _, correlation = moments(ranks[:, 0], ranks[:, 1])
            np.testing.assert_allclose(found[i, j], correlation, rtol=0, atol=1e-12)


@settings(max_examples=60)
@given(
    columns=st.lists(
        st.lists(st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, np.nan]), min_size=6, max_size=6),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_any_values(backend, columns):
    """Whatever bits: the long doubles' correlation, up to what the rounding of the values themselves makes of it."""
    table = np.array(columns).T
    found = timeseries.corr_matrix(table, backend=backend)
    assert_symmetric(found)
    _, correlation = expected(table)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(correlation))
    np.testing.assert_allclose(found, correlation, rtol=0, atol=1e-9)
    found = timeseries.corr_matrix(table, method="spearman", backend=backend)
    reference = pd.DataFrame(np.where(np.isfinite(table), table, np.nan)).corr("spearman").to_numpy()
    np.testing.assert_allclose(found, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_tiles_and_threads_do_not_show(backend, method, monkeypatch):
    table = mixed(np.random.default_rng(5), 2500, 40)
    whole = timeseries.corr_matrix(table, method=method, backend=backend)
    for count in (1, 2, 7):
        with threads(count):
            np.testing.assert_array_equal(whole, timeseries.corr_matrix(table, method=method, backend=backend))
    monkeypatch.setattr(products, "TILE", 7)
    tiled = timeseries.corr_matrix(table, method=method, backend=backend)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-13)
    filled = np.nan_to_num(table, posinf=1.0, neginf=1.0)
    tiled = timeseries.corr_matrix(filled, method=method, backend=backend)
    monkeypatch.undo()
    whole = timeseries.corr_matrix(filled, method=method, backend=backend)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-13)


def test_complete_deletion_keeps_rows_without_gaps(backend):
    table = mixed(np.random.default_rng(6), 400, 5)
    whole = table[np.isfinite(table).all(axis=1)]
    for method in ("pearson", "spearman"):
        found = timeseries.corr_matrix(table, method=method, deletion="complete", backend=backend)
        np.testing.assert_array_equal(found, timeseries.corr_matrix(whole, method=method, backend=backend))


def test_propagation_spoils_columns_with_gaps(backend):
    table = np.random.default_rng(7).standard_normal((50, 3))
    table[4, 1] = np.inf
    for method in ("pearson", "spearman"):
        found = timeseries.corr_matrix(table, method=method, nan="propagate", backend=backend)
        np.testing.assert_array_equal(np.isnan(found), [[False, True, False], [True] * 3, [False, True, False]])


def test_degrees_of_freedom(backend):
    table = mixed(np.random.default_rng(8), 60, 3)
    frame = pd.DataFrame(np.where(np.isfinite(table), table, np.nan))
    for ddof in (0, 1, 3):
        found = timeseries.cov_matrix(table, ddof=ddof, backend=backend)
        for i in range(3):
            for j in range(3):
                pair = frame.iloc[:, [i, j]].dropna().to_numpy()
                np.testing.assert_allclose(found[i, j], np.cov(pair.T, ddof=ddof)[0, 1], rtol=1e-12)
    assert np.isnan(timeseries.cov_matrix([[1.0, 2.0]])).all()


def test_float32_and_integers_are_computed_in_float64(backend):
    table = mixed(np.random.default_rng(9), 300, 4)
    for values in (table.astype(np.float32), np.arange(40).reshape(10, 4) % 7):
        for method in ("pearson", "spearman"):
            found = timeseries.corr_matrix(values, method=method, backend=backend)
            again = timeseries.corr_matrix(values.astype(np.float64), method=method, backend=backend)
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, again)


def test_names_are_kept():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    table = np.random.default_rng(10).standard_normal((20, 2))
    frame = pd.DataFrame(table, columns=["p", "q"])
    found = timeseries.corr_matrix(frame)
    pd.testing.assert_frame_equal(found, frame.corr(), check_names=False)
    assert timeseries.corr_matrix(pl.DataFrame(frame)).columns == ["column", "p", "q"]
    assert timeseries.corr_matrix(pa.table({"p": table[:, 0]})).to_pydict() == {"column": ["p"], "p": [1.0]}
    assert timeseries.corr_matrix(table[:, 0]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("method is 'kendall', but it is one of 'pearson', 'spearman'", {"method": "kendall"}),
        ("deletion is 'listwise'", {"deletion": "listwise"}),
        ("nan is 'drop'", {"nan": "drop"}),
        ("min_periods is 0", {"min_periods": 0}),
        ("min_periods is True", {"min_periods": True}),
    ],
)
def test_bad_arguments(words, options):
    with pytest.raises(ValueError, match=words):
        timeseries.corr_matrix([[1.0, 2.0]], **options)
    with pytest.raises(ValueError, match="ddof is -1"):
        timeseries.cov_matrix([[1.0, 2.0]], ddof=-1)
