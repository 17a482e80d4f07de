"""Long windows: the values of a few windows are put in order once, and a window is the set of the ranks in it.

The set is a flag for each rank, and the number of them in every block, so that a value enters and leaves in one
operation, whatever the window. Order statistics are found by cursors, which stay where they were asked for last and
count what passes beneath them: from row to row they move by a place or two.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.column_ranks import ONES, ROW, SIGN, sorted_rows
from ferrumba.timeseries.numba.order_statistics import MEDIAN_MAD, QUANTILE, between, midpoint, record
from ferrumba.timeseries.numba.windows import widest

SPAN = 4
"""Windows that are put in order at once. With more of them fewer rows are ordered twice, but it takes memory."""

BLOCK_BITS = np.int64(6)
BLOCK = np.int64(64)
INSIDE = np.int64(63)

ENDS = np.int64(2)
"""Infinities on either side of the values, which are in all windows."""

MIDDLE, FIRST, LAST = np.arange(3)
"""Cursors for the median, and the first and the last of the values nearest to it."""

PATIENCE = 64
"""Steps after which the search for the nearest values begins anew."""


@jit
def turn(present, inside, cursors, rank, step):
    """Put a rank into the window, or take it out."""
    present[rank] += np.int8(step)
    inside[rank >> BLOCK_BITS] += step
    for cursor in range(cursors.shape[0]):
        cursors[cursor, 1] += step if rank < cursors[cursor, 0] else np.int64(0)


@jit
def seek(present, inside, cursors, cursor, wanted):
    """Let a cursor go to the rank that has so many of the window below it; return that."""
    rank, below = cursors[cursor, 0], cursors[cursor, 1]
    while below > wanted:
        if rank & INSIDE == 0 and below - inside[(rank >> BLOCK_BITS) - 1] >= wanted:
            rank -= BLOCK
            below -= inside[rank >> BLOCK_BITS]
        else:
            rank -= 1
            below -= present[rank]
    while below < wanted or not present[rank]:
        if rank & INSIDE == 0 and below + inside[rank >> BLOCK_BITS] <= wanted:
            below += inside[rank >> BLOCK_BITS]
            rank += BLOCK
        else:
            below += present[rank]
            rank += 1
    cursors[cursor, 0], cursors[cursor, 1] = rank, below
    return rank


@jit(inline=True)
def following(present, inside, rank):
    """Return the next rank in the window."""
    rank += 1
    while not present[rank]:
        rank += BLOCK if rank & INSIDE == 0 and inside[rank >> BLOCK_BITS] == 0 else np.int64(1)
    return rank


@jit(inline=True)
def preceding(present, inside, rank):
    """Return the rank before in the window."""
    rank -= 1
    while not present[rank]:
        rank -= BLOCK if rank & INSIDE == INSIDE and inside[rank >> BLOCK_BITS] == 0 else np.int64(1)
    return rank


@jit
def first_not_less(present, inside, cursors, values, count, median):
    """Return how many values are before the nearest ones, and the infinities; see ``deviation`` of short windows."""
    k = (count - 1) >> np.int64(1)
    low, many = ENDS, count - k
    while many > 0:
        half = many >> np.int64(1)
        left = values[seek(present, inside, cursors, FIRST, low + half)]
        right = values[seek(present, inside, cursors, LAST, low + half + k)]
        less = right - median < median - left
        low = low + half + 1 if less else low
        many = many - half - 1 if less else half
    return low


@jit
def deviation(present, inside, cursors, values, count, median):
    """Return the median of the distances to the median, from where the nearest values were before."""
    k = (count - 1) >> np.int64(1)
    low = min(max(cursors[FIRST, 1], ENDS), ENDS + count - k)
    first = seek(present, inside, cursors, FIRST, low)
    last = seek(present, inside, cursors, LAST, low + k)
    for _ in range(PATIENCE):
        before = preceding(present, inside, first)
        if values[last] - median < median - values[first]:
            first, last, low = following(present, inside, first), following(present, inside, last), low + 1
            continue
        end = preceding(present, inside, last)
        if low == ENDS or values[end] - median < median - values[before]:
            break
        first, last, low = before, end, low - 1
    else:
        low = first_not_less(present, inside, cursors, values, count, median)
        first = seek(present, inside, cursors, FIRST, low)
        last = seek(present, inside, cursors, LAST, low + k)
        before = preceding(present, inside, first)
    cursors[FIRST, 0], cursors[FIRST, 1], cursors[LAST, 0], cursors[LAST, 1] = first, low, last, low + k
    left, right = median - values[before], values[last] - median
    nearer, farther = (left, right) if left < right else (right, left)
    if count & np.int64(1):
        return nearer + 0.0  # the difference of two zeros may be -0.0
    if left < right:
        beyond = median - values[preceding(present, inside, before)]
    else:
        beyond = values[following(present, inside, last)] - median
    return midpoint(nearer, beyond if beyond < farther else farther) + 0.0


@jit
def order(table, column, begin, keys, packed, spare, counts, values, ranks):
    """Put the finite values of some rows of a column in order; return their number. The rank of others is 0."""
    floats = keys.view(np.float64)
    many = np.int64(0)
    for row in range(ranks.shape[0]):
        value = table[begin + row, column]
        floats[row] = value
        keys[row] ^= ONES if keys[row] >= SIGN else SIGN
        packed[many] = np.uint64(row)
        many += np.int64(value - value == 0.0)
        ranks[row] = 0
    sorted_rows(keys, packed[:many], spare[:many], counts)
    values[0] = values[1] = -np.inf
    for place in range(many):
        row = packed[place] & ROW
        values[ENDS + place] = table[begin + row, column]
        ranks[row] = ENDS + place
    values[ENDS + many] = values[ENDS + many + 1] = np.inf
    return many


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64, float64[::1], float64[:, :], "
    "float64[:, :], boolean[:, :])"
)
def ranked(table, window, min_periods, propagate, what, numbers, first, second, flags):
    """Fill the tables that a statistic has, as ``order_statistics``."""
    rows = max(first.shape[0], second.shape[0])
    history, size, many = table.shape[0] - rows, widest(window, table.shape[0]), numbers.shape[0]
    longest = min(table.shape[0], (SPAN + 1) * size)
    keys, packed, spare = np.empty(longest, np.uint64), np.empty(longest, np.uint64), np.empty(longest, np.uint64)
    counts, ranks = np.empty((3, 2048), np.int32), np.empty(longest, np.int64)
    values, present = np.empty(longest + 2 * ENDS), np.empty(longest + 2 * ENDS, np.int8)
    inside = np.empty((longest + 2 * ENDS + INSIDE) >> BLOCK_BITS, np.int64)
    cursors = np.empty((many if what == QUANTILE else 3, 2), np.int64)
    deviations = what != MEDIAN_MAD or second.shape[1] > 0
    for column in range(table.shape[1]):
        for start in range(0, rows, SPAN * size):
            stop = min(start + SPAN * size, rows)
            begin = max(np.int64(0), history + start + 1 - window[start if window.shape[0] > 1 else 0])
            found = order(table, column, begin, keys, packed, spare, counts, values, ranks[: history + stop - begin])
            present[:], inside[:], cursors[:] = 0, 0, 0
            for end in (0, 1, ENDS + found, ENDS + found + 1):
                turn(present, inside, cursors, np.int64(end), np.int64(1))
            count, oldest = np.int64(0), begin
            for at in range(begin, history + stop):
                rank = ranks[at - begin]
                if rank > 0:
                    turn(present, inside, cursors, rank, np.int64(1))
                    count += 1
                row = at - history
                if row < start:
                    continue
                width = window[row if window.shape[0] > 1 else 0]
                while oldest <= at - width:
                    rank = ranks[oldest - begin]
                    if rank > 0:
                        turn(present, inside, cursors, rank, np.int64(-1))
                        count -= 1
                    oldest += 1
                enough = count >= (max(min_periods[0], at - oldest + 1) if propagate[0] else min_periods[0])
                if what == QUANTILE:
                    for i in range(many):
                        quantile = np.nan
                        if enough:
                            place = (count - 1) * numbers[i]
                            low = seek(present, inside, cursors, np.int64(i), np.int64(place) + ENDS)
                            high = following(present, inside, low) if place < count - 1 else low
                            quantile = between(values[low], values[high], place - np.int64(place))
                        first[row, column * many + i] = quantile
                    continue
                median = mad = np.nan
                if enough:
                    place = seek(present, inside, cursors, MIDDLE, (count >> np.int64(1)) + ENDS)
                    median = values[place]
                    if not count & np.int64(1):
                        median = midpoint(values[preceding(present, inside, place)], median)
                    if deviations:
                        mad = deviation(present, inside, cursors, values, count, median)
                record(what, numbers, table[at, column], median, mad, row, column, first, second, flags)
    return np.int64(-1)
