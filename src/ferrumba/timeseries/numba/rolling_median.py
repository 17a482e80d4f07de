"""The median of trailing windows."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.sorted_keys import middle, step
from ferrumba.timeseries.numba.windows import roll, widest


@jit(inline=True)
def emit(state, count, enough, outputs, row, column):
    """Write the median of a window."""
    outputs[0][row, column] = middle(state, count) if enough else np.nan


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :])")
def rolling_median(values, window, min_periods, propagate, median):
    """Fill ``median``; the mean of the two middle values where their number is even."""
    rows, columns = median.shape
    state = np.empty(widest(window, values.shape[0]), np.int64), np.empty(1)
    roll(values, window, min_periods, propagate, rows, columns, step, emit, state, (median,))
    return np.int64(-1)
