"""Covariance and correlation of pairs of columns in trailing windows."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.comoments import EMPTY, PRODUCT, X_SQUARE, Y_SQUARE, join, push, tame
from ferrumba.timeseries.numba.two_stacks import roll


@jit(inline=True)
def take(values, pairs, column, row):
    """Return the values of both columns of a pair."""
    return values[row, pairs[column, 0]], values[row, pairs[column, 1]]


@jit(inline=True)
def correlation(product, x_square, y_square):
    """Return a correlation from sums about the means: NaN where a series is constant, and never beyond 1."""
    found = product / math.sqrt(x_square * y_square)
    found = 1.0 if found > 1.0 else -1.0 if found < -1.0 else found
    return found if x_square * y_square > 0.0 else np.nan


@jit(inline=True)
def results(count, sums, scale, _wanted, _pairs):
    """Return covariance and correlation."""
    cov = sums[PRODUCT] * (1.0 / (count - 1.0)) * scale[0, 0] * scale[1, 0] * scale[0, 1] * scale[1, 1]
    return cov, correlation(sums[PRODUCT], sums[X_SQUARE], sums[Y_SQUARE])


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64[:, ::1], float64[:, :], float64[:, :])"
)
def rolling_cov(values, window, min_periods, propagate, pairs, cov, corr):
    """Fill ``cov`` and ``corr``, each if it has columns."""
    rules = window, min_periods, propagate
    roll(take, tame, push, join, results, values, pairs, rules, pairs.shape[0], EMPTY, (cov, corr))
    return np.int64(-1)
