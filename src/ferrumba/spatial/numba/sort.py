"""Sorting the few hits of a query by point id."""

from math import sqrt

import numpy as np

from ferrumba.dispatch.jit import jit

FEW = 96
"""Rows up to this length are sorted by rank: 170 ns for 30 ids, an insertion sort 350 ns (measured)."""

_BYTE = np.int64(255)


@jit
def rank_sort(ids, squares, count, indices, distances):
    """Write ``count`` different ids in ascending order, and the roots of their squares where distances are wanted."""
    n = np.uint64(count)
    for i in range(n):
        id_ = ids[i]
        rank = np.int32(0)
        for j in range(n):
            rank += np.int32(ids[j] < id_)
        indices[rank] = id_
        if distances.shape[0] > 0:
            distances[rank] = sqrt(squares[i])


@jit
def radix_sort(indices, distances):
    """Sort ids in place, a byte at a time, and distances with them; the scratch memory is that of the row."""
    n = indices.shape[0]
    with_distances = distances.shape[0] > 0
    other = np.empty(n, np.int64)
    other_distances = np.empty(distances.shape[0], np.float64)
    first = np.empty(257, np.int64)
    largest = np.int64(0)
    for i in range(n):
        largest = max(largest, indices[i])
    shift = np.int64(0)
    while (largest >> shift) > 0:
        for b in range(257):
            first[b] = 0
        for i in range(n):
            first[((indices[i] >> shift) & _BYTE) + 1] += 1
        for b in range(256):
            first[b + 1] += first[b]
        for i in range(n):
            b = (indices[i] >> shift) & _BYTE
            other[first[b]] = indices[i]
            if with_distances:
                other_distances[first[b]] = distances[i]
            first[b] += 1
        for i in range(n):
            indices[i] = other[i]
        if with_distances:
            for i in range(n):
                distances[i] = other_distances[i]
        shift += 8
