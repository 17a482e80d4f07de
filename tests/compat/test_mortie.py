"""What mortie's own tests ask of it, asked of ``ferrumba.compat.mortie`` on every backend, then the faults that it had.

The first part follows the subjects of mortie's 50 tests in the same order. Its regression data (1,239,001 points of
Antarctic drainage outlines) are not ours to ship; outline-like walks of the same number and extent stand in for them.
"""

import numpy as np
import pytest

import ferrumba
from ferrumba import healpix
from ferrumba.compat.mortie import tools

healpy = pytest.importorskip("healpy")

MIXED = pytest.mark.parametrize("parents", [[0, 5, 11], [6, 7, 2]])


@pytest.fixture(autouse=True, params=list(ferrumba.backends()))
def backend(request):
    with ferrumba.use_backend(request.param):
        yield request.param


def decimal(nested, order):
    """Return Morton ids by the definition: a sign, a digit for the base cell, one for each pair of bits."""
    nested = np.asarray(nested, dtype=np.int64)
    base = nested >> 2 * order
    value = base % 6 + 1
    for level in reversed(range(order)):
        value = 10 * value + (nested >> 2 * level) % 4 + 1
    return np.where(base < 6, value, -value)


def oracle(lat, lon, order):
    return decimal(healpy.ang2pix(2**order, lon, lat, nest=True, lonlat=True), order)


@pytest.fixture(scope="module")
def places():
    rng = np.random.default_rng(1)
    return np.rad2deg(np.arcsin(rng.uniform(-1, 1, 100))), rng.uniform(-180, 180, 100)


# order2res and res2display


def test_resolution_halves_with_each_order():
    assert tools.order2res(0) == pytest.approx(6508.1853, rel=1e-12)
    assert tools.order2res(1) == tools.order2res(0) / 2


def test_resolution_of_twenty_orders():
    expected = 111 * 58.6323 / 2.0 ** np.arange(20)
    np.testing.assert_allclose([tools.order2res(order) for order in range(20)], expected, rtol=1e-10)


def test_resolution_falls_and_takes_arrays():
    assert (np.diff(tools.order2res(np.arange(20))) < 0).all()
    np.testing.assert_array_equal(tools.order2res([0, 18]), [tools.order2res(0), tools.order2res(18)])


def test_res2display_prints_twenty_lines(capsys):
    assert tools.res2display() is None
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    assert lines[1] == f"{tools.order2res(1)} km at tessellation order 1"


# unique2parent


@pytest.mark.parametrize("order", range(30))
def test_parents_of_uniq_ids_are_the_base_cells(order):
    """It is right in mortie at orders 1 to 22 only: a logarithm rounds up beyond, and order 0 gives floats."""
    cells = 4**order
    first = 4 * cells + np.arange(12) * cells
    for uniq in (first, first + cells - 1):
        parents = tools.unique2parent(uniq)
        assert parents.dtype == np.int64
        np.testing.assert_array_equal(parents, np.arange(12))


def test_parents_are_the_same_each_time():
    uniq = 4 * 4**8 + np.array([1000, 2000, 3000])
    assert len({tools.unique2parent(uniq).tobytes() for _ in range(3)}) == 1


def test_mixed_orders_are_refused():
    with pytest.raises(NotImplementedError, match="mixed resolution"):
        tools.unique2parent(np.array([4 * 4**6 + 100, 4 * 4**7 + 200]))


def test_parent_has_the_type_of_its_uniq_id():
    assert type(tools.unique2parent(54805)) is int
    assert type(tools.unique2parent(np.int64(54805))) is np.int64
    assert tools.unique2parent(np.array([54805], dtype=np.uint64)).dtype == np.uint64


# heal_norm


def test_normed_address_is_the_offset_in_the_base_cell():
    np.testing.assert_array_equal(tools.heal_norm(2, 6, 2 * 4**6 + np.array([100, 200])), [100, 200])


def test_base_cell_zero_changes_nothing():
    np.testing.assert_array_equal(tools.heal_norm(0, 6, np.array([100, 200, 300])), [100, 200, 300])


