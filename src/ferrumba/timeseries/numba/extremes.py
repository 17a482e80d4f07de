"""The least or the greatest value of trailing windows, in two parts that meet at a seam.

Of the rows behind the seam each knows the extreme from itself to the seam, and one number is that of the rows after it.
When the window has passed the seam, it moves to the end of the window. So each row is looked at twice, whatever the
window.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.windows import CHUNK, MISSING, load_keys, swap_key, widest

SPAN = 8
"""Rows that are held at once, in windows; those of one window are read again for the next."""

LAST = np.int64(2**63 - 1)
"""What stands for a missing value: it is greater than all keys."""


@jit(signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64, float64[:, :])")
def extremes(values, window, min_periods, propagate, turned, extreme):
    """Fill ``extreme`` with the least values, or with the greatest: those whose keys are least turned by -1."""
    total, rows = values.shape[0], extreme.shape[0]
    history = total - rows
    span = max(SPAN * widest(window, total), np.int64(CHUNK))
    size = min(span + widest(window, total), total) + 1
    keys, before = np.empty(size, np.int64), np.zeros(size, np.int64)
    floats = np.empty(1)
    bits = floats.view(np.int64)
    buffer, part = np.empty(CHUNK), np.empty(CHUNK, np.int64)
    for column in range(values.shape[1]):
        for start in range(0, rows, span):
            stop = min(start + span, rows)
            begin = max(np.int64(0), history + start + 1 - window[start if window.shape[0] > 1 else 0])
            for row in range(begin, history + stop, CHUNK):
                end = min(row + CHUNK, history + stop)
                load_keys(values, column, row, end, buffer, part)
                for i in range(end - row):
                    place = row - begin + i
                    keys[place] = LAST if part[i] == MISSING else part[i] ^ turned
                    before[place + 1] = before[place] + (part[i] != MISSING)
            first, seam, after = np.int64(0), np.int64(-1), LAST
            for row in range(history + start - begin, history + stop - begin):
                at = row + begin - history
                after = min(after, keys[row])
                first = max(first, row + 1 - window[at if window.shape[0] > 1 else 0])
                if first > seam:
                    seam, after = row, LAST
                    least = LAST
                    for i in range(row, first - 1, -1):
                        least = min(least, keys[i])
                        keys[i] = least
                count = before[row + 1] - before[first]
                if count >= (max(min_periods[0], row + 1 - first) if propagate[0] else min_periods[0]):
                    bits[0] = swap_key(min(after, keys[first]) ^ turned)
                    extreme[at, column] = floats[0]
                else:
                    extreme[at, column] = np.nan
    return np.int64(-1)
