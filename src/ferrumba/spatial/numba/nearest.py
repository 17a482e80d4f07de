"""The k nearest points of each query."""

from math import inf, sqrt

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import (
    COUNT,
    PAD,
    WIDTH,
    cell_of,
    clamp,
    enclose,
    half_squared,
    is_periodic,
    is_query,
    plan_runs,
    strip_of,
)
from ferrumba.spatial.numba.order import BATCH, BUCKETS, walk_order
from ferrumba.spatial.numba.run import CHUNK, RUNS, squares


@jit(inline=True)
def first_radius(x, y, z, k, frame, strip_cell, start):
    """Return a radius that holds about k points, judged by a part of the strip that the query is in.

    The part is about as long as five strips are wide: points may be crowded anywhere in a strip. Any answer is right.
    """
    strip = strip_of(x, y, z, frame)
    first = np.int64(strip_cell[strip])
    cells = np.int64(strip_cell[strip + 1]) - first
    cell = cell_of(x, y, z, frame, strip_cell) - first
    width = frame[0, WIDTH]
    reach = clamp(2.5 * cells * frame[1, WIDTH] / width, np.float64(cells)) if width > 0.0 else cells
    low, high = max(cell - reach, 0), min(cell + reach + 1, cells)
    density = (start[first + high] - start[first + low] + 1.0) * cells / (high - low)
    if frame[2, COUNT] > 1.0:
        return (0.5 * k / density * width * frame[1, WIDTH] * frame[2, WIDTH]) ** (1.0 / 3.0)
    return sqrt(0.5 * k / density * width * frame[1, WIDTH])


@jit
def nearest(frame, strip_cell, start, xyz, index, alive, query, k, radius, distances, indices):
    """Fill ``distances`` and ``indices``, nearest first and equal ones by id; infinity and -1 where none is left.

    A ball is searched, and a larger one as long as it held fewer than k points; its radius shrinks to the distance of
    the k-th while it is searched. The factor between balls grows (2, 4, 16, 256, ...), so the last is reached soon.
    """
    first_bad = np.int64(-1)
    x, y, z = xyz[0], xyz[1], xyz[2]
    periodic = is_periodic(frame)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    wanted = np.int64(k[0])
    square = np.empty(CHUNK + PAD)
    batch = min(query.shape[0], BATCH)
    order, bucket, first = np.empty(batch, np.int32), np.empty(batch, np.int32), np.empty(BUCKETS + 1, np.int32)
    for base in range(0, query.shape[0], BATCH):
        n = min(BATCH, query.shape[0] - base)
        walk_order(query[base : base + n], frame, strip_cell, order, bucket, first)
        for turn in range(n):
            i = base + order[turn]
            best, ids = distances[i], indices[i]
            for j in range(wanted):
                best[j], ids[j] = inf, -1
            qx, qy, qz = query[i, 0], query[i, 1], query[i, 2]
            largest = radius[i] if radius.shape[0] > 1 else radius[0]
            if not is_query(qx, qy, qz, largest):
                if first_bad < 0 or i < first_bad:
                    first_bad = i
                continue
            if wanted == 0:
                continue
            r = first_radius(qx, qy, qz, wanted, frame, strip_cell, start)
            r = min(r, largest) if r >= 0.0 else 0.0
            growth = 2.0
            while True:
                found = np.int64(0)
                r2 = r * r
                h2 = half_squared(r2)  # of the whole ball, although r2 shrinks: a plan is of one ball
                enclose(sides, qx, qy, qz)
                cursor[0] = -1
                while cursor[0] != 0:
                    for t in range(plan_runs(frame, strip_cell, start, sides, h2, cursor, runs)):
                        begin, end = runs[t, 0], runs[t, 1]
                        for chunk in range(begin, end, CHUNK):
                            m = min(CHUNK, end - chunk)
                            squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                            for j in range(m):
                                d2 = square[j]
                                if d2 <= r2 and (alive.shape[0] == 0 or alive[chunk + j]):
                                    id_ = np.int64(index[chunk + j])
                                    at = found
                                    if found == wanted:
                                        at -= 1
                                        if d2 == best[at] and id_ > ids[at]:
                                            continue
                                    else:
                                        found += 1
                                    while at > 0 and (best[at - 1] > d2 or (best[at - 1] == d2 and ids[at - 1] > id_)):
                                        best[at], ids[at] = best[at - 1], ids[at - 1]
                                        at -= 1
                                    best[at], ids[at] = d2, id_
                                    if found == wanted:
                                        r2 = best[wanted - 1]
                if found == wanted or r >= largest:
                    break
                r = min(max(r, 1e-140) * growth, largest)
                growth *= growth
            for j in range(wanted):
                if j < found:
                    best[j] = sqrt(best[j])
                else:
                    best[j], ids[j] = inf, -1
    return first_bad
