"""Missing values on the line between their neighbours."""

import numpy as np

from ferrumba.dispatch.jit import jit

INSIDE, OUTSIDE = np.int64(1), np.int64(2)


@jit
def on_line(x0, y0, x1, y1, x):
    """Return the value at x of the line through two points, as ``numpy.interp`` has it unless that overflows."""
    slope = (y1 - y0) / (x1 - x0)
    value = slope * (x - x0) + y0
    if value - value == 0.0:
        return value
    share = (x - x0) / (x1 - x0)
    return y0 * (1.0 - share) + y1 * share


@jit(signature="int64(float64[:, :], int64[::1], float64[::1], int64[::1], int64[::1], int64[::1], float64[:, :])")
def interpolate(values, window, position, forward, backward, area, filled):  # noqa: ARG001 - as in carry
    """Fill ``filled``: in every gap the first ``forward`` and the last ``backward`` values, NaN elsewhere.

    A gap at an end takes the one neighbour that it has. ``area`` is 0 for all gaps, 1 for those between values, 2 for
    those at the ends. Rows are the outer loop: tables of either order are read once, and a gap when it ends.
    """
    rows, columns = filled.shape
    before = np.empty(columns, np.int64)  # the row of the last value
    before[:] = -1
    for row in range(rows + 1):
        for column in range(columns):
            found = row < rows and values[row, column] - values[row, column] == 0.0
            start = before[column] + 1
            if (found or row == rows) and start < row:
                inner = start > 0 and row < rows
                wanted = area[0] == 0 or (area[0] == INSIDE) == inner
                for place in range(start, row):
                    carried = start > 0 and place - start < forward[0]
                    near = carried or (row < rows and row - place <= backward[0])
                    value = np.nan
                    if wanted and near:
                        if inner:
                            value = on_line(
                                position[start - 1],
                                values[start - 1, column],
                                position[row],
                                values[row, column],
                                position[place],
                            )
                        else:
                            value = values[start - 1 if start > 0 else row, column]
                    filled[place, column] = value
            if found:
                filled[row, column] = values[row, column]
                before[column] = row
    return np.int64(-1)
