"""``PointBin3D``: search and remove, one query after the other."""

from __future__ import annotations

import struct
from math import ldexp
from typing import Any

import numpy as np

from ferrumba.dispatch.driver import serving
from ferrumba.spatial.declarations import BY_STEM, LIMIT, query_fault
from ferrumba.spatial.grid import NeighborGrid
from ferrumba.spatial.removal import Removal

_TAKE = BY_STEM["take"]

WAITING = 256
"""Searches that wait to be made together."""
_pack = struct.Struct("4d").pack  # takes numbers only


class PointBin3D:
    """Points in bins; a search finds the points within a radius that no search has found since the last reset.

    A search returns nothing, so it may wait: searches are made in turn, up to 256 at once, when somebody looks at what
    was found, who sees what would be there without that.

    Parameters
    ----------
    points : array_like, shape (n, 3)
        Finite coordinates. They are copied.
    bin_widths : array_like of 3 floats
        Above 0. They define ``bin_shape`` and ``bin_indices``; neither an answer, nor memory, nor time depends on them.
    backend : str, optional
        Request for the calls of this object.

    Attributes
    ----------
    original_points : ndarray of float64, shape (n, 3)
        The points as they were given; read-only.
    bin_widths, origin : ndarray of 3 floats
        The widths, and the minima of the points.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba.spatial import PointBin3D
    >>> bins = PointBin3D([[0.0, 0, 0], [1, 0, 0], [9, 9, 9]], [5.0, 5.0, 5.0])
    >>> bins.radius_search([0.0, 0.0, 0.0], 2.0)
    >>> bins.found_indices()
    array([0, 1])
    >>> bins
    PointBin3D(n_points=3, found_count=2)
    """

    def __init__(self, points: Any, bin_widths: Any, *, backend: str | None = None) -> None:
        array = np.array(points, np.float64)
        if array.size == 0 and array.ndim < 2:
            array = array.reshape(0, 3)
        if array.ndim != 2 or array.shape[1] != 3:
            raise ValueError(
                f"points has shape {array.shape}, but points must have exactly 3 columns (x, y, z); reshape it"
            )
        widths = np.array(bin_widths, np.float64)
        if widths.shape != (3,):
            raise ValueError(
                f"bin_widths has shape {widths.shape}, but bin widths must have exactly 3 elements; give three"
            )
        if not ((widths > 0.0) & (widths < np.inf)).all():
            raise ValueError(f"bin_widths is {widths.tolist()}, but bin widths are finite numbers above 0; give such")
        self._grid = NeighborGrid(array, backend=backend)
        self.original_points, self.bin_widths = array, widths
        self.origin = array.min(axis=0) if len(array) else np.zeros(3)
        self._begin()
        for fixed in (self.original_points, self.bin_widths, self.origin):
            fixed.flags.writeable = False

    def _begin(self) -> None:
        """Let searches wait in a list: adding to one needs no lock."""
        self._waiting: list[bytes] = []
        self._wait = self._waiting.append
        self._serving = serving(_TAKE, self._grid.backend)
        self._served: Any = None

    def _search(self) -> None:
        """Make the searches that wait; the lock is held."""
        if many := len(self._waiting):
            table = np.frombuffer(b"".join(self._waiting[:many])).reshape(-1, 4)
            query, radius, count = table[:, :3].copy(), table[:, 3].copy(), np.empty(many, np.int64)
            self._served[0](*self._grid._grid, *self._grid._removal.states(), query, radius, count)
            del self._waiting[:many]

    def _found(self) -> Removal:
        """Return what is removed by all searches so far."""
        with self._grid._removal.lock:
            self._search()
        return self._grid._removal

    def __getstate__(self) -> dict[str, Any]:
        self._found()
        return {name: self.__dict__[name] for name in ("_grid", "original_points", "bin_widths", "origin")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def __repr__(self) -> str:
        return f"PointBin3D(n_points={len(self.original_points)}, found_count={self.found_count})"

    @property
    def points(self) -> np.ndarray:
        """The points in the order in which they lie in memory; ``original_points[original_indices]``."""
        return self.original_points[self.original_indices]

    @property
    def original_indices(self) -> np.ndarray:
        """The original id of each row of ``points``."""
        return self._grid._grid[4].astype(np.int64)

    @property
    def bin_shape(self) -> np.ndarray:
        """The number of bins of these widths along each axis, as a count: no memory is taken for them."""
        extent = self.original_points.max(axis=0) - self.origin if len(self.original_points) else np.zeros(3)
        return np.clip(np.floor(extent / self.bin_widths), 0, 2.0**62).astype(np.int64) + 1

    @property
    def bin_indices(self) -> np.ndarray:
        """The bin of each row of ``points``."""
        return np.clip(np.floor((self.points - self.origin) / self.bin_widths), 0, 2.0**62).astype(np.int64)

    @property
    def found_count(self) -> int:
        """The number of points found since the last reset."""
        return self._found().count

    def radius_search(self, query_point: Any, radius: float) -> None:
        """Find the points within ``radius`` of a query point, the border included, that were not found before.

        Parameters
        ----------
        query_point : array_like of 3 floats
        radius : float
            From 0 to infinity.
        """
        try:
            if type(query_point) is np.ndarray:
                x, y, z = query_point.tolist()
            else:
                x, y, z = (ldexp(value, 0) for value in query_point)  # as floats, but no text that stands for one
            search = _pack(x, y, z, radius)
            valid = x * x + y * y + z * z <= 1e300 and radius >= 0.0
        except (TypeError, ValueError, OverflowError, struct.error):
            shape = np.shape(query_point)
            raise ValueError(
                f"query_point has shape {shape} and radius is {radius!r}, but a query point must have exactly 3 "
                "elements and a radius is a number; give such"
            ) from None
        if not valid and not (all(abs(value) <= LIMIT for value in (x, y, z)) and radius >= 0.0):
            raise ValueError(query_fault(x, y, z, float(radius)))
        served = self._serving()
        if served is not self._served:
            with self._grid._removal.lock:
                self._search()  # those that wait are served by what was asked for when they came
                self._served = served
        self._wait(search)
        if len(self._waiting) >= WAITING or served[1]:
            with self._grid._removal.lock:
                self._search()

    def found_indices(self) -> np.ndarray:
        """Return the original ids found since the last reset: search by search, ascending within each."""
        return self._found().ids()

    def reset(self) -> None:
        """Forget what was found, in time proportional to its number."""
        with self._grid._removal.lock:
            self._waiting.clear()
            self._grid._removal.restore()
