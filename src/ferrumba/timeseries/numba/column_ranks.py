"""Ranks of the values in each column.

Values are sorted by the 33 bits of their keys from the first on in which any two differ, packed with the row into one
word: three passes of a radix sort. Few keys share these bits without being equal; such runs are sorted by what is left.
All six digits of 11 bits at once take twice as long, comparisons three times (10,000 normal values).
"""

import numpy as np

from ferrumba.dispatch.jit import jit

ROW_BITS = np.uint64(31)
ROW = np.uint64((1 << 31) - 1)
DIGIT = np.uint64(2047)
DIGIT_BITS = np.uint64(11)
SIGN = np.uint64(1 << 63)
ONES = np.uint64(2**64 - 1)
ZERO, ONE = np.uint64(0), np.uint64(1)
SHORT = 32
"""Runs up to this length are sorted by insertion."""


@jit
def sort_packed(packed, spare, counts):
    """Sort words by all bits but the lowest 31, in order of these where the others are equal."""
    many = packed.shape[0]
    counts[:, :] = 0
    for word in packed:
        for place in range(3):
            counts[place, (word >> (ROW_BITS + DIGIT_BITS * np.uint64(place))) & DIGIT] += 1
    source, target = packed, spare
    for place in range(3):
        shift = ROW_BITS + DIGIT_BITS * np.uint64(place)
        if counts[place, (packed[0] >> shift) & DIGIT] == many:
            continue
        before = np.int32(0)
        for value in range(2048):
            here = counts[place, value]
            counts[place, value] = before
            before += here
        for word in source:
            bucket = (word >> shift) & DIGIT
            slot = counts[place, bucket]
            counts[place, bucket] = slot + 1
            target[slot] = word
        source, target = target, source
    for place in range(many):
        packed[place] = source[place]


@jit
def sort_run(packed, spare, counts, keys, low):
    """Sort words of equal upper bits by the bits ``low`` of the keys of their rows."""
    many = packed.shape[0]
    if many <= SHORT:
        for place in range(1, many):
            word = packed[place]
            key = keys[word & ROW]
            free = place
            while free > 0 and keys[packed[free - 1] & ROW] > key:
                packed[free] = packed[free - 1]
                free -= 1
            packed[free] = word
        return
    first, same = keys[packed[0] & ROW], True
    for word in packed:
        same &= keys[word & ROW] == first
    if not same:
        upper = packed[0] & ~ROW
        for place in range(many):
            row = packed[place] & ROW
            packed[place] = ((keys[row] & low) << ROW_BITS) | row
        sort_packed(packed, spare, counts)
        for place in range(many):
            packed[place] = upper | (packed[place] & ROW)


@jit
def sorted_rows(keys, packed, spare, counts):
    """Sort the rows in ``packed`` by their keys, of which they get the upper bits."""
    many = packed.shape[0]
    if many == 0:
        return
    differing = ZERO
    for row in packed:
        differing |= keys[row] ^ keys[packed[0]]
    shift = ZERO
    while (differing >> shift) >> np.uint64(33) != ZERO:
        shift += ONE
    for place in range(many):
        packed[place] |= (keys[packed[place]] >> shift) << ROW_BITS
    sort_packed(packed, spare, counts)
    start = 0
    while start < many:
        stop = start + 1
        while stop < many and packed[stop] >> ROW_BITS == packed[start] >> ROW_BITS:
            stop += 1
        if shift > ZERO and stop - start > 1:
            sort_run(packed[start:stop], spare[start:stop], counts, keys, ~(ONES << shift))
        start = stop


@jit(inline=True)
def equal(a, b, keys):
    """Return whether two words have equal keys; most differ in the bits that they hold."""
    return a >> ROW_BITS == b >> ROW_BITS and keys[a & ROW] == keys[b & ROW]


@jit
def column_ranks(columns, length, doubled, group, size, groups):
    """Fill twice the average rank of each value, 0 where it is missing, and the groups of equal values.

    ``group`` is the number of the group in ascending order, ``groups`` where the value is missing; ``size`` has the
    members of each group, ``groups`` their number.
    """
    n = length[0]
    floats = np.empty(n)
    keys = floats.view(np.uint64)
    packed, spare = np.empty(n, np.uint64), np.empty(n, np.uint64)
    counts = np.empty((3, 2048), np.int32)
    for k in range(columns.shape[0]):
        many = np.int64(0)
        for row in range(n):
            value = columns[k, row]
            floats[row] = value + 0.0  # zeros of both signs are equal
            keys[row] ^= ONES if keys[row] >= SIGN else SIGN
            packed[many] = np.uint64(row)
            many += np.int64(value - value == 0.0)
            doubled[k, row] = 0
            size[k, row] = 0
        sorted_rows(keys, packed[:many], spare[:many], counts)
        found, start = np.int64(0), np.int64(0)
        while start < many:
            stop = start + 1
            while stop < many and equal(packed[start], packed[stop], keys):
                stop += 1
            size[k, found] = stop - start
            for place in range(start, stop):
                row = packed[place] & ROW
                doubled[k, row] = start + stop + 1
                group[k, row] = found
            found += 1
            start = stop
        groups[k] = found
        for row in range(n):
            if doubled[k, row] == 0:
                group[k, row] = found
    return np.int64(-1)
