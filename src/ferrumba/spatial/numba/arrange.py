"""The points of a grid in the order of its cells: a counting sort, the second step of its construction."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import cell_of


@jit
def arrange(points, frame, strip_cell, start, xyz, index):
    """Fill ``start`` with the first place of every cell, ``xyz`` and ``index`` with the points place by place.

    The sort is stable, so ids ascend inside a cell. The cell of a point is computed twice rather than kept.
    """
    cells = start.shape[0] - 1
    x, y, z = xyz[0], xyz[1], xyz[2]
    for c in range(cells + 1):
        start[c] = 0
    for i in range(points.shape[0]):
        start[cell_of(points[i, 0], points[i, 1], points[i, 2], frame, strip_cell)] += 1
    first = 0
    for c in range(cells + 1):
        members = start[c]
        start[c] = first
        first += members
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
