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

POWERS = tuple(np.int64(10**k) for k in range(19))
ONES = tuple(np.int64((10**k - 1) // 9) for k in range(19))
TEN, HUNDRED, TEN4, TEN8, TEN16 = (np.int64(10**k) for k in (1, 2, 4, 8, 16))
THREE, FOUR, FIVE, SIX = (np.int64(k) for k in (3, 4, 5, 6))
S3, S6, S10, S12, S17, S19, S24, S32, S34, S40, S44 = (np.int64(s) for s in (3, 6, 10, 12, 17, 19, 24, 32, 34, 40, 44))

LOW16 = np.int64(0xFFFF)
EIGHTS, FOURS, TWOS, NIBBLES = (
    np.int64(mask) for mask in (0x000000FF000000FF, 0x000F000F000F000F, 0x0303030303030303, 0x1111111111111111)
)
JOIN4, JOIN8, JOIN16, JOIN32 = np.int64(16 - 10), np.int64(256 - 100), np.int64(65536 - 10000), np.int64(2**32 - 10**8)

# Division by multiplication. By 10 below 100, by 100 below 10**4 and by 10**4 below 10**8 these are exact; by 10**8
# below 10**16 and by 10**16 below 2**63 the quotient of the leading bits may be one too small.
BY_TEN, BY_HUNDRED, BY_TEN4 = np.int64(103), np.int64(5243), np.int64(109951163)
BY_TEN8, BY_TEN16 = np.int64((1 << 58) // 10**8), np.int64((1 << 84) // 10**16)
NOT_TWO_BITS, NOT_TWO_BITS_TWICE = np.int64(~0x3333333333333333), np.int64(~0x33)


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
def write_nibbles(value):
    """Return the number, possibly negative as an int64, whose hexadecimal digits are the 16 decimal ones of value."""
    high = ((value >> S24) * BY_TEN8) >> S34
    high += ONE if value - high * TEN8 >= TEN8 else ZERO
    w = value + high * JOIN32
    high = (((w & M32) * BY_TEN4) >> S40) | ((((w >> S32) * BY_TEN4) >> S40) << S32)
    w += high * JOIN16
    even, odd = w & M16, (w >> S16) & M16
    w += (((even * BY_HUNDRED) >> S19) & EIGHTS | ((((odd * BY_HUNDRED) >> S19) & EIGHTS) << S16)) * JOIN8
    even, odd = w & M8, (w >> S8) & M8
    return w + (((even * BY_TEN) >> S10) & FOURS | ((((odd * BY_TEN) >> S10) & FOURS) << S8)) * JOIN4


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
def extend(size, missing, digits, power, ones):
    """Append ``digits`` ones to a number that has no more than 19 - digits digits, else leave it."""
    short = size < POWERS[18] // power * TEN
    return (size * power + ones if short else size), (missing + digits if short else missing)


@jit(inline=True)
def parse(morton):
    """Return whether an integer is a decimal id, its face, its order, and its address in the face.

    The number is first made one of order 18 by appending ones, which are the digit of address 0.
    """
    size = morton if morton >= ZERO else -morton
    size = size if size >= ZERO else ZERO  # the smallest int64 has no opposite
    missing = ZERO
    size, missing = extend(size, missing, S16, POWERS[16], ONES[16])
    size, missing = extend(size, missing, S8, POWERS[8], ONES[8])
    size, missing = extend(size, missing, S4, POWERS[4], ONES[4])
    size, missing = extend(size, missing, S2, POWERS[2], ONES[2])
    size, missing = extend(size, missing, ONE, POWERS[1], ONES[1])
    top = ((size >> S40) * BY_TEN16) >> S44
    top += ONE if size - top * TEN16 >= TEN16 else ZERO
    lead = (top * np.int64(41)) >> S12
    two = top - HUNDRED * lead
    two = two + ((two * BY_TEN) >> S10) * JOIN4 - np.int64(0x11)
    w = write_nibbles(size - top * TEN16) - NIBBLES
    valid = ((w & NOT_TWO_BITS) | (two & NOT_TWO_BITS_TWICE)) == ZERO
    valid &= (lead >= ONE) & (lead <= SIX) & (missing <= MAX_MORTON_ORDER)
    w = (w | (w >> S2)) & M4
    w = (w | (w >> S4)) & M8
    w = (w | (w >> S8)) & M16
    w = (w | (w >> S16)) & M32
    two = (two | (two >> S2)) & np.int64(15)
    missing = missing if valid else MAX_MORTON_ORDER
    address = (w | (two << S32)) >> (TWO * missing)
    return valid, (lead - ONE if morton > ZERO else lead + FIVE), MAX_MORTON_ORDER - missing, address
