"""Every kernel against somebody else's answer: big integers, healpy at all orders, cdshealpix away from borders.

Two hundred thousand points an order by default (``FERRUMBA_TEST_POINTS``), ten million more in the slow tests.
"""

import importlib
import os
import re

import cdshealpix
import healpy
import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Latitude, Longitude

from ferrumba.healpix import cases
from ferrumba.healpix.declarations import BY_STEM, MAX_MORTON_ORDER, MAX_ORDER

POINTS = int(os.environ.get("FERRUMBA_TEST_POINTS", "200000"))
ORDERS = range(MAX_ORDER + 1)
MORTON_ORDERS = range(MAX_MORTON_ORDER + 1)
EDGE = np.rad2deg(np.arcsin(2 / 3))
INT64 = np.iinfo(np.int64)


@pytest.fixture(params=["numba"])
def call(request):
    """Return ``call(stem, *inputs)``: the first invalid row, and the outputs."""

    def call(stem, *inputs):
        kernel = BY_STEM[stem]
        function = getattr(importlib.import_module(f"ferrumba.healpix.{request.param}.{stem}"), stem)
        inputs = [np.ascontiguousarray(values) for values in inputs]
        n = min((len(values) for values in inputs), key=lambda rows: -rows if rows != 1 else 0)
        outputs = kernel.allocate(n, inputs)
        return function(*inputs, *outputs), *outputs

    return call


def ids_at(rng, order, n):
    """Return all nested ids of a low order, else n random ones."""
    return np.arange(12 << 2 * order) if order <= 6 else cases.nested_ids(rng, cases.one_order(order), n)


