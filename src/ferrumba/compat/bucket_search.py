"""The classes of bucket-search under their names, on the exact search of :mod:`ferrumba.spatial`.

``PointBin3D_JIT`` is the Numba class, with attributes; ``PointBin3D`` is its Rust port, whose accessors are called.
Results are the same sets; the order within one search is ascending, where the originals differed from each other. The
linked lists are gone: ``first_member`` is computed when it is asked for and ``next_member`` does not exist.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba import spatial

__all__ = ["PointBin3D", "PointBin3D_JIT"]


class PointBin3D_JIT(spatial.PointBin3D):  # noqa: N801 - the original's name
    """The Numba class of bucket-search; see :class:`ferrumba.spatial.PointBin3D`.

    Examples
    --------
    >>> from ferrumba.compat.bucket_search import PointBin3D_JIT
    >>> bins = PointBin3D_JIT([[0.0, 0, 0], [6, 6, 6]], [5.0, 5.0, 5.0])
    >>> bins.radius_search([6.0, 6.0, 6.0], 1.0)
    >>> bins.found_count, int(bins.first_member[1, 1, 1])
    (1, -1)
    """

    @property
    def first_member(self) -> np.ndarray:
        """For each bin, the first row of ``points`` in it that was not found yet, -1 where there is none.

        Raises
        ------
        ValueError
            If there are more than 2**27 bins.
        """
        shape = self.bin_shape
        bins = int(shape[0]) * int(shape[1]) * int(shape[2])
        if bins > 2**27:
            raise ValueError(f"first_member would hold {bins} bins; use wider bin_widths, or found_indices() alone")
        first = np.full(tuple(shape), -1)
        alive, _ = self._found().states()
        rows = np.flatnonzero(alive)[::-1]
        first[tuple(self.bin_indices[rows].T)] = rows
        return first


class PointBin3D:
    """The Rust class of bucket-search, whose accessors are methods that return copies.

    Examples
    --------
    >>> from ferrumba.compat.bucket_search import PointBin3D
    >>> bins = PointBin3D([[0.0, 0, 0], [6, 6, 6]], [5.0, 5.0, 5.0])
    >>> bins.found_count(), bins.bin_shape()
    (0, array([2, 2, 2]))
    """

    def __init__(self, points: Any, bin_widths: Any) -> None:
        self._bins = spatial.PointBin3D(points, bin_widths)

    def __repr__(self) -> str:
        return repr(self._bins)

    def radius_search(self, query_point: Any, radius: float) -> None:
        """Find and remove the points within a radius; see :meth:`ferrumba.spatial.PointBin3D.radius_search`."""
        self._bins.radius_search(query_point, radius)

    def found_indices(self) -> np.ndarray:
        """Return the original ids found since the last reset."""
        return self._bins.found_indices()

    def reset(self) -> None:
        """Forget what was found."""
        self._bins.reset()

    def found_count(self) -> int:
        """Return the number of points found since the last reset."""
        return self._bins.found_count

    def original_points(self) -> np.ndarray:
        """Return a copy of the points."""
        return self._bins.original_points.copy()

    def bin_shape(self) -> np.ndarray:
        """Return the number of bins along each axis."""
        return self._bins.bin_shape

    def origin(self) -> np.ndarray:
        """Return the minima of the points."""
        return self._bins.origin.copy()
