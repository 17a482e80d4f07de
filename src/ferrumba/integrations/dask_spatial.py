"""Fixed-radius search and thinning past one machine: points partitioned in space over the workers of a Dask cluster.

>>> import dask.array as da
>>> from ferrumba.integrations import dask_spatial
>>> points = da.random.default_rng(0).random((10_000, 3), chunks=(2_500, 3))
>>> indptr, indices = dask_spatial.query_many(points, points, 0.05)  # lazy
>>> kept = dask_spatial.decimate(points, 0.05)

Both answer exactly as ``ferrumba.spatial.NeighborGrid`` does on all points at once, in the numbers of the rows of
``points``, whatever the partitions are. They run on any scheduler of Dask; a task holds a reference to a function of
this module and travels to any process that has Ferrumba. Boxes are open: periodic ones are not handled here.

**Partition.** A sample of some hundred points for each partition is bisected, each time along the longest axis, into
boxes of equal numbers; each chunk sorts its points into the boxes, and each partition collects its own. This moves
every point once, in (chunks x partitions) pieces. Partitions may come out empty, and equal points are never parted.
Chunks that are compact in space already, such as tiles of a survey, are taken as they are with ``shuffle=False``.
Correctness asks nothing of the boxes, so the choice is one of cost.

**The border.** What matters to a partition is what lies within ``r`` of the bounding box of its points. The rounding of
float64 is monotone, so the distance to the box, in the same arithmetic, is never above that to a point within: no
neighbour is missed, with no margin. It is the smaller side that travels: queries to the partitions they reach, and the
kept points of a thinning. Points never do after the shuffle, so a partition needs memory for its own points and one
block of queries with their answers, and holds no halo, also where ``r`` is larger than a partition.

**Thinning** in the order of the rows ties every point to earlier ones, across partitions too. See :func:`decimate` for
how it is cut, and what that costs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np

from ferrumba.spatial import NeighborGrid, Neighbors
from ferrumba.spatial.declarations import LIMIT, radius_fault

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
    """

    parts: list[Any]
    starts: list[Any]

    def persist(self) -> Partitions:
        """Compute the partitions and keep them on the workers."""
        return Partitions(*dask.persist(self.parts, self.starts))


def partition(points: Any, partitions: int | None = None, *, shuffle: bool = True) -> Partitions:
    """Partition points in space, lazily.

    Parameters
    ----------
    points : dask.array.Array of shape (n, 2) or (n, 3), or a list of Delayed or Future
        The chunks may have unknown numbers of rows. Those of a list are arrays of shape (some, 2) or (some, 3).
    partitions : int, optional
        How many; as many as there are chunks by default. A partition and its grid take about 100 bytes a point.
    shuffle : bool
        False to take each chunk as a partition, where they are compact in space already.

    Returns
    -------
    Partitions
    """
    if partitions is not None and (isinstance(partitions, bool) or partitions < 1):
        raise ValueError(f"partitions is {partitions!r}, but it is a number of partitions; give a whole number above 0")
    if partitions is not None and not shuffle:
        raise ValueError(f"partitions is {partitions}, but shuffle=False keeps those there are; leave one of them out")
    chunks, sizes = _row_blocks(points, "points")
    starts = _starts(sizes)
    parts = [_task(_checked_part)(chunk, start) for chunk, start in zip(chunks, starts, strict=False)]
    if not shuffle:
        return Partitions(parts, starts)
    count = len(chunks) if partitions is None else int(partitions)
    cuts = None
    if count > 1:
        cuts = _task(_choose_cuts)([_task(_sample)(part, starts[-1], count) for part in parts], count)
    pieces = [_task(_cut, nout=count)(part, cuts) for part in parts]
    return Partitions([_task(_join)([piece[place] for piece in pieces]) for place in range(count)], starts)


