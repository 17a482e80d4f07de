"""The manners of every public array function, on a plug-in that stands in for the kernels."""

import numpy as np
import pytest

from ferrumba import healpix
from ferrumba.testing.conformance import small_blocks
from ferrumba.testing.loopback import installed


class Arithmetic:
    """Two kernels that are easy to foresee: lon + 1000 * lat + order, and nested + order."""

    PROTOCOL, VERSION = 1, "0"
    MANIFEST = {"healpix.lonlat_to_nested": 1, "healpix.nested_to_uniq": 1, "healpix.nested_to_lonlat": 1}

    def load(self, name):
        def lonlat_to_nested(lon, lat, order, out):
            assert all(a.flags.c_contiguous and a.dtype.isnative for a in (lon, lat, order, out))
            bad = ~(np.abs(lat) <= 90)
            out[...] = np.where(bad, -1, lon + 1000 * np.where(bad, 0, lat) + order)
            return int(np.argmax(bad)) if bad.any() else -1

        def nested_to_uniq(nested, order, out):
            np.add(nested, order, out=out)
            return -1

        def nested_to_lonlat(nested, order, lon, lat):
            lon[...], lat[...] = nested, order
            return -1

        return {
            "lonlat_to_nested": lonlat_to_nested,
            "nested_to_uniq": nested_to_uniq,
            "nested_to_lonlat": nested_to_lonlat,
        }[name.partition(".")[2]]

    def info(self):
        return {}


@pytest.fixture(autouse=True, params=[1 << 16, 3], ids=["one block", "many blocks"])
def arithmetic(request):
    import ferrumba

    with installed(Arithmetic(), "arithmetic"), ferrumba.use_backend("arithmetic?"), small_blocks(request.param):
        yield


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (1.0, 2.0),
        ([1, 2, 3], 4),
        (np.ones((3, 1)), np.arange(4.0)),
        (np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.arange(12.0).reshape(3, 4).T.copy().T),
        (np.arange(20.0)[::-2], np.arange(10, dtype=np.float32)),
        (np.arange(8).astype(">i2"), np.arange(8.0).astype(">f8")),
        (np.zeros((0, 3)), np.zeros(3)),
        (np.array(5), np.float64(6)),
        ([], []),
    ],
)
def test_broadcasting_layouts_and_shapes(lon, lat):
    result = healpix.lonlat_to_nested(lon, lat, 7)
    expected = np.asarray(lon, float) + 1000 * np.asarray(lat, float) + 7
    assert np.shape(result) == expected.shape
    assert result.dtype == np.int64
    assert isinstance(result, np.int64 if expected.ndim == 0 else np.ndarray)
    np.testing.assert_array_equal(result, expected)


def test_order_for_each_element():
    np.testing.assert_array_equal(healpix.lonlat_to_nested(np.zeros((2, 1)), 0.0, [1, 2, 3]), [[1, 2, 3], [1, 2, 3]])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((True, 0.0, 1), TypeError, "lon is True, but real numbers are needed"),
        ((0.0, ["a"], 1), TypeError, "lat is an array of <U1, but real numbers"),
        ((0.0, 1j, 1), TypeError, "lat is 1j"),
        ((0.0, None, 1), TypeError, "lat is None"),
        ((0.0, 0.0, 1.0), TypeError, "order is 1.0, but integers are needed"),
        ((0.0, 0.0, True), TypeError, "order is True"),
        ((0.0, 0.0, "3"), TypeError, "order is '3'"),
        ((0.0, 0.0, 30), ValueError, "order is 30, but HEALPix orders are 0 to 29"),
        ((0.0, 0.0, [3, -1]), ValueError, "at index 1: order is -1"),
        ((np.zeros(2), np.zeros(3), 1), ValueError, r"shapes do not broadcast: lon \(2,\), lat \(3,\)"),
        (([[1.0], [2.0, 3.0]], 0.0, 1), ValueError, "lon cannot be made an array"),
        (([1.0, 2.0], [0.0, 91.0], 1), ValueError, "at index 1: lat is 91.0, but latitudes"),
        (([[1.0, 2.0]], [[0.0, 91.0]], 1), ValueError, r"at index \(0, 1\): lat is 91.0"),
        ((1.0, 91.0, 1), ValueError, "^lat is 91.0"),
    ],
)
def test_bad_arguments_are_named_and_shown(arguments, error, words):
    with pytest.raises(error, match=words):
        healpix.lonlat_to_nested(*arguments)


