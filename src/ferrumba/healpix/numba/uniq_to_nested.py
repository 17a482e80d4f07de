"""Nested ids and orders of UNIQ ids."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import ONE, S2, S4, S8, S16, TWO, ZERO, first_equal, step

FOUR, S32, MINUS_ONE = np.int64(4), np.int64(32), np.int64(-1)
END = np.int64(16 << 58)


@jit(inline=True)
def halve(value, order, bits, levels):
    """Count ``levels`` orders if value has more than ``bits`` bits, and drop these."""
    wide = value >= (ONE << bits)
    return (value >> bits if wide else value), (order + levels if wide else order)


@jit(inline=True)
def split_uniq(uniq):
    """Return nested id and order of a UNIQ id, or -1 for both; the order is half the bit length, never a logarithm."""
    value, order = halve(uniq >> TWO, ZERO, S32, S16)
    value, order = halve(value, order, S16, S8)
    value, order = halve(value, order, S8, S4)
    value, order = halve(value, order, S4, S2)
    value, order = halve(value, order, S2, ONE)
    nested = uniq - (FOUR << (TWO * order))
    return (nested, order) if (uniq >= FOUR) & (uniq < END) else (MINUS_ONE, MINUS_ONE)


@jit
def uniq_to_nested(uniq, nested, order):
    """Fill ``nested`` and ``order``."""
    invalid = np.int64(0)
    if uniq.shape[0] == nested.shape[0]:
        for i in range(nested.shape[0]):
            value, o = split_uniq(uniq[i])
            nested[i], order[i] = value, o
            invalid |= value
    else:
        s = step(uniq)
        for i in range(nested.shape[0]):
            nested[i], order[i] = split_uniq(uniq[i * s])
            invalid |= nested[i]
    return first_equal(nested, MINUS_ONE) if invalid < 0 else -1