def query_many(
    points: Any,
    queries: Any,
    r: Any,
    *,
    distances: bool = False,
    partitions: int | None = None,
    shuffle: bool = True,
    backend: str | None = None,
) -> tuple[da.Array, ...]:
    """Return the points within ``r`` of each query point, lazily.

    The queries of a block go to the partitions they reach; the answers come back and are merged: two small tasks for
    each block and partition, which exchange nothing where nothing is reached. The grid of a partition is built once.

    Parameters
    ----------
    points : dask.array.Array, list of Delayed or Future, or Partitions
        As in :func:`partition`.
    queries : dask.array.Array, array_like, or list of Delayed or Future
        Anywhere, in any order, in blocks of rows. The answers to one block are merged on one worker, so their memory
        bounds the size of a block.
    r : float, array_like or dask.array.Array
        One radius, from 0 to infinity, or one for each query.
    distances : bool
        Whether to return the distances as well.
    partitions, shuffle
        As in :func:`partition`.
    backend : str, optional
        Request for the calls on the workers.

    Returns
    -------
    tuple of dask.array.Array
        ``indptr, indices[, distances]``, the rows of ``points`` ascending for each query. ``indices`` and ``distances``
        have a chunk of unknown size for each block of queries. Compute them together:
        ``Neighbors(*dask.compute(*found))``.
    """
    where = points if isinstance(points, Partitions) else partition(points, partitions, shuffle=shuffle)
    boxes = [_task(_bounds)(part) for part in where.parts]
    grids = [_task(_build)(part, backend) for part in where.parts]
    blocks, sizes = _row_blocks(queries, "queries")
    radii = _radius_blocks(r, sizes)
    reached = list(zip(grids, boxes, strict=True))
    counts, found, lengths = [], [], []
    for block, size, first, radius in zip(blocks, sizes, _starts(sizes), radii, strict=False):
        asked = _task(_checked_queries)(block, radius, first)
        answers = [_task(_answer)(grid, _task(_reaching)(asked, box), distances) for grid, box in reached]
        merged = _task(_merge, nout=3)(size, answers, distances)
        counts.append(merged[0])
        found.append(merged[1])
        lengths.append(merged[2])
    begins = _starts([_task(len)(indices) for indices in found])
    ends = [
        da.from_delayed(_task(_ends)(count, begin), (size if isinstance(size, int) else math.nan,), np.int64)
        for count, begin, size in zip(counts, begins, sizes, strict=False)
    ]
    indptr = da.concatenate([da.zeros(1, dtype=np.int64), *ends])
    indices = _joined(found, np.int64)
    return (indptr, indices, _joined(lengths, np.float64)) if distances else (indptr, indices)


def decimate(
    points: Any,
    r: float,
    *,
    partitions: int | None = None,
    shuffle: bool = True,
    backend: str | None = None,
) -> da.Array:
    """Return the rows that stay when each in turn, if it is still there, drops all others within ``r``.

    Computed at once, as the number of rounds shows only on the way. What comes to the client are the bounding boxes
    and, in a round, one number for each pair of neighbouring partitions; the result stays on the workers.

    In the first round each partition thins its points as if it were alone. Then the kept points within ``r`` of a
    neighbour's box go there, and whoever got other ones than before thins its points again: first those within ``r`` of
    an earlier foreign one are dropped, then the rest is thinned. A state depends on earlier rows only, so rows before
    the first that changed are not touched again, and when nothing changes any more the one fixed point is reached: by
    induction over the rows, the lexicographically first maximal independent set, which a single machine gives.

    A point is final once the chain of decisions it hangs on has been carried across as many borders as there were
    rounds. Rows in random order have short chains: some five to ten rounds, of which only the first is about all
    points. Rows in the order of a scan along a border have chains that cross it every ``r`` or so: as many rounds.

    Parameters
    ----------
    points : dask.array.Array, list of Delayed or Future, or Partitions
        As in :func:`partition`.
    r : float
    partitions, shuffle
        As in :func:`partition`.
    backend : str, optional
        Request for the calls on the workers.

    Returns
    -------
    dask.array.Array of int64
        Ascending, with a chunk for each chunk of ``points``.
    """
    r = _radius(r)
    where = points if isinstance(points, Partitions) else partition(points, partitions, shuffle=shuffle)
    where = where.persist()
    starts, boxes = dask.compute(where.starts, [_task(_bounds)(part) for part in where.parts])
    near = _neighbouring(boxes, r)
    kept: list[Any] = [None] * len(boxes)
    active = dict.fromkeys((place for place, box in enumerate(boxes) if box[0, 0] <= box[1, 0]), 0)
    while active:
        reports = {}
        for place, since in active.items():
            incoming = [
                _task(_border)(kept[other], boxes[place], r) for other in near[place] if kept[other] is not None
            ]
            around = {other: boxes[other] for other in near[place]}
            reports[place] = _task(_settle, nout=2)(
                where.parts[place], kept[place], since, incoming, around, r, backend
            )
        settled = dict(zip(reports, dask.persist(*[tuple(report) for report in reports.values()]), strict=True))
        kept = [settled[place][0] if place in settled else kept[place] for place in range(len(kept))]
        active = {}
        for changes in dask.compute(*[report for _, report in settled.values()]):
            for other, first in changes.items():
                active[other] = min(first, active.get(other, first))
    return _in_chunks([part for part in kept if part is not None], starts)


