"""pandas arguments of the public functions: what goes in, what comes out, what is refused."""

import numpy as np
import pytest

from ferrumba import healpix

pd = pytest.importorskip("pandas")

LON, LAT = np.array([0.0, 90.0, -45.5, 166.67]), np.array([-90.0, 10.0, 45.0, -77.85])
LABELS = pd.Index(["d", "a", "c", "b"], name="station")


@pytest.fixture
def frame():
    return pd.DataFrame({"lon": LON, "lat": LAT}, index=LABELS)


def test_series_keep_the_index_and_take_the_name_of_the_output(frame):
    result = healpix.lonlat_to_nested(frame.lon, frame.lat, 18)
    expected = pd.Series(healpix.lonlat_to_nested(LON, LAT, 18), index=LABELS, name="nested")
    pd.testing.assert_series_equal(result, expected)


def test_scalars_arrays_and_index_stand_beside_a_series(frame):
    expected = healpix.lonlat_to_nested(LON, LAT, [1, 2, 3, 4])
    for order in ([1, 2, 3, 4], pd.Index([1, 2, 3, 4]), pd.array([1, 2, 3, 4]), pd.Series([1, 2, 3, 4], index=LABELS)):
        result = healpix.lonlat_to_nested(LON, frame.lat, order)
        assert result.index is frame.index or result.index.equals(LABELS)
        np.testing.assert_array_equal(result, expected)


def test_several_outputs_are_several_series(frame):
    nested = healpix.lonlat_to_nested(frame.lon, frame.lat, 9)
    lon, lat = healpix.nested_to_lonlat(nested, 9)
    assert (lon.name, lat.name) == ("lon", "lat")
    assert lon.index.equals(LABELS)
    np.testing.assert_array_equal(lat, healpix.nested_to_lonlat(nested.to_numpy(), 9)[1])


def test_values_for_each_row_are_columns(frame):
    nested = healpix.lonlat_to_nested(frame.lon, frame.lat, 9)
    result = healpix.neighbours(nested, 9)
    pd.testing.assert_frame_equal(result, pd.DataFrame(healpix.neighbours(nested.to_numpy(), 9), index=LABELS))
    lon, lat = healpix.cell_vertices(nested, 9)
    assert lon.shape == lat.shape == (4, 4)


def test_different_indexes_are_refused(frame):
    with pytest.raises(ValueError, match="lon and lat have different indexes"):
        healpix.lonlat_to_nested(frame.lon, frame.lat.iloc[::-1], 3)
    with pytest.raises(ValueError, match="lon and order have different indexes"):
        healpix.lonlat_to_nested(frame.lon, 0.0, pd.Series([1, 2, 3, 4]))


def test_results_longer_than_the_series_are_refused(frame):
    for lat in (np.zeros((2, 4)), np.zeros((4, 1))):
        with pytest.raises(ValueError, match=r"lat has shape .* 4 rows"):
            healpix.lonlat_to_nested(frame.lon, lat, 3)
    with pytest.raises(ValueError, match=r"lat has shape \(4,\)"):
        healpix.lonlat_to_nested(frame.lon.iloc[:1], LAT, 3)


def test_data_frames_are_refused(frame):
    with pytest.raises(TypeError, match="lon is a DataFrame"):
        healpix.lonlat_to_nested(frame, 0.0, 3)
    with pytest.raises(TypeError, match="lat is a DataFrame"):
        healpix.lonlat_to_nested(0.0, pd.DataFrame(), 3)


def test_out_is_refused(frame):
    with pytest.raises(TypeError, match="out is given together with a Series"):
        healpix.lonlat_to_nested(frame.lon, frame.lat, 3, out=np.empty(4, dtype=np.int64))


