"""Searching and removing, one query after the other."""

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
from ferrumba.spatial.numba.run import squares
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
    rows, planes = np.int64(frame[1, COUNT]), np.int64(frame[2, COUNT])
    periodic = is_periodic(frame)
    square, own, none = np.empty(SHORT + PAD), np.empty(FEW, np.int64), np.empty(0)
    for i in range(query.shape[0]):
        qx, qy, qz = query[i, 0], query[i, 1], query[i, 2]
        r = radius[i] if radius.shape[0] > 1 else radius[0]
        before = log[0] + 1
        now = before
        if is_query(qx, qy, qz, r):
            r2 = r * r
            h2 = half_squared(r2)
            half = sqrt(h2)
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
                            for chunk in range(begin, end, SHORT):
                                m = min(SHORT, end - chunk)
                                squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                                for j in range(m):
                                    p = chunk + j
                                    if square[j] <= r2 and alive[p]:
                                        alive[p] = False
                                        log[now] = (np.int64(index[p]) << _PLACES) | p
                                        now += 1
                            many -= stop - c
                            c = 0
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
