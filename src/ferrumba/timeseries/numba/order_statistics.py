"""All rolling order statistics: one compiled loop that keeps the keys of a window in order and reads what is asked for.

The kernels of the family call it with a code, so that Numba compiles one function and not one for each.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.sorted_keys import step, value_at
from ferrumba.timeseries.numba.windows import MISSING, roll, swap_key, widest

MEDIAN_MAD, ROBUST_ZSCORE, HAMPEL, QUANTILE = range(4)

NO_TABLE = np.empty((0, 0))
NO_FLAGS = np.empty((0, 0), np.bool_)
NO_NUMBERS = np.empty(0)


@jit(inline=True)
def midpoint(low, high):
    """Return the mean of two values, also where their sum is beyond the largest float."""
    total = low + high
    return 0.5 * total if total - total == 0.0 else 0.5 * low + 0.5 * high


@jit(inline=True)
def middle(state, count):
    """Return the median of the keys, of which there is at least one."""
    upper = value_at(state, count >> np.int64(1))
    if count & np.int64(1):
        return upper
    return midpoint(value_at(state, (count >> np.int64(1)) - 1), upper)


@jit
def deviation(state, count, median):
    """Return the median of the distances to the median.

    The k + 1 values nearest to m stand together: the largest of their distances is ``max(m - v[i], v[i + k] - m)``, i
    the first of them, and least where the first term, which falls with i, meets the second, which rises. Rounding
    keeps the order of distances on either side, so that the result is that of sorting the rounded distances.
    """
    k = (count - 1) >> np.int64(1)
    low, high = np.int64(0), count - k  # the first i whose second term is not less is in [low, high]
    while low < high:
        i = (low + high) >> np.int64(1)
        if value_at(state, i + k) - median < median - value_at(state, i):
            low = i + 1
        else:
            high = i
    right = value_at(state, low + k) - median if low + k < count else np.inf
    left = median - value_at(state, low - 1) if low > 0 else np.inf
    if count & np.int64(1):
        return min(left, right)
    if left < right:
        low -= 1
    below = median - value_at(state, low - 1) if low > 0 else np.inf
    above = value_at(state, low + k + 1) - median if low + k + 1 < count else np.inf
    return midpoint(min(left, right), min(below, above))


@jit(inline=True)
def quantile(state, count, q):
    """Return a quantile by linear interpolation, rounded as NumPy does; without overflow between opposite extremes."""
    place = (count - 1) * q
    rank = np.int64(place)
    part = place - rank
    low = value_at(state, rank)
    if part == 0.0:
        return low
    high = value_at(state, rank + 1)
    rise = high - low
    if rise - rise != 0.0:
        return low * (1.0 - part) + high * part
    return high - rise * (1.0 - part) if part >= 0.5 else low + rise * part


@jit
def emit(state, count, enough, key, outputs, row, column):
    """Write what is asked for of a window."""
    what, numbers, first, second, flags = outputs
    if what == QUANTILE:
        many = numbers.shape[0]
        for i in range(many):
            first[row, column * many + i] = quantile(state, count, numbers[i]) if enough else np.nan
        return
    median = middle(state, count) if enough else np.nan
    if what == MEDIAN_MAD:
        if first.shape[1] > 0:
            first[row, column] = median
        if second.shape[1] > 0:
            second[row, column] = numbers[0] * deviation(state, count, median) if enough else np.nan
        return
    if not enough or key == MISSING:
        first[row, column] = np.nan
        if what == HAMPEL:
            flags[row, column] = False
        return
    state[2][0] = swap_key(key)
    value = state[1][0]
    distance = value - median
    spread = numbers[0] * max(deviation(state, count, median), numbers[1])
    if what == HAMPEL:
        far = abs(distance) > numbers[2] * spread
        first[row, column] = median if far else value
        flags[row, column] = far
    elif spread != 0.0:
        score = distance / spread
        first[row, column] = numbers[2] if score > numbers[2] else -numbers[2] if score < -numbers[2] else score
    elif numbers[3] != 0.0:
        first[row, column] = np.nan
    else:
        first[row, column] = numbers[2] if distance > 0.0 else -numbers[2] if distance < 0.0 else 0.0


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64, float64[::1], float64[:, :], "
    "float64[:, :], boolean[:, :])"
)
def order_statistics(values, window, min_periods, propagate, what, numbers, first, second, flags):
    """Fill the tables that a statistic has; it gets those that it has not, or are not wanted, without columns."""
    rows = max(first.shape[0], second.shape[0])
    floats = np.empty(1)
    state = np.empty(widest(window, values.shape[0]), np.int64), floats, floats.view(np.int64)
    outputs = what, numbers, first, second, flags
    roll(values, window, min_periods, propagate, rows, values.shape[1], step, emit, state, outputs)
    return np.int64(-1)
