"""Sum, mean, variance, standard deviation, skewness and kurtosis of trailing windows.

The sums of a node are the mean of differences from the anchor, and the sums of powers of differences from the mean.
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.exact_sums import roll_sums
from ferrumba.timeseries.numba.two_stacks import calm_or_zero, roll, shares


@jit(inline=True)
def take(values, _more, column, row):
    """Return the value of a row of a column."""
    return (values[row, column],)


@jit(inline=True)
def tame(observation, scale):
    """Return the value, scaled."""
    return (calm_or_zero(observation[0], scale[0]),)


@jit(inline=True)
def push_square(sums, observation, anchor, before, part):
    """Take a value into the mean and the squares."""
    mean, squares = sums
    apart = (observation[0] - anchor[0]) - mean
    moved = apart * part
    return mean + moved, squares + apart * moved * before


@jit(inline=True)
def join_squares(older, place, newer, last, first, count, added):
    """Join means and squares."""
    both = shares(count, added)[2]
    apart = (newer[0] - older[place, 0]) + (first[0] - last[0])
    return older[place, 0], (older[place, 1] + newer[1]) + apart * apart * both


@jit(inline=True)
def spread(count, sums, scale, _wanted, _more):
    """Return variance and standard deviation."""
    variance = sums[1] * (1.0 / (count - 1.0))
    up, further = scale[0, 0], scale[0, 1]
    return variance * up * up * further * further, math.sqrt(variance) * up * further


@jit(inline=True)
def push_fourth(sums, observation, anchor, before, part):
    """Take a value into all sums; see Pebay, SAND2008-6212."""
    mean, squares, cubes, fourths = sums
    apart = (observation[0] - anchor[0]) - mean
    moved = apart * part
    grown, n = apart * moved * before, before + 1.0
    inner = moved * (grown * (n * n - 3.0 * n + 3.0) + 6.0 * squares) - 4.0 * cubes
    fourths += moved * inner
    cubes += moved * (grown * (before - 1.0) - 3.0 * squares)
    return mean + moved, squares + grown, cubes, fourths


@jit(inline=True)
def join_fourths(older, place, newer, last, first, count, added):
    """Join all sums."""
    a, b, both = shares(count, added)
    apart = (newer[0] - older[place, 0]) + (first[0] - last[0])
    grown, low, high = apart * apart * both, older[place, 1], newer[1]
    inner = grown * (a - b) + 3.0 * (a * high - b * low)
    cubes = (older[place, 2] + newer[2]) + apart * inner
    inner = grown * (a * a - a * b + b * b) + 6.0 * (a * a * high + b * b * low)
    inner = apart * inner + 4.0 * (a * newer[2] - b * older[place, 2])
    return older[place, 0], (low + high) + grown, cubes, (older[place, 3] + newer[3]) + apart * inner


@jit(inline=True)
def shape(n, sums, scale, wanted, more):
    """Return variance, standard deviation, skewness and kurtosis, those that are wanted."""
    var, std, skew, kurt = 0.0, 0.0, 0.0, 0.0
    squares = sums[1]
    if wanted[0] or wanted[1]:
        var, std = spread(n, (sums[0], squares), scale, wanted, more)
    if wanted[2]:
        skew = n * sums[2] * math.sqrt((n - 1.0) * squares) / ((n - 2.0) * (squares * squares))
        skew = np.nan if n < 3.0 else 0.0 if squares == 0.0 else skew
    if wanted[3]:
        square, below = squares * squares, (n - 2.0) * (n - 3.0)
        kurt = (n - 1.0) * ((n + 1.0) * n * sums[3] - 3.0 * (n - 1.0) * square) / (below * square)
        kurt = np.nan if n < 4.0 else -3.0 if squares == 0.0 else kurt
    return var, std, skew, kurt


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :], float64[:, :], "
    "float64[:, :], float64[:, :], float64[:, :], float64[:, :])",
)
def rolling_moments(values, window, min_periods, propagate, total, mean, var, std, skew, kurt):
    """Fill the outputs that have columns."""
    rules, columns = (window, min_periods, propagate), values.shape[1]
    if total.shape[1] + mean.shape[1] > 0:
        roll_sums(values, rules, total, mean)
    if skew.shape[1] + kurt.shape[1] > 0:
        empty, outputs = ((0.0,), (0.0, 0.0, 0.0, 0.0)), (var, std, skew, kurt)
        roll(take, tame, push_fourth, join_fourths, shape, values, 0, rules, columns, empty, outputs)
    elif var.shape[1] + std.shape[1] > 0:
        roll(take, tame, push_square, join_squares, spread, values, 0, rules, columns, ((0.0,), (0.0, 0.0)), (var, std))
    return np.int64(-1)
