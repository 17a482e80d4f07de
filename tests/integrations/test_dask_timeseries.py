"""Windows over Dask collections: what one machine answers, however short the partitions are."""

import datetime as dt
import os
import pickle

import numpy as np
import pandas as pd
import pytest

import ferrumba
from ferrumba import timeseries
from ferrumba.timeseries import FeatureBuilder

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3)).cumsum(axis=0)
X[RNG.random(X.shape) < 0.05] = np.nan
FRAME = pd.DataFrame(X, pd.date_range("2024-01-01", periods=60, freq="7min"), list("abc"))
CUTS = {
    "one": (60,),
    "equal": (15,) * 4,
    "growing": (1, 2, 3, 54),
    "empty ones": (0, 59, 0, 1),
    "a row each": (1,) * 60,
}
ANY_CUTS = pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)


@pytest.fixture(autouse=True)
def _synchronous(request):
    if "cluster" in request.fixturenames:
        yield
        return
    # Where Rust is installed, the reference needs no compilation: other tests compare the two.
    with dask.config.set(scheduler="sync"), ferrumba.use_backend("rust?"):
        yield


def partitioned(frame, cuts):
    """Return a Dask frame whose partitions have so many rows."""
    ends = np.cumsum(cuts)
    parts = [dask.delayed(frame.iloc[end - cut : end]) for cut, end in zip(cuts, ends, strict=True)]
    return dd.from_delayed(parts, meta=frame.iloc[:0])


@ANY_CUTS
@pytest.mark.parametrize("window", [1, 2, 16, 40, 500])
def test_arrays(cuts, window):
    lazy = da.from_array(X, chunks=(cuts, 2))
    found = timeseries.rolling_median(lazy, window)
    assert isinstance(found, da.Array)
    assert found.chunks[0] == tuple(cut for cut in cuts if cut)
    np.testing.assert_array_equal(found.compute(), timeseries.rolling_median(X, window))
    np.testing.assert_array_equal(
        timeseries.rolling_median(lazy[:, 0], window).compute(), timeseries.rolling_median(X[:, 0], window)
    )


@ANY_CUTS
@pytest.mark.parametrize("window", [1, 16, 500, "30min", dt.timedelta(hours=10)], ids=str)
def test_frames(cuts, window):
    lazy = partitioned(FRAME, cuts)
    found = timeseries.rolling_median(lazy, window, min_periods=1)
    assert isinstance(found, dd.DataFrame)
    assert found.columns.tolist() == ["a", "b", "c"]
    expected = timeseries.rolling_median(FRAME, window)
    pd.testing.assert_frame_equal(found.compute(), expected, check_freq=False)
    column = timeseries.rolling_median(lazy.b, window)
    pd.testing.assert_series_equal(column.compute(), expected.b, check_freq=False)


@pytest.mark.parametrize("cuts", [CUTS["growing"], CUTS["empty ones"]])
def test_band_energies_and_slopes(cuts):
    """Whose kernels take more than a window, and whose results are other columns or go by the times of the rows."""
    lazy, frame = da.from_array(FRAME.ffill().bfill().to_numpy(), chunks=(cuts, 2)), partitioned(FRAME, cuts)
    bands = [(0.0, 0.2), (0.2, 0.5)]
    expected = timeseries.rolling_band_energy(lazy.compute(), 16, bands)
    np.testing.assert_array_equal(timeseries.rolling_band_energy(lazy, 16, bands).compute(), expected)
    for per in ("row", "second"):
        found = timeseries.rolling_slope(frame, 16, per=per).compute()
        pd.testing.assert_frame_equal(found, timeseries.rolling_slope(FRAME, 16, per=per), check_freq=False, rtol=1e-12)


@pytest.mark.parametrize("cuts", [CUTS["growing"], CUTS["empty ones"]])
def test_pairs(cuts):
    """Correlations of pairs of columns, at the same time or some rows apart, by names and without.

    Their sums begin anew in every partition, which shows in the last digits.
    """
    lazy, frame = da.from_array(X, chunks=(cuts, 2)), partitioned(FRAME, cuts)
    pairs = [("a", "b"), ("c", "a")]
    for function in (timeseries.rolling_corr, timeseries.rolling_cov):
        np.testing.assert_allclose(function(lazy, 16).compute(), function(X, 16), rtol=1e-12, atol=1e-12)
        for window in (16, "2h"):
            found = function(frame, window, pairs=pairs, min_periods=4).compute()
            expected = function(FRAME, window, pairs=pairs, min_periods=4)
            pd.testing.assert_frame_equal(found, expected, check_freq=False, rtol=1e-12, atol=1e-12)
    for reduce in ("best", "max_abs", None):
        expected = timeseries.rolling_lagged_corr(X, 8, [-20, 0, 3], reduce=reduce)
        found = dask.compute(timeseries.rolling_lagged_corr(lazy, 8, [-20, 0, 3], reduce=reduce))[0]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    travelled = pickle.loads(pickle.dumps(timeseries.rolling_lagged_corr(frame, 8, 20, pairs=pairs)))
    found = dask.compute(travelled)[0]
    for got, wanted in zip(found, timeseries.rolling_lagged_corr(FRAME, 8, 20, pairs=pairs), strict=True):
        pd.testing.assert_frame_equal(got, wanted, check_freq=False, rtol=1e-12, atol=1e-12)


