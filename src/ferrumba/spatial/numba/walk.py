"""The order in which queries are answered: by cell, so that those that follow each other lie together."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import cell_of, is_query

BUCKETS = 1 << 13
"""Fewest buckets of the sort, so that a few queries are told apart."""


@jit
def walk(frame, strip_cell, query, radius, row, ordered):
    """Fill ``row`` with the rows of ``query`` in the order of the cells, ``ordered`` with their points in that order.

    The sort is stable. The first row that cannot be answered is returned, and has its place like any other.
    """
    first_bad = np.int64(-1)
    n = query.shape[0]
    cells = np.int64(strip_cell[strip_cell.shape[0] - 1])
    shift = 0
    while (cells >> shift) > max(n, BUCKETS):  # neighbouring cells share a bucket
        shift += 1
    first = np.zeros((cells >> shift) + 2, np.int32)
    for i in range(n):
        first[cell_of(query[i, 0], query[i, 1], query[i, 2], frame, strip_cell) >> shift] += 1
    total = np.int32(0)
    for b in range(first.shape[0]):
        members = first[b]
        first[b] = total
        total += members
    for i in range(n):
        x, y, z = query[i, 0], query[i, 1], query[i, 2]
        if first_bad < 0 and not is_query(x, y, z, radius[i] if radius.shape[0] > 1 else radius[0]):
            first_bad = np.int64(i)
        b = cell_of(x, y, z, frame, strip_cell) >> shift
        place = first[b]
        first[b] = place + 1
        row[place] = i
        ordered[place, 0], ordered[place, 1], ordered[place, 2] = x, y, z
    return first_bad
