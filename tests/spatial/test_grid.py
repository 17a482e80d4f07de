"""NeighborGrid against brute force and SciPy: every answer exact, whatever the cells, the layout or the threads.

The acceptance checks of the family: S1 ``test_sets_equal_brute_force``, ``test_any_points_any_radius``; S2
``test_the_point_that_the_original_missed``; S3 ``test_where_the_predicate_is_not_exact_arithmetic``; S4 the tests that
name SciPy and ``test_other_libraries_agree_away_from_the_border``; S5 ``test_removal`` and
``test_first_query_and_decimation_are_the_sequential_ones``; S6 ``compat/test_bucket_search``; S7 and S8
``test_robustness``; S9 ``test_rows_are_in_compressed_form``, ``test_chunks_are_the_whole`` and
``test_a_total_beyond_32_bits``.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

import ferrumba
from ferrumba.spatial import NeighborGrid
from ferrumba.testing.conformance import small_blocks
from tests.spatial.oracle import first_query, greedy, lists, within

KINDS = {
    "uniform": lambda rng, n, d: rng.random((n, d)),
    "tenths": lambda rng, n, d: rng.integers(0, 11, (n, d)) * 0.1,
    "thirds": lambda rng, n, d: rng.integers(-5, 6, (n, d)) / 3.0,
    "far away": lambda rng, n, d: 1e6 + rng.random((n, d)),
    "negative": lambda rng, n, d: -rng.random((n, d)) * 7.0,
    "all equal": lambda rng, n, d: np.full((n, d), 0.3),
    "line": lambda rng, n, d: rng.random((n, 1)) * np.ones(d),
    "axis": lambda rng, n, d: np.c_[rng.random((n, 1)), np.zeros((n, d - 1))],
    "plane": lambda rng, n, d: np.c_[np.zeros((n, 1)), rng.random((n, d - 1))],
    "duplicates": lambda rng, n, d: rng.random((max(1, n // 4), d))[rng.integers(0, max(1, n // 4), n)],
    "subnormal": lambda rng, n, d: rng.integers(-9, 10, (n, d)) * 5e-324,
    "underflowing squares": lambda rng, n, d: rng.random((n, d)) * 1e-161,
    "blobs": lambda rng, n, d: rng.random((3, d))[rng.integers(0, 3, n)] + 1e-4 * rng.standard_normal((n, d)),
    "outlier": lambda rng, n, d: np.where(np.arange(n)[:, None] == 0, 1e12, rng.random((n, d))),
    "huge": lambda rng, n, d: (rng.random((n, d)) - 0.5) * 1e150,
}


def instance(rng):
    """Return points, queries, radius and cell hint of one random case."""
    kind = rng.choice(list(KINDS))
    n, d = int(rng.integers(0, 120)), int(rng.integers(2, 4))
    points = KINDS[kind](rng, n, d)
    extent = float(np.ptp(points, axis=0).max()) if n else 1.0
    m = int(rng.integers(1, 12))
    query = points[rng.integers(0, n, m)] if n and rng.random() < 0.5 else KINDS[kind](rng, m, d)
    if rng.random() < 0.2:
        query = query + rng.choice([-3.0, 0.5, 5.0]) * extent
    radius = extent * rng.choice([0.0, 1e-3, 0.1, 0.3, 0.5, 1.0, 2.0], m)
    if kind == "tenths":
        radius = rng.integers(0, 12, m) * 0.1
    if kind in ("subnormal", "underflowing squares"):
        radius = rng.choice([0.0, 5e-324, 1e-170, 1e-162, 3e-162, 1e-150], m)
    hint = (radius.max() or 1.0) * 10.0 ** rng.uniform(-3, 3) if rng.random() < 0.7 else None
    if hint is not None and not 0.0 < hint < np.inf:
        hint = None
    return kind, points, np.clip(query, -1e150, 1e150), radius, hint


def check(rng, backend):
    kind, points, query, radius, hint = instance(rng)
    grid = NeighborGrid(points, cell=hint, backend=backend)
    matrix = within(points, query, radius)
    found = grid.query_many(query, radius)
    assert found.to_lists() == lists(matrix), (kind, points.shape, hint)
    assert found.indptr.dtype == found.indices.dtype == np.int64
    np.testing.assert_array_equal(grid.count_many(query, radius), matrix.sum(axis=1))


@pytest.mark.parametrize("seed", range(8))
def test_sets_equal_brute_force(backend, seed):
    rng = np.random.default_rng(seed)
    for _ in range(150):
        check(rng, backend)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_sets_equal_brute_force_a_hundred_thousand_times(backend, seed):
    rng = np.random.default_rng([12345, seed])
    for _ in range(10_000):
        check(rng, backend)


numbers = st.floats(-1e3, 1e3) | st.integers(-30, 30).map(lambda k: k * 0.1) | st.integers(-9, 9).map(lambda k: k / 3.0)


@settings(max_examples=150)
@given(
    points=st.lists(st.tuples(numbers, numbers, numbers), max_size=40),
    query=st.tuples(numbers, numbers, numbers),
    radius=st.floats(0, 3e3) | st.integers(0, 30).map(lambda k: k * 0.1),
    cell=st.none() | st.floats(1e-3, 1e4),
)
def test_any_points_any_radius(points, query, radius, cell):
    grid = NeighborGrid(np.array(points).reshape(-1, 3), cell=cell)
    np.testing.assert_array_equal(
        grid.query(query, radius), np.flatnonzero(within(np.array(points).reshape(-1, 3), [query], radius))
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("shift", [0.0, 0.1, 7.3, -1e3])
def test_the_point_that_the_original_missed(backend, axis, sign, shift):
    """With p = 0.3, q = 0.8, r = 0.5 and bins of 0.1, the bins of the ball end one short of the point."""
    points = np.zeros((12, 3))
    points[:, axis] = sign * (np.arange(12) * 0.1 + shift)
    points[3, axis] = sign * (0.3 + shift)
    for i in range(12):
        for radius in (0.1, 0.3, 0.5, 0.7):
            query = points[i : i + 1]
            grid = NeighborGrid(points, cell=0.1, backend=backend)
            assert grid.query_many(query, radius).to_lists() == lists(within(points, query, radius))
    grid = NeighborGrid([[0.0, 0, 0], [0.3, 0, 0]], cell=0.1, backend=backend)
    assert 1 in grid.query([0.8, 0, 0], 0.5)


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_scipy_agrees_and_threads_change_nothing(backend, count, dimensions):
    rng = np.random.default_rng(1)
    points, query = rng.random((4000, dimensions)), rng.random((3000, dimensions))
    grid = NeighborGrid(points, backend=backend)
    radius = rng.uniform(0, 0.1, len(query))
    with small_blocks(256), ferrumba.threads(count):
        found = grid.query_many(query, radius, distances=True)
        counted = grid.count_many(query, radius)
    assert found.to_lists() == [sorted(row) for row in cKDTree(points).query_ball_point(query, radius)]
    np.testing.assert_array_equal(counted, found.counts)
    d = query[found.rows] - points[found.indices]
    np.testing.assert_allclose(found.distances, np.sqrt((d * d).sum(axis=1)), rtol=1e-15)


def ordered(pairs):
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@pytest.mark.parametrize("box", [None, 1.0, [None, 1.0, None]])
def test_pairs_are_scipys(backend, box):
    points = np.random.default_rng(2).random((3000, 3))
    grid = NeighborGrid(points, box=box, backend=backend)
    found = grid.pairs(0.08, distances=True)
    lengths = None if box is None else np.where(np.array(box, float) > 0, 1.0, 0.0)
    expected = ordered(cKDTree(points, boxsize=lengths).query_pairs(0.08, output_type="ndarray"))
    np.testing.assert_array_equal(ordered(found.to_pairs()), expected)
    assert all(np.all(np.diff(row) > 0) for row in found.to_lists())
    if box is None:
        d = points[found.rows] - points[found.indices]
        np.testing.assert_allclose(found.distances, np.sqrt((d * d).sum(axis=1)), rtol=1e-15)
    grid.remove([5, 7])
    kept = expected[~np.isin(expected, [5, 7]).any(axis=1)]
    np.testing.assert_array_equal(ordered(grid.pairs(0.08).to_pairs()), kept)


@pytest.mark.parametrize("kind", ["uniform", "blobs", "duplicates", "outlier"])
def test_pairs_of_so_many_points_that_they_are_sorted_by_buckets(backend, kind):
    rng = np.random.default_rng(11)
    points = KINDS[kind](rng, 150_000, 3)
    radius = {"blobs": 4e-6, "duplicates": 1e-3}.get(kind, 0.005)
    found = NeighborGrid(points, backend=backend).pairs(radius).to_pairs()
    expected = cKDTree(points).query_pairs(radius, output_type="ndarray")
    assert len(expected) > 1000
    np.testing.assert_array_equal(ordered(found), ordered(expected))


def test_pairs_in_slabs_are_those_of_the_whole(backend, monkeypatch):
    points = np.random.default_rng(3).random((2000, 3))
    grid = NeighborGrid(points, backend=backend)
    grid.remove(np.arange(0, 2000, 7))
    whole = grid.pairs(0.1, distances=True)
    monkeypatch.setattr("ferrumba.spatial.grid.SLAB", 300)
    for part, expected in zip(grid.pairs(0.1, distances=True), whole, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("scale", [1e-120, 1e-99, 1.0, 1e99, 1e120])
@pytest.mark.parametrize("shift", [0.0, 1e9])
def test_points_next_to_the_border(backend, scale, shift):
    """Nearer to it than single precision tells apart, around queries of one group, in any unit and far from zero."""
    rng = np.random.default_rng(13)
    query = rng.random((40, 3)) * 0.3
    radius = rng.choice([0.2, 0.5, 0.9, 1.0, 1e-6], 40)
    way = rng.standard_normal((40, 20, 3))
    way /= np.sqrt((way * way).sum(axis=2))[:, :, None]
    off = 1.0 + rng.choice([0.0, 1.0, -1.0], (40, 20)) * 2.0 ** -rng.integers(10, 54, (40, 20))
    points = (query[:, None] + way * (radius[:, None] * off)[:, :, None]).reshape(-1, 3)
    points, query, radius = (points + shift) * scale, (query + shift) * scale, radius * scale
    points = np.concatenate([points, query, [[-1e149, 0.0, 1e149]]])
    grid = NeighborGrid(points, backend=backend)
    for r in (radius, radius[0]):
        expected = within(points, query, r)
        assert grid.query_many(query, r).to_lists() == lists(expected)
        np.testing.assert_array_equal(grid.count_many(query, r), expected.sum(axis=1))
    expected = within(points, points, radius[0])
    i, j = np.nonzero(np.triu(expected, 1))
    np.testing.assert_array_equal(ordered(grid.pairs(radius[0]).to_pairs()), np.stack([i, j], axis=1))


@pytest.mark.parametrize("radius", [0.1, 0.49, 0.5, 0.51, 0.8, 5.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_periodic_boxes_are_scipys(backend, radius, dimensions):
    rng = np.random.default_rng(3)
    box = np.array([1.0, 1.3, 0.9])[:dimensions]
    points, query = rng.random((400, dimensions)) * box, rng.uniform(-2, 3, (200, dimensions))
    grid = NeighborGrid(points, box=box, backend=backend)
    tree = cKDTree(points, boxsize=box)
    assert grid.query_many(query, radius).to_lists() == [sorted(row) for row in tree.query_ball_point(query, radius)]
    distances, indices = grid.nearest(query, 6, max_radius=radius)
    expected, ids = tree.query(query, 6, distance_upper_bound=np.nextafter(radius, 9))
    np.testing.assert_array_equal(indices, np.where(ids == len(points), -1, ids))
    np.testing.assert_allclose(distances, expected, rtol=1e-14)


def test_one_periodic_axis(backend):
    rng = np.random.default_rng(4)
    points, query = rng.random((300, 3)), rng.uniform(-1, 2, (100, 3))
    for box in ([1.0, None, None], [None, 1.0, np.inf], [np.inf, np.inf, 1.0]):
        grid = NeighborGrid(points, box=box, backend=backend)
        lengths = [np.inf if length is None else length for length in box]
        for radius in (0.2, 0.7):
            assert grid.query_many(query, radius).to_lists() == lists(within(points, query, radius, lengths))


def test_points_on_the_border_of_a_box_are_wrapped(backend):
    grid = NeighborGrid([[0.0, 0, 0], [1.0, 0, 0], [-1e-18, 0, 0], [2.5, 0, 0]], box=1.0, backend=backend)
    assert grid.query([1.0, 1.0, 1.0], 0.0).tolist() == [0, 1, 2]
    assert grid.query([0.5, 0, 0], 0.0).tolist() == [3]


@pytest.mark.parametrize("k", [0, 1, 8, 60])
@pytest.mark.parametrize("kind", ["uniform", "blobs", "outlier", "line", "duplicates", "all equal", "tenths"])
def test_nearest(backend, k, kind):
    rng = np.random.default_rng(5)
    points, query = KINDS[kind](rng, 50, 3), KINDS[kind](rng, 40, 3) + rng.choice([0.0, 0.01, 30.0], (40, 1))
    distances, indices = NeighborGrid(points, backend=backend).nearest(query, k)
    d = points[None] - query[:, None]
    squares = (d[..., 0] * d[..., 0] + d[..., 1] * d[..., 1]) + d[..., 2] * d[..., 2]
    order = np.lexsort((np.broadcast_to(np.arange(50), squares.shape), squares), axis=1)[:, :k]
    take = min(k, 50)
    np.testing.assert_array_equal(indices[:, :take], order)
    np.testing.assert_array_equal(distances[:, :take], np.sqrt(np.take_along_axis(squares, order, 1)))
    assert (indices[:, take:] == -1).all()
    assert np.isinf(distances[:, take:]).all()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_first_query_and_decimation_are_the_sequential_ones(backend, count):
    rng = np.random.default_rng(6)
    for kind in ("uniform", "tenths", "blobs", "duplicates", "all equal"):
        points, query = KINDS[kind](rng, 400, 3), KINDS[kind](rng, 300, 3)
        grid = NeighborGrid(points, backend=backend)
        radius = rng.choice([0.0, 0.05, 0.1, 0.3], len(query))
        order = rng.permutation(len(points))
        with small_blocks(64), ferrumba.threads(count):
            np.testing.assert_array_equal(grid.assign_first(query, radius), first_query(within(points, query, radius)))
            for r in (0.0, 0.1, 0.25, np.inf):
                matrix = within(points, points, r)
                assert grid.decimate(r).tolist() == greedy(matrix, range(len(points)))
                kept = grid.decimate(r, order)
                assert kept.tolist() == greedy(matrix, order)
                assert matrix[kept].any(axis=0).all()
                assert NeighborGrid(points[kept], backend=backend).decimate(r).tolist() == list(range(len(kept)))


def test_float32_points_are_searched_exactly_as_they_are_stored(backend):
    rng = np.random.default_rng(7)
    points = rng.random((500, 3)) + 100.0
    grid = NeighborGrid(points, dtype="float32", backend=backend)
    assert grid.points.dtype == np.float32
    query = points[:50]
    assert grid.query_many(query, 0.2).to_lists() == lists(within(points.astype(np.float32), query, 0.2))


@pytest.mark.parametrize("slab", [300, 1 << 18])
def test_chunks_are_the_whole(backend, slab, monkeypatch):
    monkeypatch.setattr("ferrumba.spatial.grid.SLAB", slab)
    rng = np.random.default_rng(8)
    points = rng.random((2000, 3))
    grid = NeighborGrid(points, backend=backend)
    radius = rng.uniform(0, 0.2, 2000)
    whole = grid.query_many(points, radius, distances=True)
    pieces = list(grid.iter_query_many(points, radius, max_memory=20_000, distances=True))
    assert len(pieces) > 3
    assert all(p.indices.nbytes + p.distances.nbytes <= 20_000 or len(p.indptr) == 2 for _, p in pieces)
    assert [r.start for r, _ in pieces] == [0, *(r.stop for r, _ in pieces[:-1])]
    np.testing.assert_array_equal(np.concatenate([p.indices for _, p in pieces]), whole.indices)
    np.testing.assert_array_equal(np.concatenate([p.distances for _, p in pieces]), whole.distances)


@pytest.mark.parametrize("box", [None, 1.0])
def test_chunks_of_pairs_are_scipys(backend, box, monkeypatch):
    """In slabs that end anywhere, of points of which some are no numbers and some are removed on the way."""
    monkeypatch.setattr("ferrumba.spatial.grid.SLAB", 400)
    points = np.random.default_rng(12).random((2000, 3))
    points[::100] = np.nan
    grid = NeighborGrid(points, box=box, invalid="ignore", backend=backend)
    grid.remove(np.arange(1, 2000, 50))
    there = np.setdiff1d(np.flatnonzero(~np.isnan(points[:, 0])), np.arange(1, 2000, 50))
    expected = there[cKDTree(points[there], boxsize=box).query_pairs(0.1, output_type="ndarray")]
    pieces = grid.iter_pairs(0.1, max_memory=20_000, distances=True)
    seen = [next(pieces)]
    grid.remove(there[:1000])
    seen += pieces
    assert len(seen) > 3
    assert all(f.indices.nbytes + f.distances.nbytes <= 20_000 or len(ids) == 1 for ids, f in seen)
    assert all(len(ids) == len(found.counts) for ids, found in seen)
    np.testing.assert_array_equal(np.sort(np.concatenate([ids for ids, _ in seen])), there)
    i, j = (np.concatenate(side) for side in zip(*[(ids[f.rows], f.indices) for ids, f in seen], strict=True))
    assert i.dtype == np.int64
    pairs = np.stack([np.minimum(i, j), np.maximum(i, j)], axis=1)
    np.testing.assert_array_equal(ordered(pairs), ordered(expected))
    d = np.abs(points[i] - points[j])
    d = d if box is None else np.minimum(d, 1.0 - d)
    distances = np.concatenate([f.distances for _, f in seen])
    np.testing.assert_allclose(distances, np.sqrt((d * d).sum(axis=1)), rtol=1e-12)
    assert [f.distances for _, f in grid.iter_pairs(0.1)] == [None] * 3
    assert list(NeighborGrid(np.empty((0, 2)), backend=backend).iter_pairs(1.0)) == []


def test_pieces_do_not_follow_a_change_on_the_way(backend):
    points = np.random.default_rng(13).random((1000, 3))
    grid = NeighborGrid(points, backend=backend)
    grid.remove([3])
    radius = np.full(1000, 0.1)
    whole = grid.query_many(points, radius)
    pieces = grid.iter_query_many(points, radius, max_memory=8_000)
    first = [next(pieces)]
    points[:], radius[:] = 0.5, 9.0
    grid.restore()
    grid.remove(np.arange(500))
    found = np.concatenate([piece.indices for _, piece in [*first, *pieces]])
    np.testing.assert_array_equal(found, whole.indices)


def test_to_scipy(backend):
    points = np.random.default_rng(9).random((200, 2))
    grid = NeighborGrid(points, backend=backend)
    found = grid.query_many(points, 0.2, distances=True).to_scipy(len(grid))
    expected = cKDTree(points).sparse_distance_matrix(cKDTree(points), 0.2, output_type="coo_matrix").toarray()
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-15)
    assert grid.query_many(points, 0.2).to_scipy(len(grid)).sum() == len(found.indices)


def test_where_the_predicate_is_not_exact_arithmetic(backend):
    """Among tenths, float64 and fractions disagree on some pairs at the border; float64 is what counts here.

    So with p = 0.3, q = 0.8 and r = 0.5: the float64 difference is 0.5, that of the stored numbers a little more.
    """
    points = np.zeros((12, 3))
    points[:, 1] = np.arange(12) * 0.1
    points[3, 1] = 0.3
    exact = [[Fraction(value) for value in point] for point in points.tolist()]
    differ = 0
    for radius in (0.1, 0.3, 0.5, 0.7):
        found = NeighborGrid(points, backend=backend).query_many(points, radius)
        matrix = within(points, points, radius)
        assert found.to_lists() == lists(matrix)
        square = Fraction(radius) ** 2
        for query, row in zip(exact, matrix, strict=True):
            near = [sum((a - b) ** 2 for a, b in zip(query, point, strict=True)) <= square for point in exact]
            differ += int((np.array(near) != row).sum())
    assert 0 < differ < 100
    assert 3 in NeighborGrid(points, backend=backend).query([0.0, 0.8, 0.0], 0.5)
    assert Fraction(0.8) - Fraction(0.3) > Fraction(0.5)


@pytest.mark.parametrize("library", ["sklearn", "freud", "vesin"])
def test_other_libraries_agree_away_from_the_border(backend, library):
    points = np.random.default_rng(10).random((1500, 3))
    radius = 0.11
    d = np.sqrt(((points[None] - points[:, None]) ** 2).sum(axis=-1))
    assert (abs(d / radius - 1.0) > 1e-6).all()
    expected = NeighborGrid(points, backend=backend).count_many(points, radius)
    if library == "sklearn":
        found = pytest.importorskip("sklearn.neighbors").KDTree(points).query_radius(points, radius, count_only=True)
    elif library == "freud":
        freud = pytest.importorskip("freud")
        query = freud.locality.LinkCell(freud.box.Box.cube(4.0), points.astype(np.float32), radius)
        pairs = query.query(points.astype(np.float32), {"r_max": radius}).toNeighborList()
        found = np.bincount(pairs.query_point_indices, minlength=len(points))
    else:
        search = pytest.importorskip("vesin").NeighborList(cutoff=radius, full_list=True)
        (i,) = search.compute(points, np.zeros((3, 3)), periodic=False, quantities="i")
        found = np.bincount(i, minlength=len(points)) + 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("distances", [False, True])
def test_rows_are_in_compressed_form(backend, distances):
    rng = np.random.default_rng(11)
    points = rng.random((3000, 3))
    grid = NeighborGrid(points, backend=backend)
    for found in (grid.query_many(points, 0.07, distances=distances), grid.pairs(0.07, distances=distances)):
        assert found.indptr[0] == 0
        assert found.indptr[-1] == len(found.indices)
        assert (np.diff(found.indptr) >= 0).all()
        same_row = found.rows[1:] == found.rows[:-1]
        assert (np.diff(found.indices)[same_row] > 0).all()
        assert found.indptr.dtype == found.indices.dtype == np.int64
        assert (found.distances is None) != distances


def test_a_total_beyond_32_bits(backend):
    """3.6e9 neighbours are counted, and the first of them found in pieces; ids and offsets are int64 throughout."""
    grid = NeighborGrid(np.zeros((60_000, 3)), backend=backend)
    query = np.zeros((60_000, 3))
    with ferrumba.threads(2):
        assert int(grid.count_many(query[:300], 1.0).sum()) * 200 == 60_000**2 > 2**31
    pieces = grid.iter_query_many(query[:2000], 0.0, max_memory=1 << 22)
    rows, piece = next(pieces)
    assert rows == slice(0, 8)
    assert len(piece.indices) == 8 * 60_000
