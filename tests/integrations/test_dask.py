"""Dask arguments of the public functions: lazy, block by block, with the dtype, chunks and divisions announced."""

import pickle

import numpy as np
import pytest

from ferrumba import healpix

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
LON, LAT = RNG.uniform(-180, 180, 100), RNG.uniform(-90, 90, 100)
NESTED = healpix.lonlat_to_nested(LON, LAT, 9)


@pytest.fixture(autouse=True)
def _synchronous():
    import dask

    with dask.config.set(scheduler="sync"):
        yield


@pytest.fixture
def frame():
    return pd.DataFrame({"lon": LON, "lat": LAT, "nested": NESTED}, index=np.arange(100) * 3)


@pytest.fixture
def lazy(frame):
    return dd.from_pandas(frame, npartitions=4)


def announced(result, plain):
    """Assert that a Dask array is what it announced, and equal to a plain one."""
    assert isinstance(result, da.Array)
    computed = np.asanyarray(result.compute())
    assert type(result._meta) is type(computed)
    assert (result.dtype, result.shape) == (computed.dtype, computed.shape)
    np.testing.assert_array_equal(computed, plain)
    if isinstance(plain, np.ma.MaskedArray):
        np.testing.assert_array_equal(np.ma.getmaskarray(computed), np.ma.getmaskarray(plain))


def test_arrays_with_different_chunks():
    lon, lat = da.from_array(LON, chunks=30), da.from_array(LAT, chunks=17)
    result = healpix.lonlat_to_nested(lon, lat, 18)
    assert result.numblocks[0] >= 6
    announced(result, healpix.lonlat_to_nested(LON, LAT, 18))


def test_dask_and_plain_arrays_broadcast():
    plain = LON[:20].reshape(4, 5, 1)
    lazy = da.from_array(plain, chunks=(2, 2, 1))
    announced(healpix.lonlat_to_nested(lazy, LAT[:3], 7), healpix.lonlat_to_nested(plain, LAT[:3], 7))
    announced(healpix.lonlat_to_nested(1.0, lazy / 2, 7), healpix.lonlat_to_nested(1.0, plain / 2, 7))


def test_an_order_for_each_element():
    order = np.arange(100) % 30
    expected = healpix.lonlat_to_nested(LON, LAT, order)
    lon, lat = da.from_array(LON, chunks=30), da.from_array(LAT, chunks=30)
    announced(healpix.lonlat_to_nested(lon, lat, order), expected)
    announced(healpix.lonlat_to_nested(LON, LAT, da.from_array(order, chunks=11)), expected)


def test_several_outputs():
    lon, lat = healpix.nested_to_lonlat(da.from_array(NESTED, chunks=30), 9)
    for result, plain in zip((lon, lat), healpix.nested_to_lonlat(NESTED, 9), strict=True):
        announced(result, plain)


def test_trailing_axes_are_one_chunk():
    nested = NESTED.reshape(10, 10)
    lazy = da.from_array(nested, chunks=(3, 10))
    around = healpix.neighbours(lazy, 9)
    assert around.chunks == ((3, 3, 3, 1), (10,), (8,))
    announced(around, healpix.neighbours(nested, 9))
    for result, plain in zip(healpix.cell_vertices(lazy, 9), healpix.cell_vertices(nested, 9), strict=True):
        announced(result, plain)
    morton = healpix.nested_to_morton(NESTED, 9)
    announced(healpix.morton_children(da.from_array(morton, chunks=50), 2), healpix.morton_children(morton, 2))


def test_masked_results_are_announced():
    lat = np.where(LAT > 80, np.nan, LAT)
    result = healpix.lonlat_to_nested(da.from_array(LON, chunks=30), da.from_array(lat, chunks=30), 6, invalid="mask")
    announced(result, healpix.lonlat_to_nested(LON, lat, 6, invalid="mask"))


def test_zero_dimensions_and_no_elements():
    announced(healpix.lonlat_to_nested(da.from_array(np.array(1.0)), 2.0, 3), healpix.lonlat_to_nested(1.0, 2.0, 3))
    announced(healpix.lonlat_to_nested(da.zeros(0), da.zeros(0), 3), np.empty(0, dtype=np.int64))


def test_chunks_of_unknown_size(lazy):
    lon, lat = lazy.lon.to_dask_array(), lazy.lat.to_dask_array()
    np.testing.assert_array_equal(healpix.lonlat_to_nested(lon, lat, 9).compute(), NESTED)
    centre = healpix.nested_to_lonlat(healpix.lonlat_to_nested(lon, lat, 9), 9)[1]
    np.testing.assert_array_equal(centre.compute(), healpix.nested_to_lonlat(NESTED, 9)[1])


def test_nothing_is_computed_before_it_is_asked_for():
    bad = da.map_blocks(pytest.fail, np.array([1.0]), dtype=float, meta=np.empty(0))
    assert healpix.lonlat_to_nested(bad, 0.0, 3).dtype == np.int64


def test_invalid_rows_raise_in_their_block():
    lat = da.from_array(np.where(np.arange(100) == 42, 91.0, LAT), chunks=40)
    result = healpix.lonlat_to_nested(LON[0], lat, 3)
    with pytest.raises(ValueError, match=r"at index 2: lat is 91\.0"):
        result.compute()