def test_heal_norm_is_the_same_each_time_and_broadcasts():
    nested = np.array([[1000], [2000]])
    once = tools.heal_norm(np.array([0, 5]), 8, nested)
    np.testing.assert_array_equal(once, [[1000, 1000 - 5 * 4**8], [2000, 2000 - 5 * 4**8]])
    np.testing.assert_array_equal(once, tools.heal_norm(np.array([0, 5]), 8, nested))
    assert tools.heal_norm(4, 5, 4786) == 690


@pytest.mark.parametrize("order", [-1, 30])
def test_heal_norm_knows_orders_to_29(order):
    with pytest.raises(ValueError, match="order"):
        tools.heal_norm(0, order, np.array([1]))


# geo2uniq


def test_uniq_of_a_point_is_an_integer_of_its_order():
    uniq = tools.geo2uniq(45.0, -122.0, 6)
    assert isinstance(uniq, np.int64)
    assert 4 * 4**6 <= uniq < 16 * 4**6


@pytest.mark.parametrize("order", [0, 8, 18, 29])
def test_uniq_of_points_is_healpys(places, order):
    lat, lon = places
    expected = 4 * 4**order + healpy.ang2pix(2**order, lon, lat, nest=True, lonlat=True)
    np.testing.assert_array_equal(tools.geo2uniq(lat, lon, order), expected)


def test_uniq_is_the_same_each_time():
    assert len({int(tools.geo2uniq(45.0, -122.0, 10)) for _ in range(3)}) == 1


def test_uniq_differs_between_orders():
    assert len({int(tools.geo2uniq(45.0, -122.0, order=o)) for o in (6, 8, 12)}) == 3


# The structure of ids


@pytest.mark.parametrize("order", [6, 8, 10, 12, 18])
def test_digits_are_1_to_4_after_the_base_cell(places, order):
    for morton in tools.geo2mort(*places, order=order):
        first, rest = str(abs(morton))[0], str(abs(morton))[1:]
        assert first in "123456"
        assert len(rest) == order
        assert set(rest) <= set("1234")


def test_sign_is_of_the_base_cell_not_of_the_hemisphere():
    lat, lon = np.array([1.0, 1.0, 80.0, -80.0]), np.array([90.0, 0.0, 0.0, 0.0])
    assert np.sign(tools.geo2mort(lat, lon, 10)).tolist() == [1, 1, 1, -1]
    assert healpix.lonlat_to_nested(180.0, 1.0, 0) == 6
    assert tools.geo2mort(1.0, 180.0, 10)[0] < 0


# geo2mort


def test_id_of_a_point_is_an_array_of_one():
    morton = tools.geo2mort(45.0, -122.0, order=6)
    assert isinstance(morton, np.ndarray)
    assert morton.shape == (1,)


@pytest.mark.parametrize("order", range(1, 19))
def test_ids_of_points_are_healpys(places, order):
    morton = tools.geo2mort(*places, order)
    assert morton.dtype == np.int64
    np.testing.assert_array_equal(morton, oracle(*places, order))


def test_id_of_a_point_is_the_same_each_time():
    assert tools.geo2mort(45.0, -122.0, 12) == tools.geo2mort(45.0, -122.0, 12)


def test_ids_of_points_are_the_same_each_time(places):
    np.testing.assert_array_equal(tools.geo2mort(*places, 10), tools.geo2mort(*places, 10))


def test_clipping_keeps_the_form_of_the_array():
    clipped = tools.clip2order(6, np.array([tools.geo2mort(45.0, -122.0, order=18)]))
    assert clipped.shape == (1, 1)
    assert clipped[0, 0] == tools.geo2mort(45.0, -122.0, order=6)[0]


def test_the_date_line_is_one_place():
    west, middle, east = tools.geo2mort(np.zeros(3), np.array([-180.0, 0.0, 180.0]), 8)
    assert west == east != middle


def test_ids_near_the_poles():
    np.testing.assert_array_equal(tools.geo2mort([89.0, -89.0], [0.0, 0.0], 8), oracle([89.0, -89.0], [0.0, 0.0], 8))


def test_ids_are_one_dimensional_whatever_the_points():
    lat = np.linspace(-80, 80, 6).reshape(2, 3)
    np.testing.assert_array_equal(tools.geo2mort(lat, np.zeros((2, 1)), 9), tools.geo2mort(lat.ravel(), np.zeros(6), 9))


# fastNorm2Mort


