"""The grid's geometry: which strips and cells a ball can touch, never too few.

Space is cut along z, y and x into boxes, many times as long in x as they are wide; a strip holds the points of a box,
and is cut along x into half as many cells as it has points, plus one. ``frame`` is a 3 x 7 table with a line for x, y
and z: the lower bound, the inverse width of a box, the number of places for boxes, the width of a box, a slack, the
period (infinite where the axis is open), and the number of boxes, a multiple of that of places. Strips that follow
each other in x do so in memory: a ball finds its points there in one run, or in two where the places go round.

Boxes are as wide as the density of the points asks for, even where a few dense blobs lie in a large space. Where there
are more of them than memory is for, an axis is folded: boxes that are a multiple of the number of places apart share
a place. A ball touches fewer boxes in a row than that, or else each place is visited once, so no point is found twice;
and far boxes that share a place are mostly empty.

Why no neighbour is missed. A point and the ends of a ball pass through the same monotone clamped map, so the cells
between those of the ends hold every point between the ends. What remains is rounding: a hit satisfies ``fl(dx*dx +
...) <= fl(r*r)``, so ``|dx| <= half`` with ``half = sqrt(r*r * (1 + 16 eps) + 1e-300)``, whose last term covers
underflow; the ends are moved outwards by ``4 eps (|q| + half) + slack`` with ``slack = 16 eps (|lo| + |hi|)``, more
than the roundings of their own sums and of the map. Distances to a strip are made smaller by the slack for the same
reason. Too wide a range costs a few candidates; the predicate alone decides.
"""

from math import floor, sqrt

import numpy as np

from ferrumba.dispatch.jit import jit

LO, INVERSE, COUNT, WIDTH, SLACK, PERIOD, BOXES = range(7)
EPSILON = 2.0**-52
TINY = 1e-300
PAD = 16
"""Elements behind the coordinates that a loop over whole vectors may read."""
LIMIT = 1e150
"""Coordinates beyond it are invalid: their squares would overflow."""

_ZERO = np.int64(0)
_ROUND, _LOW = np.uint64(PAD - 1), np.uint64(4)


@jit(inline=True)
def clamp(place, top):
    """Return the cell of a place on an axis of ``top + 1.0`` cells."""
    place = place if place > 0.0 else 0.0
    return np.int64(place if place < top else top)


@jit(inline=True)
def place_of(frame, axis, q):
    """Return the place of the box of an axis that holds a coordinate."""
    box = clamp((q - frame[axis, LO]) * frame[axis, INVERSE], frame[axis, BOXES] - 1.0)
    return box % np.int64(frame[axis, COUNT]) if frame[axis, BOXES] > frame[axis, COUNT] else box


@jit(inline=True)
def strip_of(x, y, z, frame):
    """Return the strip that holds a point."""
    row = place_of(frame, 2, z) * np.int64(frame[1, COUNT]) + place_of(frame, 1, y)
    return row * np.int64(frame[0, COUNT]) + place_of(frame, 0, x)


@jit(inline=True)
def cell_in(strip_cell, strip, part):
    """Return the cell of a strip at a part of its length, from 0 to 1."""
    first = np.int64(strip_cell[strip])
    cells = np.float64(np.int64(strip_cell[strip + 1]) - first)
    return first + clamp(part * cells, cells - 1.0)


@jit(inline=True)
def cell_of(x, y, z, frame, strip_cell):
    """Return the cell that holds a point."""
    along = (x - frame[0, LO]) * frame[0, INVERSE]
    return cell_in(strip_cell, strip_of(x, y, z, frame), along - clamp(along, frame[0, BOXES] - 1.0))


@jit(inline=True)
def ends_of(frame, axis, low, high, half):
    """Return the ends of [low - half, high + half], in widths of boxes, and the boxes that they lie in.

    On a periodic axis these may be up to a period before the first or behind the last: their numbers modulo that of the
    boxes are meant.
    """
    away = half + (4.0 * EPSILON * (max(abs(low), abs(high)) + half) + frame[axis, SLACK])
    boxes, inverse = frame[axis, BOXES], frame[axis, INVERSE]
    low, high = (low - away - frame[axis, LO]) * inverse, (high + away - frame[axis, LO]) * inverse
    if frame[axis, PERIOD] < 1e300:
        low = low if low > -boxes else -boxes
        high = high if high < 2.0 * boxes else 2.0 * boxes
        return low, high, np.int64(floor(low)), np.int64(floor(high))
    return low, high, clamp(low, boxes - 1.0), clamp(high, boxes - 1.0)


@jit(inline=True)
def gap_of(frame, axis, begin, end, i):
    """Return a distance that no point of box i lies within, seen from [begin, end].

    Border boxes of an open axis have no end.
    """
    low = frame[axis, LO] + i * frame[axis, WIDTH]
    high = low + frame[axis, WIDTH]
    round_ = frame[axis, PERIOD] < 1e300
    below = low - end if round_ or i > 0 else 0.0
    above = begin - high if round_ or i < frame[axis, BOXES] - 1.0 else 0.0
    d = max(below, above) - frame[axis, SLACK]
    return d if d > 0.0 else 0.0