# Arguments


def _task(function: Any, nout: int | None = None) -> Any:
    return dask.delayed(function, pure=False, nout=nout)


def _row_blocks(table: Any, name: str) -> tuple[list[Any], list[Any]]:
    """Return the blocks of rows of a table as Delayed objects, and their sizes, Delayed where they are not known."""
    if isinstance(table, (list, tuple)) and table and all(hasattr(chunk, "key") for chunk in table):
        chunks = [dask.delayed(chunk) for chunk in table]
        return chunks, [_task(len)(chunk) for chunk in chunks]
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
        _task(len)(chunk) if math.isnan(size) else int(size)
        for chunk, size in zip(chunks, table.chunks[0], strict=True)
    ]
    return chunks, sizes


def _starts(sizes: list[Any]) -> list[Any]:
    if all(isinstance(size, int) for size in sizes):
        return _running(sizes)
    starts = _task(_running, nout=len(sizes) + 1)(sizes)
    return list(starts)


def _running(sizes: list[int]) -> list[int]:
    return [0, *np.cumsum(sizes).tolist()]


def _radius(r: Any) -> float:
    if isinstance(r, da.Array) or np.ndim(r) != 0 or np.asarray(r).dtype.kind not in "iuf":
        raise TypeError(f"r is {r!r}, but a radius is one number here; give one")
    if not r >= 0.0:
        raise ValueError(radius_fault(float(r)))
    return float(r)


def _radius_blocks(r: Any, sizes: list[Any]) -> list[Any]:
    """Return the radius of each block of queries."""
    if not isinstance(r, da.Array) and np.ndim(r) == 0:
        return [_radius(r)] * len(sizes)
    known = all(isinstance(size, int) for size in sizes)
    if known:
        r = da.asarray(r)
        if r.shape != (sum(sizes),):
            raise ValueError(f"r has shape {r.shape}, but it is one number or one for each of the {sum(sizes)} queries")
        r = r.rechunk((tuple(sizes),))
    elif not isinstance(r, da.Array) or r.ndim != 1 or len(r.chunks[0]) != len(sizes):
        raise ValueError(
            f"r is {type(r).__name__}, but queries of unknown number need one number, or a Dask array with as many "
            "chunks; give one of them"
        )
    return r.to_delayed().tolist()


def _checked_part(chunk: Any, start: int) -> Part:
    table = np.asarray(chunk)
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        raise ValueError(f"a chunk of points has shape {table.shape}, but it must have 2 or 3 columns; reshape it")
    kind = np.float32 if table.dtype == np.float32 else np.float64
    table = np.ascontiguousarray(table, kind)
    fine = (np.abs(table) <= np.float64(LIMIT)).all(axis=1)
    if not fine.all():
        row = int(fine.argmin())
        raise ValueError(f"at row {start + row}: {_fault('points holds', table[row])}")
    return Part(np.arange(start, start + len(table)), table)


def _checked_queries(block: Any, radius: Any, start: int) -> tuple[np.ndarray, Any]:
    table = np.ascontiguousarray(block, np.float64)
    bad = ~(np.abs(table) <= LIMIT).all(axis=1)
    if np.ndim(radius) > 0:
        radius = np.ascontiguousarray(radius, np.float64)
        if radius.shape != (len(table),):
            raise ValueError(f"r has shape {radius.shape} beside {len(table)} queries; give as many")
        bad |= ~(radius >= 0.0)
    if bad.any():
        row = int(bad.argmax())
        reach = float(_of_rows(radius, row))
        fault = _fault("queries holds", table[row]) if reach >= 0.0 else radius_fault(reach)
        raise ValueError(f"at row {start + row}: {fault}")
    return table, radius


