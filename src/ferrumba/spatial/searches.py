"""Batches of queries on a grid: put in order, counted, and searched for all that they find."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ferrumba.dispatch.driver import run
from ferrumba.dispatch.kernel import Arrays
from ferrumba.spatial.cases import EVERY, LONGEST, TILE
from ferrumba.spatial.declarations import BY_STEM, query_fault

FEW = 64
"""Queries that are answered in the order they come in: putting them in order takes longer than a hundred searches."""
HELD = 44 << 20
"""Most bytes of queries, and of ids that are held while they are counted, which then need not be searched again.

Least times of pairs in ms, with nothing held, 20, 44 and 120 MiB: of 4e5 points 139, 119, 104, 106 on one thread and
85, 84, 80, 72 on two; of 1e6 points 371, 357, 333, 306 and 221, 218, 217, 211. More would not fit into the memory that
a search may take besides the grid and the answer, 64 MiB: at 1e6 points lists take 54.
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
        Where they stand in ``query`` and ``radius``, and where their results go.
    query : ndarray of float64, shape (rows, 3)
        Or no row: then the queries are points of the grid, each the one before the place in ``after``.
    radius : ndarray of float64, shape (1,) or (rows,)
    after : ndarray of int32, shape (1,) or (m,)
        The place in the grid from which on points count.
    """

    row: np.ndarray
    query: np.ndarray
    radius: np.ndarray
    after: np.ndarray

    def part(self, turns: slice | np.ndarray) -> Walk:
        """Return some of the queries."""
        return self._replace(row=self.row[turns], after=of_rows(self.after, turns))

    def tiles(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return after and row of the first tiles, with ``TILE`` values each."""
        turns = count * TILE
        after = np.repeat(self.after, turns) if len(self.after) == 1 else self.after[:turns]
        return after.reshape(count, TILE), self.row[:turns].reshape(count, TILE)


def run_queries(stem: str, inputs: Arrays, outputs: Arrays, backend: str | None) -> None:
    """Run a kernel and say what is wrong with the first query that it cannot answer."""
    kernel = BY_STEM[stem]
    bad = run(kernel, inputs, outputs, backend)
    if bad >= 0:
        given = dict(zip((argument.name for argument in kernel.inputs), inputs, strict=True))
        row = int(given["row"][bad]) if "row" in given else bad
        (x, y, z), radius = given["query"][row].tolist(), given["radius"]
        raise ValueError(f"at row {row}: " + query_fault(x, y, z, float(radius[row if len(radius) > 1 else 0])))


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
        row = np.arange(len(query), dtype=np.int32)
        if len(query) >= FEW:
            strip_cell, cell = self._grid[1], np.empty(len(query), np.int32)
            run_queries("locate", (*self._grid[:2], query, radius), (cell,), self._backend)
            run(BY_STEM["walk"], (cell, strip_cell[-1:]), (row,), self._backend)
        return Walk(row, query, radius, EVERY)

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
        return self._search(walk, _NOTHING, indptr, distances)

    def find(self, walk: Walk, rows: int, distances: bool) -> Arrays:
        """Return what :meth:`search` does, counted before."""
        indptr = np.zeros(rows + 1, np.int64)
        counts = indptr[1:]
        ids = _NOTHING if distances else self._collect(walk, counts)
        self._count(walk.part(slice(len(ids) * TILE, None)) if len(ids) else walk, counts)
        np.cumsum(counts, out=counts)
        return self._search(walk, ids, indptr, distances)

    def _collect(self, walk: Walk, counts: np.ndarray) -> np.ndarray:
        """Count the queries of the first tiles and return the ids that they find, as many as are held."""
        count = len(walk.row) // TILE
        if count < SAMPLE or len(walk.radius) > 1:
            return _NOTHING
        most = HELD - sum(values.nbytes for values in walk)
        if most < 4 * TILE * SAMPLE:
            return _NOTHING
        after, row = walk.tiles(count)
        some = np.linspace(0, count - 1, SAMPLE).astype(np.int64)
        self._count(walk.part((some[:, None] * TILE + np.arange(TILE)).ravel()), counts)
        room = int(np.sort(counts[row[some]].sum(axis=1))[FIT - 1])
        if room > TILE * LONGEST:
            return _NOTHING
        room = TILE * max(1, -(-room // TILE))
        count = min(count, most // (4 * room))
        ids = np.empty((count, room), np.int32)
        # So many queries were located before, and points of the grid are valid: none is refused.
        inputs = (*self._grid, self._alive, walk.query, walk.radius, after[:count], row[:count], np.array([room]))
        run(BY_STEM["collect"], inputs, (counts, ids), self._backend)
        return ids

    def _search(self, walk: Walk, ids: np.ndarray, indptr: np.ndarray, distances: bool) -> Arrays:
        """Return what :meth:`search` does; the ids of the first tiles are there already."""
        indices = np.empty(indptr[-1], np.int64)
        lengths = np.empty(indptr[-1] if distances else 0)
        there = len(ids) * TILE
        if there:
            held, row = np.empty(len(ids), np.int32), walk.row[:there].reshape(-1, TILE)
            run(BY_STEM["distribute"], (ids, row, indptr), (indices, held), self._backend)
            cut = np.flatnonzero(held < TILE)
            left = (cut[:, None] * TILE + np.arange(TILE))[np.arange(TILE) >= held[cut, None]]
            self._fill(walk.part(left), indptr, indices, lengths)
            walk = walk.part(slice(there, None))
        self._fill(walk, indptr, indices, lengths)
        return (indptr, indices, lengths) if distances else (indptr, indices)

    def _fill(self, walk: Walk, indptr: np.ndarray, indices: np.ndarray, lengths: np.ndarray) -> None:
        if len(walk.row):
            row, query, radius, after = walk
            self._run("search", (query, radius, after, row, indptr), indices, lengths)


_NOTHING = np.empty((0, TILE), np.int32)
