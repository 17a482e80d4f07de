"""The order in which queries are walked: by cell, so that neighbours in time are neighbours in memory."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import cell_of

BATCH = 1 << 18
"""Rows that are put in order at once; the scratch memory of a call is 8 bytes for each."""
BUCKETS = 1 << 13
FEW = 64


@jit
def walk_order(query, frame, strip_cell, order, bucket, first):
    """Fill ``order`` with the rows of ``query``, by cell; cells that are neighbours in memory may share a bucket.

    A handful of rows stays as it is: clearing the buckets takes longer than a hundred searches.
    """
    if query.shape[0] < FEW:
        for i in range(query.shape[0]):
            order[i] = i
        return
    for b in range(BUCKETS + 1):
        first[b] = 0
    cells = np.int64(strip_cell[strip_cell.shape[0] - 1])
    shift = 0
    while (cells >> shift) >= BUCKETS:
        shift += 1
    for i in range(query.shape[0]):
        b = cell_of(query[i, 0], query[i, 1], query[i, 2], frame, strip_cell) >> shift
        bucket[i] = b
        first[b + 1] += 1
    for b in range(BUCKETS):
        first[b + 1] += first[b]
    for i in range(query.shape[0]):
        b = bucket[i]
        order[first[b]] = i
        first[b] += 1
