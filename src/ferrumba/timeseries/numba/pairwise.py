"""The loop of the rolling moments: every window is a tree of pairs, and its result a function of the window alone.

A node holds the sums of ``size`` observations, a power of two, and is made of two of half the size: all nodes of a
level in one pass over contiguous arrays. A window of any length is put together from one node for each bit of its
length, the larger ones later. That is the perfect tree whose last leaf is the last row of the window and whose missing
leaves are empty; joining an empty node changes nothing. So the order of operations depends neither on where a block
begins nor on what was before, nothing is subtracted that had been added, and errors grow with the logarithm of the
length.

Sums are those of differences from an anchor, the first value in the node: a common offset leaves no trace in them.

Values beyond 2**180, and those below 2**-180 but not 0, whose fourth powers overflow or underflow, are wild. A window
with one of them is computed by itself, scaled by powers of two.
"""

import math

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.windows import widest

CHUNK = 1024
LARGEST = 2.0**180
SMALLEST = 2.0**-180


@jit(inline=True)
def weight_of(a, b):
    """Return ``1 / (a * b * (a + b))`` for the filled shares of two nodes, 0 if one is empty."""
    product = a * b * (a + b)
    return 1.0 / product if product > 0.0 else 0.0


@jit(inline=True)
def is_calm(value):
    """Return whether the fourth power of a value neither overflows nor underflows, without a branch."""
    size = abs(value)
    return (size <= LARGEST) & ((size >= SMALLEST) | (size == 0.0))


@jit
def sift(raw, length, filled, wild):
    """Tell apart what is calm, wild and missing; return how many observations are not calm, and how many are wild.

    Unless all are calm, ``filled`` becomes 1.0 where an observation is, else 0.0; and ``wild`` the number of wild ones
    before each.
    """
    strange = np.int64(0)
    for series in range(raw.shape[0]):
        values = raw[series]
        for place in range(length):
            strange += np.int64(0) if is_calm(values[place]) else np.int64(1)
    if strange == 0:
        return strange, strange
    wild[0] = 0
    missing = np.int64(0)
    for place in range(length):
        calm, finite = True, True
        for series in range(raw.shape[0]):
            calm &= is_calm(raw[series, place])
            finite &= raw[series, place] - raw[series, place] == 0.0
        filled[place] = 1.0 if calm else 0.0
        missing += np.int64(0) if calm else np.int64(1)
        wild[place + 1] = wild[place] + (np.int64(1) if finite and not calm else np.int64(0))
    return missing, wild[length]


@jit
def tame(raw, start, length, tamed, filled, scale):
    """Copy a window, scaled by powers of two so that the largest finite values are about 1, and keep the way back."""
    for place in range(length):
        finite = True
        for series in range(raw.shape[0]):
            finite &= raw[series, start + place] - raw[series, start + place] == 0.0
        filled[place] = 1.0 if finite else 0.0
    for series in range(raw.shape[0]):
        largest = 0.0
        for place in range(length):
            if filled[place] != 0.0:
                largest = max(largest, abs(raw[series, start + place]))
        exponent = max(math.frexp(largest)[1], -1022)
        half = exponent >> 1
        down, further = math.ldexp(1.0, -half), math.ldexp(1.0, half - exponent)
        for place in range(length):
            tamed[series, place] = raw[series, start + place] * down * further
        scale[series, 0], scale[series, 1] = math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)


@jit
def copy_fields(source, target, many):
    """Copy nodes."""
    for field in range(source.shape[0]):
        for place in range(many):
            target[field, place] = source[field, place]


@jit
def set_fields(nodes, many, count):
    """Empty nodes, but for the number of observations in them."""
    for field in range(nodes.shape[0]):
        for place in range(many):
            nodes[field, place] = count if field == 0 else 0.0


