"""Fixed-radius search and thinning past one machine: points partitioned in space over the workers of a Dask cluster.

>>> import dask.array as da
>>> from ferrumba.integrations import dask_spatial
>>> points = da.random.default_rng(0).random((10_000, 3), chunks=(2_500, 3))
>>> indptr, indices = dask_spatial.query_many(points, points, 0.05)  # lazy
>>> kept = dask_spatial.decimate(points, 0.05)

Both answer exactly as ``ferrumba.spatial.NeighborGrid`` does on all points at once, in the numbers of the rows of
``points``, whatever the partitions are. They run on any scheduler of Dask; a task holds a reference to a function of
this module and travels to any process that has Ferrumba.

**Partition.** A sample of some hundred points for each partition is bisected, each time along the longest axis, into
boxes of equal numbers; each chunk sorts its points into the boxes, and each partition collects its own. This moves
every point once, in (chunks x partitions) pieces. Partitions may come out empty, and equal points are never parted.
Chunks that are compact in space already, such as tiles of a survey, are taken as they are with ``shuffle=False``.
Correctness asks nothing of the boxes, so the choice is one of cost.

**The border.** What matters to a partition is what lies within ``r`` of the bounding box of its points. The rounding of
float64 is monotone, so the distance to the box, in the same arithmetic, is never above that to a point within: no
neighbour is missed, with no margin; in a periodic box, where points are wrapped first, the same holds of images. It is
the smaller side that travels: queries to the partitions they reach, and the kept points of a thinning. Points never do
after the shuffle, so a partition needs memory for its own points and one block of queries with their answers, and holds
no halo, also where ``r`` is larger than a partition.

**Thinning** in the order of the rows ties every point to earlier ones, across partitions too. See :func:`decimate` for
how it is cut, and what that costs.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import dask
import dask.array as da
import numpy as np

from ferrumba.integrations.dask_partition import (
    Part,
    Partitions,
    bounds,
    fault,
    join,
    partition,
    partitioned,
    period_of,
    row_blocks,
    some,
    starts_of,
    task,
    within,
)
from ferrumba.spatial import NeighborGrid, Neighbors
from ferrumba.spatial.arguments import as_order, wrapped
from ferrumba.spatial.declarations import LIMIT, radius_fault

__all__ = ["Partitions", "decimate", "partition", "query_many"]


def query_many(
    points: Any,
    queries: Any,
    r: Any,
    *,
    distances: bool = False,
    partitions: int | None = None,
    shuffle: bool = True,
    box: Any = None,
    invalid: str = "raise",
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
    partitions, shuffle, box, invalid
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
    where = partitioned(points, partitions, shuffle=shuffle, box=box, invalid=invalid)
    boxes = [task(bounds)(part) for part in where.parts]
    grids = [task(_build)(part, where.box, backend) for part in where.parts]
    blocks, sizes = row_blocks(queries, "queries")
    radii = _radius_blocks(r, sizes)
    counts, found, lengths = [], [], []
    for block, size, first, radius in zip(blocks, sizes, starts_of(sizes), radii, strict=False):
        asked = task(_checked_queries)(block, radius, first)
        sent = [task(_reaching)(asked, around, where.box) for around in boxes]
        answers = [task(_answer)(grid, part, distances) for grid, part in zip(grids, sent, strict=True)]
        merged = task(_merge, nout=3)(size, answers, distances)
        counts.append(merged[0])
        found.append(merged[1])
        lengths.append(merged[2])
    begins = starts_of([task(len)(indices) for indices in found])
    ends = [
        da.from_delayed(task(_ends)(count, begin), (size if isinstance(size, int) else math.nan,), np.int64)
        for count, begin, size in zip(counts, begins, sizes, strict=False)
    ]
    indptr = da.concatenate([da.zeros(1, dtype=np.int64), *ends])
    indices = _joined(found, np.int64)
    return (indptr, indices, _joined(lengths, np.float64)) if distances else (indptr, indices)


def decimate(
    points: Any,
    r: float,
    order: Any = None,
    *,
    partitions: int | None = None,
    shuffle: bool = True,
    box: Any = None,
    invalid: str = "raise",
    backend: str | None = None,
) -> da.Array:
    """Return the rows that stay when each in turn, if it is still there, drops all others within ``r``.

    Computed at once, as the number of rounds shows only on the way. What comes to the client are the bounding boxes
    and, in a round, one number for each pair of neighbouring partitions; the result stays on the workers.

    In the first round each partition thins its points as if it were alone. Then the kept points within ``r`` of a
    neighbour's box go there, and whoever got other ones than before thins its points together with them again. A state
    depends on earlier rows only, so rows before the first that changed are not touched again. When nothing changes any
    more, all is right: the first row with a wrong state would have been decided from earlier rows, which are right, and
    the kept ones among these do not drop each other. So the result is the lexicographically first maximal independent
    set, which a single machine gives; and as every round makes that first wrong row right, it is reached.

    A point is final once the chain of decisions it hangs on has been carried across as many borders as there were
    rounds. Rows in random order have short chains, and five to ten rounds do. Rows sorted along a border have chains
    that cross it again and again: about half as many rounds as the border is long in units of ``r``. Such rows are
    best taken as they are, ``shuffle=False``: a chunk then hangs on earlier chunks only, and there is never more than
    one round above their number. A round costs a partition that takes part about what thinning it alone does.

    Parameters
    ----------
    points : dask.array.Array, list of Delayed or Future, or Partitions
        As in :func:`partition`.
    r : float
    order : array_like or dask.array.Array of int, optional
        A permutation of the rows: who comes first stays first. Ascending by default. It goes to the workers whole.
    partitions, shuffle, box, invalid
        As in :func:`partition`.
    backend : str, optional
        Request for the calls on the workers.

    Returns
    -------
    dask.array.Array of int64
        Ascending, with a chunk for each chunk of ``points``.
    """
    r = _radius(r)
    where = partitioned(points, partitions, shuffle=shuffle, box=box, invalid=invalid).persist()
    starts, boxes = dask.compute(where.starts, [task(bounds)(part) for part in where.parts])
    if order is not None:
        order, ranks = dask.persist(*task(_ranks, nout=2)(_whole(order), starts[-1]))
        where = where._replace(parts=[task(_ranked)(part, ranks) for part in where.parts]).persist()
    near = _neighbouring(boxes, r, where.box)
    kept: list[Any] = [None] * len(boxes)
    active = dict.fromkeys((place for place, (low, high) in enumerate(boxes) if low[0] <= high[0]), 0)
    while active:
        kept, active = _next_round(where, boxes, near, kept, active, r, backend)
    found = [part for part in kept if part is not None]
    if order is not None:
        found = [task(_rows_of)(part, order) for part in found]
    return _in_chunks(found, starts)


# Queries


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


def _of_rows(radius: Any, rows: Any) -> Any:
    return radius[rows] if np.ndim(radius) > 0 else radius


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
        said = fault("queries holds", table[row]) if reach >= 0.0 else radius_fault(reach)
        raise ValueError(f"at row {start + row}: {said}")
    return table, radius


def _build(part: Part, box: Any, backend: str | None) -> tuple[np.ndarray, NeighborGrid] | None:
    return (part.rows, NeighborGrid(part.coordinates, box=box, backend=backend)) if len(part.rows) else None


def _reaching(asked: tuple[np.ndarray, Any], around: np.ndarray, box: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return the queries that reach a partition, by their places in the block."""
    table, radius = asked
    if table.shape[1] != around.shape[1]:
        raise ValueError(f"queries have {table.shape[1]} columns and points {around.shape[1]}; give both as many")
    if around[0, 0] > around[1, 0]:
        return np.empty(0, np.int64), table[:0], 0.0
    inside = wrapped(table, period_of(box, table))
    places = np.flatnonzero(within(inside, inside, around, radius, box))
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


