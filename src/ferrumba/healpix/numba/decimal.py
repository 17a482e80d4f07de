"""Decimal Morton ids without tables: many digits at once, in the fields of one 64-bit word.

An id of order o is ``+-(lead * 10**o + sum((d_i + 1) * 10**i))`` with the two-bit digits ``d_i = x_i + 2 * y_i``, that
is ``lead * 10**o + 11..1 + D`` where D reads the digits d_i in base ten. Sixteen digits lie in the nibbles of one word;
neighbouring fields are joined, or split, four times (16 nibbles, 8 bytes, 4 halves, 2 words); the rest goes apart.

All of it is 64-bit arithmetic on registers, so LLVM vectorises the loops around it, where tables of 512 or 4,096
entries mean gathers or scalar loads.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import M2, M4, M8, M16, M32, MAX_MORTON_ORDER, ONE, S2, S4, S8, S16, TWO, ZERO

# Arrays, not tuples: Numba compiles the element of a tuple to a jump table (measured: morton_range 19 ms for 4 ms).
POWERS = np.array([10**k for k in range(19)], dtype=np.int64)
ONES = np.array([(10**k - 1) // 9 for k in range(19)], dtype=np.int64)
TEN, HUNDRED, TEN8, TEN16 = (np.int64(10**k) for k in (1, 2, 8, 16))
LOWEST = np.int64((10**19 - 1) // 9)
THREE, FOUR, FIVE, SIX, SEVEN = (np.int64(k) for k in (3, 4, 5, 6, 7))
S3, S6, S12, S17, S24, S32, S34, S44 = (np.int64(s) for s in (3, 6, 12, 17, 24, 32, 34, 44))

LOW16 = np.int64(0xFFFF)
EIGHTS, FOURS, TWOS, NIBBLES = (
    np.int64(mask) for mask in (0x000000FF000000FF, 0x000F000F000F000F, 0x0303030303030303, 0x1111111111111111)
)
JOIN4, JOIN8, JOIN16, JOIN32 = np.int64(16 - 10), np.int64(256 - 100), np.int64(65536 - 10000), np.int64(2**32 - 10**8)

# For splitting: 2**44 / 10**16, 2**24 / 10**8, 2**12 / 10**4 and 2**5 / 10**2 in binary fixed point, rounded up; ones
# and masks for fields of 32, 16, 8 bits; and the bits that no field has in range after 0 to 4 splits.
PER_TEN16, PER_TEN8 = np.int64(-(-(1 << 76) // 10**16)), np.int64(-(-(1 << 56) // 10**8))
PER_TEN4, PER_HUNDRED, PER_LEAD = np.int64(26844), np.int64(82), np.int64(41)
ONE32, ONE16 = np.int64(0x0000000100000001), np.int64(0x0001000100010001)
LEADING32, LEADING16 = np.int64(0x00001FFF00001FFF), np.int64(0x007F007F007F007F)
OVER64, OVER32, OVER16, OVER8, OVER4 = (
    np.int64(~mask)
    for mask in ((1 << 52) - 1, 0x01FFFFFF01FFFFFF, 0x0FFF0FFF0FFF0FFF, 0x3F3F3F3F3F3F3F3F, 0x3333333333333333)
)
OVER_PAIR = np.int64(~0x33)


@jit(inline=True)
def to_nibbles(x):
    """Return the number whose hexadecimal digits are the 16 low binary digits of x."""
    x &= LOW16
    x = (x | (x << S24)) & EIGHTS
    x = (x | (x << S12)) & FOURS
    x = (x | (x << S6)) & TWOS
    return (x | (x << S3)) & NIBBLES


@jit(inline=True)
def read_nibbles(w):
    """Return the number whose decimal digits are the hexadecimal ones of w, each at most 3."""
    w -= JOIN4 * ((w >> S4) & M4)
    w -= JOIN8 * ((w >> S8) & M8)
    w -= JOIN16 * ((w >> S16) & M16)
    return (w & M32) + TEN8 * (w >> S32)


@jit(inline=True)
def quotients(w, down, leading, one, factor, shift):
    """Return a of every field a * base + b of w, where b is at most a third of the base: leading bits decide.

    ``a = ((field >> down) + 1) * factor >> shift`` for all fields with one multiplication, as no product leaves its
    field while the fields are in range. The caller adds ``a * (2**bits - base)`` and so has a and b in fields of their
    own. Of any other field, b comes out beyond its range; tests/healpix/test_oracles.py tries every field.
    """
    return (((((w >> down) & leading) + one) * factor) >> shift) & leading


@jit(inline=True)
def read_digits(address):
    """Return the number whose decimal digits are the base-four ones of a 36-bit address."""
    w = address & M32
    w = (w | (w << S16)) & M16
    w = (w | (w << S8)) & M8
    w = (w | (w << S4)) & M4
    w = (w | (w << S2)) & M2
    return read_nibbles(w) + TEN16 * (((address >> S32) & THREE) + TEN * (address >> S34))


@jit(inline=True)
def signed(face, digits, power, ones):
    """Return the id of a face and of the digits in it, where power = 10**order and ones = 11..1."""
    lead = face + ONE if face < SIX else face - FIVE
    size = lead * power + ones + digits
    return size if face < SIX else -size


@jit(inline=True)
def pixel_to_morton(face, x, y, power, ones):
    """Return the decimal id of the cell (x, y) of a face."""
    top = ((x >> S16) & ONE) + TWO * ((y >> S16) & ONE) + TEN * ((x >> S17) + TWO * (y >> S17))
    return signed(face, read_nibbles(to_nibbles(x) | (to_nibbles(y) << ONE)) + TEN16 * top, power, ones)


@jit(inline=True)
def address_to_morton(face, address, power, ones):
    """Return the decimal id of the cell at an address (the bits of a nested id below the face) of a face."""
    return signed(face, read_digits(address), power, ones)


@jit(inline=True)
def magnitude(morton):
    """Return the absolute value, and 0 for the smallest int64, which has none."""
    size = morton if morton >= ZERO else -morton
    return size if size >= ZERO else ZERO


@jit(inline=True)
def extend(size, missing, digits, power, ones):
    """Append ``digits`` ones to a number that has no more than 19 - digits digits, else leave it."""
    short = size < POWERS[18] // power * TEN
    return (size * power + ones if short else size), (missing + digits if short else missing)


@jit(inline=True)
def parse(morton):
    """Return whether an integer is a decimal id, its face, its order, and its address in the face.

    The number is first made one of order 18 by appending ones, which are the digit of address 0.
    """
    size, missing = magnitude(morton), ZERO
    size, missing = extend(size, missing, S16, POWERS[16], ONES[16])
    size, missing = extend(size, missing, S8, POWERS[8], ONES[8])
    size, missing = extend(size, missing, S4, POWERS[4], ONES[4])
    size, missing = extend(size, missing, S2, POWERS[2], ONES[2])
    size, missing = extend(size, missing, ONE, POWERS[1], ONES[1])
    return parse_extended(morton > ZERO, size, missing)


@jit(inline=True)
def parse_extended(positive, size, missing):
    """Return what ``parse`` does, from the sign, the number made one of order 18, and how many digits that took."""
    # Less the ones, all digits are 0 to 3, and the lead 0 to 5. A split keeps the value of the fields if the parts are
    # in range after it, so the integer is an id exactly if they are after each.
    digits = size - LOWEST
    top = (((digits >> S44) + ONE) * PER_TEN16) >> S32
    w = digits - top * TEN16
    wrong = w & OVER64
    w += quotients(w, S24, M32, ONE, PER_TEN8, S32) * JOIN32
    wrong |= w & OVER32
    w += quotients(w, S12, LEADING32, ONE32, PER_TEN4, S16) * JOIN16
    wrong |= w & OVER16
    w += quotients(w, FIVE, LEADING16, ONE16, PER_HUNDRED, S8) * JOIN8
    wrong |= w & OVER8
    w += (((w * SEVEN) >> S6) & TWOS) * JOIN4
    lead = (top * PER_LEAD) >> S12
    pair = top - HUNDRED * lead
    pair += ((pair * SEVEN) >> S6) * JOIN4
    wrong |= (w & OVER4) | (pair & OVER_PAIR)
    valid = (wrong == ZERO) & (digits >= ZERO) & (lead < SIX) & (missing <= MAX_MORTON_ORDER)
    w = (w | (w >> S2)) & M4
    w = (w | (w >> S4)) & M8
    w = (w | (w >> S8)) & M16
    w = (w | (w >> S16)) & M32
    pair = (pair | (pair >> S2)) & np.int64(15)
    missing = min(missing, MAX_MORTON_ORDER)
    address = (w | (pair << S32)) >> (TWO * missing)
    return valid, (lead if positive else lead + SIX), MAX_MORTON_ORDER - missing, address