def test_unsigned_ids_that_do_not_fit():
    with pytest.raises(ValueError, match="nested holds 18446744073709551615, which does not fit int64"):
        healpix.nested_to_uniq(np.array([2**64 - 1], np.uint64), 1)
    assert healpix.nested_to_uniq(np.array([5], np.uint64), 1).tolist() == [6]


class TestInvalid:
    LON, LAT = [1.0, 2.0, 3.0], [0.0, 95.0, 0.0]

    def test_sentinel(self):
        assert healpix.lonlat_to_nested(self.LON, self.LAT, 1, invalid="sentinel").tolist() == [2, -1, 4]

    def test_mask(self):
        result = healpix.lonlat_to_nested(self.LON, self.LAT, 1, invalid="mask")
        assert result.mask.tolist() == [False, True, False]
        assert healpix.lonlat_to_nested(1.0, 95.0, 1, invalid="mask") is np.ma.masked

    def test_masked_elements_count_as_invalid(self):
        lat = np.ma.MaskedArray([0.0, 0.0, 0.0], [False, False, True])
        assert healpix.lonlat_to_nested(self.LON, lat, 1, invalid="sentinel").tolist() == [2, 3, -1]
        with pytest.raises(ValueError, match="at index 2: lat is nan"):
            healpix.lonlat_to_nested(self.LON, lat, 1)

    def test_unknown_policy(self):
        with pytest.raises(ValueError, match="invalid is 'ignore', but the policies are 'raise', 'mask', 'sentinel'"):
            healpix.lonlat_to_nested(self.LON, self.LAT, 1, invalid="ignore")


class TestOut:
    def test_is_filled_and_returned(self):
        out = np.empty((2, 3), np.int64)
        assert healpix.lonlat_to_nested(np.ones((2, 3)), 0.0, 1, out=out) is out
        assert (out == 2).all()

    @pytest.mark.parametrize(
        "make", [lambda: np.empty((4, 6), np.int64)[::2, ::2], lambda: np.empty((2, 3), np.int64, order="F")]
    )
    def test_of_any_layout(self, make):
        out = make()
        assert healpix.lonlat_to_nested(np.arange(6.0).reshape(2, 3), 0.0, 1, out=out) is out
        assert out.tolist() == [[1, 2, 3], [4, 5, 6]]

    def test_may_overlap_an_input(self):
        nested = np.arange(10)
        assert healpix.nested_to_uniq(nested[:9], 1, out=nested[1:]).tolist() == list(range(1, 10))
        assert healpix.nested_to_uniq(nested, 1, out=nested) is nested

    def test_two_results(self):
        lon, lat = np.empty(3), np.empty(3)
        result = healpix.nested_to_lonlat([1, 2, 3], 1, out=(lon, lat))
        assert result[0] is lon
        assert result[1] is lat
        assert lon.tolist() == [1, 2, 3]
        assert lat.tolist() == [1, 1, 1]

    @pytest.mark.parametrize(
        ("out", "error", "words"),
        [
            (np.empty(3), ValueError, r"out is float64\[3\], but nested needs a writable array of int64\[3\]"),
            (np.empty(2, np.int64), ValueError, r"out is int64\[2\]"),
            (np.empty((1, 3), np.int64), ValueError, r"out is int64\[1, 3\]"),
            ([0, 0, 0], TypeError, "out is list"),
            ((np.empty(3, np.int64),) * 2, ValueError, "out holds 2 arrays, but the results are nested"),
        ],
    )
    def test_that_does_not_fit(self, out, error, words):
        with pytest.raises(error, match=words):
            healpix.lonlat_to_nested(np.ones(3), 0.0, 1, out=out)

    def test_read_only(self):
        out = np.empty(3, np.int64)
        out.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            healpix.lonlat_to_nested(np.ones(3), 0.0, 1, out=out)