@jit
def plant(raw, length, filled, full, leaves, anchors, total):
    """Make leaves of observations and anchor them, where an empty one counts as the next that is filled."""
    set_fields(leaves, length, 1.0)
    if full:
        copy_fields(raw, anchors, length)
    else:
        for place in range(length):
            leaves[0, place] = filled[place]
        for series in range(raw.shape[0]):
            following = 0.0
            for place in range(length - 1, -1, -1):
                following = raw[series, place] if filled[place] != 0.0 else following
                anchors[series, place] = following
    if total > 0:
        for place in range(length):
            leaves[total, place] = anchors[0, place] if leaves[0, place] != 0.0 else 0.0


@jit
def pick(nodes, anchors, size, first, width, many, picked, picked_anchors):
    """Copy the node of ``size`` observations that each window is made of, or an empty one."""
    for field in range(nodes.shape[0]):
        for place in range(many):
            at = first[place] + (width[place] & (size - 1))
            picked[field, place] = nodes[field, at] if width[place] & size else 0.0
    for series in range(anchors.shape[0]):
        for place in range(many):
            at = first[place] + (width[place] & (size - 1) if width[place] & size else np.int64(0))
            picked_anchors[series, place] = anchors[series, at]


@jit
def add_counts(older, newer, offset, target, length):
    """Count the observations in joined nodes."""
    old, new, joined = older[0], newer[0], target[0]
    for place in range(length):
        joined[place] = old[place] + new[place + offset]


@jit(inline=True)
def grow(join, trees, length, first, width, many, longest, regular, full):
    """Make the nodes of all windows from leaves; return the array that holds them.

    Parameters
    ----------
    join : callable
        ``join(older, newer, offset, target, x, y, length, size, count)`` joins ``older`` nodes with the anchors x to
        ``newer`` ones of ``size`` observations, from ``offset`` on, with the anchors y. The first field of a node tells
        how many observations are in it, unless ``count`` is not 0: then all are, ``count`` of them in an older node.
    trees : tuple
        The leaves; four more arrays of nodes; anchors and two more arrays of them.
    first, width : ndarray
        The first leaf of each window, and how many leaves it has; if not ``regular``.
    longest : int
        The most leaves of a window.
    regular : bool
        Whether all windows are as wide, and begin one after the other.
    full : bool
        Whether, moreover, no leaf is empty.
    """
    nodes, spare, tops, free, picked, anchors, top_anchors, picked_anchors = trees
    if not regular:
        set_fields(tops, many, 0.0)
        pick(nodes, anchors, np.int64(0), first, width, many, picked, top_anchors)
    size = np.int64(1)
    while True:
        done = longest & (size - 1)
        if not regular:
            pick(nodes, anchors, size, first, width, many, picked, picked_anchors)
            join(tops, picked, np.int64(0), free, top_anchors, picked_anchors, many, size, np.int64(0))
            add_counts(tops, picked, np.int64(0), free, many)
            tops, free = free, tops
        elif longest & size:
            if done == 0:
                copy_fields(nodes, tops, many)
            else:
                join(tops, nodes, done, free, anchors, anchors, many, size, done if full else np.int64(0))
                add_counts(tops, nodes, done, free, many)
                tops, free = free, tops
        if size > longest - size:
            return tops
        length -= size
        join(nodes, nodes, size, spare, anchors, anchors, length, size, size if full else np.int64(0))
        add_counts(nodes, nodes, size, spare, length)
        nodes, spare = spare, nodes
        size += size


@jit
def load_column(values, _more, column, start, stop, raw):
    """Read some rows of a column."""
    for row in range(start, stop):
        raw[0, row - start] = values[row, column]


@jit
def lay_out(window, history, start, many, low, first, width):
    """Say where the windows of some rows begin, counted from row ``low``, and how long they are; return the most."""
    longest = np.int64(1)
    for place in range(many):
        row = history + start + place
        begin = max(low, row + 1 - window[start + place if window.shape[0] > 1 else 0])
        first[place], width[place] = begin - low, row + 1 - begin
        longest = max(longest, width[place])
    return longest


