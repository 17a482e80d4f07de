"""Which points lie within a radius of each query."""

from math import sqrt

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PAD, is_periodic
from ferrumba.spatial.numba.group import CANDIDATES, GROUP, RUNS, compare, gather, group_of
from ferrumba.spatial.numba.sort import FEW, radix_sort, rank_sort


@jit
def find_near(near, ids, places, size, qx, qy, qz, r2, least, frame, periodic, square, hits, squares, wanted):
    """Fill ``hits`` and, where distances are wanted, ``squares`` with the hits among candidates; return their number.

    One store a point, two where distances are wanted, kept or written over, and no branch. Testing and storing in one
    loop, which cannot be vectorised, took 61 ms for the neighbours of 1e5 points where this takes 53 (both unsorted).
    """
    compare(near, size, qx, qy, qz, frame, periodic, square)
    k = np.uint64(0)
    n = np.uint64(size)
    if wanted:
        for j in range(n):
            hits[k] = ids[j]
            squares[k] = square[j]
            k += np.uint64((square[j] <= r2) & (places[j] >= least))
    elif least > 0:
        for j in range(n):
            hits[k] = ids[j]
            k += np.uint64((square[j] <= r2) & (places[j] >= least))
    else:
        for j in range(n):
            hits[k] = ids[j]
            k += np.uint64(square[j] <= r2)
    return np.int64(k)


@jit
def search(frame, strip_cell, start, xyz, index, alive, query, radius, after, row, edges, indices, distances):
    """Fill ``indices`` and, unless it is empty, ``distances``, each row in ascending order of ids.

    Queries are those of ``count``; query k fills row ``row[k]``, which begins at ``edges[row[k]]``. ``edges`` must
    be those that ``count`` leads to. Rows of up to FEW hits are sorted by rank on their way out, longer ones where they
    are.
    """
    first_bad = np.int64(-1)
    periodic = is_periodic(frame)
    wanted = distances.shape[0] > 0
    near, square = np.empty((3, CANDIDATES + PAD)), np.empty(CANDIDATES + PAD)
    ids, places = np.empty(CANDIDATES + PAD, np.int32), np.empty(CANDIDATES + PAD, np.int32)
    hits, squares = np.empty(CANDIDATES + 1, np.int32), np.empty(CANDIDATES + 1)
    sides, cursor, runs = np.empty((3, 2)), np.empty(3, np.int64), np.empty((RUNS, 2), np.int64)
    at = np.empty(4, np.int64)
    found = np.zeros(GROUP, np.int64)
    own = np.empty((GROUP, 4))
    first = 0
    while first < row.shape[0]:
        end, most, lowest = group_of(query, radius, after, row, xyz, first, own, sides)
        if end == first:
            first_bad = np.int64(first) if first_bad < 0 else first_bad
            first += 1
            continue
        at[0] = -1
        last = False
        while not last:
            size, last = gather(
                frame, strip_cell, start, xyz, index, alive, sides, most, lowest, cursor, runs, at, near, ids, places
            )
            for i in range(first, end):
                slot = i - first
                qx, qy, qz, r = own[slot, 0], own[slot, 1], own[slot, 2], own[slot, 3]
                least = after[i] if after.shape[0] > 1 else after[0]
                total = find_near(
                    near, ids, places, size, qx, qy, qz, r * r, least, frame, periodic, square, hits, squares, wanted
                )
                out = edges[row[i]]
                before = found[i - first]
                if last and before == 0 and total <= FEW:
                    rank_sort(hits, squares, total, indices[out : out + total], distances[out : out + total])
                    continue
                for k in range(total):
                    indices[out + before + k] = hits[k]
                    if wanted:
                        distances[out + before + k] = sqrt(squares[k])
                found[i - first] = before + total
                if last:
                    total += before
                    radix_sort(indices[out : out + total], distances[out : out + total])
                    found[i - first] = 0
        first = end
    return first_bad