@jit(inline=True)
def places_of(frame, axis, low, high, half):
    """Return the first box of an axis that [low - half, high + half] touches, and how many places follow.

    The third value says whether these are all places that there are, so that each stands for several boxes.
    """
    _, _, first, last = ends_of(frame, axis, low, high, half)
    count = np.int64(frame[axis, COUNT])
    many = last - first + 1
    folded = frame[axis, BOXES] > frame[axis, COUNT] or frame[axis, PERIOD] < 1e300
    return first, min(many, count), folded and many >= count


@jit(inline=True)
def cells_along(frame, strip_cell, row, low, high, half):
    """Return the cells of a row of strips that [low - half, high + half] touches: (begin, end) and again (begin, end).

    The second range is empty unless the places go round. Where the first box and the last share a place, its cells
    belong to both ranges, or else the whole row is meant.
    """
    columns = np.int64(frame[0, COUNT])
    strip = row * columns
    low, high, first, last = ends_of(frame, 0, low, high, half)
    column = first % columns
    end_column = column + last - first
    begin = cell_in(strip_cell, strip + column, low - first)
    if end_column < columns:
        return begin, cell_in(strip_cell, strip + end_column, high - last) + 1, _ZERO, _ZERO
    row_begin, row_end = np.int64(strip_cell[strip]), np.int64(strip_cell[strip + columns])
    if end_column - columns <= column:
        end = cell_in(strip_cell, strip + end_column - columns, high - last) + 1
        if end <= begin:
            return begin, row_end, row_begin, end
    return row_begin, row_end, _ZERO, _ZERO


@jit
def plan_runs(frame, strip_cell, start, sides, half2, cursor, runs):
    """Fill ``runs`` with (begin, end) of places that balls around the points of a box can touch; return how many.

    ``sides`` holds the bounds of the box, (low, high) for each axis, ``half2`` the square of the largest half width.
    ``cursor[0]``, the number of strips to come, is -1 in the first call and 0 after the last.
    """
    half = sqrt(half2)
    rows, planes = np.int64(frame[1, COUNT]), np.int64(frame[2, COUNT])
    plane0, many_planes, any_plane = places_of(frame, 2, sides[2, 0], sides[2, 1], half)
    row0, many_rows, any_row = places_of(frame, 1, sides[1, 0], sides[1, 1], half)
    to_come, dr, dp = cursor[0], cursor[1], cursor[2]
    if to_come < 0:
        to_come, dr, dp = many_planes * many_rows, _ZERO, _ZERO
    first_plane, first_row = plane0 % planes, row0 % rows
    count = _ZERO
    while to_come > 0 and count + 2 <= runs.shape[0]:
        plane = first_plane + dp - (planes if first_plane + dp >= planes else 0)
        row = first_row + dr - (rows if first_row + dr >= rows else 0)
        dz = 0.0 if any_plane else gap_of(frame, 2, sides[2, 0], sides[2, 1], plane0 + dp)
        dy = 0.0 if any_row else gap_of(frame, 1, sides[1, 0], sides[1, 1], row0 + dr)
        to_come -= 1
        dr += 1
        if dr == many_rows:
            dr, dp = _ZERO, dp + 1
        left = half2 - dz * dz - dy * dy
        if left < 0.0:
            continue
        begin, end, again, stop = cells_along(
            frame, strip_cell, plane * rows + row, sides[0, 0], sides[0, 1], sqrt(left)
        )
        runs[count, 0], runs[count, 1] = start[begin], start[end]
        count += start[end] > start[begin]
        if stop > again:
            runs[count, 0], runs[count, 1] = start[again], start[stop]
            count += start[stop] > start[again]
    cursor[0], cursor[1], cursor[2] = to_come, dr, dp
    return count


@jit(inline=True)
def enclose(sides, x, y, z):
    """Make a box of one point."""
    sides[0, 0] = sides[0, 1] = x
    sides[1, 0] = sides[1, 1] = y
    sides[2, 0] = sides[2, 1] = z


@jit(inline=True)
def half_squared(r2):
    """Return the square of the half width that no hit lies beyond."""
    return r2 * (1.0 + 16.0 * EPSILON) + TINY


@jit(inline=True)
def is_periodic(frame):
    """Whether any axis goes round."""
    return frame[0, PERIOD] < 1e300 or frame[1, PERIOD] < 1e300 or frame[2, PERIOD] < 1e300


@jit(inline=True)
def is_query(x, y, z, radius):
    """Whether a query can be answered."""
    return abs(x) <= LIMIT and abs(y) <= LIMIT and abs(z) <= LIMIT and radius >= 0.0


@jit(inline=True)
def whole_vectors(count):
    """Return a count rounded up to a multiple of PAD, in a form whose divisibility LLVM sees: no scalar remainder loop.

    Counting the neighbours of 1e5 points in runs of 14: 25 ms so, 36 with a remainder loop, 35 in chunks of 8 unrolled.
    """
    return ((count + _ROUND) >> _LOW) << _LOW


@jit(inline=True)
def nearest_image(d, period):
    """Return a difference of coordinates to the nearest image, as SciPy computes it; the period may be infinite."""
    half = 0.5 * period
    shifted = d - period if d > half else d
    return period + d if d < -half else shifted
