"""The family as scalar functions for your own Numba code.

Each may be called inside ``@numba.njit`` functions and, more slowly, from Python. They are the helpers that the array
kernels loop over, so they return the same bits, with the same sentinels for invalid input: -1 for ids and orders, 0 for
decimal Morton ids, NaN for degrees, False for ``morton_contains``. Importing this module imports Numba.

Examples
--------
>>> import numba
>>> import numpy as np
>>> from ferrumba.healpix import jit as healpix
>>> @numba.njit
... def histogram(lon, lat, order):
...     counts = np.zeros(12 << 2 * order, dtype=np.int64)
...     for i in range(lon.shape[0]):
...         cell = healpix.lonlat_to_nested(lon[i], lat[i], order)
...         if cell >= 0:
...             counts[cell] += 1
...     return counts
>>> histogram(np.array([10.0, 11.0, np.nan]), np.array([5.0, 5.0, 5.0]), 0)
array([0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
"""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import MAX_MORTON_ORDER, MAX_ORDER, ZERO, is_order
from ferrumba.healpix.numba.decimal import ONES, POWERS, parse
from ferrumba.healpix.numba.encode import pixel
from ferrumba.healpix.numba.lonlat_to_morton import packed_to_morton
from ferrumba.healpix.numba.lonlat_to_nested import packed_to_nested
from ferrumba.healpix.numba.morton_contains import is_ancestor
from ferrumba.healpix.numba.morton_order import own_order
from ferrumba.healpix.numba.morton_parent import parent
from ferrumba.healpix.numba.morton_to_nested import to_nested
from ferrumba.healpix.numba.neighbours import neighbours_of
from ferrumba.healpix.numba.nested_to_lonlat import nested_centre
from ferrumba.healpix.numba.nested_to_morton import nested_morton
from ferrumba.healpix.numba.nested_to_uniq import add_order
from ferrumba.healpix.numba.uniq_to_nested import split_uniq


@jit
def lonlat_to_nested(lon, lat, order):
    """Return the nested id of the cell that holds a point.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    order : int
        0 to 29.

    Returns
    -------
    int64
        The id, or -1.

    Examples
    --------
    >>> lonlat_to_nested(166.67, -77.85, 18)
    620021818884
    """
    return packed_to_nested(pixel(np.float64(lon), np.float64(lat), np.int64(order), MAX_ORDER), np.int64(order & 31))


@jit
def lonlat_to_morton(lon, lat, order):
    """Return the decimal Morton id of the cell that holds a point.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    order : int
        0 to 18.

    Returns
    -------
    int64
        The id, or 0.

    Examples
    --------
    >>> lonlat_to_morton(166.67, -77.85, 6)
    -4112241
    """
    o = np.int64(order)
    word = pixel(np.float64(lon), np.float64(lat), o, MAX_MORTON_ORDER)
    o = o if is_order(o, MAX_MORTON_ORDER) else ZERO
    return packed_to_morton(word, POWERS[o], ONES[o])


@jit
def nested_to_lonlat(nested, order):
    """Return the centre of a cell.

    Parameters
    ----------
    nested : int
        Nested id.
    order : int
        0 to 29.

    Returns
    -------
    lon, lat : float64
        Degrees, or NaN.

    Examples
    --------
    >>> nested_to_lonlat(4, 0)
    (0.0, 0.0)
    """
    return nested_centre(np.int64(nested), np.int64(order))


@jit
def nested_to_morton(nested, order):
    """Return the decimal Morton id of a cell.

    Parameters
    ----------
    nested : int
        Nested id.
    order : int
        0 to 18.

    Returns
    -------
    int64
        The id, or 0.

    Examples
    --------
    >>> nested_to_morton(47, 1)
    -64
    """
    o = np.int64(order)
    if not is_order(o, MAX_MORTON_ORDER):
        return ZERO
    return nested_morton(np.int64(nested), o, POWERS[o], ONES[o])


@jit
def morton_to_nested(morton):
    """Return the nested id, at its own order, of a decimal Morton id.

    Parameters
    ----------
    morton : int
        Decimal id; its order is ``morton_order(morton)``.

    Returns
    -------
    int64
        The id, or -1.

    Examples
    --------
    >>> morton_to_nested(-64)
    47
    """
    valid, face, order, address = parse(np.int64(morton))
    return to_nested(valid, face, order, address)


@jit
def morton_order(morton):
    """Return the order of a decimal Morton id.

    Parameters
    ----------
    morton : int
        Decimal id.

    Returns
    -------
    int64
        0 to 18, or -1.

    Examples
    --------
    >>> morton_order(-4112241)
    6
    """
    return own_order(np.int64(morton))


@jit
def morton_parent(morton, order):
    """Return the ancestor of a decimal Morton id at an order.

    Parameters
    ----------
    morton : int
        Decimal id.
    order : int
        0 to the id's own.

    Returns
    -------
    int64
        The id, or 0.

    Examples
    --------
    >>> morton_parent(-4112241, 2)
    -411
    """
    o = np.int64(order)
    if not is_order(o, MAX_MORTON_ORDER):
        return ZERO
    return parent(np.int64(morton), o, POWERS[o], ONES[o])


@jit
def morton_contains(ancestor, descendant):
    """Return whether a decimal Morton id is an ancestor of, or equal to, another.

    Parameters
    ----------
    ancestor, descendant : int
        Decimal ids.

    Returns
    -------
    bool
        False also if either is no decimal id.

    Examples
    --------
    >>> morton_contains(-411, -4112241)
    True
    """
    return is_ancestor(np.int64(ancestor), np.int64(descendant))[0]


@jit
def neighbours(nested, order, out8):
    """Write the neighbours SW, W, NW, N, NE, E, SE, S of a cell.

    Parameters
    ----------
    nested : int
        Nested id.
    order : int
        0 to 29.
    out8 : ndarray of int64
        C-contiguous, with 8 elements; -1 goes where a corner has no neighbour, and everywhere for no cell.

    Returns
    -------
    bool
        Whether there is such a cell.

    Examples
    --------
    >>> out = np.empty(8, dtype=np.int64)
    >>> neighbours(0, 1, out)
    True
    >>> out
    array([17, 19,  2,  3,  1, 23, 22, 35])
    """
    return neighbours_of(np.int64(nested), np.int64(order), out8.reshape(1, 8), 0)


@jit
def nested_to_uniq(nested, order):
    """Return the UNIQ id of a cell.

    Parameters
    ----------
    nested : int
        Nested id.
    order : int
        0 to 29.

    Returns
    -------
    int64
        The id, or -1.

    Examples
    --------
    >>> nested_to_uniq(47, 1)
    63
    """
    return add_order(np.int64(nested), np.int64(order))


@jit
def uniq_to_nested(uniq):
    """Return the nested id and the order of a UNIQ id.

    Parameters
    ----------
    uniq : int
        4 to 16 * 4**29 - 1.

    Returns
    -------
    nested, order : int64
        The id and its order, or -1 twice.

    Examples
    --------
    >>> uniq_to_nested(63)
    (47, 1)
    """
    return split_uniq(np.int64(uniq))
