"""Inputs of the spatial kernels for parity tests, benchmarks, calibration and ``ferrumba verify``.

Made without any kernel: grids are sorted by NumPy, and the edges of a search are counted by brute force or, where there
are many points, by SciPy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Arrays = tuple[np.ndarray, ...]

PAD = 16
EPSILON = 2.0**-52
FLAT = 1e-140
"""An axis of no greater extent is not cut: the squares of differences along it underflow."""
TILE = 16
"""Queries whose ids are held together, one row behind the other."""
LONGEST = 256
"""Ids of a query that can be held."""
NONE = np.zeros(0, bool)
EVERY = np.zeros(1, np.int32)
"""The place from which on points count: the first."""
NO_QUERY = np.zeros((0, 3))
"""Queries that are points of the grid."""


def frame_of(
    lo: np.ndarray, hi: np.ndarray, counts: np.ndarray, period: np.ndarray | None = None, fold: np.ndarray | int = 1
) -> np.ndarray:
    """Return the table of a box cut into ``fold * counts`` parts; see ``numba/geometry.py``."""
    frame = np.empty((3, 7))
    extent = hi - lo
    wide = extent > FLAT
    counts = np.where(wide, counts, 1.0)
    boxes = np.where(wide, counts * fold, 1.0)
    frame[:, 0], frame[:, 2], frame[:, 6] = lo, counts, boxes
    frame[:, 3] = np.where(wide, extent, 0.0) / boxes
    frame[:, 1] = np.divide(boxes, extent, out=np.zeros(3), where=wide)
    frame[:, 4] = 16.0 * EPSILON * (np.abs(lo) + np.abs(hi))
    frame[:, 5] = np.inf if period is None else period
    return frame


def _cut(values: np.ndarray, parts: np.ndarray | float) -> np.ndarray:
    return np.clip(np.floor(values), 0, parts - 1).astype(np.int64)


def build(points: np.ndarray, counts: np.ndarray, period: np.ndarray | None = None, fold: int = 1) -> Arrays:
    """Return frame, strip_cell, start, xyz and index of a grid, by sorting."""
    n = len(points)
    lo = points.min(axis=0, initial=np.inf) if n else np.zeros(3)
    hi = points.max(axis=0, initial=-np.inf) if n else np.zeros(3)
    if period is not None:
        lo, hi = np.where(period < np.inf, 0.0, lo), np.where(period < np.inf, period, hi)
    frame = frame_of(lo, hi, counts, period, fold)
    columns, rows, planes = frame[:, 2].astype(int)
    x, y, z = ((points - lo) * frame[:, 1]).T
    column, row, plane = (_cut(values, boxes) for values, boxes in zip((x, y, z), frame[:, 6], strict=True))
    strip = (plane % planes * rows + row % rows) * columns + column % columns
    cells = np.bincount(strip, minlength=columns * rows * planes) // 2 + 1
    strip_cell = np.concatenate([[0], np.cumsum(cells)]).astype(np.int32)
    cell = strip_cell[strip] + _cut((x - column) * cells[strip], cells[strip])
    index = np.argsort(cell, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=strip_cell[-1]))]).astype(np.int32)
    xyz = np.full((3, n + PAD), np.nan)
    xyz[:, :n] = points[index].T
    return frame, strip_cell, start, xyz, index


def cloud(rng: np.random.Generator, n: int, kind: str = "uniform") -> np.ndarray:
    """Return n points of a kind: uniform, clustered, on a lattice, or flat."""
    if kind == "clustered":
        return rng.random((100, 3))[rng.integers(0, 100, n)] + 0.01 * rng.standard_normal((n, 3))
    if kind == "lattice":
        return rng.integers(0, 12, (n, 3)) * 0.1
    points = rng.random((n, 3))
    return points * [1.0, 1.0, 0.0] if kind == "flat" else points


def reach(n: int, neighbours: float = 30.0) -> float:
    """Return the radius of a ball that holds this many of n points uniform in the unit cube."""
    return (neighbours / max(n, 1) * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)


def side(n: int) -> np.ndarray:
    """Return how many boxes a cube of n points is cut into along each axis."""
    wide = max(1.0, n ** (1.0 / 3.0) // 3.0)
    return np.array([np.ceil(wide / 8.0), wide, wide])


def _grids(rng: np.random.Generator, n: int) -> Iterator[tuple[str, np.ndarray, Arrays, np.ndarray, np.ndarray]]:
    """Yield (label, points, grid with flags, queries, radius)."""
    points = cloud(rng, n)
    r = np.array([reach(n)])
    yield "uniform", points, (*build(points, side(n)), NONE), points, r
    some = cloud(rng, n, "clustered")
    alive = rng.random(n) < 0.7
    yield (
        "clustered, folded, some removed",
        some,
        (*build(some, side(n), fold=3), alive),
        cloud(rng, n, "clustered"),
        r * 0.3,
    )
    lattice = cloud(rng, n, "lattice")
    few = lattice[rng.integers(0, max(n, 1), n)] if n else lattice
    yield "lattice", lattice, (*build(lattice, np.array([3, 5, 4])), NONE), few, rng.choice([0.0, 0.1, 0.15], n)
    flat = cloud(rng, n, "flat")
    bad = cloud(rng, n, "flat")
    bad[rng.random(n) < 0.02] = [np.nan, 0.0, np.inf]
    radii = rng.choice([0.01, 0.02, -1.0, np.nan, 0.0], n, p=[0.6, 0.36, 0.01, 0.02, 0.01])
    yield "flat, invalid rows", flat, (*build(flat, side(n)), NONE), bad, radii
    box = np.array([1.0, np.inf, 1.0])
    queries = cloud(rng, n)
    yield "periodic", points, (*build(points, side(n), box), NONE), queries, r
    yield "periodic, folded", points, (*build(points, side(n), box, fold=2), NONE), queries, r
    tiny = points[: min(n, 200)]
    yield "periodic, few points, wide", tiny, (*build(tiny, side(60), box), NONE), queries, np.array([0.6])


def _uniform(values: np.ndarray, n: int) -> np.ndarray:
    return values if len(values) in (1, n) else values[:1]


def queries(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``count``; where the queries are the points, in the order of the grid."""
    for label, _, grid, query, radius in _grids(rng, n):
        if label == "uniform":
            yield label, (*grid, query, radius, EVERY, grid[4])
            yield "half list", (*grid, NO_QUERY, radius, np.arange(1, n + 1, dtype=np.int32), grid[4])
        else:
            yield label, (*grid, query, radius, EVERY, rng.permutation(n).astype(np.int32))


