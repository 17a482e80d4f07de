"""Thinning a set of points: keep one, drop its neighbours, in a given order."""

from math import sqrt

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import (
    COUNT,
    INVERSE,
    PAD,
    gap,
    half_squared,
    is_periodic,
    is_query,
    span,
    strip_span,
)
from ferrumba.spatial.numba.run import CHUNK, squares


@jit
def decimate(frame, strip_cell, start, xyz, index, alive, place, order, radius, kept):
    """Fill ``kept``: the first set, lexicographically in ``order``, of points further apart than the radius.

    ``place`` holds the place of every id and ``order`` the ids as they are visited. A kept point is dropped by no later
    one: the predicate is symmetric, so it would have dropped that one first.
    """
    x, y, z = xyz[0], xyz[1], xyz[2]
    rows, planes = np.int64(frame[1, COUNT]), np.int64(frame[2, COUNT])
    periodic = is_periodic(frame)
    square = np.empty(CHUNK + PAD)
    for p in range(kept.shape[0]):
        kept[index[p]] = alive.shape[0] == 0 or alive[p]
    r = radius[0]
    if not is_query(0.0, 0.0, 0.0, r):
        return np.int64(0)
    r2 = r * r
    h2 = half_squared(r2)
    half = sqrt(h2)
    for i in order:
        if not kept[i]:
            continue
        qx, qy, qz = x[place[i]], y[place[i]], z[place[i]]
        plane0, many_planes = span(frame, 2, qz, half, frame[2, INVERSE], frame[2, COUNT])
        row0, many_rows = span(frame, 1, qy, half, frame[1, INVERSE], frame[1, COUNT])
        for dp in range(many_planes):
            plane = plane0 + dp - (planes if plane0 + dp >= planes else 0)
            dz = gap(frame, 2, qz, plane)
            for dr in range(many_rows):
                row = row0 + dr - (rows if row0 + dr >= rows else 0)
                dy = gap(frame, 1, qy, row)
                left = h2 - dz * dz - dy * dy
                if left >= 0.0:
                    cell0, cells, c, many = strip_span(frame, strip_cell, plane * rows + row, qx, left)
                    while many > 0:
                        stop = min(c + many, cells)
                        begin, end = np.int64(start[cell0 + c]), np.int64(start[cell0 + stop])
                        for chunk in range(begin, end, CHUNK):
                            m = min(CHUNK, end - chunk)
                            squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                            for j in range(m):
                                if square[j] <= r2:
                                    kept[index[chunk + j]] = False
                        many -= stop - c
                        c = 0
        kept[i] = True
    return np.int64(-1)
