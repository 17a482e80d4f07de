"""From coordinates in a face to degrees: the centres and the corners of cells.

The latitude comes from one polynomial of the arcsine: of z in the belt, and in the caps of sin((90 - |lat|) / 2) =
nr / (nside * sqrt(6)), which is accurate at the poles. One polynomial up to 2/3 needs neither a second range nor a
square root.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import ONE, TWO, compact

THREE = np.int64(3)
INVERSE_SQRT6 = 0.408248290463863

# asin(x) / x in degrees and in powers of x * x, minimax in relative error for x * x <= 4/9: 4.1e-17. tests/healpix/
# test_polynomials.py derives them and certifies asin_degrees to 2 ulp.
ASIN = (
    57.29577951308232,
    9.549296585510769,
    4.29718346410377,
    2.557847247776987,
    1.7407594647300857,
    1.2817699592914245,
    0.9952924132339251,
    0.7874180044486292,
    0.7717565675469376,
    -0.1349158623913779,
    3.7175284775157373,
    -10.725260147855245,
    28.419010556935593,
    -50.03660502856205,
    61.76987858359496,
    -45.94803574530177,
    16.844025244373004,
)


@jit(inline=True)
def asin_degrees(x):
    """Return the arcsine of x in degrees, |x| <= 2/3."""
    t = x * x
    p = ASIN[13] + t * (ASIN[14] + t * (ASIN[15] + t * ASIN[16]))
    p = ASIN[8] + t * (ASIN[9] + t * (ASIN[10] + t * (ASIN[11] + t * (ASIN[12] + t * p))))
    p = ASIN[3] + t * (ASIN[4] + t * (ASIN[5] + t * (ASIN[6] + t * (ASIN[7] + t * p))))
    return x * ASIN[0] + x * (t * (ASIN[1] + t * (ASIN[2] + t * p)))


@jit(inline=True)
def locate(nested, order):
    """Return face, ix and iy of a valid nested id."""
    return nested >> (TWO * order), nested_x(nested, order), nested_x(nested >> ONE, order)


@jit(inline=True)
def nested_x(nested, order):
    """Return the coordinate that is in the even bits of a nested id below its face."""
    return compact(nested & ((ONE << (TWO * order)) - ONE))


@jit(inline=True)
def project(face, x, y, nside):
    """Return longitude in [0, 360) and latitude in degrees of the point (x, y) of a face, 0 <= x, y <= nside."""
    row = face >> TWO
    column = float(TWO * (face & THREE) + (ONE - (row & ONE)))  # of the face's centre, in eighths of the circle
    ring = float(row + TWO) * nside - x - y
    north, south = ring < nside, ring > 3.0 * nside
    cap = north | south
    reach = ring if north else (4.0 * nside - ring if south else nside)
    size = 1.0 / nside  # exact
    angle = asin_degrees(reach * size * INVERSE_SQRT6 if cap else (2.0 * nside - ring) * size * (2.0 / 3.0))
    polar = 90.0 - 2.0 * angle
    lat = (-polar if south else polar) if cap else angle
    eighths = column * reach + (x - y)
    eighths = eighths + 8.0 * reach if eighths < 0.0 else eighths
    eighths = eighths - 8.0 * reach if eighths >= 8.0 * reach else eighths
    lon = eighths * 45.0 / reach if reach > 0.0 else column * 45.0
    return lon, lat