def test_windows_in_the_time_of_a_column():
    frame = FRAME.reset_index(names="ts")
    found = timeseries.rolling_median(partitioned(frame, (3, 50, 7)), "1h", times="ts").compute()
    pd.testing.assert_frame_equal(found, timeseries.rolling_median(frame, "1h", times="ts"))


def test_chunks_of_unknown_lengths():
    lazy = partitioned(FRAME, (3, 50, 7)).to_dask_array()
    assert np.isnan(lazy.shape[0])
    np.testing.assert_array_equal(timeseries.rolling_median(lazy, 16).compute(), timeseries.rolling_median(X, 16))


def test_a_halo_asks_for_no_more_than_it_needs():
    """The last rows of a long series are computed without its beginning."""
    read = []

    def chunk(block, block_info=None):
        read.append(block_info[0]["chunk-location"][0])
        return block

    lazy = da.from_array(np.arange(100.0), chunks=10).map_blocks(chunk, dtype=float, meta=np.empty(0))
    found = timeseries.rolling_median(lazy, 11)[-5:].compute()
    assert found.tolist() == [90.0, 91.0, 92.0, 93.0, 94.0]
    assert set(read) == {8, 9}


@ANY_CUTS
def test_features(cuts):
    builder = FeatureBuilder(16).fit(FRAME)
    expected = builder.transform(FRAME)
    builder.update(FRAME)  # whose rows do not show in what follows
    found = builder.transform(partitioned(FRAME, cuts))
    assert found.columns.tolist() == expected.columns.tolist()
    pd.testing.assert_frame_equal(found.compute(), expected, check_freq=False, rtol=1e-12, atol=1e-12)
    array = FeatureBuilder(16).fit(X)
    lazy = array.transform(da.from_array(X, chunks=(cuts, 2)))
    assert lazy.shape == expected.shape
    np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-12, atol=1e-12)


def test_fills_learnt_on_dask_are_exact():
    for lazy in (da.from_array(X, chunks=(50, 2)), partitioned(FRAME, (3, 50, 7))):
        builder = FeatureBuilder(4).fit(lazy)
        np.testing.assert_array_equal(builder.fill_, np.nanmedian(X, axis=0))
    assert builder.feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda x, f: timeseries.rolling_median(x, 3, out=X),
            TypeError,
            "out is given together with a Dask collection",
        ),
        (lambda x, f: timeseries.rolling_median(x, 3, history=X), TypeError, "history is given together with a Dask"),
        (lambda x, f: timeseries.rolling_median(x, "1h"), TypeError, "a Dask array, whose rows have no times"),
        (lambda x, f: timeseries.rolling_median(f, "1h", times=X[:, 0]), TypeError, "times is given beside a Dask"),
        (lambda x, f: timeseries.rolling_median(f, 0), ValueError, "window is 0"),
        (lambda x, f: timeseries.rolling_median(f, 3, min_periods=4), ValueError, "min_periods is 4"),
        (lambda x, f: timeseries.rolling_median(x[:, :, None], 3), ValueError, "x has shape"),
        (lambda x, f: timeseries.rolling_median(f.index, 3), TypeError, "Index"),
        (lambda x, f: timeseries.rolling_corr(x, 3, other=x), TypeError, "other is given with a Dask collection"),
        (
            lambda x, f: timeseries.rolling_band_energy(x, 8, [(0.1, 0.3)], hop=4),
            TypeError,
            "hop is 4 with a Dask collection",
        ),
        (lambda x, f: timeseries.rolling_lagged_corr(f, "1h", 3), TypeError, "window is '1h' and lags are rows"),
        (lambda x, f: FeatureBuilder().fit(f).update(f), TypeError, "update takes rows in memory"),
        (lambda x, f: FeatureBuilder().fit(f).transform(f[["a"]]), ValueError, "seen at fit time, yet now missing"),
    ],
)
def test_refusals(call, error, said):
    with pytest.raises(error, match=said):
        call(da.from_array(X, chunks=50), dd.from_pandas(FRAME, npartitions=3))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    distributed = pytest.importorskip("distributed")
    quiet = {"distributed.worker.memory.terminate": False, "distributed.comm.timeouts.connect": "60s"}
    with pytest.MonkeyPatch.context() as patch, dask.config.set(quiet):
        if os.environ["FERRUMBA_NUMBA_CACHE"] == "0":
            patch.setenv("FERRUMBA_NUMBA_CACHE", str(tmp_path_factory.mktemp("compiled")))
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            # One compiles, and the other reads what it left.
            client.submit(
                timeseries.rolling_median, FRAME, 16, workers=[min(client.scheduler_info()["workers"])]
            ).result()
            yield client


def test_local_cluster(cluster):
    """Processes of their own, to which functions and builders travel."""
    lazy = partitioned(FRAME, (20, 3, 2, 35))
    expected = timeseries.rolling_median(FRAME, 16)
    pd.testing.assert_frame_equal(timeseries.rolling_median(lazy, 16).compute(), expected, check_freq=False)
    array = da.from_array(X, chunks=((20, 3, 2, 35), 2))
    np.testing.assert_array_equal(timeseries.rolling_median(array, 16).compute(), expected)
    builder = FeatureBuilder(16, ["med"]).fit(FRAME)
    made = builder.transform(FRAME)
    pd.testing.assert_frame_equal(builder.transform(lazy).compute(), made, check_freq=False)
    learnt = FeatureBuilder(16, ["med"]).fit(lazy)
    pd.testing.assert_frame_equal(learnt.transform(lazy).compute(), made, check_freq=False)
