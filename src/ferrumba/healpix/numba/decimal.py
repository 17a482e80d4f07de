"""Decimal Morton ids without tables: many digits at once, in the fields of one 64-bit word.

An id of order o is ``+-(lead * 10**o + sum((d_i + 1) * 10**i))`` with the two-bit digits ``d_i = x_i + 2 * y_i``, that
is ``lead * 10**o + 11..1 + D`` where D reads the digits d_i in base ten. Sixteen digits lie in the nibbles of one word;
neighbouring fields are joined four times (16 nibbles, 8 bytes, 4 halves, 2 words). Digits 16 and 17 go apart.

Everything here is plain 64-bit arithmetic on registers, so LLVM vectorises the loops around it; tables of 512 or 4,096
entries cost gathers or scalar loads.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import M4, M8, M16, M32, ONE, S4, S8, S16, TWO

TEN = np.int64(10)
POWERS = tuple(np.int64(10**k) for k in range(19))
ONES = tuple(np.int64((10**k - 1) // 9) for k in range(20))
TEN8, TEN16 = np.int64(10**8), np.int64(10**16)
JOIN4, JOIN8, JOIN16 = np.int64(16 - 10), np.int64(256 - 100), np.int64(65536 - 10000)
S3, S6, S12, S24, S32 = (np.int64(s) for s in (3, 6, 12, 24, 32))
N24, N12 = np.int64(0x000000FF000000FF), np.int64(0x000F000F000F000F)
N6, N3 = np.int64(0x0303030303030303), np.int64(0x1111111111111111)
LOW16 = np.int64(0xFFFF)
FIVE, SIX = np.int64(5), np.int64(6)


@jit(inline=True)
def to_nibbles(x):
    """Return the number whose hexadecimal digits are the 16 low binary digits of x."""
    x &= LOW16
    x = (x | (x << S24)) & N24
    x = (x | (x << S12)) & N12
    x = (x | (x << S6)) & N6
    return (x | (x << S3)) & N3


@jit(inline=True)
def read_nibbles(w):
    """Return the number whose decimal digits are the hexadecimal ones of w, each at most 3."""
    w -= JOIN4 * ((w >> S4) & M4)
    w -= JOIN8 * ((w >> S8) & M8)
    w -= JOIN16 * ((w >> S16) & M16)
    return (w & M32) + TEN8 * (w >> S32)


@jit(inline=True)
def signed(face, digits, power, ones):
    """Return the id of a face and of the digits in it, where power = 10**order and ones = 11..1."""
    lead = face + ONE if face < SIX else face - FIVE
    size = lead * power + ones + digits
    return size if face < SIX else -size


@jit(inline=True)
def pixel_to_morton(face, x, y, power, ones):
    """Return the decimal id of the cell (x, y) of a face."""
    x17, y17 = x >> np.int64(17), y >> np.int64(17)
    top = ((x >> S16) & ONE) + TWO * ((y >> S16) & ONE) + TEN * (x17 + TWO * y17)
    return signed(face, read_nibbles(to_nibbles(x) | (to_nibbles(y) << ONE)) + TEN16 * top, power, ones)
