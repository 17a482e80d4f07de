"""All rolling order statistics: one compiled loop that keeps the keys of a window in order and reads what is asked for.

The kernels of the family call it with a code, so that Numba compiles one function and not one for each.
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.one_window import finite_keys, select, to_distances
from ferrumba.timeseries.numba.sorted_values import signed, slide
from ferrumba.timeseries.numba.windows import CHUNK, swap_key, widest

MEDIAN_MAD, QUANTILE, ROBUST_ZSCORE, HAMPEL = range(4)

FEW = 512
"""The longest window that is put in order for one row."""

LONG = 256
"""The longest windows that are kept in order."""

NO_TABLE = np.empty((0, 0))
NO_FLAGS = np.empty((0, 0), np.bool_)
NO_NUMBERS = np.empty(0)


@jit(inline=True)
def midpoint(low, high):
    """Return the mean of two values, also where their sum is beyond the largest float."""
    total = low + high
    return 0.5 * total if total - total == 0.0 else 0.5 * low + 0.5 * high


@jit(inline=True)
def middle(windows, now, count, negative_zeros):
    """Return the median of a window that has at least one value."""
    half = count >> np.int64(1)
    upper = signed(windows, now, count, half, negative_zeros)
    if count & np.int64(1):
        return upper
    return midpoint(signed(windows, now, count, half - 1, negative_zeros), upper)


@jit(inline=True)
def deviation(windows, now, count, median):
    """Return the median of the distances to the median.

    The k + 1 values nearest to m stand together: the largest of their distances is ``max(m - v[i], v[i + k] - m)``, i
    the first of them, and least where the first term, which falls with i, meets the second, which rises. Rounding
    keeps the order of distances on either side, so that the result is that of sorting the rounded distances. The
    infinities around a window make every look beyond its values one at an infinite distance.
    """
    k = (count - 1) >> np.int64(1)
    low, many = np.int64(1), count - k  # the first i whose second term is not less is among ``many`` from ``low`` on
    while many > 0:
        half = many >> np.int64(1)
        less = windows[now, low + half + k] - median < median - windows[now, low + half]
        low = low + half + 1 if less else low
        many = many - half - 1 if less else half
    right, left = windows[now, low + k] - median, median - windows[now, low - 1]
    nearer, farther = (left, right) if left < right else (right, left)
    if count & np.int64(1):
        return nearer + 0.0  # the difference of two zeros may be -0.0
    beyond = median - windows[now, low - 2] if left < right else windows[now, low + k + 1] - median
    return midpoint(nearer, beyond if beyond < farther else farther) + 0.0


@jit(inline=True)
def between(low, high, part):
    """Return a value between two, rounded as NumPy does it; without overflow between opposite extremes."""
    if part == 0.0:
        return low
    rise = high - low
    if rise - rise != 0.0:
        return low * (1.0 - part) + high * part
    return high - rise * (1.0 - part) if part >= 0.5 else low + rise * part


@jit(inline=True)
def quantile(windows, now, count, negative_zeros, q):
    """Return a quantile by linear interpolation."""
    place = (count - 1) * q
    rank = np.int64(place)
    low = signed(windows, now, count, rank, negative_zeros)
    return between(low, signed(windows, now, count, min(rank + 1, count - 1), negative_zeros), place - rank)


@jit(inline=True)
def robust_score(distance, spread, limit, strict):
    """Return a distance in units of the spread, within the limit; what a spread of 0 gives is NaN if ``strict``."""
    if spread != 0.0:
        score = distance / spread
        return limit if score > limit else -limit if score < -limit else score
    if strict != 0.0:
        return np.nan
    return limit if distance > 0.0 else -limit if distance < 0.0 else 0.0


@jit(inline=True)
def record(what, numbers, value, median, mad, row, column, first, second, flags):
    """Write what a statistic makes of a value, the median of its window, and the deviation."""
    if what == MEDIAN_MAD:
        if first.shape[1] > 0:
            first[row, column] = median
        if second.shape[1] > 0:
            second[row, column] = numbers[0] * mad
    elif value - value != 0.0 or median != median:
        first[row, column] = np.nan
        if what == HAMPEL:
            flags[row, column] = False
    else:
        distance = value - median
        spread = numbers[0] * max(mad, numbers[1])
        if what == HAMPEL:
            far = abs(distance) > numbers[2] * spread
            first[row, column] = median if far else value
            flags[row, column] = far
        else:
            first[row, column] = robust_score(distance, spread, numbers[2], numbers[3])


@jit
def selected(keys, scratch, count, q):
    """Return a quantile of keys in any order."""
    pair = np.empty(2)
    bits = pair.view(np.int64)
    place = (count - 1) * q
    rank = np.int64(place)
    low, high = select(keys, count, rank, scratch)
    bits[0], bits[1] = swap_key(low), swap_key(high)
    if q == 0.5:
        return pair[0] if place == rank else midpoint(pair[0], pair[1])
    return between(pair[0], pair[1], place - rank)


@jit
def one_window(values, size, least, propagate, what, numbers, first, second):
    """Fill the only row of the tables."""
    keys, scratch, buffer = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(CHUNK)
    for column in range(values.shape[1]):
        count = finite_keys(values, column, values.shape[0] - size, buffer, keys)
        enough = count >= (max(least, size) if propagate else least)
        if what == QUANTILE:
            many = numbers.shape[0]
            for i in range(many):
                first[0, column * many + i] = selected(keys, scratch, count, numbers[i]) if enough else np.nan
            continue
        median = selected(keys, scratch, count, 0.5) if enough else np.nan
        if first.shape[1] > 0:
            first[0, column] = median
        if second.shape[1] > 0:
            to_distances(buffer, count, median, keys)
            second[0, column] = numbers[0] * selected(keys, scratch, count, 0.5) if enough else np.nan


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], int64, float64[::1], float64[:, :], "
    "float64[:, :], boolean[:, :])"
)
def short_windows(table, window, min_periods, propagate, what, numbers, first, second, flags):
    """Fill the tables from windows in order.

    One loop, without tuples of arrays: each look into one counts references in atomic operations, which took ten times
    as long as the statistic.
    """
    total, rows = table.shape[0], max(first.shape[0], second.shape[0])
    history, size, many = total - rows, widest(window, total), numbers.shape[0]
    if rows == 1 and size > FEW and what <= QUANTILE:
        one_window(table, size, min_periods[0], propagate[0], what, numbers, first, second)
        return np.int64(-1)
    deviations = what != MEDIAN_MAD or second.shape[1] > 0
    windows, ring = np.empty((2, size + 4)), np.empty(size)
    windows[0, 0] = windows[1, 0] = -np.inf
    begin = max(np.int64(0), history + 1 - window[0]) if rows > 0 else total
    for column in range(table.shape[1]):
        count, negative_zeros, now = np.int64(0), np.int64(0), np.int64(0)
        windows[now, 1] = windows[now, 2] = np.inf
        oldest, head, tail = begin, np.int64(0), np.int64(0)  # the first row of the window; the places of its ends
        for at in range(begin, total):
            row = at - history
            width = window[row if window.shape[0] > 1 and row > 0 else 0]
            leaving = np.inf
            while oldest <= at - width:
                if leaving != np.inf:
                    slide(windows, now, count, leaving, np.inf)
                    now, count = 1 - now, count - 1
                leaving = ring[tail]
                negative_zeros -= leaving == 0.0 and 1.0 / leaving < 0.0
                oldest += 1
                tail = tail + 1 if tail + 1 < size else np.int64(0)
            value = table[at, column]
            entering = value if value - value == 0.0 else np.inf
            negative_zeros += entering == 0.0 and 1.0 / entering < 0.0
            ring[head] = entering
            head = head + 1 if head + 1 < size else np.int64(0)
            if leaving != entering:
                slide(windows, now, count, leaving, entering)
                now, count = 1 - now, count + (entering != np.inf) - (leaving != np.inf)
            if row < 0:
                continue
            enough = count >= (max(min_periods[0], at - oldest + 1) if propagate[0] else min_periods[0])
            if what == QUANTILE:
                for i in range(many):
                    first[row, column * many + i] = (
                        quantile(windows, now, count, negative_zeros, numbers[i]) if enough else np.nan
                    )
                continue
            median = middle(windows, now, count, negative_zeros) if enough else np.nan
            mad = deviation(windows, now, count, median) if enough and deviations else np.nan
            record(what, numbers, value, median, mad, row, column, first, second, flags)
    return np.int64(-1)


def order_statistics(table, window, min_periods, propagate, what, numbers, first, second, flags):
    """Fill the tables that a statistic has; it gets those that it has not, or are not wanted, without columns."""
    arguments = (table, window, min_periods, propagate, what, numbers, first, second, flags)
    if min(window.max(initial=0), table.shape[0]) <= LONG or max(first.shape[0], second.shape[0]) == 1:
        return short_windows(*arguments)
    from ferrumba.timeseries.numba.ranked import ranked  # compiled by the first who needs it

    return ranked(*arguments)
