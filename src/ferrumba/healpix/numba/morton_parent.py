"""Ancestors of decimal Morton ids at given orders."""

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, TWO, ZERO, first_equal, is_order, step
from ferrumba.healpix.numba.decimal import ONES, POWERS, address_to_morton, parse


@jit(inline=True)
def parent(morton, order, power, ones):
    """Return the ancestor at an order in range, 0 if there is none; power = 10**order and ones = 11..1."""
    valid, face, own, address = parse(morton)
    valid &= own >= order
    above = own - order if valid else ZERO
    ancestor = address_to_morton(face, address >> (TWO * above), power, ones)
    return ancestor if valid else ZERO


@jit
def morton_parent(morton, order, ancestor):
    """Fill ``ancestor``. Writing the ancestor's digits again vectorises; dividing by a power of ten does not."""
    invalid = False
    if order.shape[0] == 1 and morton.shape[0] == ancestor.shape[0] and is_order(order[0], MAX_MORTON_ORDER):
        o = order[0]
        power, ones = POWERS[o], ONES[o]
        for i in range(ancestor.shape[0]):
            value = parent(morton[i], o, power, ones)
            ancestor[i] = value
            invalid |= value == ZERO
    else:
        s, so = step(morton), step(order)
        for i in range(ancestor.shape[0]):
            o = order[i * so]
            ancestor[i] = ZERO
            if is_order(o, MAX_MORTON_ORDER):
                ancestor[i] = parent(morton[i * s], o, POWERS[o], ONES[o])
            invalid |= ancestor[i] == ZERO
    return first_equal(ancestor, ZERO) if invalid else -1
