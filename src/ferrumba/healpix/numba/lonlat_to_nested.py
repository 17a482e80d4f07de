"""Nested ids of the cells that hold points."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import COORDINATE, FACE_SHIFT, MAX_ORDER, ONE, TWO, X_SHIFT, rows, spread
from ferrumba.healpix.numba.encode import BLOCK, encode


@jit(inline=True)
def packed_to_nested(word, order):
    """Return the nested id of a packed word; -1 stays -1."""
    x, y = (word >> X_SHIFT) & COORDINATE, word & COORDINATE
    nested = ((word >> FACE_SHIFT) << (TWO * order)) | spread(x) | (spread(y) << ONE)
    return word if word < 0 else nested


@jit
def interleave(order, out):
    """Replace the packed words in ``out`` by nested ids."""
    if order.shape[0] == 1:
        o = order[0] & np.int64(31)
        for i in range(out.shape[0]):
            out[i] = packed_to_nested(out[i], o)
    else:
        for i in range(out.shape[0]):
            out[i] = packed_to_nested(out[i], order[i] & np.int64(31))


@jit
def lonlat_to_nested(lon, lat, order, nested):
    """Fill ``nested`` block by block: pixels first, then interleaving, both in vector registers."""
    first = np.int64(-1)
    n = nested.shape[0]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        out, orders = nested[start:stop], rows(order, start, stop)
        bad = encode(rows(lon, start, stop), rows(lat, start, stop), orders, MAX_ORDER, out)
        if bad >= 0 and first < 0:
            first = start + bad
        interleave(orders, out)
    return first
