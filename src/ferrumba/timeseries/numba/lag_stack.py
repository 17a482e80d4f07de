"""Every column beside itself some rows earlier."""

import numpy as np

from ferrumba.dispatch.jit import jit


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], float64[:, :])")
def lag_stack(values, window, lags, stacked):  # noqa: ARG001 - the window is one more than the largest lag
    """Fill ``stacked``: the lags of a column are side by side; NaN before the first row."""
    rows, columns = stacked.shape[0], values.shape[1]
    many = lags.shape[0]
    history = values.shape[0] - rows
    for row in range(rows):
        for column in range(columns):
            for k in range(many):
                source = history + row - lags[k]
                stacked[row, column * many + k] = values[source, column] if source >= 0 else np.nan
    return np.int64(-1)
