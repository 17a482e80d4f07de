"""``NeighborGrid``: every point within a radius, exactly, in two and three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np

from ferrumba.dispatch.driver import run
from ferrumba.spatial.arguments import as_box, as_order, as_points, as_radius, as_widths, wrapped
from ferrumba.spatial.cases import NO_QUERY
from ferrumba.spatial.declarations import BY_STEM, point_fault, radius_fault
from ferrumba.spatial.layout import lay_out
from ferrumba.spatial.neighbors import Neighbors
from ferrumba.spatial.removal import Removal
from ferrumba.spatial.searches import Searches, Walk, of_rows, run_queries

SLAB = 1 << 18
"""Queries that are counted at once, at least."""
WALKED = 48
"""Bytes of a query that is counted: copies of its point and radius, its cell, its row in the walk, and its count."""


class NeighborGrid:
    """A cell list over a set of points, for fixed-radius search with removal.

    A point p lies within r of q when ``((dx*dx) + (dy*dy)) + (dz*dz) <= r*r`` in float64: the border counts, and the
    answer is that of a brute-force loop, whatever the cells.

    Parameters
    ----------
    points : array_like, shape (n, 2) or (n, 3)
        Finite coordinates, at most 2**31 - 1 points. They are copied.
    cell : float or array_like of float, optional
        Width of a cell, for all axes or each: a hint that changes no answer. By default from the density of the points,
        which a hint widens by 1.6 at most; narrower cells make no search faster.
    box : float or array_like of float, optional
        Length of a periodic box, for all axes or each; infinity or None for an open axis. Points and queries are
        wrapped into [0, length), and each point counts once, at its nearest image.
    dtype : {"float64", "float32"}
        Precision to which the points are rounded before anything else. All arithmetic is float64, and the grid keeps
        float64: it takes the same memory.
    invalid : {"raise", "ignore"}
        What becomes of points that are not finite: an error that names the first, or never found.
    backend : str, optional
        Request for the calls of this grid, as in :func:`ferrumba.use_backend`.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba.spatial import NeighborGrid
    >>> grid = NeighborGrid([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    >>> grid.query([0.0, 0.0], 1.0)
    array([0, 1])
    >>> grid.pairs(2.0).to_pairs()
    array([[0, 1],
           [1, 2]])
    """

    def __init__(
        self,
        points: Any,
        cell: Any = None,
        box: Any = None,
        dtype: Any = "float64",
        *,
        invalid: str = "raise",
        backend: str | None = None,
    ) -> None:
        if np.dtype(dtype) not in (np.dtype("float64"), np.dtype("float32")):
            raise ValueError(f"dtype is {dtype!r}, but points are kept as 'float64' or 'float32'; choose one")
        if invalid not in ("raise", "ignore"):
            raise ValueError(f"invalid is {invalid!r}, but the policies are 'raise', 'ignore'")
        self.dtype = np.dtype(dtype)
        self.backend = backend
        array, self.dimensions = as_points(points, self.dtype)
        if len(array) >= 2**31:
            raise ValueError(f"points holds {len(array)} rows, but a grid holds up to 2**31 - 1; cut space into parts")
        self._period = as_box(box, self.dimensions)
        self._periodic = bool((self._period < np.inf).any())
        self._total = len(array)
        self._rows: np.ndarray | None = None
        bounds = np.empty((2, 3))
        bad = run(BY_STEM["survey"], (array,), (bounds,), backend)
        if bad >= 0:
            if invalid == "raise":
                raise ValueError(f"at row {bad}: " + point_fault(*array[bad].tolist()))
            self._rows = np.flatnonzero((np.abs(array) <= 1e150).all(axis=1))
            array = array[self._rows]
        array = wrapped(array, self._period)
        hint = None if cell is None else as_widths(cell, self.dimensions)
        frame = lay_out(array, bounds, hint, self._period)
        count = np.array([int(frame[:, 2].prod())])
        kernel = BY_STEM["strips"]
        (strip_cell,) = outputs = kernel.allocate(len(array), (array, frame, count))
        run(kernel, (array, frame, count), outputs, backend)
        kernel = BY_STEM["arrange"]
        start, xyz, index = outputs = kernel.allocate(len(array), (array, frame, strip_cell))
        run(kernel, (array, frame, strip_cell), outputs, backend)
        self._grid = (frame, strip_cell, start, xyz, index)
        self._removal = Removal(len(array))

    def __len__(self) -> int:
        return self._total

    def __repr__(self) -> str:
        return f"NeighborGrid(n_points={len(self)}, dimensions={self.dimensions}, removed={self.removed_count})"

    def share(self) -> NeighborGrid:
        """Return a grid on the same memory with removals of its own, none yet; it costs nothing until points go."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _removal=Removal(len(self._grid[4])))
        return other

    @property
    def points(self) -> np.ndarray:
        """The points in their original order, as they are kept; NaN for those that were ignored."""
        xyz, index = self._grid[3:]
        array = np.full((self._total, self.dimensions), np.nan)
        array[index if self._rows is None else self._rows[index]] = xyz[: self.dimensions, : len(index)].T
        return array.astype(self.dtype, copy=False)

    @property
    def nbytes(self) -> int:
        """The memory that the grid takes, in bytes."""
        return sum(array.nbytes for array in self._grid) + self._removal.nbytes

    @property
    def removed_count(self) -> int:
        """The number of points that are removed now."""
        return self._removal.count

    def _queries(self, query: Any, radius: Any) -> tuple[np.ndarray, np.ndarray]:
        array, _ = as_points(query, np.dtype("float64"), self.dimensions, "the query")
        with np.errstate(invalid="ignore"):
            return wrapped(array, self._period) if self._periodic else array, as_radius(radius, len(array))

    def _run(self, stem: str, inputs: tuple[Any, ...], outputs: tuple[Any, ...], backend: str | None) -> None:
        run_queries(stem, inputs, outputs, backend or self.backend)

    def _searches(self, backend: str | None) -> Searches:
        return Searches(self._grid, self._removal.alive, backend or self.backend)

    def _neighbors(self, found: tuple[np.ndarray, ...]) -> Neighbors:
        indptr, indices, *distances = found
        return Neighbors(indptr, self._ids(indices), *distances)

    def _ids(self, indices: np.ndarray) -> np.ndarray:
        return indices if self._rows is None else self._rows[indices]

    def _query(self, query, radius, distances, backend) -> Neighbors:
        searches = self._searches(backend)
        # Copies: what was counted must still be true when it is searched, whoever writes to the queries meanwhile.
        walk = searches.walk(query.copy(), radius.copy())
        return self._neighbors(searches.find(walk, len(query), distances))

    def _half(self, radius: np.ndarray) -> Walk:
        """Return all points as queries for those behind them, so that every pair is found from one side."""
        index, alive = self._grid[4], self._removal.alive
        after = np.arange(1, len(index) + 1, dtype=np.int32)
        if len(alive):
            index, after = index[alive], after[alive]
        return Walk(self._ids(index).astype(np.int32, copy=False), NO_QUERY, radius, after)

    def _frozen(self) -> NeighborGrid:
        """Return a grid that no later removal changes: what was counted must still be there when it is searched."""
        other = self.share()
        with self._removal.lock:
            other._removal = copy(self._removal)
        return other

    def query(self, q: Any, r: float, *, distances: bool = False, backend: str | None = None) -> Any:
        """Return the ids of the points within ``r`` of one query point, ascending.

        Parameters
        ----------
        q : array_like, shape (2,) or (3,)
        r : float
            From 0 to infinity, which finds every point.
        distances : bool
            Whether to return the distances as well.
        backend : str, optional
            Request for this call.

        Returns
        -------
        ndarray of int64, or a tuple with an ndarray of float64
        """
        query, radius = self._queries([q] if not isinstance(q, np.ndarray) else q[None], r)
        found = self._query(query, radius, distances, backend)
        return (found.indices, found.distances) if distances else found.indices

    def query_many(self, Q: Any, r: Any, *, distances: bool = False, backend: str | None = None) -> Neighbors:  # noqa: N803
        """Return the points within ``r`` of each query point.

        Parameters
        ----------
        Q : array_like, shape (m, 2) or (m, 3)
        r : float or array_like of m floats
            One radius, or one for each query.
        distances : bool
            Whether to return the distances as well.
        backend : str, optional
            Request for this call.

        Returns
        -------
        Neighbors
            ``indptr, indices[, distances]``, ids ascending in each row.
        """
        return self._query(*self._queries(Q, r), distances, backend)

    def count_many(self, Q: Any, r: Any, *, backend: str | None = None) -> np.ndarray:  # noqa: N803
        """Return how many points lie within ``r`` of each query point; arguments as :meth:`query_many`."""
        query, radius = self._queries(Q, r)
        searches = self._searches(backend)
        return searches.count(searches.walk(query, radius), len(query))

    def iter_query_many(
        self,
        Q: Any,  # noqa: N803
        r: Any,
        *,
        max_memory: int = 1 << 28,
        distances: bool = False,
        backend: str | None = None,
    ) -> Iterator[tuple[slice, Neighbors]]:
        """Yield the result of :meth:`query_many` in pieces of bounded size.

        Parameters
        ----------
        max_memory : int
            Most bytes of ids and distances in a piece; a single query that finds more is a piece by itself. Up to a
            quarter of it is used besides: many queries at once lie closer together, and share what they read.

        Yields
        ------
        rows : slice
            The rows of ``Q`` that the piece answers.
        neighbors : Neighbors
            All pieces are about the points that there were when the first was asked for.
        """
        most = _most_found(max_memory, distances)
        query, radius = self._queries(Q, r)
        searches = self._frozen()._searches(backend)
        size = max(SLAB, int(max_memory) // (4 * WALKED))
        for slab in range(0, len(query), size):
            # Copies, so that the caller may write to Q between the pieces: the counts must stay true.
            rows, reach = query[slab : slab + size].copy(), of_rows(radius, slice(slab, slab + size)).copy()
            counts = searches.count(searches.walk(rows, reach), len(rows))
            for part in _runs(counts, most):
                walk = searches.walk(rows[part], of_rows(reach, part))
                found = searches.search(walk, counts[part], distances)
                yield slice(slab + part.start, slab + part.stop), self._neighbors(found)

    def pairs(self, r: float, *, distances: bool = False, backend: str | None = None) -> Neighbors:
        """Return every pair of points within ``r`` of each other once: a half list.

        Returns
        -------
        Neighbors
            A pair stands in the row of one of its two points, always the same; ``to_pairs()`` puts the smaller id
            first.
        """
        radius = _one_radius(r)
        grid = self._frozen()
        found = grid._searches(backend).find(grid._half(radius), len(self), distances)
        return self._neighbors(found)

    def iter_pairs(
        self, r: float, *, max_memory: int = 1 << 28, distances: bool = False, backend: str | None = None
    ) -> Iterator[tuple[np.ndarray, Neighbors]]:
        """Yield the result of :meth:`pairs` in pieces of bounded size, each pair once over all of them.

        Parameters
        ----------
        r : float
        max_memory : int
            Most bytes of ids and distances in a piece; a single point that has more is a piece by itself.

        Yields
        ------
        ids : ndarray of int64
            The points that the rows of the piece belong to, in the order in which they lie in the grid. Each point
            that is there has one row in one of the pieces.
        neighbors : Neighbors
            The pairs are ``ids[neighbors.rows], neighbors.indices``, the smaller id on either side. All pieces are
            about the points that there were when the first was asked for.

        Examples
        --------
        >>> from ferrumba.spatial import NeighborGrid
        >>> grid = NeighborGrid([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
        >>> for ids, found in grid.iter_pairs(2.0):
        ...     sorted(zip(ids[found.rows].tolist(), found.indices.tolist()))
        [(0, 1), (1, 2)]
        """
        most = _most_found(max_memory, distances)
        radius = _one_radius(r)
        grid = self._frozen()
        searches = grid._searches(backend)
        half = grid._half(radius)
        for slab in range(0, len(half.row), SLAB):
            some = half.part(slice(slab, slab + SLAB))
            turn = np.arange(len(some.row), dtype=np.int32)
            counts = searches.count(some._replace(row=turn), len(turn))
            for part in _runs(counts, most):
                own = some.part(part)
                found = searches.search(own._replace(row=turn[: len(own.row)]), counts[part], distances)
                yield own.row.astype(np.int64), self._neighbors(found)

    def nearest(self, Q: Any, k: int, max_radius: Any = np.inf, *, backend: str | None = None) -> tuple[Any, Any]:  # noqa: N803
        """Return the ``k`` nearest points of each query point.

        Parameters
        ----------
        Q : array_like, shape (m, 2) or (m, 3)
        k : int
        max_radius : float or array_like of m floats
            Points further away do not count; one at this distance does.
        backend : str, optional
            Request for this call.

        Returns
        -------
        distances, indices : ndarray, shape (m, k)
            Nearest first, equal distances by id; infinity and -1 where there are fewer than k.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
            raise ValueError(f"k is {k!r}, but it is a number of neighbours; give a whole number, 0 or more")
        query, radius = self._queries(Q, max_radius)
        inputs = (*self._grid, self._removal.alive, query, np.array([k], np.int64), radius)
        distances, indices = outputs = BY_STEM["nearest"].allocate(len(query), inputs)
        self._run("nearest", inputs, outputs, backend)
        if self._rows is not None and len(self._rows):
            indices = np.where(indices >= 0, self._rows[indices], -1)
        return distances, indices

    def assign_first(self, Q: Any, r: Any, *, backend: str | None = None) -> np.ndarray:  # noqa: N803
        """Return, for each point, the first row of ``Q`` within whose radius it lies, -1 where there is none.

        That is the result of searching and removing query by query, in one call, and removes nothing.

        Parameters
        ----------
        Q : array_like, shape (m, 2) or (m, 3)
        r : float or array_like of m floats

        Returns
        -------
        ndarray of int64, shape (n,)
            Removed and ignored points have -1.
        """
        query, radius = self._queries(Q, r)
        label = np.empty(len(self._grid[4]), np.int64)
        self._run("assign_first", (*self._grid, self._removal.alive, query, radius), (label,), backend)
        if self._rows is None:
            return label
        every = np.full(len(self), -1)
        every[self._rows] = label
        return every

    def decimate(self, r: float, order: Any = None, *, backend: str | None = None) -> np.ndarray:
        """Return the ids of the points that stay when each in turn, if it is still there, drops others within ``r``.

        No two points that stay are within ``r`` of each other, and every other point is within ``r`` of one that stays.

        Parameters
        ----------
        r : float
        order : array_like of int, optional
            A permutation of the ids: who comes first stays first. Ascending by default.

        Returns
        -------
        ndarray of int64
            Ascending.
        """
        radius = as_radius(r, 1)
        index = self._grid[4]
        visit = np.arange(len(index)) if order is None else self._visit(order)
        place = np.empty(len(index), np.int32)
        place[index] = np.arange(len(index), dtype=np.int32)
        kept = np.empty(len(index), bool)
        inputs = (*self._grid, self._removal.alive, place, visit, radius)
        if run(BY_STEM["decimate"], inputs, (kept,), backend or self.backend) >= 0:
            raise ValueError(radius_fault(float(radius[0])))
        return self._ids(np.flatnonzero(kept))

    def _visit(self, order: Any) -> np.ndarray:
        visit = as_order(order, len(self))
        if self._rows is None:
            return visit
        compressed = np.full(len(self), -1)
        compressed[self._rows] = np.arange(len(self._rows))
        return compressed[visit][compressed[visit] >= 0]

    def pop_within(self, q: Any, r: float, *, backend: str | None = None) -> np.ndarray:
        """Return the ids of the points within ``r`` of one query point and remove them.

        Later searches do not find them, until :meth:`restore`.
        """
        query, radius = self._queries([q] if not isinstance(q, np.ndarray) else q[None], r)
        count = np.empty(1, np.int64)
        with self._removal.lock:
            before = self._removal.count
            self._run("take", (*self._grid, *self._removal.states(), query, radius), (count,), backend)
            return self._ids(self._removal.ids(before))

    def remove(self, ids: Any) -> None:
        """Remove points by id; those that are removed already stay so."""
        chosen = np.unique(np.asarray(ids))
        if chosen.size and (chosen.dtype.kind not in "iu" or chosen[0] < 0 or chosen[-1] >= len(self)):
            raise ValueError(
                f"ids holds {chosen[0]!r} to {chosen[-1]!r}, but the ids are whole numbers from 0 to {len(self) - 1}"
            )
        marked = np.zeros(len(self), bool)
        marked[chosen.astype(np.int64)] = True
        with self._removal.lock:
            self._removal.remove(np.flatnonzero(marked[self._ids(self._grid[4])]), self._grid[4])

    def restore(self) -> None:
        """Bring every removed point back, in time proportional to their number."""
        with self._removal.lock:
            self._removal.restore()


def _one_radius(r: Any) -> np.ndarray:
    radius = as_radius(r, 1)
    if not radius[0] >= 0.0:
        raise ValueError(radius_fault(float(radius[0])))
    return radius


def _most_found(max_memory: int, distances: bool) -> int:
    """Return how many neighbours a piece may hold."""
    if isinstance(max_memory, bool) or not max_memory > 0:
        raise ValueError(f"max_memory is {max_memory!r}, but it is a number of bytes above 0; give one")
    return max(1, int(max_memory) // (16 if distances else 8))


def _runs(counts: np.ndarray, most: int) -> Iterator[slice]:
    """Yield runs of rows that find ``most`` together, or a single row that finds more."""
    ends = np.cumsum(counts)
    first, before = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield slice(first, last)
        first, before = last, int(ends[last - 1])
