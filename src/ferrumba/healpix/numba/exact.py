"""The pixel of a point by healpy's own sequence of floating-point operations, in libm's arithmetic.

Rows that lie too close to the border of a cell for the fast path come here, so this defines every id. The order of the
operations is the definition: healpy's degrees to radians (``x * (pi / 180)`` and ``pi / 2 - .``), the reduction of the
angles, and the pixel formula of the HEALPix C++ library. Sine and cosine must be the C library's scalar ones.

The definition goes down to healpy's one fault: at longitudes within an ulp below 360 and latitudes within an ulp of
-asin(2/3), where the top corner of face 8 is meant, it finds a "face 12", whose ids exist nowhere.
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import ONE, pack

RADIANS = math.pi / 180.0
HALF_PI = math.pi / 2.0
TWO_PI = 2.0 * math.pi
INVERSE_HALF_PI = 2.0 / math.pi
THREE, FOUR, EIGHT = np.int64(3), np.int64(4), np.int64(8)


@jit
def modulo(value, period):
    """Return value modulo period, in [0, period); ``%`` of non-negative numbers is C's fmod, and exact."""
    if value >= 0.0:
        return value % period
    rest = period - (-value) % period
    return 0.0 if rest == period else rest


@jit
def exact_pixel(lon, lat, order):
    """Return the packed word of the cell that healpy finds; lon is finite, lat in [-90, 90], order in range."""
    theta = HALF_PI - lat * RADIANS  # in [0, pi] for these latitudes: healpy's reduction of theta changes nothing
    phi = modulo(lon * RADIANS, TWO_PI)
    cells = ONE << order
    nside = float(cells)
    last = cells - ONE
    z = math.cos(theta)
    distance = abs(z)
    t = modulo(phi * INVERSE_HALF_PI, 4.0)
    if distance <= 2.0 / 3.0:
        rising = nside * (0.5 + t)
        tilt = nside * (z * 0.75)
        jp, jm = np.int64(rising - tilt), np.int64(rising + tilt)
        fp, fm = jp >> order, jm >> order
        if fp == fm:
            face = fp | FOUR
        elif fp < fm:
            face = fp
        else:
            face = fm + EIGHT
        return pack(face, jm & last, last - (jp & last))
    quarter = min(THREE, np.int64(t))
    t -= float(quarter)
    if distance >= 0.99 and (theta < 0.01 or theta > 3.14159 - 0.01):
        size = nside * math.sin(theta) / math.sqrt((1.0 + distance) / 3.0)
    else:
        size = nside * math.sqrt(3.0 * (1.0 - distance))
    jp, jm = min(np.int64(t * size), last), min(np.int64((1.0 - t) * size), last)
    if z >= 0.0:
        return pack(quarter, last - jm, last - jp)
    return pack(quarter + EIGHT, jp, jm)


@jit
def is_lonlat(lon, lat):
    """Tell whether a coordinate pair is valid: a finite longitude and a latitude in [-90, 90]; false for NaN."""
    return (abs(lat) <= 90.0) & (lon - lon == 0.0)
