"""The loop of the rolling moments: a window is the end of one stack and the whole of another.

Rows come in blocks. The first stack holds, for each row before a block, the node of all rows from there to the block;
the second grows with the rows of the block. A window joins a node of the first to that of the second, and when its
first row has come to the end of the first stack, a new block begins. So nothing is subtracted that had been added, what
is before a window leaves no trace, and a row costs two pushes and a join, however long the windows are.

Windows of one width have blocks of that width from the first row of the call on. Values are taken relative to an
anchor, the last calm one before the block or the first one in it, which is in the window as long as the others of its
stack are: offsets leave no trace.

Values beyond 2**180, and those below 2**-180 but not 0, whose fourth powers overflow or underflow, are wild. A window
with one of them is computed by itself, scaled by powers of two.
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.windows import begin_of, needed_of, widest

LARGEST = 2.0**180
SMALLEST = 2.0**-180


@jit(inline=True)
def is_calm(values):
    """Return whether the fourth powers of values neither overflow nor underflow."""
    calm = True
    for value in values:
        size = abs(value)
        calm &= (size <= LARGEST) & ((size >= SMALLEST) | (size == 0.0))
    return calm


@jit(inline=True)
def is_finite(values):
    """Return whether all values are finite."""
    finite = True
    for value in values:
        finite &= value - value == 0.0
    return finite


@jit(inline=True)
def keep(older, counts, place, sums, count):
    """Note a node."""
    for field in range(len(sums)):
        older[place, field] = sums[field]
    counts[place] = count


@jit(inline=True)
def write(outputs, row, column, found):
    """Write results to the outputs that have columns."""
    for index in range(len(outputs)):
        if outputs[index].shape[1] > 0:
            outputs[index][row, column] = found[index]


@jit(inline=True)
def scales(take, values, more, column, first, stop, scale):
    """Find powers of two, two for each series, by which the largest finite values are about 1."""
    scale[:, 0] = 0.0
    for row in range(first, stop):
        observation = take(values, more, column, row)
        if is_finite(observation):
            for series in range(len(observation)):
                scale[series, 0] = max(scale[series, 0], abs(observation[series]))
    for series in range(scale.shape[0]):
        exponent = max(math.frexp(scale[series, 0])[1], -1022)
        half = exponent >> 1
        scale[series, 0], scale[series, 1] = math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)


@jit(inline=True)
def roll_alone(take, tame, push, results, values, more, rules, column, nothing, outputs, start, stop, scale):
    """Make the results of windows with wild values anew, each by itself."""
    history, longest = values.shape[0] - outputs[0].shape[0], widest(rules[0], values.shape[0])
    wanted = np.zeros(len(outputs), np.bool_)
    for index in range(len(outputs)):
        wanted[index] = outputs[index].shape[1] > 0
    latest = np.int64(-1)
    for row in range(begin_of(rules, start, history, longest), stop):
        observation = take(values, more, column, row)
        if is_finite(observation) and not is_calm(observation):
            latest = row
        if row < start:
            continue
        begin = begin_of(rules, row, history, longest)
        if latest < begin:
            continue
        scales(take, values, more, column, begin, row + 1, scale)
        sums, count, first = nothing, 0.0, observation
        for place in range(begin, row + 1):
            observation = take(values, more, column, place)
            if is_finite(observation):
                observation = tame(observation, scale)
                first = observation if count == 0.0 else first
                sums = push(sums, observation, first, count, 1.0 / (count + 1.0))
                count += 1.0
        found = results(count, sums, scale, wanted, more)
        for index in range(len(outputs)):
            if wanted[index]:
                enough = count >= needed_of(rules, row + 1 - begin)
                outputs[index][row - history, column] = found[index] if enough else np.nan


@jit(inline=True)
def roll(take, tame, push, join, results, values, more, rules, columns, empty, outputs):
    """Fill the outputs of a rolling kernel with what its windows give.

    Parameters
    ----------
    take : callable
        ``take(values, more, column, row)`` returns an observation: a value of each series.
    tame : callable
        ``tame(observation, scale)`` returns it divided by both elements of each scale, 0 where that is wild.
    push : callable
        ``push(sums, observation, anchor, before, part)`` takes one into a node that has ``before``; ``part`` is
        ``1 / (before + 1)``.
    join : callable
        ``join(older, place, newer, last, first, count, added)`` joins a row of ``older`` with ``count`` observations,
        which are relative to ``last``, to a node with ``added``, which are relative to ``first``.
    results : callable
        ``results(count, sums, scale, wanted, more)`` makes results of a node.
    rules : tuple
        ``(window, min_periods, propagate)``.
    empty : tuple
        The anchor and the sums of an empty node.
    outputs : tuple
        Tables, with no columns where a result is not wanted.
    """
    rows, longest = outputs[0].shape[0], widest(rules[0], values.shape[0])
    history = values.shape[0] - rows
    zero, nothing = empty
    older, counts = np.empty((longest + 1, len(nothing))), np.empty(longest + 1)
    wanted, plain, scale = np.zeros(len(outputs), np.bool_), np.empty((len(zero), 2)), np.empty((len(zero), 2))
    plain[:, :] = 1.0
    for index in range(len(outputs)):
        wanted[index] = outputs[index].shape[1] > 0
    for column in range(columns):
        start = history
        while start < values.shape[0]:
            low = begin_of(rules, start, history, longest)
            sums, count, last, wild = nothing, 0.0, zero, False
            keep(older, counts, start - low, sums, count)
            for row in range(start - 1, low - 1, -1):
                observation = take(values, more, column, row)
                if is_calm(observation):
                    last = observation if count == 0.0 else last
                    sums = push(sums, observation, last, count, 1.0 / (count + 1.0))
                    count += 1.0
                elif is_finite(observation):
                    wild = True
                keep(older, counts, row - low, sums, count)
            sums, count, first, row = nothing, 0.0, zero, start
            while row < values.shape[0]:
                begin = begin_of(rules, row, history, longest)
                if begin > start:
                    break
                observation = take(values, more, column, row)
                if is_calm(observation):
                    first = observation if count == 0.0 else first
                    sums = push(sums, observation, first, count, 1.0 / (count + 1.0))
                    count += 1.0
                elif is_finite(observation):
                    wild = True
                held = counts[begin - low]
                joined = join(older, begin - low, sums, last if counts[0] > 0.0 else first, first, held, count)
                found = results(held + count, joined, plain, wanted, more)
                if held + count < needed_of(rules, row + 1 - begin):
                    for index in range(len(outputs)):
                        if wanted[index]:
                            outputs[index][row - history, column] = np.nan
                else:
                    write(outputs, row - history, column, found)
                row += 1
            if wild:
                roll_alone(take, tame, push, results, values, more, rules, column, nothing, outputs, start, row, scale)
            start = row


@jit(inline=True)
def calm_or_zero(value, scale):
    """Return a value divided by both elements of a scale, or 0.0 where it is too small beside the largest."""
    value = value * (1.0 / scale[0]) * (1.0 / scale[1])
    return value if is_calm((value,)) else 0.0


@jit(inline=True)
def shares(count, added):
    """Return the shares of two nodes in their observations, and one's count times the other's share."""
    part = 1.0 / max(count + added, 1.0)
    return count * part, added * part, count * (added * part)
