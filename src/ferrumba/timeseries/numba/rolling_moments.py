"""Sum, mean, variance, standard deviation, skewness and kurtosis of trailing windows."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.pairwise import load_column, roll_trees, weight_of

COUNT, TOTAL, SUM, SECOND, THIRD, FOURTH = 0, 1, 2, 3, 4, 5


@jit
def join(older, newer, offset, target, x, y, length, size, count):
    """Join nodes: the plain sum, that of differences from the anchor, and those of powers of differences from the mean.

    Of a and b values with the sums s and t of differences from one anchor, ``(a * t - b * s)**2 / (a * b * (a + b))``
    is what their second central sums lack to that of all together; for the others see Pebay, SAND2008-6212. Counts
    are given as shares of ``size``, by which everything is exact where nodes are full.
    """
    fields = older.shape[0]
    part, height = 1.0 / size, np.float64(size)
    old, new, joined = older[TOTAL], newer[TOTAL], target[TOTAL]
    for i in range(length):
        joined[i] = old[i] + new[i + offset]
    if fields <= SUM:
        return
    c, s, p = older[COUNT], older[SUM], older[SECOND]
    d, t, q = newer[COUNT], newer[SUM], newer[SECOND]
    r, v = target[SUM], target[SECOND]
    x, y = x[0], y[0]
    weight = weight_of(count * part, 1.0)
    for i in range(length):
        a, b, n = c[i] * part, d[i + offset] * part, d[i + offset]
        if count > 0:
            a, b, n = count * part, 1.0, height
        else:
            weight = weight_of(a, b)
        moved = t[i + offset] + n * (y[i + offset] - x[i])
        apart = a * moved - b * s[i]
        r[i] = s[i] + moved
        v[i] = (p[i] + q[i + offset]) + apart * apart * (weight * part)
    if fields <= FOURTH:
        return
    e, f, g = older[THIRD], newer[THIRD], target[THIRD]
    k, m, o = older[FOURTH], newer[FOURTH], target[FOURTH]
    for i in range(length):
        a, b, n = c[i] * part, d[i + offset] * part, d[i + offset]
        if count > 0:
            a, b, n = count * part, 1.0, height
        else:
            weight = weight_of(a, b)
        moved = t[i + offset] + n * (y[i + offset] - x[i])
        apart = (a * moved - b * s[i]) * (weight * (a + b) * part)
        low, high, cubes, more_cubes = p[i], q[i + offset], e[i], f[i + offset]
        share, other, both = a * a * b * weight, a * b * b * weight, height * a * (a * b * b * weight)
        inner = 3.0 * (share * high - other * low) + apart * apart * both * (share - other)
        g[i] = (cubes + more_cubes) + apart * inner
        inner = 6.0 * (share * share * high + other * other * low)
        inner += apart * apart * both * (share * share - share * other + other * other)
        o[i] = (k[i] + m[i + offset]) + apart * (4.0 * (share * more_cubes - other * cubes) + apart * inner)


@jit
def emit(nodes, _more, results, many, scale):
    """Write the results of nodes; a sum of zeros is 0.0."""
    up, further = scale[0, 0], scale[0, 1]
    counts, totals = nodes[COUNT], nodes[TOTAL]
    for i in range(many):
        results[0, i] = (totals[i] + 0.0) * up * further
        results[1, i] = (totals[i] + 0.0) / counts[i] * up * further
    if nodes.shape[0] <= SUM:
        return
    squares = nodes[SECOND]
    for i in range(many):
        variance = squares[i] / (counts[i] - 1.0)
        results[2, i] = variance * up * up * further * further
        results[3, i] = math.sqrt(variance) * up * further
    if nodes.shape[0] <= FOURTH:
        return
    cubes, fourths = nodes[THIRD], nodes[FOURTH]
    for i in range(many):
        n, square = counts[i], squares[i]
        skew = n * math.sqrt(n - 1.0) / (n - 2.0) * (cubes[i] / (square * math.sqrt(square)))
        kurt = (
            (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * n * (fourths[i] / (square * square)) - 3.0 * (n - 1.0))
        )
        results[4, i] = np.nan if n < 3.0 else 0.0 if square == 0.0 else skew
        results[5, i] = np.nan if n < 4.0 else -3.0 if square == 0.0 else kurt


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :], float64[:, :], "
    "float64[:, :], float64[:, :], float64[:, :], float64[:, :])",
)
def rolling_moments(values, window, min_periods, propagate, total, mean, var, std, skew, kurt):
    """Fill the outputs that have columns."""
    rules = window, min_periods, propagate
    outputs = total, mean, var, std, skew, kurt
    fields = 2
    if var.shape[1] + std.shape[1] > 0:
        fields = 4
    if skew.shape[1] + kurt.shape[1] > 0:
        fields = 6
    roll_trees(
        load_column, join, emit, values, values, rules, mean.shape[0], values.shape[1], 1, fields, TOTAL, outputs
    )
    return np.int64(-1)
