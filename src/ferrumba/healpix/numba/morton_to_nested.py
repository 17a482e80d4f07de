"""Nested ids, each at its own order, of decimal Morton ids."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import TWO, ZERO, first_equal, rows, step
from ferrumba.healpix.numba.decimal import POWERS, magnitude, parse, parse_extended

BLOCK = 1024
MINUS_ONE = np.int64(-1)


@jit(inline=True)
def to_nested(valid, face, order, address):
    """Return the nested id of what ``parse`` found, or -1."""
    return (face << (TWO * order)) | address if valid else MINUS_ONE


@jit
def block_to_nested(morton, nested):
    """Fill one block; return a negative number if a row is invalid. Blocks of order 18 alone take 0.7 of the time."""
    invalid, coarser = ZERO, ZERO
    for i in range(morton.shape[0]):
        coarser |= magnitude(morton[i]) - POWERS[18]
    if coarser >= ZERO and morton.shape[0] == nested.shape[0]:
        for i in range(nested.shape[0]):
            value = to_nested(*parse_extended(morton[i] > ZERO, magnitude(morton[i]), ZERO))
            nested[i] = value
            invalid |= value
    else:
        s = step(morton)  # morton[0] instead would be a loop invariant, on whose many selects LLVM spends minutes
        for i in range(nested.shape[0]):
            value = to_nested(*parse(morton[i * s]))
            nested[i] = value
            invalid |= value
    return invalid


@jit
def morton_to_nested(morton, nested):
    """Fill ``nested``."""
    invalid = ZERO
    n = nested.shape[0]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        invalid |= block_to_nested(rows(morton, start, stop), nested[start:stop])
    return first_equal(nested, MINUS_ONE) if invalid < ZERO else -1
