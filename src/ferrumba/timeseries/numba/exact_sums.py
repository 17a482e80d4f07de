"""Sums of trailing windows, rounded once.

A sum that loses nothing may be slid: what left it leaves no trace, and its nearest float is a function of the window
alone, in whatever order it was made. Values are cut in two at the unit of one grid, and what is below it is rounded to
a second one. Units are so large beside the largest value in reach that sums of each part are whole numbers of units
below 2**53, which floats hold; and the two sums are added, with one rounding. Where a value has bits below both grids,
as beside one 2**39 times as large in windows of 128, the sums of some rows are made of numbers with ``limbs``.
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.limbs import LIMBS, add, rounded
from ferrumba.timeseries.numba.windows import begin_of, needed_of, widest

LEAST = 256
MOST = 2048


@jit
def grids(largest, width):
    """Return what is added to values up to ``largest``, and taken away again, to round them to two grids.

    The third result is what values must be below.
    """
    exponent = np.int64(1)
    while np.int64(1) << exponent < width:
        exponent += np.int64(1)
    size = min(max(np.int64(math.frexp(largest)[1]), np.int64(-700)), np.int64(1000) - exponent)
    fine = math.ldexp(1.5, size + np.int64(2) * exponent - np.int64(53))
    return math.ldexp(1.5, size + exponent), fine, math.ldexp(1.0, size)


@jit(inline=True)
def is_finite(value):
    """Return whether a value is not missing."""
    return value - value == 0.0


@jit
def slide(values, column, rules, start, stop, history, longest, sums, counts):
    """Fill sums and counts of the windows of some rows; return whether nothing was lost."""
    low, largest = begin_of(rules, start, history, longest), 0.0
    for row in range(low, stop):
        size = abs(values[row, column])
        largest = size if is_finite(size) and size > largest else largest
    coarse_grid, fine_grid, limit = grids(largest, longest)
    coarse, fine, count, lost, first = 0.0, 0.0, 0.0, 0.0, low
    for row in range(low, stop):
        value = values[row, column]
        part = value if is_finite(value) else 0.0
        count += 1.0 if is_finite(value) else 0.0
        high = (part + coarse_grid) - coarse_grid
        below = part - high
        middle = (below + fine_grid) - fine_grid
        lost += abs(below - middle)
        coarse += high
        fine += middle
        if row < start:
            continue
        begin = begin_of(rules, row, history, longest)
        while first < begin:
            value = values[first, column]
            part = value if is_finite(value) else 0.0
            count -= 1.0 if is_finite(value) else 0.0
            high = (part + coarse_grid) - coarse_grid
            coarse -= high
            fine -= ((part - high) + fine_grid) - fine_grid
            first += 1
        sums[row - start] = coarse + fine
        counts[row - start] = count
    return lost == 0.0 and largest < limit


@jit
def slide_exact(values, column, rules, start, stop, history, longest, sums, means):
    """Fill sums and means of the windows of some rows by exact numbers; counts are there."""
    limbs, digits = np.zeros(LIMBS, np.int64), np.empty(LIMBS, np.int64)
    first = begin_of(rules, start, history, longest)
    for row in range(first, stop):
        if is_finite(values[row, column]):
            add(limbs, values[row, column], 1)
        if row < start:
            continue
        begin = begin_of(rules, row, history, longest)
        while first < begin:
            if is_finite(values[first, column]):
                add(limbs, values[first, column], -1)
            first += 1
        count, total = means[row - start], rounded(limbs, digits, False)
        sums[row - start] = total
        if is_finite(total):
            means[row - start] = total / count
        else:
            means[row - start] = rounded(limbs, digits, True) / count * 2.0**64


@jit
def roll_sums(values, rules, total, mean):
    """Fill sums and means of windows, each if it has columns."""
    rows, longest = total.shape[0], widest(rules[0], values.shape[0])
    history = values.shape[0] - rows
    batch = min(max(4 * longest, LEAST), max(longest, MOST))
    sums, counts = np.empty(batch), np.empty(batch)
    means = np.empty(batch)
    for column in range(max(total.shape[1], mean.shape[1])):
        for start in range(history, values.shape[0], batch):
            stop = min(start + batch, values.shape[0])
            exact = slide(values, column, rules, start, stop, history, longest, sums, counts)
            for place in range(stop - start):
                means[place] = sums[place] / counts[place] if exact else counts[place]
            if not exact:
                slide_exact(values, column, rules, start, stop, history, longest, sums, means)
            for row in range(start, stop):
                width = row + 1 - begin_of(rules, row, history, longest)
                enough = counts[row - start] >= needed_of(rules, width)
                if total.shape[1] > 0:
                    total[row - history, column] = sums[row - start] if enough else np.nan
                if mean.shape[1] > 0:
                    mean[row - history, column] = means[row - start] if enough else np.nan
