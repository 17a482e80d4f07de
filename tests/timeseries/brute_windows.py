"""Brute force: each window by itself, with NumPy."""

import numpy as np


def sorted_window(values):
    """Return the finite values in ascending order, -0.0 before 0.0."""
    finite = values[np.isfinite(values)]
    return finite[np.lexsort((~np.signbit(finite), finite))]


def rolled(function, x, width, min_periods=1, propagate=False, history=0):
    """Return ``function(sorted finite values)`` of every window of a table; NaN where there are too few.

    ``width`` is a number of rows, or one for each row of the call.
    """
    x = np.asarray(x, np.float64)
    rows = len(x) - history
    widths = np.broadcast_to(width, rows)
    out = np.full((rows, x.shape[1]), np.nan)
    for row in range(rows):
        end = history + row + 1
        window = x[max(0, end - int(widths[row])) : end]
        for column in range(x.shape[1]):
            values = sorted_window(window[:, column])
            needed = max(min_periods, len(window) if propagate else 0)
            if len(values) >= needed:
                out[row, column] = function(values)
    return out


def median(values):
    """Return the middle value, or the mean of two without overflow."""
    low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
    with np.errstate(over="ignore"):
        total = low + high
    if len(values) % 2:
        return high
    return total * 0.5 if np.isfinite(total) else low * 0.5 + high * 0.5


def deviation(values):
    """Return the median of the distances to the median."""
    with np.errstate(over="ignore"):
        return median(np.sort(np.abs(values - median(values))))


def same_bits(expected, found):
    """Return whether two arrays hold the same bits, any NaN being equal to any other."""
    expected, found = np.asarray(expected), np.asarray(found)
    equal = (expected == found) & (np.signbit(expected) == np.signbit(found))
    return bool((equal | (np.isnan(expected) & np.isnan(found))).all())
