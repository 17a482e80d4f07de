"""The slope of the least-squares line through trailing windows."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.comoments import EMPTY, PRODUCT, X_SQUARE, join, push, tame
from ferrumba.timeseries.numba.two_stacks import roll


@jit(inline=True)
def take(values, clock, column, row):
    """Return the time of a row, what the clock says or its number where there is none, and its value."""
    times = clock[0]
    return times[row, 0] if times.shape[1] > 0 else np.float64(row), values[row, column]


@jit(inline=True)
def results(_count, sums, scale, _wanted, clock):
    """Return the slope; NaN where all times are the same."""
    slope = sums[PRODUCT] / sums[X_SQUARE] * clock[1][0]
    slope = slope / scale[0, 0] / scale[0, 1] * scale[1, 0] * scale[1, 1]
    return (slope if sums[X_SQUARE] > 0.0 else np.nan,)


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :], float64[::1], float64[:, :])")
def rolling_slope(values, window, min_periods, propagate, times, rate, slope):
    """Fill ``slope``, for each ``1 / rate`` of ``times``, or for each row if these have no column."""
    rules, clock = (window, min_periods, propagate), (times, rate)
    roll(take, tame, push, join, results, values, clock, rules, slope.shape[1], EMPTY, (slope,))
    return np.int64(-1)
