"""Values less the middle of their column."""

import numpy as np

from ferrumba.dispatch.jit import jit


@jit
def centre(values, middle, centred, missing):
    """Fill ``centred``, with 0 where the value is not finite, and ``missing``."""
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            finite = value - value == 0.0
            difference = value - middle[column]
            centred[row, column] = difference if finite else 0.0
            missing[row, column] = not finite
    return np.int64(-1)
