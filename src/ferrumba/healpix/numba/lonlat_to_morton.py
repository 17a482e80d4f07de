"""Decimal Morton ids of the cells that hold points."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import COORDINATE, FACE_SHIFT, MAX_MORTON_ORDER, TWELVE, X_SHIFT, ZERO, is_order, rows
from ferrumba.healpix.numba.decimal import ONES, POWERS, pixel_to_morton
from ferrumba.healpix.numba.encode import BLOCK, encode

EIGHT = np.int64(8)


@jit(inline=True)
def packed_to_morton(word, power, ones):
    """Return the decimal id of a packed word, and 0 for -1."""
    x, y = (word >> X_SHIFT) & COORDINATE, word & COORDINATE
    face = word >> FACE_SHIFT
    # healpy's "face 12", which the exact sequence finds within an ulp of the top corner of face 8, has no decimal id.
    morton = pixel_to_morton(face if face < TWELVE else EIGHT, x, y, power, ones)
    return ZERO if word < 0 else morton


@jit
def write_ids(order, out):
    """Replace the packed words in ``out`` by decimal ids."""
    if order.shape[0] == 1:
        o = order[0] if is_order(order[0], MAX_MORTON_ORDER) else ZERO
        power, ones = POWERS[o], ONES[o]
        for i in range(out.shape[0]):
            out[i] = packed_to_morton(out[i], power, ones)
    else:
        for i in range(out.shape[0]):
            o = order[i] if is_order(order[i], MAX_MORTON_ORDER) else ZERO
            out[i] = packed_to_morton(out[i], POWERS[o], ONES[o])


@jit
def lonlat_to_morton(lon, lat, order, morton):
    """Fill ``morton`` block by block: pixels first, then their digits, both in vector registers."""
    first = np.int64(-1)
    n = morton.shape[0]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        out, orders = morton[start:stop], rows(order, start, stop)
        bad = encode(rows(lon, start, stop), rows(lat, start, stop), orders, MAX_MORTON_ORDER, out)
        if bad >= 0 and first < 0:
            first = start + bad
        write_ids(orders, out)
    return first
