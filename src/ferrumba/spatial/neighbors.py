"""The result of a batch of searches: rows of ids in compressed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self


class Neighbors(tuple):
    """Neighbours of many queries: ``indptr, indices[, distances]``, a tuple with names.

    Row i owns ``indices[indptr[i]:indptr[i + 1]]``, in ascending order.

    Attributes
    ----------
    indptr : ndarray of int64, shape (rows + 1,)
    indices : ndarray of int64
    distances : ndarray of float64 or None

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba.spatial import NeighborGrid
    >>> grid = NeighborGrid(np.array([[0.0, 0, 0], [1, 0, 0], [5, 0, 0]]))
    >>> found = grid.query_many([[0.0, 0, 0], [5, 0, 0]], 1.0)
    >>> indptr, indices = found
    >>> indptr, indices, found.rows
    (array([0, 2, 3]), array([0, 1, 2]), array([0, 0, 1]))
    """

    __slots__ = ()

    def __new__(cls, indptr: np.ndarray, indices: np.ndarray, distances: np.ndarray | None = None) -> Self:
        """Return the tuple."""
        return super().__new__(cls, (indptr, indices) if distances is None else (indptr, indices, distances))

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    @property
    def indptr(self) -> np.ndarray:
        """Where each row begins."""
        return self[0]

    @property
    def indices(self) -> np.ndarray:
        """The ids of all rows."""
        return self[1]

    @property
    def distances(self) -> np.ndarray | None:
        """The distances of all rows, or None where they were not asked for."""
        return self[2] if len(self) > 2 else None

    @property
    def counts(self) -> np.ndarray:
        """The number of neighbours of each row."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> np.ndarray:
        """The row of every neighbour, beside ``indices``."""
        return np.repeat(np.arange(len(self.indptr) - 1), self.counts)

    def to_scipy(self, columns: int) -> Any:
        """Return a ``scipy.sparse.csr_array`` of distances, or of ones where there are none, on the same memory.

        Parameters
        ----------
        columns : int
            The number of points that were searched, ``len(grid)``.
        """
        from scipy.sparse import csr_array

        values = np.ones(len(self.indices), bool) if self.distances is None else self.distances
        return csr_array((values, self.indices, self.indptr), shape=(len(self.indptr) - 1, columns))

    def to_pairs(self) -> np.ndarray:
        """Return row and neighbour of every entry as an array of shape (m, 2), the smaller id first."""
        rows = self.rows
        found = np.empty((len(rows), 2), np.int64)
        np.minimum(rows, self.indices, out=found[:, 0])
        np.maximum(rows, self.indices, out=found[:, 1])
        return found

    def to_lists(self) -> list[list[int]]:
        """Return a list for each row, as ``scipy.spatial.cKDTree.query_ball_point`` does."""
        return [row.tolist() for row in np.split(self.indices, self.indptr[1:-1])] if len(self.indptr) > 1 else []
