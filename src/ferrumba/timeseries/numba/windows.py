"""The loop that every rolling kernel runs: windows slide down each column, and a state follows them.

Values go by keys: integers in the order of the finite floats, -0.0 before 0.0, so that what an order statistic gives
depends on the multiset in the window alone. Whatever is not finite is ``MISSING``.
"""

import numpy as np

from ferrumba.dispatch.jit import jit

CHUNK = 256
MISSING = np.int64(-(2**63))
LOW_BITS = np.int64(2**63 - 1)


@jit(inline=True)
def swap_key(bits):
    """Return the key of the bits of a float, or the bits of a key: -0.0 has the key -1, 0.0 the key 0."""
    return bits ^ ((bits >> np.int64(63)) & LOW_BITS)


@jit(inline=True)
def widest(window, rows):
    """Return the most rows that a window has."""
    size = np.int64(1)
    for width in window:
        size = max(size, width)
    return min(size, max(np.int64(rows), np.int64(1)))


@jit
def load_keys(values, column, start, stop, floats, keys):
    """Read the keys of some rows of a column."""
    bits = floats.view(np.int64)
    for place in range(stop - start):
        floats[place] = values[start + place, column]
    for place in range(stop - start):
        keys[place] = swap_key(bits[place]) if floats[place] - floats[place] == 0.0 else MISSING


@jit(inline=True)
def roll(values, window, min_periods, propagate, rows, columns, step, emit, state, outputs):
    """Let a state follow the windows of every column.

    Parameters
    ----------
    values, window, min_periods, propagate : ndarray
        The inputs of the kernel.
    rows, columns : int
        Rows of the call and columns of the table; ``values`` has rows of history before them.
    step : callable
        ``step(state, count, leaving, entering) -> count`` takes one key out of the window and one in; either may be
        ``MISSING``. A state is empty when its count is 0.
    emit : callable
        ``emit(state, count, enough, key, outputs, row, column)`` writes the results of a row, whose own key is the
        fourth argument; NaN unless ``enough``.
    """
    total = values.shape[0]
    history = total - rows
    size = widest(window, total)
    ring = np.empty(size, np.int64)
    floats, keys = np.empty(CHUNK), np.empty(CHUNK, np.int64)
    begin = max(np.int64(0), history + 1 - window[0]) if rows > 0 else total
    for column in range(columns):
        count = np.int64(0)
        first, head, tail = begin, np.int64(0), np.int64(0)  # the first row of the window; the places of its ends
        for start in range(begin, total, CHUNK):
            stop = min(start + CHUNK, total)
            load_keys(values, column, start, stop, floats, keys)
            for row in range(start, stop):
                width = window[row - history if window.shape[0] > 1 and row > history else 0]
                leaving = MISSING
                while first <= row - width:
                    if leaving != MISSING:
                        count = step(state, count, leaving, MISSING)
                    leaving = ring[tail]
                    first += 1
                    tail = tail + 1 if tail + 1 < size else np.int64(0)
                entering = keys[row - start]
                ring[head] = entering
                head = head + 1 if head + 1 < size else np.int64(0)
                count = step(state, count, leaving, entering)
                if row >= history:
                    needed = max(min_periods[0], row - first + 1) if propagate[0] else min_periods[0]
                    emit(state, count, count >= needed, entering, outputs, row - history, column)
