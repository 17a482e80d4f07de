"""Centres of cells given by nested ids."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_ORDER, ONE, first_nan, is_nested, is_order, step
from ferrumba.healpix.numba.project import locate, project


@jit(inline=True)
def nested_centre(nested, order):
    """Return the centre of a cell in degrees, NaN if there is no such cell."""
    o = order & np.int64(31)
    face, ix, iy = locate(nested, o)
    lon, lat = project(face, float(ix) + 0.5, float(iy) + 0.5, float(ONE << o))
    valid = is_order(order, MAX_ORDER) & is_nested(nested, o)
    return (lon, lat) if valid else (math.nan, math.nan)


@jit
def nested_to_lonlat(nested, order, lon, lat):
    """Fill ``lon`` and ``lat``."""
    invalid = False
    if order.shape[0] == 1 and nested.shape[0] == lon.shape[0]:
        o = order[0]
        for i in range(lon.shape[0]):
            x, y = nested_centre(nested[i], o)
            lon[i], lat[i] = x, y
            invalid |= x != x
    else:
        s, so = step(nested), step(order)
        for i in range(lon.shape[0]):
            x, y = nested_centre(nested[i * s], order[i * so])
            lon[i], lat[i] = x, y
            invalid |= x != x
    return first_nan(lon) if invalid else -1
