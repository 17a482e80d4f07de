"""Corners of cells given by nested ids."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_ORDER, ONE, first_nan, is_nested, is_order, step
from ferrumba.healpix.numba.project import locate, project

FOUR, ONE_MORE, TWO_MORE, THREE_MORE = (np.uint64(k) for k in (4, 1, 2, 3))


@jit(inline=True)
def corner(valid, face, x, y, nside):
    """Return a point of a face in degrees, NaN for a cell that does not exist."""
    lon, lat = project(face, x, y, nside)
    return lon if valid else math.nan, lat if valid else math.nan


@jit
def cell_vertices(nested, order, lon, lat):
    """Fill the rows N, W, S, E of ``lon`` and ``lat``, seen as flat arrays with unsigned indices so as to vectorise."""
    invalid = False
    s, so = step(nested), step(order)
    n = lon.shape[0]
    lons, lats = lon.reshape(lon.size), lat.reshape(lat.size)
    for i in range(n):
        cell, o = nested[i * s], order[i * so] & np.int64(31)
        valid = is_order(order[i * so], MAX_ORDER) & is_nested(cell, o)
        face, ix, iy = locate(cell, o)
        nside, x, y = float(ONE << o), float(ix), float(iy)
        k = np.uint64(i) * FOUR
        lons[k], lats[k] = corner(valid, face, x + 1.0, y + 1.0, nside)
        lons[k + ONE_MORE], lats[k + ONE_MORE] = corner(valid, face, x, y + 1.0, nside)
        lons[k + TWO_MORE], lats[k + TWO_MORE] = corner(valid, face, x, y, nside)
        lons[k + THREE_MORE], lats[k + THREE_MORE] = corner(valid, face, x + 1.0, y, nside)
        invalid |= not valid
    return first_nan(lon[:, 0]) if invalid else -1
