"""Functions of whole columns on measured series: a water network, an office, carbon dioxide."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ferrumba import timeseries


def read(package, path):
    found = importlib.util.find_spec(package)
    if found is None:
        pytest.skip(f"{package}, which brings the data, is not installed")
    return pd.read_csv(Path(found.origin).parent / path)


@pytest.fixture(scope="module")
def flow():
    """1,268 hourly flows; the offset from UTC changes with the season."""
    frame = read("river", "datasets/water-flow.csv")
    return pd.Series(frame.iloc[:, 1].to_numpy(), pd.to_datetime(frame["Time"], utc=True), name="flow")


@pytest.fixture(scope="module")
def office():
    """509 rows of four channels about 16 minutes apart; the light is mostly 0."""
    frame = read("river", "drift/datasets/occupancy.csv")
    return frame.set_index(pd.to_datetime(frame.pop("time")))


def test_quantiles_are_those_of_pandas(office):
    pd.testing.assert_frame_equal(
        timeseries.column_quantiles(office, [0.1, 0.5, 0.99]),
        office.quantile([0.1, 0.5, 0.99]).rename_axis("quantile"),
        rtol=1e-15,
    )
    pd.testing.assert_series_equal(timeseries.column_quantiles(office, 0.25), office.quantile(0.25), check_names=False)


def test_a_light_that_is_mostly_off_has_no_deviation(office):
    median, mad = timeseries.column_median_mad(office)
    pd.testing.assert_series_equal(median, office.median())
    pd.testing.assert_series_equal(mad, (office - office.median()).abs().median())
    assert mad["V3"] == 0.0


def test_matrices_are_those_of_pandas(office):
    pd.testing.assert_frame_equal(timeseries.corr_matrix(office), office.corr(), check_names=False)
    pd.testing.assert_frame_equal(timeseries.cov_matrix(office), office.cov(), check_names=False)
    ranked = timeseries.corr_matrix(office, method="spearman")
    pd.testing.assert_frame_equal(ranked, office.corr(method="spearman"), check_names=False)


def test_correlations_of_windows_are_those_of_pandas(office):
    """By time, and where the light is off for as long as a window."""
    found = timeseries.rolling_corr(office, "4h", min_periods=5)
    lit = timeseries.rolling_std(office, "4h")["V3"] > 0.0
    for one, other in (("V1", "V2"), ("V1", "V3"), ("V2", "V4")):
        expected = office[one].rolling("4h", min_periods=5).corr(office[other])
        known = lit if other == "V3" else np.ones(len(office), bool)
        np.testing.assert_allclose(found[f"{one}_{other}_corr"][known], expected[known], rtol=1e-7, atol=1e-9)
    assert found["V1_V3_corr"][~lit].isna().all()


def test_water_follows_itself_a_day_later(flow):
    """Few steps of it are larger than the jumps of the meter, so that other lags win, too, but not as often."""
    steps = flow.resample("1h").mean().ffill().diff().iloc[1:]
    lag = timeseries.rolling_lagged_corr(steps, 168, range(18, 31), other=steps, reduce="best_lag", min_periods=100)
    assert lag.mode().item() == 24.0
    energy = timeseries.band_energy(steps, [(0.0, 0.5)], nyquist=True)
    np.testing.assert_allclose(energy, ((steps - steps.mean()) ** 2).sum(), rtol=1e-12)


@pytest.mark.parametrize("adjusted", [False, True])
def test_autocorrelations_are_those_of_statsmodels(flow, adjusted):
    acf = pytest.importorskip("statsmodels.tsa.stattools").acf
    found = timeseries.acf(flow, 48, adjusted=adjusted)
    np.testing.assert_allclose(found, acf(flow, nlags=48, adjusted=adjusted, fft=False), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("adjusted", [False, True])
def test_autocorrelations_with_gaps_are_those_of_statsmodels(adjusted):
    """Carbon dioxide of a century, weekly, with weeks that nobody measured."""
    acf = pytest.importorskip("statsmodels.tsa.stattools").acf
    series = read("statsmodels", "datasets/co2/co2.csv").iloc[:, 1].astype(np.float64)
    assert series.isna().any()
    found = timeseries.acf(series, 60, adjusted=adjusted)
    expected = acf(series, nlags=60, adjusted=adjusted, missing="conservative", fft=False)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
