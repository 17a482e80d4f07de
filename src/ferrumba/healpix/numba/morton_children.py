"""All descendants of decimal Morton ids some levels down."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, ONE, TWO, ZERO, is_order, step
from ferrumba.healpix.numba.decimal import ONES, POWERS, parse, read_digits


@jit
def morton_children(morton, levels, children):
    """Fill the rows of ``children`` in Z-order; a row is as wide as the first number of levels says."""
    first = np.int64(-1)
    s, sl = step(morton), step(levels)
    width = children.shape[1]
    for i in range(children.shape[0]):
        value, down = morton[i * s], levels[i * sl]
        valid, _, own, _ = parse(value)
        if valid and is_order(down, MAX_MORTON_ORDER - own) and ONE << (TWO * down) == width:
            size = (value if value > ZERO else -value) * POWERS[down] + ONES[down]
            sign = ONE if value > ZERO else -ONE
            for j in range(width):
                children[i, j] = sign * (size + read_digits(np.int64(j)))
        else:
            for j in range(width):
                children[i, j] = ZERO
            first = np.int64(i) if first < 0 else first
    return first
