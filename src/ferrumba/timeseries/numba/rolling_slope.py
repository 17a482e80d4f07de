"""The slope of the least-squares line through trailing windows."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.comoments import PRODUCT, X_SQUARE, join
from ferrumba.timeseries.numba.pairwise import roll_trees


@jit
def load(values, clock, column, start, stop, raw):
    """Read some rows of a column, and their times: what the clock says, or their numbers where there is none."""
    times = clock[0]
    for row in range(start, stop):
        raw[0, row - start] = times[row, 0] if times.shape[1] > 0 else np.float64(row)
        raw[1, row - start] = values[row, column]


@jit
def emit(nodes, clock, results, many, scale):
    """Write slopes; NaN where all times are the same."""
    rate = clock[1][0]
    products, squares = nodes[PRODUCT], nodes[X_SQUARE]
    for i in range(many):
        slope = products[i] / squares[i] * rate
        slope = slope / scale[0, 0] / scale[0, 1] * scale[1, 0] * scale[1, 1]
        results[0, i] = slope if squares[i] > 0.0 else np.nan


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :], float64[::1], float64[:, :])")
def rolling_slope(values, window, min_periods, propagate, times, rate, slope):
    """Fill ``slope``, for each ``1 / rate`` of ``times``, or for each row if these have no column."""
    rules = window, min_periods, propagate
    roll_trees(load, join, emit, values, (times, rate), rules, slope.shape[0], slope.shape[1], 2, 6, 0, (slope,))
    return np.int64(-1)
