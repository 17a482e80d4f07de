"""Thinning a set of points: keep one, drop its neighbours, in a given order."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PAD, enclose, half_squared, is_periodic, is_query, plan_runs
from ferrumba.spatial.numba.run import CHUNK, RUNS, squares


@jit
def decimate(frame, strip_cell, start, xyz, index, alive, place, order, radius, kept):
    """Fill ``kept``: the first set, lexicographically in ``order``, of points further apart than the radius.

    ``place`` holds the place of every id and ``order`` the ids as they are visited. A kept point is dropped by no later
    one: the predicate is symmetric, so it would have dropped that one first.
    """
    x, y, z = xyz[0], xyz[1], xyz[2]
    periodic = is_periodic(frame)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    square = np.empty(CHUNK + PAD)
    for p in range(kept.shape[0]):
        kept[index[p]] = alive.shape[0] == 0 or alive[p]
    r = radius[0]
    if not is_query(0.0, 0.0, 0.0, r):
        return np.int64(0)
    r2 = r * r
    h2 = half_squared(r2)
    for i in order:
        if not kept[i]:
            continue
        qx, qy, qz = x[place[i]], y[place[i]], z[place[i]]
        enclose(sides, qx, qy, qz)
        cursor[0] = -1
        while cursor[0] != 0:
            for t in range(plan_runs(frame, strip_cell, start, sides, h2, cursor, runs)):
                begin, end = runs[t, 0], runs[t, 1]
                for chunk in range(begin, end, CHUNK):
                    m = min(CHUNK, end - chunk)
                    squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                    for j in range(m):
                        if square[j] <= r2:
                            kept[index[chunk + j]] = False
        kept[i] = True
    return np.int64(-1)
