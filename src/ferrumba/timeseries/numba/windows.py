"""What the loops of rolling kernels share: the keys of values, and the widths of windows.

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
def begin_of(rules, row, history, longest):
    """Return the first row of a window of a table, whose first ``history`` rows are before those of the call."""
    window = rules[0]
    width = window[row - history if window.shape[0] > 1 else 0]
    return max(np.int64(0), row + 1 - max(np.int64(1), min(width, longest)))


@jit(inline=True)
def needed_of(rules, width):
    """Return how many finite values a window of so many rows needs."""
    least = max(np.int64(1), rules[1][0])
    return max(least, width) if rules[2][0] else least
