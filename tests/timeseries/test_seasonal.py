"""Daily and weekly profiles against group means by the clock."""

import numpy as np
import pandas as pd
import pytest

from ferrumba import timeseries

HOUR = np.timedelta64(1, "h")


@pytest.mark.parametrize("step", ["10min", "1h", "7min"])
@pytest.mark.parametrize("start", range(0, 24, 5))
def test_a_sine_of_a_day_is_removed(start, step):
    """Whatever the hour of the first row, and learnt from the first half only."""
    index = pd.date_range(f"2026-03-01 {start:02d}:20", periods=2400, freq=step)
    days = index.to_numpy().astype("M8[s]").astype(np.int64) / 86400.0
    sine = 3.0 * np.sin(2.0 * np.pi * days + 0.3)
    series = pd.Series(20.0 + sine, index)
    whole_days = int(np.floor((index[-1] - index[0]) / pd.Timedelta("2D"))) * pd.Timedelta("1D")
    profile = timeseries.seasonal_profile(series[index < index[0] + whole_days])
    left = profile.remove(series)
    assert isinstance(left, pd.Series)
    assert np.sqrt(np.mean((left - 20.0) ** 2)) < 0.01 * np.sqrt(np.mean(sine**2))


def test_means_are_those_of_groups():
    rng = np.random.default_rng(1)
    index = pd.date_range("2026-01-01 13:00", periods=2000, freq="h")
    frame = pd.DataFrame(rng.standard_normal((2000, 2)), index, ["p", "q"])
    frame.iloc[rng.integers(0, 2000, 200), 0] = np.nan
    daily = timeseries.seasonal_profile(frame)
    expected = frame.groupby(index.hour).mean()
    np.testing.assert_allclose(daily.mean, expected - expected.mean(), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(daily.count, frame.groupby(index.hour).count())
    np.testing.assert_array_equal(daily.phase, np.arange(24) * HOUR)
    weekly = timeseries.seasonal_profile(frame, period="7D")
    expected = frame.groupby(index.day_of_week * 24 + index.hour).mean()
    np.testing.assert_allclose(weekly.mean, expected - expected.mean(), rtol=1e-12, atol=1e-12)


def test_the_clock_of_a_zone_counts():
    """Half past eight is half past eight, on either side of the change to summer time."""
    index = pd.date_range("2026-03-20", periods=24 * 20, freq="h", tz="Europe/Oslo")
    series = pd.Series((index.hour == 8).astype(float), index)
    profile = timeseries.seasonal_profile(series)
    assert profile.mean[:, 0].argmax() == 8
    assert np.isclose(profile.remove(series), series.mean(), atol=0.05).all()


def test_fewer_bins_are_bridged_by_lines():
    times = np.datetime64("2026-01-05", "ns") + np.arange(0, 24 * 60 * 8, 5) * np.timedelta64(1, "m")
    x = np.sin(2.0 * np.pi * np.arange(len(times)) / 288.0)
    profile = timeseries.seasonal_profile(x, times=times, bins=24)
    assert profile.mean.shape == (24, 1)
    assert np.std(profile.remove(x, times=times)) < 0.01 * np.std(x)


def test_rules_of_bins():
    times = np.datetime64("2026-01-05", "ns") + np.arange(72) * HOUR
    x = np.arange(72) % 24.0
    x[5], x[[6, 30, 54]] = np.nan, np.inf
    profile = timeseries.seasonal_profile(x, times=times, min_periods=3)
    assert np.isnan(profile.mean[[5, 6], 0]).all()
    assert np.isfinite(profile.at(times)).all()  # bridged
    spoilt = timeseries.seasonal_profile(x, times=times, nan="propagate")
    assert np.isnan(spoilt.mean[:, 0]).nonzero()[0].tolist() == [5, 6]
    shrunk = timeseries.seasonal_profile(np.arange(72) % 24.0, times=times, shrinkage=3.0)
    np.testing.assert_allclose(shrunk.mean[:, 0], (np.arange(24) - 11.5) / 2.0)
    nothing = timeseries.seasonal_profile(np.full(72, np.nan), times=times)
    assert np.isnan(nothing.mean).all()
    assert np.isnan(nothing.at(times)).all()
    assert timeseries.seasonal_profile(np.empty((0, 2)), times=times[:0]).mean.shape == (1, 2)


def test_seattle_is_warmer_in_the_afternoon():
    """Hourly temperatures of a year, of which one hour is not there."""
    data = pytest.importorskip("vega_datasets").data.seattle_temps()
    series = pd.Series(data["temp"].to_numpy(float), pd.DatetimeIndex(data["date"]))
    assert len(series) % 24 == 23
    profile = timeseries.seasonal_profile(series)
    assert profile.mean.shape == (24, 1)
    assert profile.count.sum() == len(series)
    assert 13 <= profile.mean[:, 0].argmax() <= 17
    assert 3 <= profile.mean[:, 0].argmin() <= 7
    left = profile.remove(series)
    expected = series - series.groupby(series.index.hour).transform("mean")
    np.testing.assert_allclose(left - left.mean(), expected - expected.mean(), atol=1e-9)


@pytest.mark.parametrize(
    ("fault", "words", "options"),
    [
        (ValueError, "a profile goes by the clock, but the rows have no times", {"times": None}),
        (ValueError, "period is '0h', but a time above 0 is needed", {"period": "0h"}),
        (ValueError, "period is 'daily', which is no time", {"period": "daily"}),
        (ValueError, "bins is 0", {"bins": 0}),
        (ValueError, "nan is 'x'", {"nan": "x"}),
        (ValueError, "min_periods is 0", {"min_periods": 0}),
        (ValueError, "shrinkage is -1", {"shrinkage": -1}),
        (ValueError, r"times has shape \(3,\)", {"times": np.zeros(3, "M8[ns]")}),
    ],
)
def test_bad_arguments(fault, words, options):
    times = np.datetime64("2026-01-05", "ns") + np.arange(4) * HOUR
    with pytest.raises(fault, match=words):
        timeseries.seasonal_profile(np.ones(4), **{"times": times, **options})


def test_profiles_fit_their_columns():
    times = np.datetime64("2026-01-05", "ns") + np.arange(4) * HOUR
    profile = timeseries.seasonal_profile(np.ones((4, 2)), times=times)
    with pytest.raises(ValueError, match="x has 1 columns, but the profile 2"):
        profile.remove(np.ones(4), times=times)
    with pytest.raises(ValueError, match="NaT"):
        profile.at(np.array(["NaT"], "M8[ns]"))