@jit
def refuse(nodes, width, min_periods, propagate, results, many):
    """Make results NaN that come from too few observations."""
    for index in range(results.shape[0]):
        for place in range(many):
            needed = max(min_periods, width[place]) if propagate else min_periods
            results[index, place] = results[index, place] if nodes[0, place] >= needed else np.nan


@jit
def store(results, index, output, start, many, column):
    """Write results to an output, if it has columns."""
    if output.shape[1] > 0:
        for place in range(many):
            output[start + place, column] = results[index, place]


@jit(inline=True)
def roll_trees(load, join, emit, values, more, rules, rows, columns, series, fields, total, outputs):
    """Fill the outputs of a rolling kernel with what the trees of its windows give.

    Parameters
    ----------
    load : callable
        ``load(values, more, column, start, stop, raw)`` reads some rows of each series.
    join : callable
        See :func:`grow`.
    emit : callable
        ``emit(nodes, more, results, many, scale)`` makes results of nodes; the values of a series had been divided by
        both elements of its ``scale``.
    rules : tuple
        ``(window, min_periods, propagate)``.
    series, fields, total : int
        How many values an observation has; how many fields a node has; which of them is the sum of the values
        themselves, or 0.
    """
    window, min_periods, propagate = rules
    history = values.shape[0] - rows
    longest = widest(window, values.shape[0])
    chunk = max(min(max(CHUNK, 4 * longest), np.int64(rows)), np.int64(1))
    room = chunk + longest
    leaves, anchors, raw = np.empty((fields, room)), np.empty((series, room)), np.empty((series, room))
    trees = (
        leaves,
        np.empty((fields, room)),
        np.empty((fields, chunk)),
        np.empty((fields, chunk)),
        np.empty((fields, chunk)),
        anchors,
        np.empty((series, chunk)),
        np.empty((series, chunk)),
    )
    tamed, filled, wild = np.empty((series, longest)), np.empty(room), np.zeros(room + 1, np.int64)
    first, width = np.empty(chunk, np.int64), np.empty(chunk, np.int64)
    alone, breadth = np.zeros(1, np.int64), np.empty(1, np.int64)
    results, single = np.empty((len(outputs), chunk)), np.empty((len(outputs), 1))
    plain, scale = np.empty((series, 2)), np.empty((series, 2))
    plain[:, :] = 1.0
    for column in range(columns):
        for start in range(0, rows, chunk):
            many = min(chunk, rows - start)
            low = max(np.int64(0), history + start + 1 - window[start if window.shape[0] > 1 else 0])
            length = history + start + many - low
            load(values, more, column, low, low + length, raw)
            missing, strange = sift(raw, length, filled, wild)
            regular = window.shape[0] == 1 and min_periods[0] <= window[0] <= history + start + 1
            full = regular and missing == 0
            broadest = longest
            if not full:
                broadest = lay_out(window, history, start, many, low, first, width)
            # First all windows at once, in which wild values are missing; then those with wild ones, one by one.
            source, firsts, widths, batch, target, unit = raw, first, width, many, results, plain
            place = np.int64(-1)
            while place < many:
                plant(source, length, filled, missing == 0, leaves, anchors, total)
                nodes = grow(join, trees, length, firsts, widths, batch, broadest, regular, full)
                emit(nodes, more, target, batch, unit)
                if not full:
                    refuse(nodes, widths, min_periods[0], propagate[0], target, batch)
                if place >= 0:
                    for index in range(results.shape[0]):
                        results[index, place] = single[index, 0]
                place += 1
                while place < many and (strange == 0 or wild[first[place]] == wild[first[place] + width[place]]):
                    place += 1
                if place < many:
                    length, broadest, batch, regular = width[place], width[place], np.int64(1), False
                    breadth[0] = length
                    tame(raw, first[place], length, tamed, filled, scale)
                    source, firsts, widths, target, unit = tamed, alone, breadth, single, scale
            for index in range(len(outputs)):
                store(results, index, outputs[index], start, many, column)
