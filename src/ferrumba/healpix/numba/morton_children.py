"""All descendants of decimal Morton ids some levels down."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, ONE, TWO, ZERO, step
from ferrumba.healpix.numba.decimal import ONES, POWERS, TEN, parse, read_digits

BLOCK = np.int64(1024)


@jit(inline=True)
def first_child(morton, levels, width):
    """Return the first of the descendants, 0 if there are none or they do not fill a row of this width."""
    valid, _, own, _ = parse(morton)
    valid &= (levels >= ZERO) & (levels <= MAX_MORTON_ORDER - own)
    down = levels if valid else ZERO
    child = (morton if morton >= ZERO else -morton) * POWERS[down] + ONES[down]
    child = child if valid & (ONE << (TWO * down) == width) else ZERO
    return child if morton >= ZERO else -child


@jit
def morton_children(morton, levels, children):
    """Fill the rows of ``children`` in Z-order; a row is as wide as the first number of levels says.

    First children go to column 0, which vectorises; from there rows are filled four ids, one parent, at a time.
    """
    first = np.int64(-1)
    s, sl = step(morton), step(levels)
    n, width = children.shape
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        for i in range(start, stop):
            children[i, 0] = first_child(morton[i * s], levels[i * sl], width)
        for i in range(start, stop):
            child = children[i, 0]
            if child == ZERO:
                children[i, :] = ZERO
                first = np.int64(i) if first < 0 else first
            elif width > 1:
                sign = ONE if child > ZERO else -ONE
                for j in range(width >> TWO):
                    eldest = child + sign * (TEN * read_digits(np.int64(j)))
                    for k in range(4):
                        children[i, 4 * j + k] = eldest + sign * k
    return first
