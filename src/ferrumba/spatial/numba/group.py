"""Groups of queries that lie together, and the points that any of them can reach.

A neighbourhood is planned and copied once for a group, and each query is compared with all of it: no query has runs of
its own, whose lengths would be predicted wrongly, and nothing waits for memory.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PERIOD, half_squared, is_query, nearest_image, plan_runs, whole_vectors

GROUP = 16
"""Queries of a group at most."""
CANDIDATES = 512
"""Points that are compared at once; they and their ids fill a third of a first-level cache."""
WIDTH = 1.5
"""Widest box of a group, in radii."""
RUNS = 64
"""Runs of a group that are planned at once."""


@jit(inline=True)
def query_of(query, radius, after, row, xyz, number):
    """Return the point and the radius of a query, which is row ``row[number]`` of ``query``.

    Where that is empty, the queries are points of the grid, each the one before the place in ``after``.
    """
    at = row[number]
    r = radius[at] if radius.shape[0] > 1 else radius[0]
    if query.shape[0] > 0:
        return query[at, 0], query[at, 1], query[at, 2], r
    place = np.int64(after[number] if after.shape[0] > 1 else after[0]) - 1
    return xyz[0, place], xyz[1, place], xyz[2, place], r


@jit(inline=True)
def group_of(query, radius, after, row, xyz, first, own, sides):
    """Fill ``own`` with points and radii of queries, those of a group first, and ``sides`` with its bounds.

    Returns its end, its largest radius and the least place that counts for any of its queries. A group ends where its
    box would get much wider than that radius, since each query is compared with what all can reach, and where a query
    cannot be answered; if that is the first, the group is empty.
    """
    many = min(row.shape[0] - first, GROUP)
    for k in range(many):  # by themselves, so that one need not wait for another to come from memory
        own[k, 0], own[k, 1], own[k, 2], own[k, 3] = query_of(query, radius, after, row, xyz, first + k)
    most = own[0, 3]
    for axis in range(3):
        sides[axis, 0] = sides[axis, 1] = own[0, axis]
    least = np.int64(2**31)
    size = 0
    while size < many:
        r = own[size, 3]
        reach = r if r > most else most
        fits = is_query(own[size, 0], own[size, 1], own[size, 2], r)
        for axis in range(3):
            q = own[size, axis]
            fits &= max(sides[axis, 1], q) - min(sides[axis, 0], q) <= WIDTH * reach
        if not fits:
            break
        for axis in range(3):
            q = own[size, axis]
            sides[axis, 0], sides[axis, 1] = min(sides[axis, 0], q), max(sides[axis, 1], q)
        most = reach
        least = min(least, np.int64(after[first + size] if after.shape[0] > 1 else after[0]))
        size += 1
    return first + size, most, max(least, np.int64(0))


@jit
def copy_run(xyz, index, alive, begin, end, near, ids, places, size):
    """Append points from place ``begin`` on that are alive to the candidates, as far as there is room.

    Returns where it stopped, and how many there are by then.
    """
    end = min(end, begin + CANDIDATES - size)
    if alive.shape[0] > 0:
        for p in range(begin, end):
            if alive[p]:
                near[0, size], near[1, size], near[2, size] = xyz[0, p], xyz[1, p], xyz[2, p]
                ids[size], places[size] = index[p], p
                size += 1
        return end, size
    first, to, count = np.uint64(begin), np.uint64(size), np.uint64(end - begin)
    for j in range(count):
        near[0, to + j], near[1, to + j], near[2, to + j] = xyz[0, first + j], xyz[1, first + j], xyz[2, first + j]
        ids[to + j], places[to + j] = index[first + j], np.int32(first + j)
    return end, size + end - begin


@jit
def gather(frame, strip_cell, start, xyz, index, alive, sides, most, least, cursor, runs, at, near, ids, places):
    """Fill the candidates of a group, from where the last call stopped; ``at[0]`` is -1 before the first.

    Returns how many there are, and whether there are no more.
    """
    if at[0] < 0:
        cursor[0] = -1
        at[0] = at[1] = at[2] = at[3] = 0
    begin, stop, t, count = at[0], at[1], at[2], at[3]
    size = np.int64(0)
    while size < CANDIDATES:
        if begin < stop:
            begin, size = copy_run(xyz, index, alive, begin, stop, near, ids, places, size)
        elif t < count:
            begin, stop = max(runs[t, 0], least), runs[t, 1]
            t += 1
        elif cursor[0] != 0:
            count = plan_runs(frame, strip_cell, start, sides, half_squared(most * most), cursor, runs)
            t = np.int64(0)
        else:
            return size, True
    at[0], at[1], at[2], at[3] = begin, stop, t, count
    return size, False


@jit(inline=True)
def compare(near, size, qx, qy, qz, frame, periodic, square):
    """Fill ``square`` with the squared distances of the candidates and, behind them, of some that do not count."""
    n = whole_vectors(np.uint64(size))
    x, y, z = near[0], near[1], near[2]
    if periodic:
        lx, ly, lz = frame[0, PERIOD], frame[1, PERIOD], frame[2, PERIOD]
        for j in range(n):
            dx, dy, dz = nearest_image(x[j] - qx, lx), nearest_image(y[j] - qy, ly), nearest_image(z[j] - qz, lz)
            square[j] = ((dx * dx) + (dy * dy)) + (dz * dz)
    else:
        for j in range(n):
            dx, dy, dz = x[j] - qx, y[j] - qy, z[j] - qz
            square[j] = ((dx * dx) + (dy * dy)) + (dz * dz)


@jit(inline=True)
def close(near, size):
    """Make the last vector whole, of points that are nowhere."""
    for j in range(size, np.int64(whole_vectors(np.uint64(size)))):
        near[0, j] = np.nan