def _fault(subject: str, point: np.ndarray) -> str:
    return (
        f"{subject} ({', '.join(map(repr, point.tolist()))}), but coordinates are finite numbers up to {LIMIT:g}; "
        "drop such rows"
    )


def _of_rows(radius: Any, rows: Any) -> Any:
    return radius[rows] if np.ndim(radius) > 0 else radius


# The partition: tasks


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
            pieces.append(Part(part.rows[rows], part.coordinates[rows]))
            return
        axis, value, _, lower, upper = tree
        below = part.coordinates[rows, axis] < value
        descend(lower, rows[below])
        descend(upper, rows[~below])

    descend(cuts, np.arange(len(part.rows)))
    return pieces


def _join(pieces: list[Part]) -> Part:
    return Part(np.concatenate([piece.rows for piece in pieces]), np.concatenate([p.coordinates for p in pieces]))


def _bounds(part: Part) -> np.ndarray:
    """Return the least and the greatest coordinates; those of nothing are infinity and minus infinity."""
    table = part.coordinates.astype(np.float64, copy=False)
    return np.array([table.min(axis=0, initial=np.inf), table.max(axis=0, initial=-np.inf)])


def _within(table: np.ndarray, box: np.ndarray, radius: Any) -> np.ndarray:
    """Return which points may lie within a radius of one in the box: the predicate, on the nearest point of the box."""
    gap = np.maximum(np.maximum(box[0] - table, table - box[1]), 0.0)
    square = gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1]
    if table.shape[1] == 3:
        square += gap[:, 2] * gap[:, 2]
    with np.errstate(over="ignore"):
        return square <= np.square(np.float64(radius))


# The search: tasks


def _build(part: Part, backend: str | None) -> tuple[np.ndarray, NeighborGrid] | None:
    return (part.rows, NeighborGrid(part.coordinates, backend=backend)) if len(part.rows) else None


