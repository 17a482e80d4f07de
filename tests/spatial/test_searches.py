"""Lists whose ids were held while they were counted, against those that were searched for a second time."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ferrumba import threads, trace
from ferrumba.errors import InvalidBackendRequest
from ferrumba.spatial import NeighborGrid, cases, searches

N = 20_000
HELD = searches.HELD


def cloud(kind):
    return cases.cloud(np.random.default_rng(5), N, kind)


def lists(monkeypatch, held, ask):
    monkeypatch.setattr(searches, "HELD", held)
    with trace() as calls:
        found = ask()
    return found, [call.kernel.partition(".")[2] for call in calls]


@pytest.mark.parametrize("kind", ["uniform", "clustered", "lattice", "flat"])
@pytest.mark.parametrize("most", [HELD, 1_200_000], ids=["all", "some"])
def test_what_was_held_is_what_a_search_finds(backend, monkeypatch, kind, most):
    points = cloud(kind)
    grid = NeighborGrid(points, backend=backend)
    r = {"clustered": 0.01, "lattice": 0.11, "flat": 0.015}.get(kind, cases.reach(N))
    grid.remove(np.arange(0, N, 5))
    for ask in (lambda: grid.pairs(r), lambda: grid.query_many(points + 0.1 * r, r)):
        expected, called = lists(monkeypatch, 0, ask)
        assert "search" in called
        assert not {"collect", "distribute"} & set(called)
        for count in (1, 2, 7):
            with threads(count):
                found, called = lists(monkeypatch, most, ask)
            assert "distribute" in called
            assert np.array_equal(found.indptr, expected.indptr)
            assert np.array_equal(found.indices, expected.indices)


def test_pairs_are_those_of_scipy(backend, monkeypatch):
    points, r = cloud("uniform"), cases.reach(N)
    grid = NeighborGrid(points, backend=backend)
    pairs, called = lists(monkeypatch, HELD, lambda: grid.pairs(r).to_pairs())
    expected = cKDTree(points).query_pairs(r, output_type="ndarray")
    assert "collect" in called
    assert {tuple(pair) for pair in pairs.tolist()} == {tuple(pair) for pair in expected.tolist()}


def test_queries_that_find_too_many_are_searched_for_again(backend, monkeypatch):
    # Most queries find a few points; some find 300 equal ones, which no tile holds, others more than there is room for.
    rng = np.random.default_rng(6)
    points = rng.random((N, 3))
    points[:300] = points[0]
    points[300:500] = points[300] + 1e-9 * rng.standard_normal((200, 3))
    r = cases.reach(N, 5.0)
    grid = NeighborGrid(points, backend=backend)
    found, called = lists(monkeypatch, HELD, lambda: grid.query_many(points, r))
    assert called.index("collect") < called.index("distribute") < called.index("search")
    tree = cKDTree(points)
    expected = tree.query_ball_point(points, r, return_sorted=True)
    assert np.array_equal(found.counts, [len(ids) for ids in expected])
    assert np.array_equal(found.indices, np.concatenate(expected))


def test_nothing_is_held_where_it_does_not_pay(backend, monkeypatch):
    points, r = cloud("uniform"), cases.reach(N)
    grid = NeighborGrid(points, backend=backend)
    for ask in (
        lambda: grid.query_many(points, r, distances=True),
        lambda: grid.query_many(points, np.full(N, r)),
        lambda: grid.query_many(points[:500], r),
        lambda: grid.query_many(points[:2000], 1.0),
    ):
        assert "distribute" not in lists(monkeypatch, HELD, ask)[1]


def test_a_backend_is_asked_for_even_where_there_is_nothing_to_do():
    grid = NeighborGrid(cloud("uniform"))
    with pytest.raises(InvalidBackendRequest):
        grid.query_many(np.empty((0, 3)), 0.1, backend="nowhere")
