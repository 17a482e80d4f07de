"""How many points lie within a radius of each query."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PAD, is_periodic, whole_vectors
from ferrumba.spatial.numba.group import CANDIDATES, GROUP, RUNS, close, compare, gather, group_of


@jit
def count_near(near, places, size, own, after, first, end, frame, periodic, square, row, count):
    """Add the hits among the candidates of a group to the counts of its queries."""
    close(near, size)
    x, y, z = near[0], near[1], near[2]
    n = whole_vectors(np.uint64(size))
    every = after.shape[0] == 1 and after[0] <= 0
    for i in range(first, end):
        slot = i - first
        qx, qy, qz, r = own[slot, 0], own[slot, 1], own[slot, 2], own[slot, 3]
        r2 = r * r
        hits = np.int64(0)
        if every and not periodic:
            for j in range(n):
                dx, dy, dz = x[j] - qx, y[j] - qy, z[j] - qz
                hits += (((dx * dx) + (dy * dy)) + (dz * dz)) <= r2
        else:
            least = after[i] if after.shape[0] > 1 else after[0]
            compare(near, size, qx, qy, qz, frame, periodic, square)
            for j in range(n):
                hits += (square[j] <= r2) & (places[j] >= least)
        count[row[i]] += hits


@jit
def count(frame, strip_cell, start, xyz, index, alive, query, radius, after, row, count):
    """Fill ``count``: query k, which is row ``row[k]`` of ``query``, fills this row, with 0 if it cannot be answered.

    Points at places below ``after`` do not count. Where ``query`` is empty, the queries are points of the grid, each
    the one before the place in ``after``.
    """
    first_bad = np.int64(-1)
    periodic = is_periodic(frame)
    near, square = np.empty((3, CANDIDATES + PAD)), np.empty(CANDIDATES + PAD)
    ids, places = np.empty(CANDIDATES + PAD, np.int32), np.empty(CANDIDATES + PAD, np.int32)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    at = np.empty(4, np.int64)
    own = np.empty((GROUP, 4))
    first = 0
    while first < row.shape[0]:
        end, most, least = group_of(query, radius, after, row, xyz, first, own, sides)
        for i in range(first, max(end, first + 1)):
            count[row[i]] = 0
        if end == first:
            first_bad = np.int64(first) if first_bad < 0 else first_bad
            first += 1
            continue
        at[0] = -1
        last = False
        while not last:
            size, last = gather(
                frame, strip_cell, start, xyz, index, alive, sides, most, least, cursor, runs, at, near, ids, places
            )
            count_near(near, places, size, own, after, first, end, frame, periodic, square, row, count)
        first = end
    return first_bad