def locations(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``locate``."""
    for label, _, grid, query, radius in _grids(rng, n):
        yield label, (*grid[:2], query, radius)


def walks(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``walk``."""
    for label, many in (("a few points a cell", max(n // 8, 1)), ("one cell", 1), ("a few queries", 10**6)):
        yield label, (rng.integers(0, many, n, np.int32), np.array([many], np.int32))
    yield "no such cell", (rng.integers(-2, 103, n, np.int32), np.array([100], np.int32))


def _within(grid: Arrays, query: np.ndarray, radius: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return how many points each query finds; SciPy narrows the candidates of the large, open cases."""
    frame, _, _, xyz, index, alive = grid
    n = len(index)
    points, period = xyz[:, :n].T, frame[:, 5]
    radius, after = np.broadcast_to(radius, len(query)), np.broadcast_to(after, len(query))
    counts = np.zeros(len(query), np.int64)
    tree = None
    if np.isinf(period).all() and n > 5000:
        from scipy.spatial import cKDTree

        tree = cKDTree(points)
    for i in np.flatnonzero(np.isfinite(query).all(axis=1) & (radius >= 0.0)):
        near = slice(None) if tree is None else tree.query_ball_point(query[i], radius[i] * 1.000001)
        d = points[near] - query[i]
        d = np.where(d < -0.5 * period, period + d, np.where(d > 0.5 * period, d - period, d))
        hit = (d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]) + d[:, 2] * d[:, 2] <= radius[i] * radius[i]
        hit &= np.arange(n)[near] >= after[i]
        counts[i] = np.count_nonzero(hit & alive[near] if len(alive) else hit)
    return counts


def searches(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``search``."""
    for label, inputs in queries(rng, n):
        *grid, query, radius, after, row = inputs
        counts = np.zeros(n, np.int64)
        own = grid[3].T[after - 1] if label == "half list" else query[row]
        counts[row] = _within(tuple(grid), own, radius if len(radius) == 1 else radius[row], after)
        yield label, (*inputs, np.concatenate([[0], np.cumsum(counts)]))


def collections(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``collect``: the queries of a tile lie together."""
    for label, points, grid, query, radius in _grids(rng, n):
        r = np.abs(np.nan_to_num(radius[:1])) if n else np.array([0.1])
        r = r * 0.5  # a tenth of the neighbours, for 16 times as many queries
        tiles = query[:, None, :] + r * 0.6 * rng.standard_normal((n, TILE, 3))
        after = np.zeros((n, TILE), np.int32)
        if label in ("uniform", "periodic"):
            after[...] = rng.integers(0, max(len(points), 1), after.shape)
        row = rng.permutation(n * TILE).astype(np.int32)
        rows = np.empty((n * TILE, 3))
        rows[row] = tiles.reshape(-1, 3)
        yield label, (*grid, rows, r, after, row.reshape(n, TILE), np.array([4 * TILE]))
        if label == "uniform":
            own = np.repeat(np.arange(1, n + 1, dtype=np.int32), TILE).reshape(n, TILE)
            yield "half list", (*grid, NO_QUERY, r, own, row.reshape(n, TILE), np.array([4 * TILE]))


def distributions(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``distribute``; in one tile of eight or so there is no room for the last queries."""
    for label, most in (("some", 30), ("none", 1), ("more than fit", 60)):
        counts = rng.integers(0, most, (n, TILE))
        row = rng.permutation(n * TILE).astype(np.int32).reshape(n, TILE)
        edges = np.zeros(n * TILE + 1, np.int64)
        edges[row + 1] = counts
        ids = np.full((n, 17 * TILE), -1, np.int32)
        ends = counts.cumsum(axis=1)
        used = np.where(ends <= ids.shape[1], ends, 0).max(axis=1)
        held = np.arange(ids.shape[1]) < used[:, None]
        ids[held] = rng.integers(0, 10**6, np.count_nonzero(held))
        yield label, (ids, row, np.cumsum(edges))


def removals(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``take``: the states are the flags, and the log of what was taken with its length in front."""
    for label, points, grid, query, radius in _grids(rng, n):
        alive = grid[-1].copy() if len(grid[-1]) else np.ones(len(points), bool)
        log = np.full(len(points) + 1, -1)
        log[0] = 0
        yield label, (*grid[:-1], alive, log, query, radius)


def assignments(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``assign_first``."""
    for label, _, grid, query, radius in _grids(rng, n):
        yield label, (*grid, query, radius)


def thinnings(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``decimate``."""
    for label, points, grid, _, radius in _grids(rng, n):
        if len(points) == n:
            place = np.empty(n, np.int32)
            place[grid[4]] = np.arange(n, dtype=np.int32)
            order = np.arange(n) if label == "uniform" else rng.permutation(n)
            yield label, (*grid, place, order, np.abs(np.nan_to_num(radius[:1])) if n else np.array([0.1]))


def nearest(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``nearest``."""
    for label, _, grid, query, radius in _grids(rng, n):
        yield label, (*grid, query, np.array([8]), np.array([np.inf]) if label == "uniform" else radius)
    points = cloud(rng, min(n, 5))
    yield "more than there are", (*build(points, side(1)), NONE, cloud(rng, n), np.array([9]), np.array([np.inf]))


def clouds(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``survey``."""
    yield "uniform", (cloud(rng, n),)
    yield "lattice", (cloud(rng, n, "lattice"),)
    spoilt = cloud(rng, n, "clustered")
    spoilt[rng.random(n) < 0.01, rng.integers(0, 3)] = rng.choice([np.nan, np.inf, -np.inf, 1e151])
    yield "invalid rows", (spoilt,)


def framed_clouds(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``strips``."""
    for kind in ("uniform", "clustered", "lattice", "flat"):
        points = cloud(rng, n, kind)
        frame, strip_cell, *_ = build(points, side(n))
        yield kind, (points, frame, np.array([len(strip_cell) - 1]))


def strip_clouds(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of ``arrange``."""
    for kind in ("uniform", "clustered", "lattice", "flat"):
        points = cloud(rng, n, kind)
        yield kind, (points, *build(points, side(n))[:2])
