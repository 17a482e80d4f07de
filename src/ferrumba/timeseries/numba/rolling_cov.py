"""Covariance and correlation of pairs of columns in trailing windows."""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.comoments import COUNT, PRODUCT, X_SQUARE, Y_SQUARE, join
from ferrumba.timeseries.numba.pairwise import roll_trees


@jit
def load(values, pairs, column, start, stop, raw):
    """Read some rows of both columns of a pair."""
    for axis in range(2):
        for row in range(start, stop):
            raw[axis, row - start] = values[row, pairs[column, axis]]


@jit(inline=True)
def correlation(product, x_square, y_square):
    """Return a correlation from sums about the means: NaN where a series is constant, and never beyond 1."""
    found = product / math.sqrt(x_square * y_square)
    found = 1.0 if found > 1.0 else -1.0 if found < -1.0 else found
    return found if x_square * y_square > 0.0 else np.nan


@jit
def emit(nodes, _pairs, results, many, scale):
    """Write covariances and correlations."""
    counts, products, squares, others = nodes[COUNT], nodes[PRODUCT], nodes[X_SQUARE], nodes[Y_SQUARE]
    for i in range(many):
        results[0, i] = products[i] / (counts[i] - 1.0) * scale[0, 0] * scale[1, 0] * scale[0, 1] * scale[1, 1]
        results[1, i] = correlation(products[i], squares[i], others[i])


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64[:, ::1], float64[:, :], float64[:, :])"
)
def rolling_cov(values, window, min_periods, propagate, pairs, cov, corr):
    """Fill ``cov`` and ``corr``, each if it has columns."""
    rules = window, min_periods, propagate
    roll_trees(load, join, emit, values, pairs, rules, cov.shape[0], pairs.shape[0], 2, 6, 0, (cov, corr))
    return np.int64(-1)