def decimal_id(nested, order):
    """Return the decimal id of a nested id by its definition, in Python's integers."""
    face, address = divmod(nested, 4**order)
    digits = str(face % 6 + 1)
    for level in range(order - 1, -1, -1):
        digits += str(address // 4**level % 4 + 1)
    return int(digits) if face < 6 else -int(digits)


def is_decimal_id(value):
    return re.fullmatch("-?[1-6][1-4]{0,18}", str(value)) is not None


# Points to pixels


def points(rng, n):
    """Return points on the sphere, on borders of cells and near the poles."""
    parts = [maker(rng, n) for maker in (cases.sphere, cases.borders, cases.polar)]
    named = np.array([360.0, -360.0, -180.0, 720.0, -720.0, -0.0, 0.0, 45.0, 90.0, 1e5, -1e17])
    heights = np.array([90.0, -90.0, 0.0, -0.0, EDGE, -EDGE, 89.43, -45.0])
    parts.append((np.repeat(named, len(heights)), np.tile(heights, len(named))))
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


@pytest.mark.parametrize("order", ORDERS)
def test_nested_ids_are_healpys(call, order):
    lon, lat = points(np.random.default_rng(order), POINTS // 3)
    first, nested = call("lonlat_to_nested", lon, lat, cases.one_order(order))
    assert first == -1
    np.testing.assert_array_equal(nested, healpy.ang2pix(1 << order, lon, lat, nest=True, lonlat=True))


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_nested_ids_are_healpys_on_ten_million_points(call, order):
    rng = np.random.default_rng(100 + order)
    for _ in range(2):
        lon, lat = points(rng, 60_000)
        _, nested = call("lonlat_to_nested", lon, lat, cases.one_order(order))
        np.testing.assert_array_equal(nested, healpy.ang2pix(1 << order, lon, lat, nest=True, lonlat=True))


@pytest.mark.parametrize("order", ORDERS)
def test_points_on_edges_and_corners_of_cells(call, order):
    rng = np.random.default_rng(order)
    vectors = healpy.boundaries(1 << order, ids_at(rng, min(order, 29), 2000)[:2000], step=3, nest=True)
    lon, lat = healpy.vec2ang(np.moveaxis(vectors, 1, 2).reshape(-1, 3), lonlat=True)
    for ulps in (-10, -1, 0, 1, 10):
        moved = np.clip(lat + ulps * np.spacing(np.abs(lat)), -90.0, 90.0)
        _, nested = call("lonlat_to_nested", lon, moved, cases.one_order(order))
        np.testing.assert_array_equal(nested, healpy.ang2pix(1 << order, lon, moved, nest=True, lonlat=True))


def test_orders_and_coordinates_may_differ_by_row_or_not(call):
    rng = np.random.default_rng(3)
    lon, lat = points(rng, 5000)
    order = cases.orders(rng, len(lon), MAX_ORDER)
    _, nested = call("lonlat_to_nested", lon, lat, order)
    np.testing.assert_array_equal(nested, healpy.ang2pix(1 << order, lon, lat, nest=True, lonlat=True))
    for inputs in ((lon[:1], lat, order), (lon, lat[:1], order[:1]), (lon[:1], lat[:1], order)):
        _, nested = call("lonlat_to_nested", *inputs)
        np.testing.assert_array_equal(
            nested, healpy.ang2pix(1 << inputs[2], *np.broadcast_arrays(*inputs[:2]), nest=True, lonlat=True)
        )


@pytest.mark.parametrize("order", MORTON_ORDERS)
def test_decimal_ids_of_points_are_those_of_their_cells(call, order):
    lon, lat = points(np.random.default_rng(order), 20_000)
    first, morton = call("lonlat_to_morton", lon, lat, cases.one_order(order))
    nested = healpy.ang2pix(1 << order, lon, lat, nest=True, lonlat=True)
    assert first == -1
    # Within an ulp of (360, -asin(2/3)) healpy itself finds a face 12; the corner belongs to face 8.
    nested = np.where(nested >= 12 << 2 * order, nested - (4 << 2 * order), nested)
    np.testing.assert_array_equal(morton, call("nested_to_morton", nested, cases.one_order(order))[1])
    _, mixed = call("lonlat_to_morton", lon, lat, np.full(len(lon), order))
    np.testing.assert_array_equal(morton, mixed)


@pytest.mark.parametrize("stem", ["lonlat_to_nested", "lonlat_to_morton"])
def test_rows_without_a_cell_are_told_and_marked(call, stem):
    rng = np.random.default_rng(8)
    lon, lat = cases.sphere(rng, 3000)
    bad = np.sort(rng.permutation(np.arange(5, 3000))[: len(cases.BAD_COORDINATES)])
    lat[bad] = cases.BAD_COORDINATES
    lon[2999], lat[2999] = np.nan, 0.0
    order = np.full(3000, 18)
    for orders in (order[:1], order):
        first, ids = call(stem, lon, lat, orders)
        assert first == bad[0]
        np.testing.assert_array_equal(np.nonzero(ids == BY_STEM[stem].outputs[0].sentinel)[0], [*bad, 2999])
    highest = (BY_STEM[stem].outputs[0].sentinel == 0 and MAX_MORTON_ORDER) or MAX_ORDER
    order[[7, 9, 11, 13]] = [highest + 1, -1, INT64.max, INT64.min]
    lat[:] = 0.0
    first, ids = call(stem, lon[:2999], lat[:2999], order[:2999])
    assert first == 7
    np.testing.assert_array_equal(np.nonzero(ids == BY_STEM[stem].outputs[0].sentinel)[0], [7, 9, 11, 13])
    assert call(stem, lon, lat, np.array([highest + 1]))[0] == 0


@pytest.mark.parametrize("order", [0, 3, 9, 18, 24, 29])
def test_cdshealpix_agrees_away_from_borders(call, order):
    rng = np.random.default_rng(order)
    lon, lat = cases.sphere(rng, 50_000)
    _, nested = call("lonlat_to_nested", lon, lat, cases.one_order(order))
    theirs = cdshealpix.nested.lonlat_to_healpix(Longitude(lon, units.deg), Latitude(lat, units.deg), order)
    differ = nested != theirs.astype(np.int64)
    # Where they differ, the point must lie within the two libraries' rounding of a border: 1e-13 degrees away the
    # answers of either change.
    nudged = [
        call("lonlat_to_nested", lon + dx, np.clip(lat + dy, -90, 90), cases.one_order(order))[1]
        for dx in (-1e-12, 0, 1e-12)
        for dy in (-1e-13, 0, 1e-13)
    ]
    assert differ.mean() < 1e-4 * max(1.0, 2.0 ** (order - 27))
    assert np.all(np.any([other != nested for other in nudged], axis=0)[differ])


# Pixels to points


@pytest.mark.parametrize("order", ORDERS)
def test_centres_are_healpys_within_1e_13_degrees(call, order):
    ids = ids_at(np.random.default_rng(order), order, 50_000)
    first, lon, lat = call("nested_to_lonlat", ids, cases.one_order(order))
    their_lon, their_lat = healpy.pix2ang(1 << order, ids, nest=True, lonlat=True)
    assert first == -1
    assert lon.min() >= 0.0
    assert lon.max() < 360.0
    # Ours is one correctly rounded division; healpy's goes through radians and may be two ulp of 360 off.
    np.testing.assert_allclose(lon, their_lon, rtol=0, atol=1.2e-13)
    np.testing.assert_allclose(lat, their_lat, rtol=0, atol=1e-13)


@pytest.mark.parametrize("order", ORDERS)
def test_centres_encode_to_their_own_cells(call, order):
    ids = ids_at(np.random.default_rng(order), order, 100_000)
    for orders in (cases.one_order(order), np.full(len(ids), order)):
        _, lon, lat = call("nested_to_lonlat", ids, orders)
        np.testing.assert_array_equal(call("lonlat_to_nested", lon, lat, orders)[1], ids)


def test_centres_of_124_million_ids_encode_to_themselves(call):
    ids = cases.morton_ids(np.random.default_rng(1), cases.one_order(18), 1_240_000)
    first, lon, lat = call("morton_to_lonlat", ids)
    assert first == -1
    np.testing.assert_array_equal(call("lonlat_to_morton", lon, lat, cases.one_order(18))[1], ids)


def test_centres_of_decimal_ids_are_those_of_the_nested_ids(call):
    rng = np.random.default_rng(2)
    order = cases.orders(rng, 50_000, MAX_MORTON_ORDER)
    ids = cases.morton_ids(rng, order, len(order))
    _, nested = call("morton_to_nested", ids)
    np.testing.assert_array_equal(call("morton_to_lonlat", ids)[1:], call("nested_to_lonlat", nested, order)[1:])


@pytest.mark.parametrize("order", ORDERS)
def test_corners_are_healpys(call, order):
    ids = ids_at(np.random.default_rng(order), order, 5000)
    first, lon, lat = call("cell_vertices", ids, cases.one_order(order))
    assert first == -1
    assert lon.min() >= 0.0
    assert lon.max() < 360.0
    lon, lat = np.radians(lon), np.radians(lat)
    ours = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    np.testing.assert_allclose(ours, healpy.boundaries(1 << order, ids, nest=True), rtol=0, atol=1e-14)


@pytest.mark.parametrize("order", ORDERS)
def test_neighbours_are_healpys(call, order):
    ids = ids_at(np.random.default_rng(order), order, 20_000)
    if order > 6:  # cells at the borders of faces, which random ones miss
        cells = 1 << order
        edge = np.random.default_rng(order).integers(0, cells, 200)
        last = cells - 1
        for x, y in ((0, edge), (last, edge), (edge, 0), (edge, last), (0, 0), (last, 0), (0, last), (last, last)):
            for face in range(12):
                border = healpy.xyf2pix(cells, *np.broadcast_arrays(x, y, face), nest=True)
                ids = np.append(ids, border)
    first, ours = call("neighbours", ids, cases.one_order(order))
    assert first == -1
    np.testing.assert_array_equal(ours, healpy.get_all_neighbours(1 << order, ids, nest=True).T)


# Decimal ids against big integers


@pytest.mark.parametrize("order", MORTON_ORDERS)
def test_decimal_ids_by_definition(call, order):
    ids = ids_at(np.random.default_rng(order), order, 20_000)
    expected = np.array([decimal_id(int(nested), order) for nested in ids])
    for orders in (cases.one_order(order), np.full(len(ids), order)):
        first, morton = call("nested_to_morton", ids, orders)
        assert first == -1
        np.testing.assert_array_equal(morton, expected)
    for stem, answer in (("morton_to_nested", ids), ("morton_order", np.full(len(ids), order))):
        first, values = call(stem, morton)
        assert first == -1
        np.testing.assert_array_equal(values, answer)


def candidates():
    """Return integers of which many are nearly, but not quite, decimal ids."""
    rng = np.random.default_rng(4)
    ids = cases.morton_ids(rng, cases.orders(rng, 60_000, MAX_MORTON_ORDER), 60_000)
    digit = np.int64(10) ** rng.integers(0, 19, len(ids))
    spoilt = ids + np.sign(ids) * rng.integers(-5, 6, len(ids)) * digit
    powers = np.array([sign * (10**k + d) for k in range(19) for d in range(-3, 4) for sign in (-1, 1)])
    highest = 6444444444444444444
    edges = np.array([INT64.min, INT64.min + 1, INT64.max, 0, highest, highest + 1, 7111111111111111111])
    anything = rng.integers(INT64.min, INT64.max, 60_000, endpoint=True)
    return np.concatenate([ids, spoilt, powers, edges, -edges[1:], anything, np.arange(-70_000, 70_000)])


def test_validity_by_definition(call):
    values = candidates()
    expected = np.array([is_decimal_id(value) for value in values.tolist()])
    assert expected.sum() > 60_000
    assert (~expected).sum() > 60_000
    first_bad = np.argmin(expected)
    first, valid = call("is_morton", values)
    assert first == -1
    np.testing.assert_array_equal(valid, expected)
    for stem, sentinel in (("morton_to_nested", -1), ("morton_order", -1)):
        first, ids = call(stem, values)
        assert first == first_bad
        np.testing.assert_array_equal(ids != sentinel, expected)
    first, lon, lat = call("morton_to_lonlat", values)
    assert first == first_bad
    np.testing.assert_array_equal(~np.isnan(lon), expected)
    np.testing.assert_array_equal(~np.isnan(lat), expected)


def test_digit_splitting_sees_every_field_out_of_range():
    from ferrumba.healpix.numba import decimal as d

    def fields(bits, down, leading, add, factor, shift, base, limit, inner):
        x = np.arange(limit, dtype=np.int64)
        a = ((((x >> down) & leading) + add) * factor >> shift) & leading
        after = x + a * (2**bits - base)
        seen = (after >> inner >= 0) & (after % 2**bits < 2**inner) & (after >> bits < 2**inner)
        small = (x // base <= (base - 1) // 3) & (x % base <= (base - 1) // 3)
        assert np.all(seen[small])
        np.testing.assert_array_equal((after >> bits)[seen] * base + (after % 2**bits)[seen], x[seen])
        np.testing.assert_array_equal((after >> bits)[small], x[small] // base)

    fields(16, 12, 0x1FFF, 1, int(d.PER_TEN4), 16, 10_000, 1 << 25, 12)
    fields(8, 5, 0x7F, 1, int(d.PER_HUNDRED), 8, 100, 1 << 12, 6)
    x = np.arange(64)
    for carry in (0, 1):  # a field above 36 carries one into the next
        after = x + ((((x * 7 + carry) & 255) >> 6) & 3) * 6
        good = (after & ~0x33) == 0
        np.testing.assert_array_equal(np.nonzero(good)[0], [10 * a + b for a in range(4) for b in range(4)])
        np.testing.assert_array_equal((after >> 4)[good] * 10 + (after & 15)[good], x[good])


def test_relatives_by_definition(call):
    rng = np.random.default_rng(6)
    n = 20_000
    own = cases.orders(rng, n, MAX_MORTON_ORDER)
    ids = cases.morton_ids(rng, own, n)
    coarse, fine = rng.integers(0, own + 1, n), rng.integers(own, MAX_MORTON_ORDER + 1, n)
    text = [str(abs(value)) for value in ids.tolist()]
    sign = np.sign(ids)
    parents = np.array([int(t[: o + 1]) for t, o in zip(text, coarse, strict=True)]) * sign
    low, high = (
        np.array([int(t + d * (o - len(t) + 1)) for t, o in zip(text, fine, strict=True)]) * sign for d in "14"
    )
    first, ours = call("morton_parent", ids, coarse)
    assert first == -1
    np.testing.assert_array_equal(ours, parents)
    first, ours_low, ours_high = call("morton_range", ids, fine)
    assert first == -1
    np.testing.assert_array_equal(ours_low, np.minimum(low, high))
    np.testing.assert_array_equal(ours_high, np.maximum(low, high))
    strangers = rng.permutation(parents)
    for ancestors in (parents, strangers, ids):
        first, ours = call("morton_contains", ancestors, ids)
        expected = [str(d).startswith(str(a)) for a, d in zip(ancestors.tolist(), ids.tolist(), strict=True)]
        assert first == -1
        np.testing.assert_array_equal(ours, expected)


def test_relatives_that_do_not_exist(call):
    ids = np.array([-6123, 6123, 11, 70, INT64.min, 123])
    assert call("morton_parent", ids, np.array([3]))[0] == 2
    np.testing.assert_array_equal(call("morton_parent", ids, np.array([3]))[1], [-6123, 6123, 0, 0, 0, 0])
    np.testing.assert_array_equal(call("morton_parent", ids, np.array([3, 4, 1, 0, 0, -1]))[1], [-6123, 0, 11, 0, 0, 0])
    first, low, high = call("morton_range", ids, np.array([3, 19, 0, 3, 3, 2]))
    assert first == 1
    np.testing.assert_array_equal(low, [-6123, 0, 0, 0, 0, 123])
    np.testing.assert_array_equal(high, [-6123, 0, 0, 0, 0, 123])
    for order in (-1, 19, INT64.max, INT64.min):
        assert call("morton_parent", ids, np.array([order]))[0] == 0
        assert call("morton_range", ids, np.array([order]))[0] == 0
    first, contains = call("morton_contains", ids, np.array([-6123]))
    assert first == 3
    np.testing.assert_array_equal(contains, [True, False, False, False, False, False])


@pytest.mark.parametrize("levels", [0, 1, 2, 3, 5])
def test_children_by_definition(call, levels):
    rng = np.random.default_rng(levels)
    own = cases.orders(rng, 200, MAX_MORTON_ORDER)
    ids = cases.morton_ids(rng, own, 200)
    too_deep = own + levels > MAX_MORTON_ORDER
    first, children = call("morton_children", ids, np.array([levels]))
    parts = [""]
    for _ in range(levels):
        parts = [part + digit for part in parts for digit in "1234"]
    expected = np.array(
        [[0 if deep else int(f"{value}{part}") for part in parts] for value, deep in zip(ids, too_deep, strict=True)]
    )
    assert first == (np.argmax(too_deep) if too_deep.any() else -1)
    np.testing.assert_array_equal(children, expected)


# Nested ids and UNIQ ids


@pytest.mark.parametrize("order", ORDERS)
def test_uniq_by_definition(call, order):
    ids = ids_at(np.random.default_rng(order), order, 20_000)
    ids = np.append(ids, [(face + 1 << 2 * order) - end for face in range(12) for end in (0, 1)][:-2])
    ids = ids[ids < 12 << 2 * order]
    for orders in (cases.one_order(order), np.full(len(ids), order)):
        first, uniq = call("nested_to_uniq", ids, orders)
        assert first == -1
        np.testing.assert_array_equal(uniq, ids + (4 << 2 * order))
    first, nested, orders = call("uniq_to_nested", uniq)
    assert first == -1
    np.testing.assert_array_equal(nested, ids)
    np.testing.assert_array_equal(orders, order)


def test_uniq_ids_that_do_not_exist(call):
    uniq = np.array([4, 3, 0, -1, INT64.min, INT64.max, 16 << 58, (16 << 58) - 1])
    first, nested, order = call("uniq_to_nested", uniq)
    assert first == 1
    np.testing.assert_array_equal(nested, [0, -1, -1, -1, -1, -1, -1, (12 << 58) - 1])
    np.testing.assert_array_equal(order, [0, -1, -1, -1, -1, -1, -1, 29])


@pytest.mark.parametrize(
    "stem", ["nested_to_lonlat", "nested_to_morton", "nested_to_uniq", "neighbours", "cell_vertices"]
)
def test_nested_ids_that_do_not_exist(call, stem):
    output = BY_STEM[stem].outputs[0]
    highest = MAX_MORTON_ORDER if stem == "nested_to_morton" else MAX_ORDER
    ids = np.array([0, 11, 12, 47, 48, -1, INT64.min, INT64.max, 0, 0, 0, 0])
    order = np.array([0, 0, 0, 1, 1, 5, 5, 5, -1, highest + 1, INT64.min, INT64.max])
    valid = np.array([True, True, False, True] + [False] * 8)
    for i in range(len(ids)):
        assert call(stem, ids[i : i + 1], order[i : i + 1])[0] == (-1 if valid[i] else 0)
    first, *outputs = call(stem, ids, order)
    assert first == 2
    for values in outputs:
        rows = values.reshape(len(ids), -1)
        sentinel = np.isnan(rows) if np.isnan(output.sentinel) else rows == output.sentinel
        np.testing.assert_array_equal(sentinel.all(axis=1), ~valid)


@pytest.mark.parametrize("stem", sorted(BY_STEM))
def test_no_rows(call, stem):
    kernel = BY_STEM[stem]
    _, inputs = next(kernel.cases(np.random.default_rng(0), 1))
    empty = [values[:0] for values in inputs]
    outputs = kernel.allocate(0, inputs)
    function = getattr(importlib.import_module(f"ferrumba.healpix.numba.{stem}"), stem)
    assert function(*empty, *outputs) == -1
    assert function(empty[0], *inputs[1:], *outputs) == -1


@pytest.mark.parametrize("stem", sorted(BY_STEM))
def test_one_value_stands_for_all_rows(call, stem):
    kernel = BY_STEM[stem]
    rng = np.random.default_rng(9)
    for _, inputs in kernel.cases(rng, 1):
        for n in (3, 1500):
            outputs, repeated = kernel.allocate(n, inputs), kernel.allocate(n, inputs)
            function = getattr(importlib.import_module(f"ferrumba.healpix.numba.{stem}"), stem)
            assert function(*inputs, *outputs) == function(*[np.repeat(v, n) for v in inputs], *repeated)
            for ours, expected in zip(outputs, repeated, strict=True):
                np.testing.assert_array_equal(ours, expected)