def test_ids_of_addresses():
    morton = tools.fastNorm2Mort(6, np.array([100, 200, 300]), np.array([2, 3, 4]))
    assert morton.dtype == np.int64
    np.testing.assert_array_equal(morton, decimal(np.array([2, 3, 4]) * 4**6 + [100, 200, 300], 6))


def test_ids_of_addresses_are_the_same_each_time():
    arguments = 8, np.array([100, 200, 300]), np.array([2, 3, 4])
    assert len({tools.fastNorm2Mort(*arguments).tobytes() for _ in range(3)}) == 1


def test_order_18_is_the_finest():
    normed, parents = np.array([100]), np.array([2])
    assert tools.fastNorm2Mort(18, normed, parents).dtype == np.int64
    with pytest.raises(ValueError, match=r"^Max order is 18 \(to output to 64-bit int\)\.$"):
        tools.fastNorm2Mort(19, normed, parents)
    with pytest.raises(ValueError, match="Max order is 18"):
        tools.geo2mort(0.0, 0.0, 19)


def test_ids_of_one_address_differ_between_orders():
    assert len({tools.fastNorm2Mort(o, np.array([100]), np.array([2]))[0] for o in (6, 8, 10)}) == 3


# VaexNorm2Mort


def test_vaex_form_gives_integers():
    morton = tools.VaexNorm2Mort(np.array([100, 200, 300]), np.array([8, 9, 10]))
    assert morton.dtype == np.int64
    assert (morton < 0).all()


def test_vaex_form_is_the_same_each_time():
    arguments = np.array([100, 200, 300]), np.array([8, 9, 10])
    np.testing.assert_array_equal(tools.VaexNorm2Mort(*arguments), tools.VaexNorm2Mort(*arguments))


def test_vaex_form_is_order_18():
    rng = np.random.default_rng(2)
    normed, parents = rng.integers(0, 4**18, 10_000), np.arange(10_000) % 12
    morton = tools.VaexNorm2Mort(normed, parents)
    np.testing.assert_array_equal(morton, tools.fastNorm2Mort(18, normed, parents))
    np.testing.assert_array_equal(morton, decimal(parents * 4**18 + normed, 18))


# clip2order


def test_clip_factor():
    assert tools.clip2order(12, print_factor=True) == 10**6


