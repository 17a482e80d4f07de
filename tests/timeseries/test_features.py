"""``FeatureBuilder``: its numbers against brute force, fills, state, and what scikit-learn asks of it."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from brute_windows import same_bits
from scipy import stats

from ferrumba.timeseries import FeatureBuilder
from ferrumba.timeseries.features import STATISTICS, default_bands

ORDER_STATISTICS = {"med", "mad", "rz"}


def walk(rows, columns=2, gaps=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, columns)).cumsum(axis=0)
    x[rng.random(x.shape) < gaps] = np.nan
    return x


def of_window(name, w, x):
    """Return one feature of the finite values of a window, the last row being ``x``."""
    n = len(w)
    if n == 0:
        return np.nan
    d = w - w.mean()
    med = np.median(w)
    mad = np.median(np.abs(w - med))
    m2, m3, m4 = (np.mean(d**k) for k in (2, 3, 4))
    with np.errstate(all="ignore"):
        return {
            "med": lambda: med,
            "mad": lambda: mad,
            "mean": w.mean,
            "std": lambda: w.std(ddof=1) if n > 1 else np.nan,
            "slope": lambda: np.polyfit(np.arange(n), w, 1)[0] if n > 1 else np.nan,
            "skew": lambda: np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5 if n > 2 else np.nan,
            "kurt": lambda: (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6) if n > 3 else np.nan,
            "rz": lambda: np.clip((x - med) / (max(mad, 1e-9) / stats.norm.ppf(0.75)), -100, 100),
        }[name]()


def brute(x, window, name):
    out = np.empty(x.shape)
    for row in range(len(x)):
        for column in range(x.shape[1]):
            w = x[max(0, row - window + 1) : row + 1, column]
            out[row, column] = of_window(name, w[np.isfinite(w)], x[row, column])
    return out


@pytest.mark.parametrize("name", [name for name in STATISTICS if name != "energy"])
def test_against_brute_force(name):
    x = walk(60, gaps=0.0 if name == "slope" else 0.1)
    found = FeatureBuilder(7, [name], fill=None).fit(x).transform(x)
    if name in ("med", "mad"):
        assert same_bits(brute(x, 7, name), found)
    else:
        np.testing.assert_allclose(found, brute(x, 7, name), rtol=1e-9, atol=1e-12)


def test_columns_come_in_blocks():
    builder = FeatureBuilder().fit(walk(20))
    names = builder.get_feature_names_out(["a", "b"]).tolist()
    assert len(names) == 2 * len(builder.statistics_)
    assert names[:2] == ["a_med", "b_med"]
    assert names == [f"{sensor}_{suffix}" for suffix in builder.statistics_ for sensor in "ab"]
    assert builder.get_feature_names_out()[0] == "x0_med"


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_frames_in_frames_out(make):
    x = walk(30, 3, 0.1)
    frame = make({"a": x[:, 0], "b": x[:, 1], "c, d": x[:, 2]})
    builder = FeatureBuilder(5, ["med"]).fit(frame)
    found = builder.transform(frame)
    assert type(found) is type(frame)
    names = found.column_names if isinstance(found, pa.Table) else list(found.columns)
    assert names == ["a_med", "b_med", "c, d_med"]
    np.testing.assert_array_equal(np.asarray(found), FeatureBuilder(5, ["med"]).fit_transform(x))


def test_index_is_kept():
    index = pd.date_range("2024", periods=30, freq="1h")
    frame = pd.DataFrame(walk(30), index, ["a", "b"])
    assert FeatureBuilder(5).fit(frame).transform(frame[10:]).index.equals(index[10:])


def test_fills_are_learnt_on_the_training_rows():
    train = np.array([[1.0, np.nan], [np.inf, np.nan], [5.0, np.nan], [2.0, np.nan]])
    builder = FeatureBuilder(1, ["med"]).fit(train)
    assert same_bits(builder.fill_, [2.0, np.nan])
    later = np.array([[np.nan, np.nan], [-np.inf, 7.0], [100.0, 8.0]])
    assert same_bits(builder.transform(later), [[2.0, np.nan], [2.0, 7.0], [100.0, 8.0]])
    assert same_bits(builder.set_params(fill=None).fit(train).transform(later)[:, 0], [np.nan, np.nan, 100.0])


@pytest.mark.parametrize("fill", ["median", None])
def test_nothing_looks_ahead(fill):
    """What comes later changes no bit; what is missing never becomes 0."""
    x = walk(80, gaps=0.2)
    x[20:40] = np.nan
    builder = FeatureBuilder(8, fill=fill).fit(walk(50, seed=1))
    whole = builder.transform(x)
    for cut in (1, 7, 30, 79):
        changed = np.concatenate([x[:cut], walk(80 - cut, seed=2) * 1e6])
        assert same_bits(builder.transform(changed)[:cut], whole[:cut])
    if fill is None:
        assert np.isnan(whole[28:40]).all()


@pytest.mark.parametrize("blocks", [[100], [1] * 100, [3, 0, 90, 7], [15, 16, 17, 52], [99, 1]])
@pytest.mark.parametrize("window", [1, 2, 16, 64, 1000])
def test_blocks_are_the_whole(blocks, window):
    x = walk(100, gaps=0.1)
    builder = FeatureBuilder(window, fill=None, min_periods=min(window, 3)).fit(x)
    whole = builder.transform(x)
    for _ in range(2):
        made = np.concatenate([builder.update(block) for block in np.split(x, np.cumsum(blocks)[:-1])])
        for place, suffix in enumerate(builder.statistics_):
            expected, found = (y[:, 2 * place : 2 * place + 2] for y in (whole, made))
            if suffix in ORDER_STATISTICS:
                assert same_bits(expected, found), suffix
            else:
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=suffix)
        builder.reset()


def test_state_travels():
    x = walk(60)
    builder = FeatureBuilder(16).fit(x)
    builder.update(x[:25])
    twin = pickle.loads(pickle.dumps(builder))
    assert same_bits(builder.update(x[25:]), twin.update(x[25:]))
    assert twin.get_params() == builder.get_params()
    assert same_bits(builder.transform(x[25:]), copy.deepcopy(twin).transform(x[25:]))  # transform has no memory


def test_float32_stays():
    x = walk(40).astype(np.float32)
    builder = FeatureBuilder(5).fit(x)
    assert builder.transform(x).dtype == np.float32
    np.testing.assert_allclose(builder.transform(x), builder.transform(x.astype(float)), rtol=2e-4, atol=2e-3)


@pytest.mark.parametrize("window", [2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 32, 64, 100, 128, 1001])
def test_default_bands_hold_every_frequency_once(window):
    """None is empty, and none holds the mean alone, as the lowest of the source did at its default window."""
    bands = default_bands(window)
    assert len(bands) == min(3, window // 2)
    frequencies = np.arange(1, window // 2 + 1) / window
    held = [np.sum((frequencies >= low) & ((frequencies < high) | (frequencies == high))) for low, high in bands]
    assert min(held) >= 1
    assert sum(held) == len(frequencies)
    assert bands[0][0] > 0.0
    assert bands[-1][1] <= 0.5


def test_default_bands_of_long_windows_are_those_of_the_source():
    np.testing.assert_allclose(default_bands(10_000), [(0, 0.05), (0.05, 0.15), (0.15, 0.5)], atol=1e-4)


def test_output_of_a_form():
    x = walk(30)
    frame = pd.DataFrame(x, columns=["a", "b"])
    builder = FeatureBuilder(5, ["med"]).set_output(transform="pandas").fit(x)
    assert list(builder.transform(x).columns) == ["x0_med", "x1_med"]
    assert isinstance(builder.set_output(transform="polars").transform(x), pl.DataFrame)
    assert isinstance(builder.set_output().transform(x), pl.DataFrame)
    assert isinstance(builder.set_output(transform="default").transform(x), np.ndarray)
    assert isinstance(FeatureBuilder(5).fit(frame).transform(frame), pd.DataFrame)
    with pytest.raises(ValueError, match="transform is 'xarray', but the forms are 'default', 'pandas', 'polars'"):
        builder.set_output(transform="xarray")


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"window": 0}, ValueError, "window is 0, but a window has at least 1 row"),
        ({"window": "30min"}, TypeError, "window is '30min', but here it is a number of rows"),
        ({"window": 2.0}, TypeError, "window is 2.0"),
        ({"window": True}, TypeError, "window is True"),
        ({"features": "med"}, TypeError, r"features is 'med', but it is a list of names; give \['med'\]"),
        ({"features": ["median"]}, ValueError, "features holds 'median', but the features are med, "),
        ({"features": []}, ValueError, "name each feature once, and one at least"),
        ({"features": ["med", "med"]}, ValueError, "name each feature once"),
        ({"fill": "mean"}, ValueError, "fill is 'mean', but it is 'median' or None"),
        ({"nan": "drop"}, ValueError, "nan is 'drop'"),
        ({"min_periods": 0}, ValueError, "min_periods is 0"),
        ({"min_periods": 17}, ValueError, "min_periods is 17, but the window has 16 rows"),
        ({"backend": "fortran"}, ValueError, "fortran"),
    ],
)
def test_parameters_refused(parameters, error, said):
    with pytest.raises(error, match=said):
        FeatureBuilder(**parameters).fit(walk(20))


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (np.zeros(5), ValueError, "X has one dimension"),
        (pd.Series([1.0]), ValueError, "X has one dimension"),
        (np.zeros((0, 2)), ValueError, r"0 sample\(s\)"),
        (np.zeros((2, 0)), ValueError, r"0 feature\(s\)"),
        (np.zeros((2, 2, 2)), ValueError, r"X has shape \(2, 2, 2\)"),
        (np.zeros((2, 2), complex), ValueError, "Complex data not supported"),
        (np.array([["a", "b"]]), TypeError, "X is an array of <U1"),
        (pd.DataFrame({"a": ["x"]}), TypeError, "'a'"),
    ],
)
def test_rows_refused(rows, error, said):
    with pytest.raises(error, match=said):
        FeatureBuilder(2).fit(rows)


def test_other_columns_than_those_of_fit():
    frame = pd.DataFrame(walk(20), columns=["a", "b"])
    builder = FeatureBuilder(2).fit(frame)
    with pytest.raises(ValueError, match="X has 3 features, but FeatureBuilder is expecting 2"):
        FeatureBuilder(2).fit(walk(20)).transform(walk(20, 3))
    with pytest.raises(ValueError, match=r"(?s)should match.*unseen at fit time:\n- c\n.*now missing:\n- b"):
        builder.transform(frame.rename(columns={"b": "c"}))
    with pytest.raises(ValueError, match="same order"):
        builder.transform(frame[["b", "a"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        builder.transform(walk(20))
    with pytest.raises(ValueError, match="not fitted yet"):
        FeatureBuilder().transform(frame)
    with pytest.raises(AttributeError, match="not fitted yet"):
        FeatureBuilder().update(frame)


NOT_OURS = {
    "check_methods_sample_order_invariance": "rows are time: their order is the point",
    "check_methods_subset_invariance": "a row's features are of the rows before it, too",
}


def test_scikit_learn():
    """All of its checks for transformers, but for two that take rows to be independent."""
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimator FeatureBuilder does not inherit")
        done = checks.check_estimator(FeatureBuilder(), on_fail=None, on_skip=None, expected_failed_checks=NOT_OURS)
    failed = {check["check_name"]: check["exception"] for check in done if check["status"] == "failed"}
    assert not failed
    assert {check["check_name"] for check in done if check["status"] == "xfail"} == set(NOT_OURS)
    assert len(done) > 40


def test_pipelines_and_configuration():
    pipeline = pytest.importorskip("sklearn.pipeline")
    sklearn = pytest.importorskip("sklearn")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x = walk(50)
    made = pipeline.make_pipeline(preprocessing.StandardScaler(), FeatureBuilder(5, ["med"])).fit_transform(x)
    assert made.shape == (50, 2)
    with sklearn.config_context(transform_output="pandas"):
        assert list(FeatureBuilder(5, ["med"]).fit(x).transform(x).columns) == ["x0_med", "x1_med"]
    twin = sklearn.clone(FeatureBuilder(9, ["med"], fill=None))
    assert repr(twin) == "FeatureBuilder(window=9, features=['med'], fill=None)"
    with pytest.raises(ValueError, match="Invalid parameter 'rows' for estimator FeatureBuilder; choose from window"):
        twin.set_params(rows=3)
