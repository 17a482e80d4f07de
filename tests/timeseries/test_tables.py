"""Arrays, frames and tables in and out: kinds, names, memory orders, times, and what is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ferrumba import timeseries
from ferrumba.timeseries.cases import hard

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

X = hard(np.random.default_rng(0), 200)[:, [0, 1, 2, 6]]
NAMES = ["a", "b", "c", "d"]
EXPECTED = timeseries.rolling_median(X, 5)


def rolled(x, window=5, **options):
    return timeseries.rolling_median(x, window, **options)


LAYOUTS = {
    "row-major": np.ascontiguousarray,
    "column-major": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, axis=0), 3, axis=1)[::2, ::3],
    "negative": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "byte-swapped": lambda a: a.astype(">f8"),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.float64, offset=1).reshape(a.shape),
    "list": lambda a: a.tolist(),
    "masked": np.ma.masked_invalid,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_orders(layout):
    given = LAYOUTS[layout](X)
    before = np.array(given, copy=True)
    np.testing.assert_array_equal(rolled(given), EXPECTED)
    np.testing.assert_array_equal(given, before)


def test_results_lie_as_the_argument_does():
    assert rolled(np.asfortranarray(X)).flags.f_contiguous
    assert rolled(np.ascontiguousarray(X)).flags.c_contiguous


def test_read_only_arrays_are_read():
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(rolled(frozen), EXPECTED)


def test_one_dimension():
    found = rolled(X[:, 1])
    assert found.shape == (200,)
    np.testing.assert_array_equal(found, EXPECTED[:, 1])


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int16])
def test_integers(dtype):
    values = np.arange(50).astype(dtype)
    found = rolled(values, 4)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, rolled(values.astype(np.float64), 4))


@pytest.mark.parametrize("order", ["C", "F"])
def test_float32_gives_float32_rounded_once(order):
    values = np.array(X, np.float32, order=order)
    found = rolled(values, 4)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, rolled(values.astype(np.float64), 4).astype(np.float32))


def test_empty_tables():
    assert rolled([]).shape == (0,)
    assert rolled(np.empty((0, 3))).shape == (0, 3)
    assert rolled(np.empty((7, 0))).shape == (7, 0)
    assert rolled(pd.DataFrame({"a": []}, dtype=float)).columns.tolist() == ["a"]


class TestOut:
    def test_filled_and_returned(self):
        for out in (np.empty(X.shape), np.empty(X.shape, order="F"), np.empty((400, 4))[::2]):
            assert rolled(X, out=out) is out
            np.testing.assert_array_equal(out, EXPECTED)

    def test_may_be_the_argument(self):
        values = X.copy()
        assert rolled(values, out=values) is values
        np.testing.assert_array_equal(values, EXPECTED)

    def test_of_one_dimension(self):
        out = np.empty(200)
        assert rolled(X[:, 0].copy(), out=out) is out
        np.testing.assert_array_equal(out, EXPECTED[:, 0])

    @pytest.mark.parametrize("out", [np.empty((200, 3)), np.empty((200, 4), np.float32), np.empty(800)])
    def test_of_another_form_is_refused(self, out):
        with pytest.raises(ValueError, match=r"out is .* but the result needs a writable array of float64\[200, 4\]"):
            rolled(X, out=out)

    def test_is_not_given_with_a_frame(self):
        with pytest.raises(TypeError, match="out is given together with a DataFrame"):
            rolled(pd.DataFrame(X), out=np.empty(X.shape))


class TestPandas:
    INDEX = pd.date_range("2026-01-01", periods=200, freq="min", tz="Europe/Oslo")

    def test_frames_keep_index_and_columns(self):
        frame = pd.DataFrame(X, self.INDEX, NAMES)
        pd.testing.assert_frame_equal(rolled(frame), pd.DataFrame(EXPECTED, self.INDEX, NAMES))

    def test_series_keep_index_and_name(self):
        series = pd.Series(X[:, 2], self.INDEX, name="c")
        pd.testing.assert_series_equal(rolled(series), pd.Series(EXPECTED[:, 2], self.INDEX, name="c"))

    def test_columns_of_several_types(self):
        frame = pd.DataFrame(
            {"i": np.arange(9), "f": np.arange(9, dtype=np.float32), "n": pd.array([1, None] * 4 + [3])}
        )
        expected = frame.astype("float64").rolling(3, min_periods=1).median()
        pd.testing.assert_frame_equal(rolled(frame, 3), expected)

    def test_columns_without_numbers_are_refused(self):
        with pytest.raises(TypeError, match="x has the column 's' of"):
            rolled(pd.DataFrame({"a": [1.0], "s": ["t"]}))

    @pytest.mark.parametrize("window", ["7min", dt.timedelta(minutes=7), np.timedelta64(7, "m"), pd.Timedelta("7min")])
    def test_windows_in_time(self, window):
        rng = np.random.default_rng(1)
        index = self.INDEX[np.sort(rng.integers(0, 200, 200))]  # some times twice, some not at all
        frame = pd.DataFrame(X, index, NAMES)
        expected = frame.where(np.isfinite(frame)).rolling("7min", min_periods=2).median()
        pd.testing.assert_frame_equal(rolled(frame, window, min_periods=2), expected)
        np.testing.assert_array_equal(rolled(X, window, times=index.tz_convert(None), min_periods=2), expected)
        beside = frame.reset_index(drop=True).assign(when=index)
        np.testing.assert_array_equal(rolled(beside, window, times="when", min_periods=2), expected)


class TestPolars:
    FRAME = pl.DataFrame({name: pl.Series(X[:, i], nan_to_null=True) for i, name in enumerate(NAMES)})

    def test_frames_keep_names(self):
        found = rolled(self.FRAME)
        assert found.columns == NAMES
        assert found.null_count().row(0) == tuple(np.isnan(EXPECTED).sum(axis=0))
        np.testing.assert_array_equal(found.to_numpy(), EXPECTED)

    def test_series(self):
        found = rolled(self.FRAME["b"])
        assert found.name == "b"
        np.testing.assert_array_equal(found.to_numpy(), EXPECTED[:, 1])

    def test_a_column_of_times(self):
        start = dt.datetime(2026, 1, 1)
        times = pl.Series("t", [start + dt.timedelta(minutes=int(i)) for i in range(200)])
        found = rolled(self.FRAME.clone().insert_column(0, times), "5min", times="t")
        assert found.columns == ["t", *NAMES]
        np.testing.assert_array_equal(found.select(NAMES).to_numpy(), EXPECTED)

    def test_what_is_no_table_is_refused(self):
        with pytest.raises(TypeError, match="x is a LazyFrame of Polars"):
            rolled(self.FRAME.lazy())
        with pytest.raises(TypeError, match="x has the column 's' of String"):
            rolled(pl.DataFrame({"s": ["a"]}))


class TestArrow:
    TABLE = pa.table({name: pa.array(X[:, i], from_pandas=True) for i, name in enumerate(NAMES)})

    def test_tables_keep_names(self):
        found = rolled(self.TABLE)
        assert found.column_names == NAMES
        assert found["a"].null_count == np.isnan(EXPECTED[:, 0]).sum()
        np.testing.assert_array_equal(found.to_pandas().to_numpy(), EXPECTED)

    def test_batches_and_arrays(self):
        assert isinstance(rolled(self.TABLE.to_batches()[0]), pa.RecordBatch)
        np.testing.assert_array_equal(rolled(self.TABLE["b"]).to_numpy(zero_copy_only=False), EXPECTED[:, 1])

    def test_a_column_of_times(self):
        times = pa.array(np.datetime64("2026-01-01", "us") + np.arange(200) * np.timedelta64(1, "m"))
        found = rolled(self.TABLE.append_column("t", times), "5min", times="t")
        np.testing.assert_array_equal(found.select(NAMES).to_pandas().to_numpy(), EXPECTED)

    def test_texts_are_refused(self):
        with pytest.raises(TypeError, match="x has the column 's' of string"):
            rolled(pa.table({"s": ["a"]}))


class TestSeveralResults:
    """Pairs of results, flags, and several quantiles, in each kind of table."""

    EXPECTED = timeseries.rolling_quantile(X, 5, [0.25, 0.5])
    COLUMNS = ("a_q0.25", "a_q0.5", "b_q0.25")

    def test_arrays(self):
        assert self.EXPECTED.shape == (200, 4, 2)
        found = timeseries.rolling_quantile(X[:, 1], 5, [0.25, 0.5])
        np.testing.assert_array_equal(found, self.EXPECTED[:, 1])
        out = np.empty((200, 4, 2), order="F")
        assert timeseries.rolling_quantile(X, 5, [0.25, 0.5], out=out) is out
        np.testing.assert_array_equal(out, self.EXPECTED)
        single = timeseries.rolling_quantile(X.astype(np.float32), 5, [0.25, 0.5])
        assert single.dtype == np.float32

    def test_pandas(self):
        frame = pd.DataFrame(X, columns=NAMES)
        found = timeseries.rolling_quantile(frame, 5, [0.25, 0.5])
        assert tuple(found.columns[:3]) == self.COLUMNS
        np.testing.assert_array_equal(found, self.EXPECTED.reshape(200, 8))
        found = timeseries.rolling_quantile(frame["b"], 5, [0.25])
        assert found.columns.tolist() == ["b_q0.25"]
        filtered, outlier = timeseries.rolling_hampel(frame, 5)
        assert filtered.columns.tolist() == outlier.columns.tolist() == NAMES
        assert set(outlier.dtypes) == {np.dtype(bool)}

    def test_polars(self):
        frame = TestPolars.FRAME
        found = timeseries.rolling_quantile(frame, 5, [0.25, 0.5])
        assert tuple(found.columns[:3]) == self.COLUMNS
        np.testing.assert_array_equal(found.to_numpy(), self.EXPECTED.reshape(200, 8))
        assert timeseries.rolling_quantile(frame["b"], 5, [0.25]).columns == ["b_q0.25"]
        assert set(timeseries.rolling_hampel(frame, 5)[1].dtypes) == {pl.Boolean}

    def test_arrow(self):
        table = TestArrow.TABLE
        found = timeseries.rolling_quantile(table, 5, [0.25, 0.5])
        assert tuple(found.column_names[:3]) == self.COLUMNS
        np.testing.assert_array_equal(found.to_pandas().to_numpy(), self.EXPECTED.reshape(200, 8))
        assert timeseries.rolling_quantile(table["b"], 5, [0.25]).column_names == ["q0.25"]
        assert timeseries.rolling_hampel(table, 5)[1]["a"].type == pa.bool_()


DAYS = np.arange("2026-01-01", "2026-01-06", dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("fault", "words", "arguments", "options"),
    [
        (ValueError, "window is 0, but a window has at least 1 row", ([1.0], 0), {}),
        (ValueError, "window is True", ([1.0], True), {}),
        (TypeError, "window is 2.5, but it is a number of rows or a time", ([1.0], 2.5), {}),
        (ValueError, "window is '2 parsecs', which is no time", ([1.0], "2 parsecs"), {"times": DAYS[:1]}),
        (ValueError, "window is '-1min', but a time above 0", ([1.0], "-1min"), {"times": DAYS[:1]}),
        (ValueError, "the rows have no times", ([1.0], "1min"), {}),
        (ValueError, "the rows have no times", (pd.Series([1.0]), "1min"), {}),
        (ValueError, "min_periods is 0", ([1.0], 3), {"min_periods": 0}),
        (ValueError, "min_periods is 4, but the window has 3 rows", ([1.0], 3), {"min_periods": 4}),
        (TypeError, "min_periods is None", ([1.0], 3), {"min_periods": None}),
        (ValueError, "nan is 'drop', but the policies are 'omit', 'propagate'", ([1.0], 3), {"nan": "drop"}),
        (ValueError, r"x has shape \(1, 1, 1\)", ([[[1.0]]], 3), {}),
        (ValueError, r"x has shape \(\)", (1.0, 3), {}),
        (TypeError, "x is an array of bool", ([True], 3), {}),
        (TypeError, "x is an array of complex128", ([1j], 3), {}),
        (ValueError, "x cannot be made an array", ([[1.0], [1.0, 2.0]], 3), {}),
        (TypeError, "times holds int64", ([1.0], "1min"), {"times": [1]}),
        (ValueError, r"times has shape \(2,\), but there are 1 rows", ([1.0], "1min"), {"times": DAYS[:2]}),
        (
            ValueError,
            "times holds 2026-01-01.* at row 2, but times must ascend",
            ([1.0] * 3, "1D"),
            {"times": DAYS[[2, 3, 0]]},
        ),
        (
            ValueError,
            "times holds NaT at row 1",
            ([1.0] * 2, "1D"),
            {"times": np.array(["2026-01-01", "NaT"], "M8[s]")},
        ),
        (ValueError, "times is 'z', but the columns of x are a", (pd.DataFrame({"a": [1.0]}), "1D"), {"times": "z"}),
        (ValueError, "history has 2 columns and x 1", ([1.0], 3), {"history": [[1.0, 2.0]]}),
        (ValueError, "history is given with a window in time", ([1.0], "1D"), {"history": [1.0], "times": DAYS[:1]}),
        (ValueError, "out holds 2 arrays, but there are 1 results", ([1.0], 3), {"out": (np.empty(1), np.empty(1))}),
        (TypeError, "out is list", ([1.0], 3), {"out": [1.0]}),
    ],
)
def test_bad_arguments(fault, words, arguments, options):
    """One sentence that names the argument and shows the value."""
    with pytest.raises(fault, match=words):
        rolled(*arguments, **options)
