"""The points of a grid in the order of its cells: a counting sort, the second step of its construction."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import cell_of

BUCKET = np.int64(4096)
"""Points of a bucket, about: their cells and places lie in a near cache."""
FEW = np.int64(1 << 16)
"""So few points lie in a near cache all together."""
BUCKETS = np.int64(512)
"""Buckets at most: their ends are written to in turn."""


@jit
def begin_cells(start, cells, stop, first):
    """Turn the members of cells into their first places; return the place behind the last."""
    for c in range(cells, stop):
        members = start[c]
        start[c] = first
        first += members
    return first


@jit
def by_buckets(points, frame, strip_cell, start, xyz, index):
    """Sort points by buckets of cells first, so that no step writes all over the memory.

    Cells and ids take 8 bytes a point meanwhile; without that the grid of a million points takes twice as long.
    """
    cells = start.shape[0]
    x, y, z = xyz[0], xyz[1], xyz[2]
    wanted = min(points.shape[0] // BUCKET, BUCKETS)
    shift = np.int64(0)
    while cells >> shift >= wanted:
        shift += 1
    ends = np.zeros((cells >> shift) + 1, np.int64)
    for i in range(points.shape[0]):
        ends[cell_of(points[i, 0], points[i, 1], points[i, 2], frame, strip_cell) >> shift] += 1
    begin_cells(ends, 0, ends.shape[0], 0)
    cell = np.empty(points.shape[0], np.int32)
    number = np.empty(points.shape[0], np.int32)
    for i in range(points.shape[0]):
        c = cell_of(points[i, 0], points[i, 1], points[i, 2], frame, strip_cell)
        slot = ends[c >> shift]
        ends[c >> shift] = slot + 1
        cell[slot], number[slot] = c, i
    begin, first = 0, 0
    for bucket in range(ends.shape[0]):
        for slot in range(begin, ends[bucket]):
            start[cell[slot]] += 1
        first = begin_cells(start, bucket << shift, min((bucket + 1) << shift, cells), first)
        for slot in range(begin, ends[bucket]):
            c, i = cell[slot], number[slot]
            p = start[c]
            start[c] = p + 1
            x[p], y[p], z[p], index[p] = points[i, 0], points[i, 1], points[i, 2], i
        begin = ends[bucket]


@jit
def arrange(points, frame, strip_cell, start, xyz, index):
    """Fill ``start`` with the first place of every cell, ``xyz`` and ``index`` with the points place by place.

    The sort is stable, so ids ascend inside a cell. The cell of a few points is computed twice rather than kept.
    """
    cells = start.shape[0] - 1
    x, y, z = xyz[0], xyz[1], xyz[2]
    for c in range(cells + 1):
        start[c] = 0
    if points.shape[0] >= FEW:
        by_buckets(points, frame, strip_cell, start, xyz, index)
    else:
        for i in range(points.shape[0]):
            start[cell_of(points[i, 0], points[i, 1], points[i, 2], frame, strip_cell)] += 1
        begin_cells(start, 0, cells + 1, 0)
        for i in range(points.shape[0]):
            px, py, pz = points[i, 0], points[i, 1], points[i, 2]
            c = cell_of(px, py, pz, frame, strip_cell)
            p = start[c]
            start[c] = p + 1
            x[p], y[p], z[p], index[p] = px, py, pz, i
    for c in range(cells, 0, -1):
        start[c] = start[c - 1]
    start[0] = 0
    for p in range(points.shape[0], x.shape[0]):
        x[p] = y[p] = z[p] = np.nan
    return -1
