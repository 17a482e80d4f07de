"""Whether decimal Morton ids are ancestors of, or equal to, others."""

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import TWO, ZERO, step
from ferrumba.healpix.numba.decimal import parse


@jit(inline=True)
def is_ancestor(ancestor, descendant):
    """Return whether one id holds another, and whether both are ids."""
    valid, face, order, address = parse(ancestor)
    other_valid, other_face, other_order, other_address = parse(descendant)
    valid &= other_valid
    below = other_order - order
    inside = valid & (below >= ZERO) & (face == other_face)
    return inside & (other_address >> (TWO * (below if below >= ZERO else ZERO)) == address), valid


@jit
def first_invalid_pair(ancestor, descendant, n):
    """Return the first row in which one of the integers is no decimal id, or -1."""
    s, t = step(ancestor), step(descendant)
    for i in range(n):
        if not is_ancestor(ancestor[i * s], descendant[i * t])[1]:
            return i
    return -1


@jit
def morton_contains(ancestor, descendant, contains):
    """Fill ``contains``."""
    n = contains.shape[0]
    every = True
    if ancestor.shape[0] == n and descendant.shape[0] == n:
        for i in range(n):
            contains[i], valid = is_ancestor(ancestor[i], descendant[i])
            every &= valid
    else:
        s, t = step(ancestor), step(descendant)
        for i in range(n):
            contains[i], valid = is_ancestor(ancestor[i * s], descendant[i * t])
            every &= valid
    return -1 if every else first_invalid_pair(ancestor, descendant, n)