def _reaching(asked: tuple[np.ndarray, Any], box: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return the queries that reach a box, by their places in the block."""
    table, radius = asked
    if table.shape[1] != box.shape[1]:
        raise ValueError(f"queries have {table.shape[1]} columns and points {box.shape[1]}; give both as many")
    if box[0, 0] > box[1, 0]:
        return np.empty(0, np.int64), table[:0], 0.0
    places = np.flatnonzero(_within(table, box, radius))
    return places, table[places], _of_rows(radius, places)


def _answer(grid: Any, asked: tuple[np.ndarray, np.ndarray, Any], distances: bool) -> Any:
    """Return the places in the block, and what the partition holds for them."""
    places, table, radius = asked
    if grid is None or not len(places):
        return None
    rows, searched = grid
    found = searched.query_many(table, radius, distances=distances)
    return places, Neighbors(found.indptr, rows[found.indices], found.distances)


def _merge(size: int, answers: list[Any], distances: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the counts of a block of queries, and the answers of all partitions in one, rows ascending."""
    answers = [answer for answer in answers if answer is not None]
    counts, sources = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for places, found in answers:
        counts[places] += found.counts
        sources[places] += found.counts > 0
    free = np.cumsum(counts) - counts
    indices = np.empty(counts.sum(), np.int64)
    lengths = np.empty(len(indices) if distances else 0)
    for places, found in answers:
        slots = np.repeat(free[places] - found.indptr[:-1], found.counts) + np.arange(len(found.indices))
        free[places] += found.counts
        indices[slots] = found.indices
        if distances:
            lengths[slots] = found.distances
    # Only the rows of queries near a border come from several partitions and need to be put in order.
    mixed = np.flatnonzero(np.repeat(sources > 1, counts))
    several = np.flatnonzero(sources > 1)
    order = mixed[np.lexsort((indices[mixed], np.repeat(several, counts[several])))]
    indices[mixed] = indices[order]
    if distances:
        lengths[mixed] = lengths[order]
    return counts, indices, lengths


def _ends(counts: np.ndarray, begin: int) -> np.ndarray:
    return begin + np.cumsum(counts)


def _joined(blocks: list[Any], dtype: Any) -> da.Array:
    return da.concatenate([da.from_delayed(block, (math.nan,), dtype) for block in blocks])


# Thinning: tasks, and what the client does


def _neighbouring(boxes: list[np.ndarray], r: float) -> list[list[int]]:
    """Return, for each box, the others within a radius of it."""
    lower, upper = np.array([box[0] for box in boxes]), np.array([box[1] for box in boxes])
    there = lower[:, 0] <= upper[:, 0]
    near = []
    for place, box in enumerate(boxes):
        # The nearest point of the other box along each axis stands for all of it.
        nearest = np.clip(np.where(box[0] > upper, upper, np.maximum(lower, box[0])), -LIMIT, LIMIT)
        reached = _within(nearest, box, r) & there if there[place] else np.zeros(len(boxes), bool)
        near.append([int(other) for other in np.flatnonzero(reached) if other != place])
    return near


def _border(kept: Part, box: np.ndarray, r: float) -> Part:
    inside = _within(kept.coordinates.astype(np.float64, copy=False), box, r)
    return Part(kept.rows[inside], kept.coordinates[inside])


def _settle(
    part: Part,
    kept: Part | None,
    since: int,
    incoming: list[Part],
    around: dict[int, np.ndarray],
    r: float,
    backend: str | None,
) -> tuple[Part, dict[int, int]]:
    """Thin a partition again from a row on, given the kept points around it.

    Returns the points kept now, and for each neighbour near enough to a change its first row.
    """
    before = _join([Part(part.rows[:0], part.coordinates[:0]) if kept is None else kept])
    settled = int(np.searchsorted(before.rows, since))
    final = Part(before.rows[:settled], before.coordinates[:settled])
    first = int(np.searchsorted(part.rows, since))
    rest = _not_reached(Part(part.rows[first:], part.coordinates[first:]), _join([final, *incoming]), r, backend)
    if len(rest.rows):
        stay = NeighborGrid(rest.coordinates, backend=backend).decimate(r)
        rest = Part(rest.rows[stay], rest.coordinates[stay])
    now = _join([final, rest])
    changed = np.setxor1d(before.rows, now.rows, assume_unique=True)
    moved = Part(changed, part.coordinates[np.searchsorted(part.rows, changed)])
    touched = {other: _border(moved, box, r).rows for other, box in around.items()}
    return now, {other: int(rows[0]) for other, rows in touched.items() if len(rows)}


def _not_reached(part: Part, kept: Part, r: float, backend: str | None) -> Part:
    """Return the points that have no earlier kept one within a radius."""
    if not len(kept.rows) or not len(part.rows):
        return part
    order = np.argsort(kept.rows)  # ids ascend, so the first of a row of the answer is the earliest
    rows = kept.rows[order]
    grid = NeighborGrid(kept.coordinates[order], backend=backend)
    stay = np.ones(len(part.rows), bool)
    for block, found in grid.iter_query_many(part.coordinates, r):
        some = np.flatnonzero(found.counts)
        stay[block.start + some] = rows[found.indices[found.indptr[some]]] > part.rows[block][some]
    return Part(part.rows[stay], part.coordinates[stay])


def _in_chunks(kept: list[Any], starts: list[int]) -> da.Array:
    """Return the kept rows of all partitions, ascending, in the chunks of the original table."""
    chunks = [_task(_between)(kept, first, last) for first, last in itertools.pairwise(starts)]
    chunks = list(dask.persist(*chunks))
    sizes = dask.compute(*[_task(len)(chunk) for chunk in chunks])
    return da.concatenate(
        [da.from_delayed(chunk, (size,), np.int64) for chunk, size in zip(chunks, sizes, strict=True)]
    )


def _between(kept: Iterable[Part], first: int, last: int) -> np.ndarray:
    return np.sort(
        np.concatenate([np.empty(0, np.int64), *[p.rows[slice(*np.searchsorted(p.rows, (first, last)))] for p in kept]])
    )
