"""The ids that queries find, held for as long as it takes to learn where they belong."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.cases import LONGEST, TILE
from ferrumba.spatial.numba.geometry import PAD, is_periodic
from ferrumba.spatial.numba.group import CANDIDATES, GROUP, RUNS, gather, group_of
from ferrumba.spatial.numba.search import find_near
from ferrumba.spatial.numba.sort import FEW, radix_sort, rank_sort

NONE = np.int32(-1)
"""What stands behind the last id of a tile."""


@jit
def end_query(query, hits, total, ids, room, used, nothing):
    """Append the hits of a query to those of its tile, if there is room; return how many ids the tile has then.

    That is more than its room from the first query on whose hits were not held.
    """
    tile = ids[query // TILE]
    used = np.int64(0) if query % TILE == 0 else used
    if total <= LONGEST and used + total <= room:
        if total <= FEW:
            rank_sort(hits, nothing, total, tile[used : used + total], nothing)
        else:
            radix_sort(hits[:total], nothing)
            for k in range(total):
                tile[used + k] = hits[k]
        used += total
    else:
        for k in range(used, room):
            tile[k] = NONE
        used = np.int64(room + 1)
    if query % TILE == TILE - 1:
        for k in range(used, room):
            tile[k] = NONE
    return used


@jit
def collect(frame, strip_cell, start, xyz, index, alive, query, radius, after, row, room, count, ids):
    """Fill ``count``, as :func:`count` does, and ``ids``, a row of which belongs to TILE queries.

    These are the ids that each query finds, in ascending order, query by query, as far as they fit. From the first
    query on that finds too many for the row, or more than LONGEST, a tile holds no ids; NONE stands behind the last.
    """
    first_bad = np.int64(-1)
    periodic = is_periodic(frame)
    after, row = after.reshape(row.size), row.reshape(row.size)
    near, square = np.empty((3, CANDIDATES + PAD)), np.empty(CANDIDATES + PAD)
    near_id, places = np.empty(CANDIDATES + PAD, np.int32), np.empty(CANDIDATES + PAD, np.int32)
    hits, nothing = np.empty(CANDIDATES + 1, np.int32), np.empty(0)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    at = np.empty(4, np.int64)
    own, held, found = np.empty((GROUP, 4)), np.empty((GROUP, LONGEST), np.int32), np.zeros(GROUP, np.int64)
    used = np.int64(0)
    first = 0
    while first < row.shape[0]:
        end, most, least = group_of(query, radius, after, row, xyz, first, own, sides)
        if end == first:
            first_bad = np.int64(first // TILE) if first_bad < 0 else first_bad
            count[row[first]] = 0
            used = end_query(first, hits, np.int64(0), ids, room[0], used, nothing)
            first += 1
            continue
        at[0] = -1
        last = False
        while not last:
            size, last = gather(
                frame, strip_cell, start, xyz, index, alive, sides, most, least, cursor, runs, at, near, near_id, places
            )
            for i in range(first, end):
                slot = i - first
                qx, qy, qz, r = own[slot, 0], own[slot, 1], own[slot, 2], own[slot, 3]
                r2 = r * r
                total = find_near(
                    near, near_id, places, size, qx, qy, qz, r2, after[i], frame, periodic, square, hits, square, False
                )
                before = found[slot]
                for k in range(min(total, LONGEST - before)):
                    held[slot, before + k] = hits[k]
                found[slot] = before + total
        for i in range(first, end):
            total = found[i - first]
            count[row[i]] = total
            used = end_query(i, held[i - first], total, ids, room[0], used, nothing)
            found[i - first] = 0
        first = end
    return first_bad
