"""Search and remove, against sets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ferrumba
from ferrumba.spatial import NeighborGrid, PointBin3D
from tests.spatial.oracle import first_query, within

LATTICE = np.stack(np.meshgrid(*[np.arange(5) * 0.1] * 3), axis=-1).reshape(-1, 3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pop"), st.integers(0, 124), st.integers(0, 4).map(lambda k: k * 0.1)),
        st.tuples(st.just("remove"), st.lists(st.integers(0, 124), max_size=9), st.just(0)),
        st.tuples(st.just("restore"), st.just(0), st.just(0)),
        st.tuples(st.just("query"), st.integers(0, 124), st.integers(0, 4).map(lambda k: k * 0.1)),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(steps=steps, cell=st.sampled_from([None, 0.05, 0.1, 1.0]))
def test_any_sequence_of_removals(steps, cell):
    """Each step does to the grid what it does to a set."""
    grid, alive = NeighborGrid(LATTICE, cell=cell), set(range(125))
    other = grid.share()
    for what, which, radius in steps:
        if what == "restore":
            grid.restore()
            alive = set(range(125))
        elif what == "remove":
            grid.remove(which)
            alive -= set(which)
        else:
            near = alive & set(np.flatnonzero(within(LATTICE, LATTICE[which][None], radius)[0]).tolist())
            found = grid.pop_within(LATTICE[which], radius) if what == "pop" else grid.query(LATTICE[which], radius)
            assert found.tolist() == sorted(near)
            alive -= near if what == "pop" else set()
        assert grid.removed_count == 125 - len(alive)
    assert grid.query([0.0, 0, 0], 9.0).tolist() == sorted(alive)
    assert set(grid.decimate(0.0).tolist()) == alive
    assert set(np.flatnonzero(grid.assign_first([[0.0, 0, 0]], 9.0) == 0).tolist()) == alive
    assert set(grid.nearest([[0.0, 0, 0]], 125)[1][0].tolist()) - {-1} == alive
    assert other.removed_count == 0
    assert len(other.query([0.0, 0, 0], 9.0)) == 125


def test_found_accumulates_until_reset(backend):
    rng = np.random.default_rng(0)
    points, queries = rng.random((1000, 3)), rng.random((60, 3))
    bins = PointBin3D(points, [0.1] * 3, backend=backend)
    for _ in range(2):
        alive, expected = set(range(1000)), []
        for query in queries:
            near = sorted(alive & set(np.flatnonzero(within(points, query[None], 0.2)[0]).tolist()))
            expected += near
            alive -= set(near)
            assert bins.radius_search(query, 0.2) is None
            assert bins.found_count == len(expected)
        assert bins.found_indices().tolist() == expected
        bins.reset()
        assert bins.found_count == 0


@pytest.mark.parametrize("radius", [0.02, 0.1, 0.9])
def test_searches_that_wait_are_made_in_turn(backend, radius):
    """More than wait at once; among them some that find more than a sort by rank takes."""
    rng = np.random.default_rng(2)
    points, queries = rng.random((3000, 3)), rng.random((700, 3))
    bins, label = PointBin3D(points, [0.1] * 3, backend=backend), first_query(within(points, queries, radius))
    for query in queries:
        bins.radius_search(query, radius)
    assert bins.found_count == (label >= 0).sum()
    expected = [np.flatnonzero(label == row) for row in range(len(queries))]
    np.testing.assert_array_equal(bins.found_indices(), np.concatenate(expected))


def test_searches_that_wait_are_forgotten_by_a_reset(backend):
    bins = PointBin3D(np.zeros((3, 3)), [1.0] * 3, backend=backend)
    bins.radius_search([0, 0, 0], 1)
    bins.reset()
    assert (bins.found_count, bins.found_indices().tolist()) == (0, [])


def test_searches_that_wait_are_served_by_what_was_asked_for():
    """Whoever looks at what was found may do so elsewhere; traced searches do not wait."""
    bins = PointBin3D(np.zeros((3, 3)), [1.0] * 3)
    with ferrumba.use_backend("numba"):
        bins.radius_search([2, 0, 0], 1)
    with ferrumba.trace() as calls:
        assert bins.found_count == 0
    assert calls == []
    with ferrumba.use_backend("numba"), ferrumba.trace() as calls:
        bins.radius_search([1, 0, 0], 1)
        bins.radius_search([1, 0, 0], 1)
    assert [(call.kernel, call.backend, call.rows) for call in calls] == [("spatial.take", "numba", 1)] * 2
    with pytest.raises(ferrumba.errors.InvalidBackendRequest), ferrumba.use_backend("nobody"):
        bins.radius_search([1, 0, 0], 1)
    assert bins.found_indices().tolist() == [0, 1, 2]


def test_searches_of_many_threads_are_all_made(backend):
    points = np.random.default_rng(3).random((4000, 3))
    bins = PointBin3D(points, [0.1] * 3, backend=backend)

    def search(part):
        for point in part:
            bins.radius_search(point, 0.0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(search, np.split(points, 8)))
    assert sorted(bins.found_indices().tolist()) == list(range(4000))


@pytest.mark.parametrize("many", [97, 5000])
def test_long_rows_are_sorted_too(backend, many):
    rng = np.random.default_rng(1)
    points = rng.random((many, 3))
    grid = NeighborGrid(points, backend=backend)
    found, distances = grid.query([0.5, 0.5, 0.5], 9.0, distances=True)
    assert found.tolist() == list(range(many))
    d = points - 0.5
    np.testing.assert_array_equal(distances, np.sqrt((d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]) + d[:, 2] * d[:, 2]))
    assert grid.pop_within([0.5, 0.5, 0.5], 9.0).tolist() == list(range(many))
