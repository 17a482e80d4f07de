"""The eight neighbours of nested cells."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import M1, MAX_ORDER, ONE, TWO, ZERO, compact, is_nested, is_order, spread, step

THREE, FOUR, EIGHT, MINUS_ONE = np.int64(3), np.int64(4), np.int64(8), np.int64(-1)
DX = tuple(np.int64(d) for d in (-1, -1, 0, 1, 1, 1, 0, -1))  # SW, W, NW, N, NE, E, SE, S
DY = tuple(np.int64(d) for d in (0, 1, 1, 1, 0, -1, -1, -1))


@jit(inline=True)
def beside(x, nside):
    """Return -1, 0 or 1: whether a coordinate lies below, in or above its face."""
    return (ONE if x >= nside else ZERO) - (ONE if x < ZERO else ZERO)


@jit
def across(face, x, y, nside):
    """Return face, x and y of a cell one step outside its face; the face is -1 where three faces meet at a corner.

    North faces are 0-3 (centred 45 degrees east of the belt faces 4-7 of the same number), south faces 8-11. Between
    north and belt, belt and south, belt and belt, and at the poleward and equatorward corners of the caps, the axes
    agree; between two north or two south faces they are turned.
    """
    column = face & THREE
    before, after, opposite = (column + THREE) & THREE, (column + ONE) & THREE, (column + TWO) & THREE
    right, up = beside(x, nside), beside(y, nside)
    x_in, y_in = x - right * nside, y - up * nside
    mirrored_x, mirrored_y = nside - ONE - x_in, nside - ONE - y_in
    if right != ZERO and up == -right and face >> TWO != ONE:
        return MINUS_ONE, ZERO, ZERO
    if face < FOUR:
        if right > ZERO and up > ZERO:
            return opposite, mirrored_x, mirrored_y
        if right > ZERO:
            return after, y, mirrored_x
        if up > ZERO:
            return before, mirrored_y, x
        if right < ZERO and up < ZERO:
            return EIGHT + column, x_in, y_in
        return FOUR + (column if right < ZERO else after), x_in, y_in
    if face < EIGHT:
        if right != ZERO and up == right:
            return MINUS_ONE, ZERO, ZERO
        if right != ZERO and up != ZERO:
            return FOUR + (before if right < ZERO else after), x_in, y_in
        if right > ZERO or up > ZERO:
            return (column if right > ZERO else before), x_in, y_in
        return EIGHT + (before if right < ZERO else column), x_in, y_in
    if right < ZERO and up < ZERO:
        return EIGHT + opposite, mirrored_x, mirrored_y
    if right < ZERO:
        return EIGHT + before, y, mirrored_x
    if up < ZERO:
        return EIGHT + after, mirrored_y, x
    if right > ZERO and up > ZERO:
        return column, x_in, y_in
    return FOUR + (after if right > ZERO else column), x_in, y_in


@jit
def border_neighbours(nested, order, out, i):
    """Fill row i with the eight neighbours of a cell at the border of its face."""
    nside = ONE << order
    address = nested & ((ONE << (TWO * order)) - ONE)
    own, ix, iy = nested >> (TWO * order), compact(address), compact(address >> ONE)
    for k in range(8):
        face, x, y = own, ix + DX[k], iy + DY[k]
        if beside(x, nside) != ZERO or beside(y, nside) != ZERO:
            face, x, y = across(own, x, y, nside)
        out[i, k] = MINUS_ONE if face < ZERO else (face << (TWO * order)) | spread(x) | (spread(y) << ONE)


@jit(inline=True)
def neighbours_of(nested, order, out, i):
    """Fill row i with the eight neighbours of a cell, -1 if there is no such cell; return whether there is.

    Inside a face the coordinates are stepped where they are, in every other bit: the bits between carry the one.
    Flat unsigned indices, a loop of its own for one order, and eight masked sums in vector lanes were each no faster.
    """
    if not (is_order(order, MAX_ORDER) and is_nested(nested, order)):
        for k in range(8):
            out[i, k] = MINUS_ONE
        return False
    xs = ((ONE << (TWO * order)) - ONE) & M1
    ys = xs << ONE
    x, y = nested & xs, nested & ys
    if (x == ZERO) | (x == xs) | (y == ZERO) | (y == ys):
        border_neighbours(nested, order, out, i)
        return True
    face = nested - x - y
    east, west = ((x | ~xs) + ONE) & xs | face, (x - ONE) & xs | face
    north, south = ((y | ~ys) + ONE) & ys, (y - ONE) & ys
    x |= face
    out[i, 0], out[i, 1], out[i, 2], out[i, 3] = west | y, west | north, x | north, east | north
    out[i, 4], out[i, 5], out[i, 6], out[i, 7] = east | y, east | south, x | south, west | south
    return True


@jit
def neighbours(nested, order, neighbours):
    """Fill the rows of ``neighbours``."""
    first = np.int64(-1)
    s, so = step(nested), step(order)
    for i in range(neighbours.shape[0]):
        if not neighbours_of(nested[i * s], order[i * so], neighbours, i) and first < 0:
            first = np.int64(i)
    return first
