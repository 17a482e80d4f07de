"""Co-moment and correlation of pairs of columns over the rows that both have, in three passes."""

from math import frexp, ldexp, sqrt

import numpy as np

from ferrumba.dispatch.jit import jit

BLOCK = 1024
"""Rows whose sums are added up by themselves, so that errors grow with 1024 and with n / 1024 instead of n."""


@jit
def scale(values, many):
    """Make the values differences from the first one, scaled by a power of two so that nothing overflows.

    Returns
    -------
    up : int
        The exponent of the power that was divided by, from -1022 to 1022.
    varies : bool
        Whether there are two values.
    """
    largest, first, varies = 0.0, values[0], False
    for place in range(many):
        largest = max(largest, abs(values[place]))
        varies |= values[place] != first
    up = min(max(frexp(largest)[1], -1022), 1022) if largest > 0.0 else -1022
    down = ldexp(1.0, -up)
    for place in range(many):
        values[place] = values[place] * down - first * down
    return up, varies


@jit
def mean(values, many):
    """Return the mean of the first values."""
    total = 0.0
    for start in range(0, many, BLOCK):
        block = 0.0
        for place in range(start, min(start + BLOCK, many)):
            block += values[place]
        total += block
    return total / many


@jit
def moments(x, y, many):
    """Return the co-moment and the correlation of the first values of two series, which are changed."""
    if many == 0:
        return np.nan, np.nan
    up_x, varies_x = scale(x, many)
    up_y, varies_y = scale(y, many)
    if not (varies_x and varies_y):
        return 0.0, np.nan
    mean_x, mean_y = mean(x, many), mean(y, many)
    rest_x, rest_y, xx, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0
    for start in range(0, many, BLOCK):
        sum_x, sum_y, sum_xx, sum_yy, sum_xy = 0.0, 0.0, 0.0, 0.0, 0.0
        for place in range(start, min(start + BLOCK, many)):
            dx, dy = x[place] - mean_x, y[place] - mean_y
            sum_x += dx
            sum_y += dy
            sum_xx += dx * dx
            sum_yy += dy * dy
            sum_xy += dx * dy
        rest_x += sum_x
        rest_y += sum_y
        xx += sum_xx
        yy += sum_yy
        xy += sum_xy
    xx -= rest_x * rest_x / many
    yy -= rest_y * rest_y / many
    xy -= rest_x * rest_y / many
    correlation = min(max(xy / sqrt(xx * yy), -1.0), 1.0)
    # The larger factor first: the other way around, a small moment would lose bits on its way.
    return xy * ldexp(1.0, max(up_x, up_y)) * ldexp(1.0, min(up_x, up_y)), correlation


@jit
def pair_moments(columns, length, first, second, count, moment, correlation):
    """Fill the results of pairs of series of a length; NaN where nothing is shared."""
    x, y = np.empty(length[0]), np.empty(length[0])
    for k in range(first.shape[0]):
        many = np.int64(0)
        for row in range(length[0]):
            a, b = columns[first[k], row], columns[second[k], row]
            if a - a == 0.0 and b - b == 0.0:
                x[many] = a
                y[many] = b
                many += 1
        count[k] = many
        moment[k], correlation[k] = moments(x, y, many)
    return np.int64(-1)
