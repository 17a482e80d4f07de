"""The grid's geometry: which strips and cells a ball can touch, never too few.

Space is cut along z and y into strips, each as long as the box in x; a strip is cut along x into half as many cells
as it has points, plus one. ``frame`` is a 3 x 7 table with a line for x, y and z: the lower bound, the inverse width
of a cell (x: of the box), the number of places for cells (x: 1), the width of a cell, a slack, the period (infinite
where the axis is open), and the number of cells, a multiple of that of places.

Cells are as wide as the density of the points asks for, even where a few dense blobs lie in a large box. Where there
are more of them than memory is for, an axis is folded: cells that are a multiple of the number of places apart share
one. A ball touches fewer cells in a row than that, or else each place is visited once, so no point is found twice;
and far cells that share a place are mostly empty.

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

LO, INVERSE, COUNT, WIDTH, SLACK, PERIOD, CELLS = range(7)
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
    """Return the place of the cell of an axis that holds a coordinate."""
    cell = clamp((q - frame[axis, LO]) * frame[axis, INVERSE], frame[axis, CELLS] - 1.0)
    return cell % np.int64(frame[axis, COUNT]) if frame[axis, CELLS] > frame[axis, COUNT] else cell


@jit(inline=True)
def strip_of(y, z, frame):
    """Return the strip that holds a point."""
    return place_of(frame, 2, z) * np.int64(frame[1, COUNT]) + place_of(frame, 1, y)


@jit(inline=True)
def cell_of(x, y, z, frame, strip_cell):
    """Return the cell that holds a point."""
    strip = strip_of(y, z, frame)
    first = np.int64(strip_cell[strip])
    cells = np.float64(np.int64(strip_cell[strip + 1]) - first)
    return first + clamp((x - frame[0, LO]) * (frame[0, INVERSE] * cells), cells - 1.0)


@jit(inline=True)
def span_of(frame, axis, low, high, half, scale, cells):
    """Return the first of so many cells that [low - half, high + half] touches, and how many follow, itself included.

    On a periodic axis the first may be one before 0 or behind the last: its number modulo ``cells`` is meant.
    """
    away = half + (4.0 * EPSILON * (max(abs(low), abs(high)) + half) + frame[axis, SLACK])
    low, high = (low - away - frame[axis, LO]) * scale, (high + away - frame[axis, LO]) * scale
    if frame[axis, PERIOD] < 1e300:
        low = low if low > -cells else -cells
        high = high if high < 2.0 * cells else 2.0 * cells
        first = np.int64(floor(low))
        many = np.int64(floor(high)) - first + 1
        return (_ZERO, np.int64(cells)) if many >= np.int64(cells) else (first, many)
    first = clamp(low, cells - 1.0)
    return first, clamp(high, cells - 1.0) - first + 1


@jit(inline=True)
def span(frame, axis, q, half, scale, count):
    """Return the first place for cells of an axis that [q - half, q + half] touches, and how many follow."""
    first, many = span_of(frame, axis, q, q, half, scale, count if axis == 0 else frame[axis, CELLS])
    if many >= np.int64(count):
        return _ZERO, np.int64(count)
    return first % np.int64(count), many


@jit(inline=True)
def gap_of(frame, axis, begin, end, i):
    """Return a distance that no point of cell i lies within, seen from [begin, end].

    Border cells of an open axis have no end.
    """
    low = frame[axis, LO] + i * frame[axis, WIDTH]
    high = low + frame[axis, WIDTH]
    round_ = frame[axis, PERIOD] < 1e300
    below = low - end if round_ or i > 0 else 0.0
    above = begin - high if round_ or i < frame[axis, CELLS] - 1.0 else 0.0
    d = max(below, above) - frame[axis, SLACK]
    return d if d > 0.0 else 0.0


@jit(inline=True)
def gap(frame, axis, q, i):
    """Return a distance that no point at place i lies within, seen from q."""
    if frame[axis, CELLS] > frame[axis, COUNT]:
        return 0.0
    d = gap_of(frame, axis, q, q, i)
    if frame[axis, PERIOD] < 1e300:
        count = np.int64(frame[axis, COUNT])
        d = min(d, gap_of(frame, axis, q, q, i + count), gap_of(frame, axis, q, q, i - count))
    return d


@jit(inline=True)
def strip_span(frame, strip_cell, strip, q, left):
    """Return the first cell of a strip, how many it has, and which of them a ball touches; ``left`` is half**2 in x."""
    first = np.int64(strip_cell[strip])
    cells = np.int64(strip_cell[strip + 1]) - first
    begin, many = span(frame, 0, q, sqrt(left), frame[0, INVERSE] * cells, np.float64(cells))
    return first, cells, begin, many


@jit(inline=True)
def places_of(frame, axis, low, high, half):
    """Return the first cell of an axis that [low - half, high + half] touches, and how many places follow.

    The third value says whether these are all places that there are, so that each stands for several cells.
    """
    first, many = span_of(frame, axis, low, high, half, frame[axis, INVERSE], frame[axis, CELLS])
    count = np.int64(frame[axis, COUNT])
    folded = frame[axis, CELLS] > frame[axis, COUNT] or frame[axis, PERIOD] < 1e300
    return first, min(many, count), folded and many >= count


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
        cell0 = np.int64(strip_cell[plane * rows + row])
        cells = np.int64(strip_cell[plane * rows + row + 1]) - cell0
        scale = frame[0, INVERSE] * cells
        c, many = span_of(frame, 0, sides[0, 0], sides[0, 1], sqrt(left), scale, np.float64(cells))
        if frame[0, PERIOD] < 1e300:
            c %= cells
        while many > 0:
            stop = min(c + many, cells)
            begin, end = np.int64(start[cell0 + c]), np.int64(start[cell0 + stop])
            runs[count, 0], runs[count, 1] = begin, end
            count += end > begin
            many -= stop - c
            c = _ZERO
    cursor[0], cursor[1], cursor[2] = to_come, dr, dp
    return count


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
