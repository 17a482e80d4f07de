"""The nodes of two series: their means, and sums of squares and of products about them."""

from ferrumba.dispatch.jit import jit
from ferrumba.timeseries.numba.two_stacks import calm_or_zero, shares

X_MEAN, Y_MEAN, PRODUCT, X_SQUARE, Y_SQUARE = 0, 1, 2, 3, 4

EMPTY = (0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0)
"""The anchor and the sums of a node without observations."""


@jit(inline=True)
def tame(observation, scale):
    """Return both values, scaled."""
    return calm_or_zero(observation[0], scale[0]), calm_or_zero(observation[1], scale[1])


@jit(inline=True)
def push(sums, observation, anchor, before, part):
    """Take a pair of values into a node."""
    x_mean, y_mean, product, x_square, y_square = sums
    x_apart, y_apart = (observation[0] - anchor[0]) - x_mean, (observation[1] - anchor[1]) - y_mean
    x_moved, y_moved = x_apart * part, y_apart * part
    product += x_apart * y_moved * before
    x_square += x_apart * x_moved * before
    y_square += y_apart * y_moved * before
    return x_mean + x_moved, y_mean + y_moved, product, x_square, y_square


@jit(inline=True)
def join(older, place, newer, last, first, count, added):
    """Join nodes, without their means."""
    both = shares(count, added)[2]
    x_apart = (newer[X_MEAN] - older[place, X_MEAN]) + (first[0] - last[0])
    y_apart = (newer[Y_MEAN] - older[place, Y_MEAN]) + (first[1] - last[1])
    product = (older[place, PRODUCT] + newer[PRODUCT]) + x_apart * y_apart * both
    x_square = (older[place, X_SQUARE] + newer[X_SQUARE]) + x_apart * x_apart * both
    y_square = (older[place, Y_SQUARE] + newer[Y_SQUARE]) + y_apart * y_apart * both
    return older[place, X_MEAN], older[place, Y_MEAN], product, x_square, y_square
