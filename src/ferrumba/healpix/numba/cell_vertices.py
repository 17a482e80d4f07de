"""Corners of cells given by nested ids."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_ORDER, ONE, first_nan, is_nested, is_order, step
from ferrumba.healpix.numba.project import locate, project


@jit(inline=True)
def corners(nested, order):
    """Return longitudes and latitudes of the corners N, W, S, E of a cell, NaN if there is no such cell."""
    o = order & np.int64(31)
    face, ix, iy = locate(nested, o)
    nside = float(ONE << o)
    x, y = float(ix), float(iy)
    valid = is_order(order, MAX_ORDER) & is_nested(nested, o)
    north = project(face, x + 1.0, y + 1.0, nside)
    west = project(face, x, y + 1.0, nside)
    south = project(face, x, y, nside)
    east = project(face, x + 1.0, y, nside)
    return valid, north, west, south, east


@jit
def cell_vertices(nested, order, lon, lat):
    """Fill the rows of ``lon`` and ``lat``."""
    invalid = False
    s, so = step(nested), step(order)
    for i in range(lon.shape[0]):
        valid, north, west, south, east = corners(nested[i * s], order[i * so])
        lon[i, 0], lat[i, 0] = north if valid else (math.nan, math.nan)
        lon[i, 1], lat[i, 1] = west if valid else (math.nan, math.nan)
        lon[i, 2], lat[i, 2] = south if valid else (math.nan, math.nan)
        lon[i, 3], lat[i, 3] = east if valid else (math.nan, math.nan)
        invalid |= not valid
    return first_nan(lon[:, 0]) if invalid else -1
