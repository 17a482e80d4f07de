"""The order in which queries are answered: by cell, so that those that follow each other lie together."""

import numpy as np

from ferrumba.dispatch.jit import jit

BUCKETS = 1 << 13
"""Fewest buckets of the sort, so that a few queries are told apart."""


@jit
def walk(cell, cell_count, row):
    """Fill ``row`` with the rows of ``cell`` in its order.

    The sort is stable, but cells that are neighbours share a bucket where there are more of them than rows. The first
    row of a cell that does not exist is returned; such rows come last.
    """
    first_bad = np.int64(-1)
    n = cell.shape[0]
    cells = np.int64(cell_count[0])
    shift = 0
    while (cells >> shift) > max(n, BUCKETS):
        shift += 1
    last = (cells >> shift) + 1
    first = np.zeros(last + 1, np.int32)
    for i in range(n):
        if first_bad < 0 and not 0 <= cell[i] < cells:
            first_bad = np.int64(i)
        first[cell[i] >> shift if 0 <= cell[i] < cells else last] += 1
    total = np.int32(0)
    for b in range(last + 1):
        members = first[b]
        first[b] = total
        total += members
    for i in range(n):
        b = cell[i] >> shift if 0 <= cell[i] < cells else last
        row[first[b]] = i
        first[b] += 1
    return first_bad