def test_clip_is_a_division_of_the_magnitude():
    """A test of mortie clips numbers that are no ids; their digits are nobody's business."""
    ids = np.array([123456789012345678, 987654321098765432])
    np.testing.assert_array_equal(tools.clip2order(12, ids), ids // 10**6)


def test_clip_keeps_the_sign_and_the_argument():
    ids = np.array([123456789012345678, -987654321098765432])
    np.testing.assert_array_equal(tools.clip2order(12, ids), [123456789012, -987654321098])
    np.testing.assert_array_equal(ids, [123456789012345678, -987654321098765432])


def test_clip_is_the_same_each_time_and_order_18_a_copy():
    ids = tools.geo2mort([10.0, -10.0], [20.0, 200.0])
    np.testing.assert_array_equal(tools.clip2order(12, ids), tools.clip2order(12, ids))
    same = tools.clip2order(18, ids)
    np.testing.assert_array_equal(same, ids)
    assert not np.shares_memory(same, ids)


# All of it together


@pytest.mark.parametrize("order", [6, 8, 10, 12, 14])
def test_each_step_gives_what_the_whole_gives(places, order):
    """The pipeline as mortie's users write it out, with the UNIQ offset left in the addresses."""
    uniq = tools.geo2uniq(*places, order)
    parents = tools.unique2parent(uniq)
    normed = tools.heal_norm(parents, order, uniq)
    assert (normed >= 4 * 4**order).all()
    morton = tools.fastNorm2Mort(order, normed.ravel(), parents.ravel())
    np.testing.assert_array_equal(morton, tools.geo2mort(*places, order))


def test_near_points_share_ancestors():
    near = tools.geo2mort(np.array([45.0, 45.0001]), np.array([-122.0, -122.0001]))
    assert len(set(tools.clip2order(4, near))) == 1


def test_a_hundred_points_all_over(places):
    assert len(np.unique(tools.geo2mort(*places))) == 100


def test_five_runs_agree(places):
    assert len({tools.geo2mort(*places, 10).tobytes() for _ in range(5)}) == 1


def test_reference_points_one_by_one():
    for lat, lon in ((0.0, 0.0), (45.0, 45.0), (-45.0, -45.0), (89.0, 0.0), (-89.0, 180.0)):
        for order in (4, 6, 8, 10, 12, 14, 18):
            assert tools.geo2mort(lat, lon, order).tolist() == oracle([lat], [lon], order).tolist()


def test_reference_lines():
    lat, lon = np.linspace(-85, 85, 100), np.linspace(-175, 175, 100)
    np.testing.assert_array_equal(tools.geo2mort(lat, lon, 12), oracle(lat, lon, 12))


def test_healpy_pixels_are_int64():
    assert type(healpy.ang2pix(64, 132.85, 77.32, lonlat=True)) is np.int64


# The regression: 1,239,001 points


@pytest.fixture(scope="module")
def outlines():
    """Return latitudes, longitudes and polygon numbers of outline-like walks, 7 decimals, of the original's extent."""
    rng = np.random.default_rng(18)
    polygon = np.arange(1_239_001) // 45_889
    lon = rng.uniform(-180, 180, 27)[polygon] + np.cumsum(rng.normal(0, 0.002, polygon.size))
    lat = rng.uniform(-86, -66, 27)[polygon] + np.cumsum(rng.normal(0, 0.0005, polygon.size)) % 2.0
    lat = np.clip(lat, -88.4467621, -63.2129123).round(7)
    return lat, ((lon + 180) % 360 - 180).round(7), polygon


@pytest.fixture(scope="module")
def expected(outlines):
    return oracle(*outlines[:2], 18)


def test_outlines_are_antarctic(outlines):
    lat, lon, polygon = outlines
    assert len(lat) == 1_239_001
    assert (np.abs(lon) <= 180).all()
    assert -90 <= lat.min() < lat.max() <= -60
    assert len(np.unique(polygon)) == 27


def test_all_1239001_ids_are_healpys(outlines, expected):
    np.testing.assert_array_equal(tools.geo2mort(*outlines[:2]), expected)


def test_all_1239001_ids_survive_decoding(expected):
    nested = healpix.morton_to_nested(expected)
    parents = nested >> 36
    np.testing.assert_array_equal(tools.fastNorm2Mort(18, tools.heal_norm(parents, 18, nested), parents), expected)
    lon, lat = healpix.morton_to_lonlat(expected)
    np.testing.assert_array_equal(tools.geo2mort(lat, lon), expected)


def test_ids_of_10000_outline_points_are_the_same_each_time(outlines):
    lat, lon = outlines[0][:10_000], outlines[1][:10_000]
    np.testing.assert_array_equal(tools.geo2mort(lat, lon), tools.geo2mort(lat, lon))


def test_10000_outline_ids_are_valid(outlines):
    assert healpix.is_morton(tools.geo2mort(outlines[0][:10_000], outlines[1][:10_000])).all()


def test_each_hundredth_id_alone(outlines, expected):
    np.testing.assert_array_equal(tools.geo2mort(outlines[0][::100], outlines[1][::100]), expected[::100])


def test_outline_ids_cover_several_southern_base_cells(expected):
    base = np.unique(tools.unique2parent(4 * 4**18 + healpix.morton_to_nested(expected)))
    assert set(base) == {8, 9, 10, 11}
    assert len(np.unique(expected)) > 500_000


# As a ufunc


@MIXED
def test_arguments_broadcast(parents):
    normed = np.arange(8).reshape(4, 2, 1)
    morton = tools.fastNorm2Mort(np.array([[3], [9]]), normed, parents)
    assert morton.shape == (4, 2, 3)
    for index in np.ndindex(morton.shape):
        order = (3, 9)[index[1]]
        assert morton[index] == decimal(parents[index[2]] * 4**order + normed[index[0], index[1], 0], order)


def test_scalars_give_scalars():
    assert type(tools.fastNorm2Mort(5, 690, 4)) is np.int64
    assert tools.fastNorm2Mort(5, 690, 4) == 533413
    assert tools.fastNorm2Mort(order=5, normed=690, parents=4) == 533413


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i8"])
def test_integers_of_any_width(dtype):
    morton = tools.fastNorm2Mort(6, np.array([100, 127], dtype=dtype), np.array([2, 11], dtype=dtype))
    assert morton.tolist() == decimal([2 * 4**6 + 100, 11 * 4**6 + 127], 6).tolist()


@pytest.mark.parametrize("bad", [1.0, "1", None, True, 1j])
def test_other_kinds_are_type_errors(bad):
    for arguments in ((bad, 1, 1), (5, [bad], 1), (5, 1, bad)):
        with pytest.raises(TypeError):
            tools.fastNorm2Mort(*arguments)


def test_out_receives_the_ids():
    out = np.empty(3, dtype=np.int64)
    assert tools.VaexNorm2Mort([1, 2, 3], 8, out=out) is out
    assert tools.fastNorm2Mort(18, [1, 2, 3], 8, (out,)) is out
    np.testing.assert_array_equal(out, tools.VaexNorm2Mort([1, 2, 3], 8))


def test_where_leaves_the_rest():
    out = np.full((2, 3), 7, dtype=np.int64)
    chosen = np.array([[True], [False]])
    assert tools.fastNorm2Mort(5, [1, 2, 3], 4, out=out, where=chosen) is out
    np.testing.assert_array_equal(out, [tools.fastNorm2Mort(5, [1, 2, 3], 4), [7, 7, 7]])
    assert tools.fastNorm2Mort(5, [1, -2], 4, where=[True, False]).tolist() == [tools.fastNorm2Mort(5, 1, 4), 0]


def test_series_keep_their_index():
    pd = pytest.importorskip("pandas")
    columns = {"normed": [690, 12], "parents": [4, 11], "lat": [10.0, -20.0], "lon": [3.0, 4.0]}
    frame = pd.DataFrame(columns, index=[9, 7])
    for function, arguments in (
        (tools.fastNorm2Mort, (5, frame.normed, frame.parents)),
        (tools.VaexNorm2Mort, (frame.normed, frame.parents)),
        (tools.geo2mort, (frame.lat, frame.lon, 6)),
        (tools.geo2uniq, (frame.lat, frame.lon, 6)),
        (tools.unique2parent, (frame.normed + 4**6 * 4,)),
        (tools.clip2order, (9, tools.VaexNorm2Mort(frame.normed, frame.parents))),
        (tools.heal_norm, (frame.parents, 5, frame.normed)),
    ):
        plain = [value.to_numpy() if isinstance(value, pd.Series) else value for value in arguments]
        result = function(*arguments)
        assert result.index.tolist() == [9, 7]
        np.testing.assert_array_equal(result, function(*plain))
    with pytest.raises(TypeError, match="where"):
        tools.fastNorm2Mort(5, frame.normed, 4, where=[True, False])


def test_dask_arrays_stay_lazy():
    da = pytest.importorskip("dask.array")
    rng = np.random.default_rng(3)
    normed, parents, lat = rng.integers(0, 4**9, (6, 10)), rng.integers(0, 12, 10), rng.uniform(-90, 90, (6, 10))
    lazy = [da.from_array(values, chunks=4) for values in (normed, parents, lat)]
    uniq = 4 * 4**9 + parents * 4**9 + normed
    for function, arguments, plain in (
        (tools.fastNorm2Mort, (9, *lazy[:2]), (9, normed, parents)),
        (tools.VaexNorm2Mort, lazy[:2], (normed, parents)),
        (tools.geo2mort, (lazy[2], 7.0), (lat, 7.0)),
        (tools.geo2uniq, (lazy[2], lazy[2], 9), (lat, lat, 9)),
        (tools.unique2parent, (da.from_array(uniq, chunks=4),), (uniq,)),
        (tools.clip2order, (2, tools.VaexNorm2Mort(*lazy[:2])), (2, tools.VaexNorm2Mort(normed, parents))),
        (tools.heal_norm, (lazy[1], 9, lazy[0]), (parents, 9, normed)),
    ):
        result = function(*arguments)
        assert isinstance(result, da.Array)
        assert result.dtype == np.int64
        np.testing.assert_array_equal(result.compute(scheduler="sync"), function(*plain))


# Faults of mortie, mended


def test_empty_input_gives_empty_ids():
    assert tools.geo2mort([], []).dtype == np.int64
    assert tools.geo2mort([], []).shape == (0,)
    assert tools.unique2parent(np.array([], dtype=np.int64)).shape == (0,)


def test_order_0_works():
    assert tools.geo2mort([-80.0, 80.0], [0.0, 0.0], 0).tolist() == [-3, 1]
    assert tools.fastNorm2Mort(0, 0, np.arange(12)).tolist() == [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]
    assert tools.unique2parent(np.arange(4, 16)).tolist() == list(range(12))


def test_an_order_for_each_point():
    assert tools.geo2mort([45.0, 45.0], -122.0, [6, 9]).tolist() == [
        tools.geo2mort(45.0, -122.0, 6)[0],
        tools.geo2mort(45.0, -122.0, 9)[0],
    ]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_longitudes_are_value_errors(bad):
    for function in (tools.geo2mort, tools.geo2uniq):
        with pytest.raises(ValueError, match=r"at index 1: lon is (nan|inf|-inf)"):
            function([0.0, 0.0], [0.0, bad], 6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 90.0001, -90.0001, -90.0000001, 1e300])
