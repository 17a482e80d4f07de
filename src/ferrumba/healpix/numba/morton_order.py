"""Orders of decimal Morton ids."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import first_equal, step
from ferrumba.healpix.numba.decimal import parse

MINUS_ONE = np.int64(-1)


@jit(inline=True)
def own_order(morton):
    """Return the order of a decimal id, or -1."""
    valid, _, order, _ = parse(morton)
    return order if valid else MINUS_ONE


@jit
def morton_order(morton, order):
    """Fill ``order``."""
    invalid = np.int64(0)
    if morton.shape[0] == order.shape[0]:
        for i in range(order.shape[0]):
            value = own_order(morton[i])
            order[i] = value
            invalid |= value
    else:
        s = step(morton)  # morton[0] instead would be a loop invariant, on whose many selects LLVM spends minutes
        for i in range(order.shape[0]):
            order[i] = own_order(morton[i * s])
            invalid |= order[i]
    return first_equal(order, MINUS_ONE) if invalid < 0 else -1