# Thinning


def _whole(order: Any) -> Any:
    if not isinstance(order, da.Array):
        return dask.delayed(np.asarray(order))
    return task(_one_after_the_other)(order.to_delayed().ravel().tolist())


def _one_after_the_other(pieces: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(pieces)


def _ranks(order: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the order, checked, and the rank of each row in it."""
    order = as_order(order, rows)
    ranks = np.empty(rows, np.int64)
    ranks[order] = np.arange(rows)
    return order, ranks


def _ranked(part: Part, ranks: np.ndarray) -> Part:
    """Return a partition numbered by rank and not by row."""
    part = Part(ranks[part.rows], part.coordinates)
    return some(part, np.argsort(part.rows))


def _rows_of(kept: Part, order: np.ndarray) -> Part:
    return Part(np.sort(order[kept.rows]), kept.coordinates[:0])


def _neighbouring(boxes: list[np.ndarray], r: float, box: Any) -> list[list[int]]:
    """Return, for each partition, the others whose bounds are within a radius of its own."""
    lower, upper = np.array([around[0] for around in boxes]), np.array([around[1] for around in boxes])
    there = lower[:, 0] <= upper[:, 0]
    near = []
    for place, around in enumerate(boxes):
        reached = within(lower, upper, around, r, box) & there if there[place] else np.zeros(len(boxes), bool)
        near.append([int(other) for other in np.flatnonzero(reached) if other != place])
    return near


def _next_round(
    where: Partitions,
    boxes: list[np.ndarray],
    near: list[list[int]],
    kept: list[Any],
    active: dict[int, int],
    r: float,
    backend: str | None,
) -> tuple[list[Any], dict[int, int]]:
    """Settle the active partitions, each from a row on; return what is kept now, and who is active next."""
    tasks = {}
    for place, since in active.items():
        others = [kept[other] for other in near[place] if kept[other] is not None]
        incoming = [task(_border)(other, boxes[place], r, where.box) for other in others]
        around = {other: boxes[other] for other in near[place]}
        given = (where.parts[place], kept[place], since, incoming, around, r, where.box, backend)
        tasks[place] = task(_settle, nout=2)(*given)
    settled = dict(zip(tasks, dask.persist(*[tuple(pair) for pair in tasks.values()]), strict=True))
    kept = [settled[place][0] if place in settled else kept[place] for place in range(len(kept))]
    touched: dict[int, int] = {}
    for reached in dask.compute(*[report for _, report in settled.values()]):
        for other, first in reached.items():
            touched[other] = min(first, touched.get(other, first))
    return kept, touched


def _border(kept: Part, around: np.ndarray, r: float, box: Any) -> Part:
    table = kept.coordinates.astype(np.float64, copy=False)
    return some(kept, within(table, table, around, r, box))


def _settle(
    part: Part,
    kept: Part | None,
    since: int,
    incoming: list[Part],
    around: dict[int, np.ndarray],
    r: float,
    box: Any,
    backend: str | None,
) -> tuple[Part, dict[int, int]]:
    """Thin a partition again from a row on, given the kept points around it.

    Returns the points kept now, and for each neighbour near enough to a change its first row.
    """
    # Looking again only near what changed was tried: to find those points takes longer than to thin all.
    before = some(part, slice(0)) if kept is None else kept
    final = some(before, slice(np.searchsorted(before.rows, since)))
    own = join([final, some(part, slice(np.searchsorted(part.rows, since), None))])
    table = join([own, *incoming])
    order = np.argsort(table.rows)
    stay = order[NeighborGrid(table.coordinates[order], box=box, backend=backend).decimate(r)]
    now = some(own, stay[stay < len(own.rows)])
    changed = np.setxor1d(before.rows, now.rows, assume_unique=True)
    moved = some(part, np.searchsorted(part.rows, changed))
    touched = {other: _border(moved, there, r, box).rows for other, there in around.items()}
    return now, {other: int(rows[0]) for other, rows in touched.items() if len(rows)}


def _in_chunks(kept: list[Any], starts: list[int]) -> da.Array:
    """Return the kept rows of all partitions, ascending, in the chunks of the original table."""
    chunks = [
        task(_ascending)([task(_between)(part, first, last) for part in kept])
        for first, last in itertools.pairwise(starts)
    ]
    chunks = list(dask.persist(*chunks))
    sizes = dask.compute(*[task(len)(chunk) for chunk in chunks])
    return da.concatenate(
        [da.from_delayed(chunk, (size,), np.int64) for chunk, size in zip(chunks, sizes, strict=True)]
    )


def _between(part: Part, first: int, last: int) -> np.ndarray:
    return part.rows[slice(*np.searchsorted(part.rows, (first, last)))]


def _ascending(pieces: list[np.ndarray]) -> np.ndarray:
    return np.sort(np.concatenate([np.empty(0, np.int64), *pieces]))
