"""Testing a run of points that are neighbours in memory.

Four kernels go through the chunks of a ball's runs in the same three loops. As a generator that all of them could
share, ``decimate`` took 1.5 times as long.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import PERIOD, nearest_image, whole_vectors

CHUNK = 256
"""Points that are tested before their hits are gathered."""
RUNS = 16
"""Runs of a ball that are planned at once."""


@jit(inline=True)
def squares(x, y, z, begin, count, qx, qy, qz, frame, periodic, out):
    """Fill ``out`` with the squared distances of up to CHUNK points and, behind them, of some that do not count."""
    first = np.uint64(begin)
    n = whole_vectors(np.uint64(count))
    if periodic:
        lx, ly, lz = frame[0, PERIOD], frame[1, PERIOD], frame[2, PERIOD]
        for j in range(n):
            i = first + j
            dx, dy, dz = nearest_image(x[i] - qx, lx), nearest_image(y[i] - qy, ly), nearest_image(z[i] - qz, lz)
            out[j] = ((dx * dx) + (dy * dy)) + (dz * dz)
    else:
        for j in range(n):
            i = first + j
            dx, dy, dz = x[i] - qx, y[i] - qy, z[i] - qz
            out[j] = ((dx * dx) + (dy * dy)) + (dz * dz)
