"""Batches of queries on a grid: put in order, counted, and searched for all that they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ferrumba.dispatch.driver import run
from ferrumba.dispatch.kernel import Arrays
from ferrumba.spatial.cases import EVERY, LONGEST, TILE
from ferrumba.spatial.declarations import BY_STEM, query_fault

FEW = 64
"""Queries that are answered in the order they come in: putting them in order takes longer than a hundred searches."""
HELD = 20 << 20
"""Most bytes of ids that are held while queries are counted, which then need not be searched again, and of queries.

More lies in no cache, and is not distributed sooner than it is found anew: pairs of 4e5 points took two threads 105 ms
with nothing held, 112 so, and 123 with 44 MiB; those of 1e5 take one thread 30 ms in place of 41.
"""
SAMPLE = 32
"""Tiles that tell how much room a tile needs; with fewer, nothing is held."""
FIT = 31
"""How many of these there is room for: the last queries of the others are searched again."""


def of_rows(values: np.ndarray, rows: slice | np.ndarray) -> np.ndarray:
    """Return the values of some rows, or the one value of all rows."""
    return values if len(values) == 1 else values[rows]


class Walk(NamedTuple):
    """m queries in the order in which they are answered.

    Attributes
    ----------
    row : ndarray of int32, shape (m,)
        Where their results go.
    query : ndarray of float64, shape (m, 3)
    radius : ndarray of float64, shape (1,) or (m,)
    after : ndarray of int32, shape (1,) or (m,)
        The place in the grid from which on points count.
    """

    row: np.ndarray
    query: np.ndarray
    radius: np.ndarray
    after: np.ndarray

    def part(self, rows: slice | np.ndarray) -> Walk:
        """Return some of the queries."""
        return Walk(self.row[rows], self.query[rows], of_rows(self.radius, rows), of_rows(self.after, rows))

    def tiles(self, count: int) -> Arrays:
        """Return query, after and row of the first tiles, with ``3 * TILE``, ``TILE`` and ``TILE`` values each."""
        queries = count * TILE
        after = np.repeat(self.after, queries) if len(self.after) == 1 else self.after[:queries]
        return self.query[:queries].reshape(count, -1), after.reshape(count, -1), self.row[:queries].reshape(count, -1)


class Half:
    """Points of a grid as queries, each for the points behind it, so that every pair is found from one side.

    Parameters
    ----------
    grid : tuple of ndarray
        The tables of the grid.
    places : ndarray of int32
        Where the points stand in it.
    row : ndarray of int32
        Where their results go.
    radius : ndarray of float64, shape (1,)
    """

    def __init__(self, grid: Arrays, places: np.ndarray, row: np.ndarray, radius: np.ndarray) -> None:
        self._xyz, self._places, self.row, self._radius = grid[3], places, row, radius

    def part(self, rows: slice | np.ndarray) -> Walk:
        """Return some of the queries; their points are copied now."""
        at = self._places[rows]
        stretch = len(at) > 0 and at[-1] - at[0] + 1 == len(at)
        query = np.empty((len(at), 3))
        for axis in range(3):  # in a quarter of the time of a copy of the transposed table
            query[:, axis] = self._xyz[axis, slice(at[0], at[-1] + 1) if stretch else at]
        return Walk(self.row[rows], query, self._radius, at + np.int32(1))


def run_queries(stem: str, inputs: Arrays, outputs: Arrays, backend: str | None) -> None:
    """Run a kernel and say what is wrong with the first query that it cannot answer."""
    kernel = BY_STEM[stem]
    bad = run(kernel, inputs, outputs, backend)
    if bad >= 0:
        query, radius = (
            inputs[[argument.name for argument in kernel.inputs].index(name)] for name in ("query", "radius")
        )
        x, y, z = query[bad].tolist()
        raise ValueError(f"at row {bad}: " + query_fault(x, y, z, float(radius[bad if len(radius) > 1 else 0])))


class Searches:
    """What a request for a backend finds on a grid.

    Parameters
    ----------
    grid : tuple of ndarray
        The tables of the grid.
    alive : ndarray of bool
        The flags of removed points, or none.
    backend : str or None
    """

    def __init__(self, grid: Arrays, alive: np.ndarray, backend: str | None) -> None:
        self._grid, self._alive, self._backend = grid, alive, backend

    def _run(self, stem: str, inputs: Arrays, *outputs: np.ndarray) -> None:
        run_queries(stem, (*self._grid, self._alive, *inputs), outputs, self._backend)

    def walk(self, query: np.ndarray, radius: np.ndarray) -> Walk:
        """Return queries in an order in which those that lie together follow each other."""
        if len(query) < FEW:
            return Walk(np.arange(len(query), dtype=np.int32), query, radius, EVERY)
        strip_cell = self._grid[1]
        cell, row = np.empty((2, len(query)), np.int32)
        run_queries("locate", (*self._grid[:2], query, radius), (cell,), self._backend)
        run(BY_STEM["walk"], (cell, strip_cell[-1:]), (row,), self._backend)
        # ``take`` copies whole points and radii, in a quarter of the time of an index.
        return Walk(row, query.take(row, axis=0), radius if len(radius) == 1 else radius.take(row), EVERY)

    def count(self, walk: Walk, rows: int) -> np.ndarray:
        """Return how many points each row finds, 0 for rows without a query: int64, shape (rows,)."""
        counts = np.zeros(rows, np.int64)
        self._count(walk, counts)
        return counts

    def _count(self, walk: Walk, counts: np.ndarray) -> None:
        row, query, radius, after = walk
        self._run("count", (query, radius, after, row), counts)

    def search(self, walk: Walk, counts: np.ndarray, distances: bool) -> Arrays:
        """Return indptr, indices and, if they are wanted, distances, of what was counted."""
        indptr = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=indptr[1:])
        return self._search([(walk, _NOTHING)], indptr, distances)

    def find(self, queries: Callable[[], Iterable[Walk | Half]], rows: int, distances: bool) -> Arrays:
        """Return what :meth:`search` does, counted before; ``queries()`` returns the same twice."""
        indptr = np.zeros(rows + 1, np.int64)
        counts = indptr[1:]
        held: list[np.ndarray] = []
        for some in queries():
            walk = some.part(slice(None))
            most = HELD - walk.query.nbytes - walk.row.nbytes - sum(ids.nbytes for ids in held)
            ids = _NOTHING if distances else self._collect(walk, counts, most)
            held.append(ids)
            if len(ids) == 0 or len(ids) * TILE < len(walk.row):
                self._count(walk.part(slice(len(ids) * TILE, None)), counts)
        np.cumsum(counts, out=counts)
        held.reverse()
        return self._search(((some, held.pop()) for some in queries()), indptr, distances)

    def _collect(self, walk: Walk, counts: np.ndarray, most: int) -> np.ndarray:
        """Count the queries of the first tiles and return the ids that they find, in at most so many bytes."""
        count = len(walk.row) // TILE
        if count < SAMPLE or len(walk.radius) > 1 or most < 4 * TILE * SAMPLE:
            return _NOTHING
        query, after, row = walk.tiles(count)
        some = np.linspace(0, count - 1, SAMPLE).astype(np.int64)
        sample = np.empty(SAMPLE * TILE, np.int64)
        place = np.arange(len(sample), dtype=np.int32)
        self._run("count", (query[some].reshape(-1, 3), walk.radius, after[some].ravel(), place), sample)
        found = int(np.sort(sample.reshape(SAMPLE, TILE).sum(axis=1))[FIT - 1])
        if found > TILE * LONGEST:
            return _NOTHING
        room = TILE * max(1, -(-found // TILE))
        count = min(count, most // (4 * room))
        ids = np.empty((count, room), np.int32)
        self._run("collect", (query[:count], walk.radius, after[:count], row[:count], np.array([room])), counts, ids)
        return ids

    def _search(self, queries: Iterable[tuple[Walk | Half, np.ndarray]], indptr: np.ndarray, distances: bool) -> Arrays:
        """Return what :meth:`search` does; the ids of the first tiles are there already."""
        indices = np.empty(indptr[-1], np.int64)
        lengths = np.empty(indptr[-1] if distances else 0)
        for some, ids in queries:
            there = len(ids) * TILE
            if there:
                held, row = np.empty(len(ids), np.int32), some.row[:there].reshape(-1, TILE)
                run(BY_STEM["distribute"], (ids, row, indptr), (indices, held), self._backend)
                cut = np.flatnonzero(held < TILE)
                left = (cut[:, None] * TILE + np.arange(TILE))[np.arange(TILE) >= held[cut, None]]
                self._fill(some.part(left), indptr, indices, lengths)
            self._fill(some.part(slice(there, None)), indptr, indices, lengths)
        return (indptr, indices, lengths) if distances else (indptr, indices)

    def _fill(self, walk: Walk, indptr: np.ndarray, indices: np.ndarray, lengths: np.ndarray) -> None:
        if len(walk.row):
            row, query, radius, after = walk
            self._run("search", (query, radius, after, row, indptr), indices, lengths)


_NOTHING = np.empty((0, TILE), np.int32)
