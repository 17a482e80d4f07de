"""All rolling order statistics: one compiled loop that keeps the keys of a window in order and reads what is asked for.

The kernels of the family call it with a code, so that Numba compiles one function and not one for each.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.one_window import finite_keys, select, to_distances
from ferrumba.timeseries.numba.sorted_keys import step, value_at
from ferrumba.timeseries.numba.windows import CHUNK, MISSING, roll, swap_key, widest

MEDIAN_MAD, QUANTILE, ROBUST_ZSCORE, HAMPEL = range(4)

FEW = 512
"""The longest window that is put in order for one row."""

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
def between(low, high, part):
    """Return a value between two, rounded as NumPy does it; without overflow between opposite extremes."""
    if part == 0.0:
        return low
    rise = high - low
    if rise - rise != 0.0:
        return low * (1.0 - part) + high * part
    return high - rise * (1.0 - part) if part >= 0.5 else low + rise * part


@jit
def quantile(state, count, q):
    """Return a quantile by linear interpolation."""
    place = (count - 1) * q
    rank = np.int64(place)
    return between(value_at(state, rank), value_at(state, min(rank + 1, count - 1)), place - rank)


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


@jit
def selected(state, scratch, count, q):
    """Return a quantile of keys in any order; they are put back where they were."""
    keys, floats, bits = state
    place = (count - 1) * q
    rank = np.int64(place)
    low, high = select(keys, count, rank, scratch)
    bits[0] = swap_key(low)
    below = floats[0]
    bits[0] = swap_key(high)
    if q == 0.5:
        return below if place == rank else midpoint(below, floats[0])
    return between(below, floats[0], place - rank)


@jit
def one_window(values, size, least, propagate, state, what, numbers, first, second):
    """Fill the only row of the tables."""
    keys, floats, _ = state
    scratch, buffer = np.empty(size, np.int64), np.empty(CHUNK)
    for column in range(values.shape[1]):
        count = finite_keys(values, column, values.shape[0] - size, buffer, keys)
        enough = count >= (max(least, size) if propagate else least)
        if what == QUANTILE:
            many = numbers.shape[0]
            for i in range(many):
                first[0, column * many + i] = selected(state, scratch, count, numbers[i]) if enough else np.nan
            continue
        median = selected(state, scratch, count, 0.5) if enough else np.nan
        if first.shape[1] > 0:
            first[0, column] = median
        if second.shape[1] > 0:
            to_distances(floats, count, median, keys)
            second[0, column] = numbers[0] * selected(state, scratch, count, 0.5) if enough else np.nan


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64, float64[::1], float64[:, :], "
    "float64[:, :], boolean[:, :])"
)
def order_statistics(values, window, min_periods, propagate, what, numbers, first, second, flags):
    """Fill the tables that a statistic has; it gets those that it has not, or are not wanted, without columns."""
    rows = max(first.shape[0], second.shape[0])
    floats = np.empty(1)
    size = widest(window, values.shape[0])
    state = np.empty(size, np.int64), floats, floats.view(np.int64)
    if rows == 1 and size > FEW and what <= QUANTILE:
        one_window(values, size, min_periods[0], propagate[0], state, what, numbers, first, second)
        return np.int64(-1)
    outputs = what, numbers, first, second, flags
    roll(values, window, min_periods, propagate, rows, values.shape[1], step, emit, state, outputs)
    return np.int64(-1)