def test_bad_latitudes_are_value_errors(bad):
    for function in (tools.geo2mort, tools.geo2uniq):
        with pytest.raises(ValueError, match="at index 1: lat is"):
            function([0.0, bad], [0.0, 0.0], 6)


def test_float32_is_computed_in_float64(places):
    lat, lon = (values.astype(np.float32) for values in places)
    np.testing.assert_array_equal(tools.geo2mort(lat, lon), oracle(lat.astype(float), lon.astype(float), 18))


@pytest.mark.parametrize("parent", [-1, 12, 2**62])
def test_parents_that_are_no_base_cells(parent):
    with pytest.raises(ValueError, match=f"at index 1: parents is {parent}"):
        tools.fastNorm2Mort(5, 1, [0, parent])


@pytest.mark.parametrize("normed", [-1, 4**5, 4 * 4**5 - 1, 5 * 4**5, 2**62])
def test_addresses_beyond_the_base_cell(normed):
    with pytest.raises(ValueError, match=f"at index 1: normed is {normed}"):
        tools.fastNorm2Mort(5, [1, normed], 3)


@pytest.mark.parametrize("order", [-1, -(2**62), 6.0, True, "6", None])
def test_orders_that_are_none(order):
    with pytest.raises((TypeError, ValueError)):
        tools.fastNorm2Mort(order, 1, 1)
    with pytest.raises((TypeError, ValueError)):
        tools.geo2mort(1.0, 1.0, order)


