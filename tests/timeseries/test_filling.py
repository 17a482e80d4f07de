"""Fills against pandas: the same bits."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba import threads, timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.column_cases import gaps, hard_columns

BACKENDS = list(backends())
LIMITS = [None, 1, 2, 7]
RULES = [(d, a) for d in ("forward", "backward", "both") for a in (None, "inside", "outside")]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def missing(table):
    return pd.DataFrame(np.where(np.isfinite(table), table, np.nan))


@pytest.fixture(scope="module", params=["gaps", "hard", "short", "one row", "no rows"])
def table(request):
    rng = np.random.default_rng(1)
    return {
        "gaps": gaps(rng, rng.standard_normal((400, 19)), 0.6),
        "hard": np.delete(hard_columns(rng, 20, 300), [4, 14], axis=0).T,  # but for what overflows in numpy.interp
        "short": hard_columns(rng, 11, 3).T,
        "one row": gaps(rng, np.ones((1, 5)), 0.5),
        "no rows": np.empty((0, 2)),
    }[request.param]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("limit", LIMITS)
def test_carrying_is_that_of_pandas(backend, table, limit, order):
    frame, values = missing(table), np.array(table, order=order)
    np.testing.assert_array_equal(timeseries.ffill(values, limit=limit, backend=backend), frame.ffill(limit=limit))
    np.testing.assert_array_equal(timeseries.bfill(values, limit=limit, backend=backend), frame.bfill(limit=limit))


@pytest.mark.parametrize(("direction", "area"), RULES)
@pytest.mark.parametrize("limit", LIMITS)
def test_interpolation_is_that_of_pandas(backend, table, limit, direction, area):
    options = {"limit": limit, "limit_direction": direction, "limit_area": area}
    expected = missing(table).interpolate(**options) if table.size else table
    np.testing.assert_array_equal(timeseries.interpolate(table, backend=backend, **options), expected)


@pytest.mark.parametrize(("direction", "area"), RULES)
def test_interpolation_in_time_is_that_of_pandas(backend, direction, area):
    rng = np.random.default_rng(2)
    # Soon after 1970, where pandas still sees every nanosecond.
    times = np.datetime64("1970-01-01", "ns") + np.cumsum(rng.integers(1, 10**12, 500)).astype("timedelta64[ns]")
    frame = missing(gaps(rng, rng.standard_normal((500, 3)), 0.5)).set_index(pd.DatetimeIndex(times))
    options = {"method": "time", "limit": 2, "limit_direction": direction, "limit_area": area}
    expected = frame.interpolate(**options)
    found = timeseries.interpolate(frame, backend=backend, **options)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-10, atol=1e-12)
    beside = frame.rename_axis("t").reset_index()
    named = timeseries.interpolate(beside, times="t", backend=backend, **options)
    np.testing.assert_array_equal(named, found)
    np.testing.assert_array_equal(
        timeseries.interpolate(frame.to_numpy(), times=times, backend=backend, **options), found
    )


@settings(max_examples=80)
@given(
    values=st.lists(st.none() | st.floats(-1e6, 1e6) | st.sampled_from([np.inf, -0.0]), max_size=25),
    limit=st.none() | st.integers(1, 5),
    rules=st.sampled_from(RULES),
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_any_gaps(backend, values, limit, rules):
    table = np.array([np.nan if value is None else value for value in values], np.float64)
    frame = missing(table[:, None])
    options = {"limit": limit, "limit_direction": rules[0], "limit_area": rules[1]}
    expected = frame.interpolate(**options)[0] if values else table
    np.testing.assert_array_equal(timeseries.interpolate(table, backend=backend, **options), expected)
    np.testing.assert_array_equal(timeseries.ffill(table, limit=limit, backend=backend), frame.ffill(limit=limit)[0])
    np.testing.assert_array_equal(timeseries.bfill(table, limit=limit, backend=backend), frame.bfill(limit=limit)[0])


def test_a_line_between_extremes_does_not_overflow(backend):
    x = np.array([-1.7e308, np.nan, np.nan, np.nan, 1.7e308])
    np.testing.assert_allclose(timeseries.interpolate(x, backend=backend), np.linspace(-1.0, 1.0, 5) * 1.7e308)


def test_filling_forward_is_causal(backend):
    rng = np.random.default_rng(3)
    x = gaps(rng, rng.standard_normal(300), 0.4)
    whole = timeseries.ffill(x, backend=backend)
    for cut in (1, 7, 150):
        np.testing.assert_array_equal(timeseries.ffill(x[:cut], backend=backend), whole[:cut])


def test_threads_element_types_and_kinds(backend):
    rng = np.random.default_rng(4)
    table = gaps(rng, rng.standard_normal((9000, 20)), 0.3)
    for fill in (timeseries.ffill, timeseries.bfill, timeseries.interpolate):
        whole = fill(table, backend=backend)
        for count in (1, 2, 7):
            with threads(count):
                np.testing.assert_array_equal(fill(table, backend=backend), whole)
        single = fill(table.astype(np.float32), backend=backend)
        assert single.dtype == np.float32
        exact = fill(table.astype(np.float32).astype(np.float64), backend=backend)
        np.testing.assert_array_equal(single, exact.astype(np.float32))
        column = pd.Series(table[:, 0], pd.RangeIndex(5, 9005), name="p")
        pd.testing.assert_series_equal(fill(column, backend=backend), pd.Series(whole[:, 0], column.index, name="p"))


def test_out(backend):
    rng = np.random.default_rng(5)
    table = gaps(rng, rng.standard_normal((50, 3)), 0.5)
    for fill in (timeseries.ffill, timeseries.bfill, timeseries.interpolate):
        expected, out = fill(table, backend=backend), np.empty_like(table)
        assert fill(table, out=out, backend=backend) is out
        np.testing.assert_array_equal(out, expected)
        same = table.copy()
        assert fill(same, out=same, backend=backend) is same
        np.testing.assert_array_equal(same, expected)
        with pytest.raises(ValueError, match="out is float64"):
            fill(table, out=np.empty((3, 50)))


def test_a_century_of_weeks(backend):
    """Weekly carbon dioxide with gaps: at most two weeks are bridged."""
    found = importlib.util.find_spec("statsmodels")
    if found is None:
        pytest.skip("statsmodels, which brings the data, is not installed")
    frame = pd.read_csv(Path(found.origin).parent / "datasets" / "co2" / "co2.csv", index_col="date")
    frame.index = pd.to_datetime(frame.index.astype(str), format="%Y%m%d")
    assert frame["co2"].isna().sum() > 50
    for options in ({}, {"limit": 2}, {"method": "time", "limit": 2, "limit_area": "inside"}):
        found = timeseries.interpolate(frame, backend=backend, **options)
        pd.testing.assert_frame_equal(found, frame.interpolate(**options), rtol=1e-12)
    pd.testing.assert_frame_equal(timeseries.ffill(frame, limit=2, backend=backend), frame.ffill(limit=2))


@pytest.mark.parametrize(
    ("fault", "words", "options"),
    [
        (ValueError, "method is 'cubic', but it is one of 'linear', 'time'", {"method": "cubic"}),
        (ValueError, "limit_direction is 'up'", {"limit_direction": "up"}),
        (ValueError, "limit_area is 'in'", {"limit_area": "in"}),
        (ValueError, "limit is 0, but it is a number of rows, 1 or more", {"limit": 0}),
        (TypeError, "limit is 1.5", {"limit": 1.5}),
        (ValueError, 'method is "time", but the rows have no times', {"method": "time"}),
        (
            ValueError,
            "times holds 2026-01-01.* at row 1, but times must ascend",
            {"method": "time", "times": np.array(["2026-01-02", "2026-01-01"], "M8[D]")},
        ),
    ],
)
def test_bad_arguments(fault, words, options):
    with pytest.raises(fault, match=words):
        timeseries.interpolate([1.0, np.nan], **options)
    if "limit" in options:
        with pytest.raises(fault, match=words):
            timeseries.ffill([1.0], **options)
