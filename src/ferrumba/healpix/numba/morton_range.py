"""Smallest and largest id at an order among the descendants of decimal Morton ids."""

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, ZERO, first_equal, step
from ferrumba.healpix.numba.decimal import FOUR, ONES, POWERS, parse


@jit(inline=True)
def bounds(morton, order):
    """Return the first and the last descendant at an order, zeros if there is none; negative ids run backwards."""
    valid, _, own, _ = parse(morton)
    valid &= (order >= own) & (order <= MAX_MORTON_ORDER)
    down = order - own if valid else ZERO
    size = (morton if morton > ZERO else -morton) * POWERS[down]
    low, high = size + ONES[down], size + FOUR * ONES[down]
    first, last = (low, high) if morton > ZERO else (-high, -low)
    return (first, last) if valid else (ZERO, ZERO)


@jit
def morton_range(morton, order, first, last):
    """Fill ``first`` and ``last``."""
    invalid = False
    if morton.shape[0] == first.shape[0] and order.shape[0] == 1:
        o = order[0]
        for i in range(first.shape[0]):
            low, high = bounds(morton[i], o)
            first[i], last[i] = low, high
            invalid |= low == ZERO
    else:
        s, so = step(morton), step(order)
        for i in range(first.shape[0]):
            first[i], last[i] = bounds(morton[i * s], order[i * so])
            invalid |= first[i] == ZERO
    return first_equal(first, ZERO) if invalid else -1
