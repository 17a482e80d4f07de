"""A single large window: its order statistics are selected, and no order of the others is kept."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.windows import MISSING, load_keys, swap_key

BUCKETS = 2048
GREATEST = np.int64(2**63 - 1)


@jit(signature="int64(float64[:, :], int64, int64, float64[::1], int64[::1])")
def finite_keys(values, column, first, floats, keys):
    """Copy the keys of the finite values of a column from a row on; return their number."""
    count = np.int64(0)
    part = np.empty(floats.shape[0], np.int64)
    for start in range(first, values.shape[0], part.shape[0]):
        stop = min(start + part.shape[0], values.shape[0])
        load_keys(values, column, start, stop, floats, part)
        for i in range(stop - start):
            keys[count] = part[i]
            count += part[i] != MISSING
    return count


@jit(signature="void(float64[::1], int64, float64, int64[::1])")
def to_distances(floats, count, median, keys):
    """Put the keys of distances to the median in place of those of values; ``floats`` has room for one."""
    bits = floats.view(np.int64)
    for i in range(count):
        bits[0] = swap_key(keys[i])
        floats[0] = abs(floats[0] - median)
        keys[i] = bits[0]


@jit(signature="UniTuple(int64, 2)(int64[::1], int64, int64, int64[::1])")
def select(keys, count, rank, scratch):
    """Return the key of a rank and that of the next; the latter is the former where it is the last.

    A histogram tells which bucket holds the rank; only its keys are looked at again.
    """
    below = np.empty(BUCKETS, np.int64)
    source, many, left = keys, count, rank
    while True:
        least, greatest = GREATEST, MISSING
        for i in range(many):
            least = min(least, source[i])
            greatest = max(greatest, source[i])
        if least == greatest:
            break
        reach = np.uint64(greatest) - np.uint64(least)
        shift = np.uint64(0)
        while reach >> shift >= np.uint64(BUCKETS):
            shift += np.uint64(1)
        for i in range(BUCKETS):
            below[i] = 0
        for i in range(many):
            below[np.int64((np.uint64(source[i]) - np.uint64(least)) >> shift)] += 1
        bucket = np.int64(0)
        while below[bucket] <= left:
            left -= below[bucket]
            bucket += 1
        kept = np.int64(0)
        for i in range(many):
            key = source[i]
            scratch[kept] = key
            kept += np.int64((np.uint64(key) - np.uint64(least)) >> shift) == bucket
        source, many = scratch, kept
    upto, after = np.int64(0), GREATEST
    for i in range(count):
        upto += keys[i] <= least
        after = min(after, keys[i]) if keys[i] > least else after
    return least, least if upto > rank + 1 or upto == count else after
