"""Nested ids, each at its own order, of decimal Morton ids."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import TWO, first_equal, step
from ferrumba.healpix.numba.decimal import parse

MINUS_ONE = np.int64(-1)


@jit(inline=True)
def morton_nested(morton):
    """Return the nested id of a decimal id, or -1."""
    valid, face, order, address = parse(morton)
    return (face << (TWO * order)) | address if valid else MINUS_ONE


@jit
def morton_to_nested(morton, nested):
    """Fill ``nested``."""
    invalid = np.int64(0)
    if morton.shape[0] == nested.shape[0]:
        for i in range(nested.shape[0]):
            value = morton_nested(morton[i])
            nested[i] = value
            invalid |= value
    else:
        s = step(morton)  # morton[0] instead would be a loop invariant, on whose many selects LLVM spends minutes
        for i in range(nested.shape[0]):
            nested[i] = morton_nested(morton[i * s])
            invalid |= nested[i]
    return first_equal(nested, MINUS_ONE) if invalid < 0 else -1
