"""Point sets partitioned in space over the workers of a Dask cluster; what :mod:`.dask_spatial` stands on."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np

from ferrumba.spatial.arguments import as_box, wrapped
from ferrumba.spatial.declarations import LIMIT

SAMPLE = 256
"""Points for each partition among which the cuts are chosen: the sizes then differ by some ten percent."""
BLOCK = 1 << 16
"""Rows of a block of queries that were given as a NumPy array."""


class Part(NamedTuple):
    """The points of one partition: their rows in the original table, ascending, and their coordinates."""

    rows: np.ndarray
    coordinates: np.ndarray


class Partitions(NamedTuple):
    """A partitioned point set, lazy until persisted; give it in place of the points to partition once for many calls.

    Attributes
    ----------
    parts : list of Delayed
    starts : list of int or Delayed
        The first row of each chunk of the original table, and the number of all rows.
    box : float, list of float or None
        The lengths of a periodic box, as in ``NeighborGrid``.
    """

    parts: list[Any]
    starts: list[Any]
    box: Any = None

    def persist(self) -> Partitions:
        """Compute the partitions and keep them on the workers."""
        parts, starts = dask.persist(self.parts, self.starts)
        return self._replace(parts=parts, starts=starts)


def partition(
    points: Any, partitions: int | None = None, *, shuffle: bool = True, box: Any = None, invalid: str = "raise"
) -> Partitions:
    """Partition points in space, lazily.

    Parameters
    ----------
    points : dask.array.Array of shape (n, 2) or (n, 3), or a list of Delayed or Future
        The chunks may have unknown numbers of rows. Those of a list are arrays of shape (some, 2) or (some, 3).
    partitions : int, optional
        How many; as many as there are chunks by default. A partition and its grid take about 100 bytes a point.
    shuffle : bool
        False to take each chunk as a partition, where they are compact in space already.
    box, invalid
        As in :class:`ferrumba.spatial.NeighborGrid`. Points that are ignored are left out and keep their rows.

    Returns
    -------
    Partitions
    """
    if partitions is not None and (isinstance(partitions, bool) or partitions < 1):
        raise ValueError(f"partitions is {partitions!r}, but it is a number of partitions; give a whole number above 0")
    if partitions is not None and not shuffle:
        raise ValueError(f"partitions is {partitions}, but shuffle=False keeps those there are; leave one of them out")
    if invalid not in ("raise", "ignore"):
        raise ValueError(f"invalid is {invalid!r}, but the policies are 'raise', 'ignore'")
    chunks, sizes = row_blocks(points, "points")
    starts = starts_of(sizes)
    if box is not None and isinstance(points, da.Array):
        as_box(box, points.shape[1])
    parts = [task(_checked_part)(chunk, start, box, invalid) for chunk, start in zip(chunks, starts, strict=False)]
    if not shuffle:
        return Partitions(parts, starts, box)
    count = len(chunks) if partitions is None else int(partitions)
    cuts = None
    if count > 1:
        cuts = task(_choose_cuts)([task(_sample)(part, starts[-1], count) for part in parts], count)
    pieces = [task(_cut, nout=count)(part, cuts) for part in parts]
    return Partitions([task(join)([piece[place] for piece in pieces]) for place in range(count)], starts, box)


def partitioned(points: Any, partitions: int | None, **options: Any) -> Partitions:
    """Return the points partitioned, which they may be already."""
    if not isinstance(points, Partitions):
        return partition(points, partitions, **options)
    usual = {"partitions": None, "shuffle": True, "box": None, "invalid": "raise"}
    for name, value in {"partitions": partitions, **options}.items():
        if np.ndim(value) > 0 or value != usual[name]:
            raise ValueError(f"{name} is {value!r}, but the points are partitioned already; give it to partition")
    return points


def task(function: Any, nout: int | None = None) -> Any:
    """Return a function that makes a task; its name is new each time, and no argument is hashed for it."""
    return dask.delayed(function, pure=False, nout=nout)


def row_blocks(table: Any, name: str) -> tuple[list[Any], list[Any]]:
    """Return the blocks of rows of a table as Delayed objects, and their sizes, Delayed where they are not known."""
    if isinstance(table, (list, tuple)) and table and all(hasattr(chunk, "key") for chunk in table):
        chunks = [dask.delayed(chunk) for chunk in table]
        return chunks, [task(len)(chunk) for chunk in chunks]
    if not isinstance(table, da.Array):
        if name == "points":
            raise TypeError(
                f"points is {type(table).__name__}, but a Dask array or a list of Delayed or Future is needed; "
                "NeighborGrid takes what is in memory"
            )
        table = np.asarray(table)
        table = da.from_array(table, chunks=(BLOCK, *table.shape[1:]))
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        raise ValueError(f"{name} has shape {table.shape}, but it must be a table with 2 or 3 columns; reshape it")
    if table.dtype.kind not in "iuf":
        raise TypeError(f"{name} holds {table.dtype}, but real numbers are needed; convert it first")
    if table.numblocks[1] > 1:
        table = table.rechunk({1: -1})
    chunks = table.to_delayed()[:, 0].tolist()
    sizes = [
        task(len)(chunk) if math.isnan(size) else int(size) for chunk, size in zip(chunks, table.chunks[0], strict=True)
    ]
    return chunks, sizes


def starts_of(sizes: list[Any]) -> list[Any]:
    """Return the first row of each block and the number of all rows, Delayed where a size is."""
    if all(isinstance(size, int) for size in sizes):
        return _running(sizes)
    starts = task(_running, nout=len(sizes) + 1)(sizes)
    return list(starts)


def _running(sizes: list[int]) -> list[int]:
    return [0, *np.cumsum(sizes).tolist()]


def fault(subject: str, point: np.ndarray) -> str:
    """Return what is wrong with a point."""
    return (
        f"{subject} ({', '.join(map(repr, point.tolist()))}), but coordinates are finite numbers up to {LIMIT:g}; "
        "drop such rows"
    )


def _checked_part(chunk: Any, start: int, box: Any, invalid: str) -> Part:
    table = np.asarray(chunk)
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        raise ValueError(f"a chunk of points has shape {table.shape}, but it must have 2 or 3 columns; reshape it")
    kind = np.float32 if table.dtype == np.float32 else np.float64
    table = np.ascontiguousarray(table, kind)
    rows = np.arange(start, start + len(table))
    fine = (np.abs(table) <= np.float64(LIMIT)).all(axis=1)
    if not fine.all():
        if invalid == "raise":
            row = int(fine.argmin())
            raise ValueError(f"at row {start + row}: {fault('points holds', table[row])}")
        rows, table = rows[fine], table[fine]
    return Part(rows, table if box is None else wrapped(table.astype(np.float64), period_of(box, table)))


def period_of(box: Any, table: np.ndarray) -> np.ndarray:
    """Return the length of the box along each axis of a table, infinite where it is open."""
    return as_box(box, table.shape[1])[: table.shape[1]]


def _sample(part: Part, total: int, partitions: int) -> np.ndarray:
    """Return every k-th row of the whole table that lies in this part of it."""
    step = max(1, total // (SAMPLE * partitions))
    return part.coordinates[part.rows % step == 0].astype(np.float64)


def _choose_cuts(samples: list[np.ndarray], partitions: int) -> Any:
    """Return a tree of (axis, value, leaves below the value, lower tree, upper tree), None for a leaf."""

    def bisect(points: np.ndarray, leaves: int) -> Any:
        if leaves == 1:
            return None
        axis = int(np.argmax(np.ptp(points, axis=0))) if len(points) else 0
        below = leaves // 2
        place = len(points) * below // leaves
        value = float(np.partition(points[:, axis], place)[place]) if len(points) else 0.0
        lower = points[:, axis] < value
        return axis, value, below, bisect(points[lower], below), bisect(points[~lower], leaves - below)

    return bisect(np.concatenate(samples), partitions)


def _cut(part: Part, cuts: Any) -> list[Part]:
    """Return the pieces of a chunk that go to each partition; rows stay ascending."""
    pieces: list[Any] = []

    def descend(tree: Any, rows: np.ndarray) -> None:
        if tree is None:
            pieces.append(some(part, rows))
            return
        axis, value, _, lower, upper = tree
        below = part.coordinates[rows, axis] < value
        descend(lower, rows[below])
        descend(upper, rows[~below])

    descend(cuts, np.arange(len(part.rows)))
    return pieces


def join(pieces: list[Part]) -> Part:
    """Return the points of all pieces, one piece after the other."""
    return Part(np.concatenate([piece.rows for piece in pieces]), np.concatenate([p.coordinates for p in pieces]))


def some(part: Part, rows: Any) -> Part:
    """Return the points at some places: a slice, a mask or an array of places."""
    return Part(part.rows[rows], part.coordinates[rows])


def bounds(part: Part) -> np.ndarray:
    """Return the least and the greatest coordinates; those of nothing are infinity and minus infinity."""
    table = part.coordinates.astype(np.float64, copy=False)
    return np.array([table.min(axis=0, initial=np.inf), table.max(axis=0, initial=-np.inf)])


def within(lower: np.ndarray, upper: np.ndarray, bounds: np.ndarray, radius: Any, box: Any) -> np.ndarray:
    """Return which boxes, or points as boxes, may hold one within a radius of one in ``bounds``.

    The predicate on the least difference along each axis, or to an image in a periodic box. That is computed as the
    predicate does it, every step of which is monotone, so that no neighbour is missed by rounding.
    """
    period = period_of(box, lower)
    below, above = lower - bounds[1], bounds[0] - upper
    gap = np.maximum(np.maximum(below, above), 0.0)
    image = np.minimum(period + below, period + above)
    gap = np.minimum(gap, np.maximum(image, 0.0))
    square = gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1]
    if lower.shape[1] == 3:
        square += gap[:, 2] * gap[:, 2]
    with np.errstate(over="ignore"):
        return square <= np.square(np.float64(radius))
