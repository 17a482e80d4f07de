"""The keys of a window in ascending order.

The state is ``(keys, floats, bits)``: room for the keys, and for one float that is also seen as bits. One merged shift
between the place of the key that leaves and the place of the one that enters keeps the order; on smooth signals it
moves a few keys.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.windows import MISSING, swap_key


@jit(inline=True)
def place_of(keys, count, key):
    """Return how many of the keys are smaller."""
    base = np.int64(0)
    while count > 1:
        half = count >> np.int64(1)
        base = base + half if keys[base + half - 1] < key else base
        count -= half
    return base + 1 if count == 1 and keys[base] < key else base


@jit
def step(state, count, leaving, entering):
    """Take one key out and one in, either of which may be ``MISSING``; return the count."""
    keys = state[0]
    if leaving == entering:
        return count
    if leaving == MISSING:
        place = place_of(keys, count, entering)
        for i in range(count, place, -1):
            keys[i] = keys[i - 1]
        keys[place] = entering
        return count + 1
    hole = place_of(keys, count, leaving)
    if entering == MISSING:
        for i in range(hole, count - 1):
            keys[i] = keys[i + 1]
        return count - 1
    place = place_of(keys, count, entering)
    if place > hole:
        place -= 1
        for i in range(hole, place):
            keys[i] = keys[i + 1]
    else:
        for i in range(hole, place, -1):
            keys[i] = keys[i - 1]
    keys[place] = entering
    return count


@jit(inline=True)
def value_at(state, rank):
    """Return the float of the key of a rank, from 0 on."""
    state[2][0] = swap_key(state[0][rank])
    return state[1][0]
