"""Missing values filled with the last one before them, or the first one behind."""

import numpy as np

from ferrumba.dispatch.jit import jit


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, :])")
def carry(values, window, limit, backward, filled):  # noqa: ARG001 - a window of all rows keeps columns whole
    """Fill ``filled``: a value goes over at most ``limit`` missing ones, down the rows or up; NaN where none came.

    Rows are the outer loop: tables of either order are read once.
    """
    rows, columns = filled.shape
    last, age = np.empty(columns), np.zeros(columns, np.int64)
    last[:] = np.nan
    for step in range(rows):
        row = rows - 1 - step if backward[0] else step
        for column in range(columns):
            value = values[row, column]
            if value - value == 0.0:
                last[column] = value
                age[column] = 0
            else:
                age[column] += 1
            filled[row, column] = last[column] if age[column] <= limit[0] else np.nan
    return np.int64(-1)