def test_graphs_travel_by_reference():
    """Tasks of one call hold names, not code: their pickle stays small and loads wherever Ferrumba is."""
    result = healpix.nested_to_lonlat(da.zeros(6, chunks=2, dtype=np.int64), 9)[0]
    packed = pickle.dumps(result)
    assert len(packed) < 10_000
    assert b"ferrumba.integrations.dask" in packed
    expected = healpix.nested_to_lonlat(np.zeros(6, dtype=np.int64), 9)[0]
    np.testing.assert_array_equal(pickle.loads(packed).compute(), expected)


def test_backend_travels_with_the_task():
    result = healpix.lonlat_to_nested(da.from_array(LON, chunks=50), 0.0, 3, backend="numba")
    assert b"numba" in pickle.dumps(result)
    with pytest.raises(ValueError, match="nowhere"):
        healpix.lonlat_to_nested(da.from_array(LON, chunks=50), 0.0, 3, backend="nowhere").compute()


def test_series_keep_index_name_and_divisions(frame, lazy):
    result = healpix.lonlat_to_nested(lazy.lon, lazy.lat, 9)
    assert isinstance(result, dd.Series)
    assert (result.name, result.dtype) == ("nested", np.int64)
    assert result.divisions == lazy.divisions
    pd.testing.assert_series_equal(result.compute(), healpix.lonlat_to_nested(frame.lon, frame.lat, 9))


def test_series_in_any_place(frame, lazy):
    for arguments in ((lazy.nested, 9), (1, lazy.nested % 9)):
        plain = [value.compute() if isinstance(value, dd.Series) else value for value in arguments]
        pd.testing.assert_series_equal(healpix.nested_to_uniq(*arguments).compute(), healpix.nested_to_uniq(*plain))


def test_series_with_several_outputs_and_columns(frame, lazy):
    centres = healpix.nested_to_lonlat(lazy.nested, 9), healpix.nested_to_lonlat(frame.nested, 9)
    for result, plain in zip(*centres, strict=True):
        pd.testing.assert_series_equal(result.compute(), plain)
    around = healpix.neighbours(lazy.nested, 9)
    assert list(around.columns) == list(range(8))
    pd.testing.assert_frame_equal(around.compute(), healpix.neighbours(frame.nested, 9), check_column_type=False)
    vertices = healpix.cell_vertices(lazy.nested, 9), healpix.cell_vertices(frame.nested, 9)
    for result, plain in zip(*vertices, strict=True):
        pd.testing.assert_frame_equal(result.compute(), plain, check_column_type=False)


def test_series_with_missing_values(frame):
    frame = frame.astype({"nested": "Int64"})
    frame.loc[[0, 150], "nested"] = pd.NA
    lazy = dd.from_pandas(frame, npartitions=4)
    lon, lat = healpix.nested_to_lonlat(lazy.nested, 9, invalid="mask")
    assert lon.dtype == lat.dtype == "Float64"
    pd.testing.assert_series_equal(lat.compute(), healpix.nested_to_lonlat(frame.nested, 9, invalid="mask")[1])


@pytest.mark.parametrize(
    "arguments",
    [
        lambda lazy: (lazy[["lon", "lat"]], 1.0),
        lambda lazy: (lazy.lon, LAT),
        lambda lazy: (lazy.lon, list(LAT)),
        lambda lazy: (lazy.lon, da.from_array(LAT, chunks=25)),
        lambda lazy: (lazy.lon, pd.Series(LAT)),
        lambda lazy: (pd.Series(LON), lazy.lat),
        lambda lazy: (lazy.index, lazy.lat),
        lambda lazy: (da.from_array(LON, chunks=25), pd.Series(LAT)),
    ],
    ids=["frame", "array", "list", "dask array", "pandas", "pandas first", "index", "dask array and pandas"],
)
def test_mixtures_that_cannot_be_cut_alike_are_type_errors(lazy, arguments):
    with pytest.raises(TypeError, match=r"(lon|lat) is "):
        healpix.lonlat_to_nested(*arguments(lazy), 3)


def test_out_is_refused(lazy):
    for values in (lazy.lon, da.from_array(LON, chunks=50)):
        with pytest.raises(TypeError, match="out is given together with a Dask collection"):
            healpix.lonlat_to_nested(values, 1.0, 3, out=np.empty(100, dtype=np.int64))


def test_shapes_that_do_not_fit_are_refused_at_once():
    with pytest.raises(ValueError, match="Chunks do not add up"):
        healpix.lonlat_to_nested(da.from_array(LON, chunks=50), da.from_array(LAT[:99], chunks=50), 3)


def test_kinds_are_checked_at_once_where_they_are_known():
    with pytest.raises(TypeError, match="lat"):
        healpix.lonlat_to_nested(da.from_array(LON, chunks=50), "north", 3)


def test_functions_of_an_order_and_the_search():
    order = da.from_array(np.arange(30), chunks=7)
    announced(healpix.cell_area(order), healpix.cell_area(np.arange(30)))
    announced(healpix.resolution(order), healpix.resolution(np.arange(30)))
    start, stop = healpix.morton_search([111, 112, 211], da.from_array(np.array([1, 2, 3]), chunks=2))
    assert (start.tolist(), stop.tolist()) == ([0, 2, 3], [2, 3, 3])


def test_polars_series_are_read_as_arrays():
    polars = pytest.importorskip("polars")
    result = healpix.lonlat_to_nested(polars.Series(LON), polars.Series(LAT), 9)
    np.testing.assert_array_equal(result, NESTED)
    with pytest.raises(TypeError, match="integers are needed"):
        healpix.nested_to_uniq(polars.Series([1, None]), 3)