def test_lists_are_arrays():
    assert tools.unique2parent([54805, 16384]).tolist() == [9, 0]
    assert tools.clip2order(0, [-4222344342113414321]).tolist() == [-4]


def test_clip_takes_scalars():
    assert type(tools.clip2order(6, np.int64(-4222344342113414321))) is np.int64
    assert tools.clip2order(6, -4222344342113414321) == -4222344


@pytest.mark.parametrize("order", [-1, 19, 100])
def test_clip_orders_out_of_range(order):
    """Of 19 mortie made floats ten times too large, and it overflowed below 0."""
    for printed in (False, True):
        with pytest.raises(ValueError, match=f"clip_order is {order}"):
            tools.clip2order(order, np.array([1]), printed)


@pytest.mark.parametrize("bad", [None, [1.5], ["1"], [np.iinfo(np.int64).min], np.array([2**63], dtype=np.uint64)])
def test_clip_of_what_is_no_id(bad):
    with pytest.raises((TypeError, ValueError)):
        tools.clip2order(6, bad)


@pytest.mark.parametrize("bad", [0, 3, -4, 2**62])
def test_what_is_no_uniq_id(bad):
    with pytest.raises(ValueError, match=f"uniq is {bad}"):
        tools.unique2parent(np.array([bad]))


def test_vaex_expressions():
    """Vaex cannot hand expressions to any function of arrays, ufuncs included; it calls functions that it is given."""
    vaex = pytest.importorskip("vaex")
    rng = np.random.default_rng(4)
    normed, parents = rng.integers(0, 4**18, 1000), rng.integers(0, 12, 1000)
    frame = vaex.from_arrays(normed=normed, parents=parents)
    frame.add_function("VaexNorm2Mort", tools.VaexNorm2Mort)
    for column in (
        frame.func.VaexNorm2Mort(frame.normed, frame.parents),
        frame.apply(tools.VaexNorm2Mort, arguments=[frame.normed, frame.parents], vectorize=True),
    ):
        np.testing.assert_array_equal(column.to_numpy(), tools.VaexNorm2Mort(normed, parents))
