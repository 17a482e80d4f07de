"""Searching and removing, one query after the other."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PAD, enclose, half_squared, is_periodic, is_query, plan_runs
from ferrumba.spatial.numba.run import RUNS, squares
from ferrumba.spatial.numba.sort import FEW, radix_sort, rank_sort

SHORT = 64
"""Points that are tested before their hits are taken. Calls are many and small: the scratch memory of 64 comes from
the quick part of the C library's allocator, that of 256 added 0.3 us to a call of 3 us."""

_PLACES = np.int64(32)


@jit
def take(frame, strip_cell, start, xyz, index, alive, log, query, radius, count):
    """Remove the points within reach of each query in turn, and write down which.

    ``log[0]`` is the number of points removed so far. An entry behind it is the id of a point, times 2**32, plus its
    place; those of a query ascend. A flag for each place is all the state there is beside it: moving the living points
    of a cell together, so that scans get shorter, would need a copy of the coordinates for every state, 28 bytes a
    point in place of 1.
    """
    first_bad = np.int64(-1)
    x, y, z = xyz[0], xyz[1], xyz[2]
    periodic = is_periodic(frame)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    square, own, none = np.empty(SHORT + PAD), np.empty(FEW, np.int64), np.empty(0)
    for i in range(query.shape[0]):
        qx, qy, qz = query[i, 0], query[i, 1], query[i, 2]
        r = radius[i] if radius.shape[0] > 1 else radius[0]
        before = log[0] + 1
        now = before
        if is_query(qx, qy, qz, r):
            r2 = r * r
            h2 = half_squared(r2)
            enclose(sides, qx, qy, qz)
            cursor[0] = -1
            while cursor[0] != 0:
                for t in range(plan_runs(frame, strip_cell, start, sides, h2, cursor, runs)):
                    begin, end = runs[t, 0], runs[t, 1]
                    for chunk in range(begin, end, SHORT):
                        m = min(SHORT, end - chunk)
                        squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                        for j in range(m):
                            p = chunk + j
                            if square[j] <= r2 and alive[p]:
                                alive[p] = False
                                log[now] = (np.int64(index[p]) << _PLACES) | p
                                now += 1
            if now - before > FEW:
                radix_sort(log[before:now], none)
            else:
                for t in range(before, now):
                    own[t - before] = log[t]
                rank_sort(own, none, now - before, log[before:now], none)
        elif first_bad < 0:
            first_bad = np.int64(i)
        log[0] = now - 1
        count[i] = now - before
    return first_bad
