"""The bounds of a set of points, and the first that is not finite."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import LIMIT


@jit
def survey(points, bounds):
    """Fill ``bounds`` with the minima and the maxima of the valid points, (inf, -inf) where there are none."""
    first = np.int64(-1)
    x0 = y0 = z0 = np.inf
    x1 = y1 = z1 = -np.inf
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        if abs(x) <= LIMIT and abs(y) <= LIMIT and abs(z) <= LIMIT:
            x0 = x if x < x0 else x0
            y0 = y if y < y0 else y0
            z0 = z if z < z0 else z0
            x1 = x if x > x1 else x1
            y1 = y if y > y1 else y1
            z1 = z if z > z1 else z1
        elif first < 0:
            first = np.int64(i)
    bounds[0, 0], bounds[0, 1], bounds[0, 2] = x0, y0, z0
    bounds[1, 0], bounds[1, 1], bounds[1, 2] = x1, y1, z1
    return first
