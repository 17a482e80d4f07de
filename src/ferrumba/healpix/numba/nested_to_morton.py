"""Decimal Morton ids of nested ids."""

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, ONE, TWO, ZERO, first_equal, is_nested, is_order, step
from ferrumba.healpix.numba.decimal import ONES, POWERS, address_to_morton


@jit(inline=True)
def nested_morton(nested, order, power, ones):
    """Return the decimal id of a nested id, or 0; the order is in range, power = 10**order and ones = 11..1."""
    address = nested & ((ONE << (TWO * order)) - ONE)
    morton = address_to_morton(nested >> (TWO * order), address, power, ones)
    return morton if is_nested(nested, order) else ZERO


@jit
def nested_to_morton(nested, order, morton):
    """Fill ``morton``."""
    invalid = False
    if order.shape[0] == 1 and nested.shape[0] == morton.shape[0] and is_order(order[0], MAX_MORTON_ORDER):
        o = order[0]
        power, ones = POWERS[o], ONES[o]
        for i in range(morton.shape[0]):
            value = nested_morton(nested[i], o, power, ones)
            morton[i] = value
            invalid |= value == ZERO
    else:
        s, so = step(nested), step(order)
        for i in range(morton.shape[0]):
            o = order[i * so]
            morton[i] = ZERO
            if is_order(o, MAX_MORTON_ORDER):
                morton[i] = nested_morton(nested[i * s], o, POWERS[o], ONES[o])
            invalid |= morton[i] == ZERO
    return first_equal(morton, ZERO) if invalid else -1
