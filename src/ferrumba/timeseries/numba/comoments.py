"""The nodes of two series: sums of squares and of products about the means."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.pairwise import weight_of

COUNT, X_SUM, Y_SUM, PRODUCT, X_SQUARE, Y_SQUARE = 0, 1, 2, 3, 4, 5


@jit
def join(older, newer, offset, target, x, y, length, size, count):
    """Join nodes: sums of differences from the anchors, of products and of squares about the means; as in moments."""
    part, height = 1.0 / size, np.float64(size)
    c, d = older[COUNT], newer[COUNT]
    weight = weight_of(count * part, 1.0)
    for axis in range(2):
        s, t, r = older[X_SUM + axis], newer[X_SUM + axis], target[X_SUM + axis]
        p, q, v = older[X_SQUARE + axis], newer[X_SQUARE + axis], target[X_SQUARE + axis]
        low, high = x[axis], y[axis]
        if count > 0:
            a = count * part
            for i in range(length):
                moved = t[i + offset] + height * (high[i + offset] - low[i])
                apart = a * moved - s[i]
                r[i] = s[i] + moved
                v[i] = (p[i] + q[i + offset]) + apart * apart * (weight * part)
        else:
            for i in range(length):
                a, b = c[i] * part, d[i + offset] * part
                moved = t[i + offset] + d[i + offset] * (high[i + offset] - low[i])
                apart = a * moved - b * s[i]
                r[i] = s[i] + moved
                v[i] = (p[i] + q[i + offset]) + apart * apart * (weight_of(a, b) * part)
    s, t, u, w = older[X_SUM], newer[X_SUM], older[Y_SUM], newer[Y_SUM]
    p, q, v = older[PRODUCT], newer[PRODUCT], target[PRODUCT]
    x_low, y_low, x_high, y_high = x[0], x[1], y[0], y[1]
    for i in range(length):
        a, b, n = c[i] * part, d[i + offset] * part, d[i + offset]
        if count > 0:
            a, b, n = count * part, 1.0, height
        else:
            weight = weight_of(a, b)
        x_apart = a * (t[i + offset] + n * (x_high[i + offset] - x_low[i])) - b * s[i]
        y_apart = a * (w[i + offset] + n * (y_high[i + offset] - y_low[i])) - b * u[i]
        v[i] = (p[i] + q[i + offset]) + x_apart * y_apart * (weight * part)