@pytest.mark.parametrize("dtype", ["Float64", "Float32", "float64", "double[pyarrow]"])
def test_missing_coordinates_are_invalid_rows(frame, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    lat = frame.lat.astype(dtype)
    lat.iloc[2] = None
    lon = frame.lon.astype(dtype)
    whole = healpix.lonlat_to_nested(lon.to_numpy(dtype=float), frame.lat.astype(dtype).to_numpy(dtype=float), 12)
    with pytest.raises(ValueError, match="at index 2: lat is nan"):
        healpix.lonlat_to_nested(lon, lat, 12)
    masked = healpix.lonlat_to_nested(lon, lat, 12, invalid="mask")
    assert masked.dtype == "Int64"
    assert masked.isna().tolist() == [False, False, True, False]
    assert masked.index.equals(LABELS)
    np.testing.assert_array_equal(masked.dropna(), whole[[0, 1, 3]])
    sentinel = healpix.lonlat_to_nested(lon, lat, 12, invalid="sentinel")
    assert sentinel.dtype == np.int64
    assert sentinel.iloc[2] == -1


@pytest.mark.parametrize("dtype", ["Int64", "Int16", "UInt64", "int64[pyarrow]"])
def test_missing_ids_are_invalid_rows(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    nested = pd.Series([5, None, 7], dtype=dtype)
    with pytest.raises(ValueError, match=r"at index 1: nested is .*missing values, here in nested, are invalid"):
        healpix.nested_to_lonlat(nested, 3)
    lon, lat = healpix.nested_to_lonlat(nested, 3, invalid="mask")
    assert (lon.dtype, lat.dtype) == ("Float64", "Float64")
    assert lon.isna().tolist() == lat.isna().tolist() == [False, True, False]
    assert healpix.nested_to_uniq(nested, 3, invalid="sentinel").tolist() == [261, -1, 263]
    around = healpix.neighbours(nested, 3, invalid="mask")
    assert around.isna().all(axis=1).tolist() == [False, True, False]


def test_missing_numbers_are_no_ids():
    assert healpix.is_morton(pd.Series([11, None, 15], dtype="Int64")).tolist() == [True, False, False]


def test_unsigned_ids_do_not_wrap():
    for ids in (pd.Series([2**63, 1], dtype="UInt64"), pd.Series([2**63, None], dtype="UInt64")):
        with pytest.raises(ValueError, match=r"nested holds 9223372036854775808"):
            healpix.nested_to_lonlat(ids, 3, invalid="sentinel")


@pytest.mark.parametrize(
    "values", [["a", "b"], [True, False], pd.array([True, None]), pd.to_datetime(["2020", "2021"])], ids=str
)
def test_other_kinds_are_type_errors(values):
    for invalid in ("raise", "mask", "sentinel"):
        with pytest.raises(TypeError, match="are needed"):
            healpix.lonlat_to_nested(pd.Series(values), 0.0, 3, invalid=invalid)
    with pytest.raises(TypeError, match="needed"):
        healpix.lonlat_to_nested(pd.NA, 0.0, 3)


def test_floats_are_no_ids():
    """A column of ids with gaps becomes float64 in old pandas; nothing is rounded silently."""
    with pytest.raises(TypeError, match="integers are needed"):
        healpix.nested_to_lonlat(pd.Series([1, np.nan]), 3)


def test_an_index_or_extension_array_alone_gives_an_array():
    for values in (pd.Index([1, 2]), pd.array([1, 2])):
        result = healpix.nested_to_uniq(values, 3)
        assert isinstance(result, np.ndarray)
        assert result.tolist() == [257, 258]


def test_empty_series_and_categories():
    assert healpix.lonlat_to_nested(pd.Series([], dtype=float), 0.0, 3).shape == (0,)
    assert healpix.nested_to_uniq(pd.Series([1, 2, 1], dtype="category"), 3).tolist() == [257, 258, 257]


def test_the_argument_stays_as_it_was(frame):
    before = frame.copy()
    healpix.lonlat_to_nested(frame.lon, frame.lat, 5)
    pd.testing.assert_frame_equal(frame, before)


def test_backend_request_reaches_the_call(frame):
    with pytest.raises(ValueError, match="backend"):
        healpix.lonlat_to_nested(frame.lon, frame.lat, 5, backend="no such")


def test_functions_of_an_order_keep_the_index_and_check_it():
    order = pd.Series([0, 18], index=["coarse", "fine"], dtype="Int64")
    for function, name in ((healpix.cell_area, "area"), (healpix.resolution, "resolution")):
        pd.testing.assert_series_equal(function(order), pd.Series(function([0, 18]), index=order.index, name=name))
        for bad in (-1, 30, None):
            with pytest.raises(ValueError, match="at index 1: order is"):
                function(pd.Series([1, bad], dtype="Int64"))
