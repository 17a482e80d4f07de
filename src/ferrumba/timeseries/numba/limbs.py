"""Sums of floats that lose nothing: fixed-point numbers wide enough for all of them.

A number counts units of 2**-1074 in limbs of 32 bits. The limbs are wider, so that many numbers can be added before a
carry is due. See Neal, "Fast exact summation using small and large superaccumulators" (arXiv 1505.05571).
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit

BITS = np.int64(32)
MASK = np.int64(2**32 - 1)
LIMBS = 68
"""For 2**-1074 to 2**1024 and the carries of 2**31 such numbers."""

ONE = np.int64(1)


@jit
def add(limbs, value, times):
    """Add a finite number times 1 or -1."""
    part, exponent = math.frexp(abs(value))
    whole, place = np.int64(part * 2.0**53), np.int64(exponent) + np.int64(1074 - 53)
    if place < 0:
        whole, place = whole >> min(-place, np.int64(62)), np.int64(0)
    sign = np.int64(-times) if value < 0.0 else np.int64(times)
    first, shift = place // BITS, place % BITS
    low, high = (whole & MASK) << shift, (whole >> BITS) << shift
    high += low >> BITS
    limbs[first] += sign * (low & MASK)
    limbs[first + 1] += sign * (high & MASK)
    limbs[first + 2] += sign * (high >> BITS)


@jit
def carry(limbs, sign, digits):
    """Write the digits of the number times ``sign``; return whether that is negative."""
    rest = np.int64(0)
    for at in range(LIMBS):
        total = sign * limbs[at] + rest
        digits[at], rest = total & MASK, total >> BITS
    return rest < 0


@jit
def rounded(limbs, digits, small):
    """Return the nearest float, the even one of two, of the number times 2**-64 if ``small``."""
    negative = carry(limbs, ONE, digits)
    if negative:
        carry(limbs, -ONE, digits)
    top = np.int64(LIMBS - 1)
    while top > 0 and digits[top] == 0:
        top -= ONE
    highest = top * BITS + np.int64(math.frexp(np.float64(digits[top]))[1]) - ONE
    if highest < 53:
        size = math.ldexp(np.float64(digits[0] | (digits[1] << BITS)), -1074)
        return -size if negative else size
    # The 53 bits of the float end at bit ``last``; one more bit and whether anything is below it decide.
    last = highest - np.int64(52)
    at, shift = (last - ONE) // BITS, (last - ONE) % BITS
    kept = digits[at] >> shift
    kept |= (digits[at + 1] & ((ONE << min(BITS, np.int64(22) + shift)) - ONE)) << (BITS - shift)
    if shift > 10:
        kept |= (digits[at + 2] & ((ONE << (shift - np.int64(10))) - ONE)) << (np.int64(64) - shift)
    below = digits[at] & ((ONE << shift) - ONE) != 0
    for lower in range(at):
        below |= digits[lower] != 0
    whole = kept >> ONE
    if kept & ONE and (below or whole & ONE):
        whole += ONE
    size = math.ldexp(np.float64(whole), np.int64(last - (1138 if small else 1074)))
    return -size if negative else size
