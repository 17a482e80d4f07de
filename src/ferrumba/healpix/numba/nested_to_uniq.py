"""UNIQ ids of nested ids."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_ORDER, TWO, first_equal, is_nested, is_order, step

FOUR, MINUS_ONE = np.int64(4), np.int64(-1)


@jit(inline=True)
def add_order(nested, order):
    """Return the UNIQ id of a nested id, or -1."""
    o = order & np.int64(31)
    uniq = nested + (FOUR << (TWO * o))
    return uniq if is_order(order, MAX_ORDER) & is_nested(nested, o) else MINUS_ONE


@jit
def nested_to_uniq(nested, order, uniq):
    """Fill ``uniq``."""
    invalid = np.int64(0)
    if order.shape[0] == 1 and nested.shape[0] == uniq.shape[0]:
        o = order[0]
        for i in range(uniq.shape[0]):
            value = add_order(nested[i], o)
            uniq[i] = value
            invalid |= value
    else:
        s, so = step(nested), step(order)
        for i in range(uniq.shape[0]):
            uniq[i] = add_order(nested[i * s], order[i * so])
            invalid |= uniq[i]
    return first_equal(uniq, MINUS_ONE) if invalid < 0 else -1
