"""Grids against pandas, and against every sample's nearest grid time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba import timeseries


def irregular(rng, n, longest=900):
    return np.datetime64("2026-01-01", "ns") + np.cumsum(rng.integers(0, longest * 10**9, n)).astype("timedelta64[ns]")


@pytest.mark.parametrize("how", ["mean", "sum", "min", "max", "first", "last"])
@pytest.mark.parametrize("every", ["1min", "10min", "1h", "7s"])
def test_left_grids_are_those_of_pandas(every, how):
    rng = np.random.default_rng(1)
    index = pd.DatetimeIndex(irregular(rng, 300), name="time")
    frame = pd.DataFrame(rng.standard_normal((300, 2)), index, ["p", "q"])
    frame.iloc[rng.integers(0, 300, 60), 0] = np.nan
    options = {"min_count": 1} if how == "sum" else {}
    expected = getattr(frame.resample(every, origin="epoch"), how)(**options)
    found = timeseries.resample(frame, every, how=how, align="left")
    pd.testing.assert_frame_equal(found, expected, check_freq=False, check_index_type=False, rtol=1e-12)


def test_no_jittered_sample_is_lost():
    """Ten-minute samples that come up to four minutes early or late: each finds its own grid time."""
    rng = np.random.default_rng(2)
    grid = np.datetime64("2026-01-01", "ns") + np.arange(500) * np.timedelta64(10, "m")
    jitter = rng.integers(-240 * 10**9, 240 * 10**9, 500).astype("timedelta64[ns]")
    x = rng.standard_normal((500, 3))
    times, found = timeseries.resample(x, "10min", times=grid + jitter)
    np.testing.assert_array_equal(times, grid)
    np.testing.assert_array_equal(found, x)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(0, 40),
    how=st.sampled_from(["mean", "sum", "min", "max", "first", "last", "nearest"]),
)
def test_every_sample_counts_once(seed, n, how):
    rng = np.random.default_rng(seed)
    times, x = irregular(rng, n), rng.choice([1.0, 2.0, -3.0, np.nan, np.inf], n)
    grid, found = timeseries.resample(x, "10min", times=times, how=how)
    _, counts = timeseries.resample(np.ones(n), "10min", times=times, how="sum")
    assert np.nansum(counts) == n
    step = 600 * 10**9
    nearest = (times.astype(np.int64) + step // 2) // step * step
    for place, time in enumerate(grid):
        mine = (nearest == time.astype(np.int64)) & np.isfinite(x)
        values, away = x[mine], np.abs(times[mine].astype(np.int64) - time.astype(np.int64))
        if len(values) == 0:
            assert np.isnan(found[place])
            continue
        expected = {
            "mean": values.mean, "sum": values.sum, "min": values.min, "max": values.max,
            "first": lambda v=values: v[0], "last": lambda v=values: v[-1],
            "nearest": lambda v=values, a=away: v[a.argmin()],
        }[how]()  # fmt: skip
        np.testing.assert_allclose(found[place], expected, rtol=1e-14)


def test_rules():
    times = np.array(["2026-01-01T00:00", "2026-01-01T00:01", "2026-01-01T00:30"], "M8[s]")
    _, found = timeseries.resample([1.0, np.nan, 4.0], "10min", times=times)
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan, 4.0])
    _, found = timeseries.resample([1.0, np.nan, 4.0], "10min", times=times, nan="propagate")
    np.testing.assert_array_equal(found, [np.nan, np.nan, np.nan, 4.0])
    _, found = timeseries.resample([1.0, 2.0, 4.0], "10min", times=times, min_periods=2)
    np.testing.assert_array_equal(found, [1.5, np.nan, np.nan, np.nan])
    grid, found = timeseries.resample(np.empty((0, 2)), "1h", times=times[:0])
    assert (grid.shape, found.shape) == ((0,), (0, 2))
    _, found = timeseries.resample(np.ones(3, np.float32), "1h", times=times)
    assert found.dtype == np.float32


def test_tables_get_their_times():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    times = np.array(["2026-01-01T00:00", "2026-01-01T00:11"], "M8[us]")
    found = timeseries.resample(pl.DataFrame({"t": times, "p": [1.0, 2.0]}), "10min", times="t")
    assert found.columns == ["t", "p"]
    assert found["p"].to_list() == [1.0, 2.0]
    found = timeseries.resample(pa.table({"t": times, "p": [1.0, 2.0]}), "10min", times="t")
    assert found["p"].to_pylist() == [1.0, 2.0]


def test_an_hour_that_is_not_there_is_a_gap():
    data = pytest.importorskip("vega_datasets").data.seattle_temps()
    series = pd.Series(data["temp"].to_numpy(float), pd.DatetimeIndex(data["date"]), name="temp")
    found = timeseries.resample(series, "1h")
    assert len(found) == 365 * 24
    assert found.isna().sum() == 1
    assert timeseries.interpolate(found, limit=1).notna().all()


@pytest.mark.parametrize(
    ("fault", "words", "options"),
    [
        (ValueError, "a grid is one of times, but the rows have no times", {"times": None}),
        (ValueError, "how is 'median'", {"how": "median"}),
        (ValueError, "align is 'right'", {"align": "right"}),
        (ValueError, "nan is 'x'", {"nan": "x"}),
        (ValueError, "min_periods is 0", {"min_periods": 0}),
        (ValueError, "every is '1 parsec', which is no time", {"every": "1 parsec"}),
        (ValueError, "every is '1ns', but 3,600,000,000,001 such steps", {"every": "1ns"}),
    ],
)
def test_bad_arguments(fault, words, options):
    times = np.array(["2026-01-01T00:00", "2026-01-01T01:00"], "M8[s]")
    with pytest.raises(fault, match=words):
        timeseries.resample([1.0, 2.0], **{"every": "1h", "times": times, **options})
