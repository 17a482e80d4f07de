"""Statistics of whole columns against NumPy: equal."""

import numpy as np
import pandas as pd
import pytest
from brute_windows import deviation, median, same_bits, sorted_window

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.cases import hard


@pytest.fixture(params=backends())
def backend(request):
    return request.param


@pytest.mark.parametrize("n", [1, 2, 511, 512, 513, 514, 4000, 4001])
def test_medians_and_deviations_are_those_of_sorted_columns(backend, n):
    """Every column of the hard table, on either side of the number from which on values are selected."""
    x = hard(np.random.default_rng(n), n)
    found = timeseries.column_median_mad(x, backend=backend)
    for function, got in zip((median, deviation), found, strict=True):
        values = [sorted_window(column) for column in x.T]
        assert same_bits([function(each) if len(each) else np.nan for each in values], got)
    assert timeseries.column_median_mad(x[:, 6], scale="normal", backend=backend)[1] == 1.482602218505602 * found[1][6]


@pytest.mark.parametrize("n", [1, 500, 4000])
def test_quantiles_are_those_of_numpy(backend, n):
    x = np.delete(hard(np.random.default_rng(n), n), [5, 9], axis=1)
    x[0] = 3.0  # no column is without a value
    q = [0.0, 0.01, 1 / 3, 0.5, 0.99, 1.0]
    expected = np.nanquantile(np.where(np.isfinite(x), x, np.nan), q, axis=0)
    np.testing.assert_array_equal(timeseries.column_quantiles(x, q, backend=backend), expected)
    np.testing.assert_array_equal(
        timeseries.column_quantiles(np.asfortranarray(x), 1 / 3, backend=backend), expected[2]
    )
    np.testing.assert_array_equal(timeseries.column_quantiles(x[:, 1], q, backend=backend), expected[:, 1])
    np.testing.assert_array_equal(timeseries.column_quantiles(pd.DataFrame(x), q, backend=backend), expected)


def test_frames_keep_their_names():
    """A Series or a table of one row where there is one value for each column, and a table where there are several."""
    frame = pd.DataFrame({"p": [3.0, 1.0, 2.0], "q": [5.0, np.nan, 6.0]})
    pd.testing.assert_series_equal(timeseries.column_quantiles(frame, 0.5), pd.Series({"p": 2.0, "q": 5.5}))
    several = timeseries.column_quantiles(frame, [0.0, 1.0])
    pd.testing.assert_frame_equal(several, frame.quantile([0.0, 1.0]).rename_axis("quantile"))
    series = timeseries.column_quantiles(frame["p"], [0.0, 1.0])
    pd.testing.assert_series_equal(series, several["p"])
    median, mad = timeseries.column_median_mad(frame)
    pd.testing.assert_frame_equal((frame - median) / mad, (frame - [2.0, 5.5]) / [1.0, 0.5])
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    for table in (pl.DataFrame(frame, nan_to_null=True), pa.Table.from_pandas(frame)):
        for found, expected in zip(timeseries.column_median_mad(table), ((2.0, 5.5), (1.0, 0.5)), strict=True):
            assert type(found) is type(table)
            assert [found[name].to_numpy().tolist() for name in "pq"] == [[value] for value in expected]
        found = timeseries.column_quantiles(table, [0.0, 1.0])
        assert found["quantile"].to_numpy().tolist() == [0.0, 1.0]
        assert found["q"].to_numpy().tolist() == [5.0, 6.0]
        assert timeseries.column_quantiles(table["p"], 0.5) == 2.0


def test_forms():
    assert timeseries.column_quantiles([3.0, 1.0, 2.0], 0.5) == 2.0
    assert timeseries.column_median_mad(pd.Series([3.0, 1.0, 2.0])) == (2.0, 1.0)
    assert timeseries.column_quantiles(np.empty((5, 0)), [0.5, 0.6]).shape == (2, 0)
    assert np.isnan(timeseries.column_quantiles(np.empty((0, 2)), [0.5])).all()
    assert np.isnan(timeseries.column_median_mad([[np.nan], [np.inf]])).all()
    single = np.array([[1.0], [2.0], [4.0]], np.float32)
    assert timeseries.column_quantiles(single, 0.75).dtype == np.float64
    with pytest.raises(ValueError, match="q is 2, but a number in"):
        timeseries.column_quantiles([1.0], 2)
