"""Degrees to packed pixels: a branch-free fast path that vectorises, and healpy's own sequence near borders of cells.

Where the fast path may be trusted
----------------------------------
Let ``u = (0.5 + t + w) * nside`` and ``v = (0.5 + t - w) * nside`` be the exact pixel coordinates of a point (t: the
longitude in quarter turns within its quarter, w: the height in the projection), H healpy's floating-point values of
them and S ours. A point gets healpy's cell whenever H and S have the same integer parts, so it suffices that the
distance from S to the nearest integer exceeds |H - S|. With e = 2**-53 = 1.11e-16, nside = 1 and |lon| <= 720:

* healpy's angles: theta within 5.3e-16 (the product of at most pi/2, the constants, the difference); phi within
  12.6 * 2e + 9.4e-16 (the product, two periods with a rounded 2 pi, the shift); hence t within 3.4e-15 (times 2 / pi,
  rounded near 4) and 0.5 + t within 4e-15.
* healpy's height in the belt: 0.75 z within 5.3e-16, and e for each sum: 6e-15 in all.
* healpy's height in the caps: s = sqrt(3 (1 - z)) has the error 1.5 (sin(theta) * 5.3e-16 + 1e-16) / s + 3e, where
  s >= 0.0122 because theta < 0.01 takes another formula: below 1.4e-14, below 2e-14 with t and the products.
* ours: the polynomial within 2e-15 relative (certified in the tests), five roundings of numbers below 2 in the height
  and its sums: 4e-15; t = lon / 90 + 8 below 16 within 8 * 2e + 8e = 2.7e-15. Together below 8e-15.

So |H - S| < 2.8e-14 * nside < 2**-45 * nside; the guard is 2**-43 * nside. Nothing else needs a guard: where the belt
meets the caps both formulas and their faces agree in the limit, and at the edge of a quarter, or where healpy clamps,
u or v is within the error of an integer. A guard of 2**-43 sends 5e-7 of uniform points to the exact sequence at order
18 and 2.4e-4 at order 29.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import ONE, is_order, pack, step
from ferrumba.healpix.numba.exact import exact_pixel, is_lonlat

BLOCK = 1024
GUARD = 2.0**-43
BELT = 41.8103148957786  # asin(2/3) in degrees; either formula serves within an ulp of it
PER_QUARTER = 1.0 / 90.0
SQRT6 = 2.449489742783178
MINUS_ONE = np.int64(-1)

# sin(r degrees) / r in powers of r * r, minimax in relative error for |r| <= 41.82: 1.86e-15. tests/healpix/
# test_polynomials.py derives and certifies them. One more term, 1.2e-18, changes no id and costs 4 % (measured).
SIN = (
    0.017453292519943264,
    -8.860961556999803e-07,
    1.3496016222923806e-11,
    -9.78838275132953e-17,
    4.1410358322213867e-22,
    -1.1350839744249615e-27,
)


@jit(inline=True)
def sin_degrees(r):
    """Return the sine of r degrees, |r| <= 41.82, within 2e-15 relative."""
    t = r * r
    return r * (SIN[0] + t * (SIN[1] + t * (SIN[2] + t * (SIN[3] + t * (SIN[4] + t * SIN[5])))))


@jit(inline=True)
def fast_pixel(lon, lat, order, nside, limit):
    """Return the packed word of the cell of a point, or -1 where only the exact sequence can tell.

    ``nside`` is 2.0**order and ``limit`` 0.5 - GUARD * nside; NaN, infinities and values out of range give -1.
    """
    away = abs(lat)
    belt = away <= BELT
    p = sin_degrees(lat if belt else 0.5 * (90.0 - away))
    t = lon * PER_QUARTER + 8.0  # positive, so that truncation is the floor
    quarter = np.int32(t)
    f = t - quarter
    h = p * (0.75 if belt else SQRT6)
    # The caps in the belt's terms: A and B hold the face in their integer part, the pixel in their fraction.
    near = f * h
    far = 2.0 - (h - near)
    south = lat < 0.0
    centre = 0.5 + f
    u = nside * (centre + h if belt else (near if south else far))
    v = nside * (centre - h if belt else (far if south else near))
    ju, jv = np.int32(u), np.int32(v)
    trusted = (abs((u - ju) - 0.5) < limit) & (abs((v - jv) - 0.5) < limit) & (away <= 90.0) & (abs(lon) <= 720.0)
    o = np.int32(order)
    last = (np.int32(1) << o) - np.int32(1)
    fu, fv = ju >> o, jv >> o
    q = quarter & np.int32(3)
    face = (np.int32(4) + ((q + fv) & np.int32(3))) if fu == fv else q + np.int32(8) * fv
    word = pack(np.int64(face), np.int64(ju & last), np.int64(~jv & last))
    return word if trusted else MINUS_ONE


@jit(inline=True)
def scale(order, highest):
    """Return 2.0**order, or 0.0 for an order out of range, at which ``fast_pixel`` trusts nothing."""
    return float(ONE << order) if is_order(order, highest) else 0.0


@jit
def encode(lon, lat, order, highest, out):
    """Fill ``out``, one block of rows, with packed words, -1 in invalid rows; return the first invalid row or -1."""
    untrusted = np.int64(0)
    if order.shape[0] == 1 and lon.shape[0] == out.shape[0] and lat.shape[0] == out.shape[0]:
        nside = scale(order[0], highest)
        o = order[0] & np.int64(31)
        limit = 0.5 - GUARD * nside
        for i in range(out.shape[0]):
            word = fast_pixel(lon[i], lat[i], o, nside, limit)
            out[i] = word
            untrusted |= word
    else:
        sx, sy, so = step(lon), step(lat), step(order)
        for i in range(out.shape[0]):
            nside = scale(order[i * so], highest)
            word = fast_pixel(lon[i * sx], lat[i * sy], order[i * so] & np.int64(31), nside, 0.5 - GUARD * nside)
            out[i] = word
            untrusted |= word
    return repair(lon, lat, order, highest, out) if untrusted < 0 else np.int64(-1)


@jit(inline=True)
def exact_word(lon, lat, order, highest):
    """Return the packed word by the exact sequence, or -1 for an invalid point or order."""
    return exact_pixel(lon, lat, order) if is_order(order, highest) and is_lonlat(lon, lat) else MINUS_ONE


@jit(inline=True)
def pixel(lon, lat, order, highest):
    """Return the packed word of the cell of one point, or -1 for an invalid point or order."""
    nside = scale(order, highest)
    word = fast_pixel(lon, lat, order & np.int64(31), nside, 0.5 - GUARD * nside)
    return word if word >= 0 else exact_word(lon, lat, order, highest)


@jit
def repair(lon, lat, order, highest, out):
    """Replace each -1 in ``out`` by the exact pixel if its row is valid; return the first that is not, or -1."""
    bad = np.int64(-1)
    sx, sy, so = step(lon), step(lat), step(order)
    for i in range(out.shape[0]):
        if out[i] < 0:
            out[i] = exact_word(lon[i * sx], lat[i * sy], order[i * so], highest)
            if out[i] < 0 and bad < 0:
                bad = np.int64(i)
    return bad
