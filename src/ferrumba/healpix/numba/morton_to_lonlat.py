"""Centres of cells given by decimal Morton ids."""

import math

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import ONE, compact, first_nan, step
from ferrumba.healpix.numba.decimal import parse
from ferrumba.healpix.numba.project import project


@jit(inline=True)
def morton_centre(morton):
    """Return the centre of a cell in degrees, NaN if the integer is no decimal id."""
    valid, face, order, address = parse(morton)
    x, y = float(compact(address)) + 0.5, float(compact(address >> ONE)) + 0.5
    lon, lat = project(face, x, y, float(ONE << order))
    return (lon, lat) if valid else (math.nan, math.nan)


@jit
def morton_to_lonlat(morton, lon, lat):
    """Fill ``lon`` and ``lat``."""
    invalid = False
    if morton.shape[0] == lon.shape[0]:
        for i in range(lon.shape[0]):
            x, y = morton_centre(morton[i])
            lon[i], lat[i] = x, y
            invalid |= x != x
    else:
        s = step(morton)  # morton[0] instead would be a loop invariant, on whose many selects LLVM spends minutes
        for i in range(lon.shape[0]):
            lon[i], lat[i] = morton_centre(morton[i * s])
            invalid |= lon[i] != lon[i]
    return first_nan(lon) if invalid else -1
