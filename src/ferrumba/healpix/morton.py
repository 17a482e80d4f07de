"""Decimal Morton ids: a sign, a digit 1 to 6 for the base cell, then one digit 1 to 4 for each order down to 18.

Base cells 0 to 5 are positive with leading digits 1 to 6, base cells 6 to 11 negative with the same digits; the sign is
not the hemisphere. An id carries its order (its digits less one) and begins with the digits of all its ancestors.
Negative ids sort in reverse Z-order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.dispatch.public import apply, as_array
from ferrumba.healpix.declarations import BY_STEM, MAX_MORTON_ORDER, MORTON, levels_fault
from ferrumba.healpix.orders import check_order


def lonlat_to_morton(
    lon: Any, lat: Any, order: Any = 18, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> Any:
    """Return the decimal Morton ids of the cells that hold points on the sphere.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, of any shapes that broadcast; as in :func:`lonlat_to_nested`.
    order : int or array_like of int
        0 to 18, for all points or for each.
    out : ndarray of int64, optional
        Array of the common shape that receives the ids.
    backend : str, optional
        Request for this call.
    invalid : {"raise", "mask", "sentinel"}
        What becomes of NaN, infinite or out-of-range coordinates: an error that names the first, a masked array, or 0.

    Returns
    -------
    int64 or ndarray of int64

    Raises
    ------
    ValueError
        If a coordinate is out of range, or an order exceeds 18, the finest that fits 64 bits.
    TypeError
        If an argument does not hold numbers, or ``order`` does not hold integers.

    Notes
    -----
    The cells are exactly those of :func:`lonlat_to_nested`. Linear time, no temporary that grows with the input.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.lonlat_to_morton([0.0, 166.67], [-90.0, -77.85])
    array([-3111111111111111111, -4112241134313231121])
    >>> healpix.lonlat_to_morton(166.67, -77.85, 6)
    np.int64(-4112241)
    """
    kernel = BY_STEM["lonlat_to_morton"]
    return apply(kernel, lon, lat, check_order(order, MAX_MORTON_ORDER), out=out, backend=backend, invalid=invalid)


def morton_to_lonlat(
    morton: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> tuple[Any, Any]:
    """Return the centres of cells given by decimal Morton ids of any orders.

    Parameters
    ----------
    morton : array_like of int
        Ids.
    out : tuple of two ndarray of float64, optional
        Arrays of the same shape that receive longitudes and latitudes.
    backend, invalid
        As :func:`lonlat_to_morton`; invalid rows hold NaN.

    Returns
    -------
    lon, lat : float64 or ndarray of float64
        Degrees; longitudes in [0, 360).

    Examples
    --------
    >>> from ferrumba import healpix
    >>> lon, lat = healpix.morton_to_lonlat(-4112241134313231121)
    >>> round(float(lon), 4), round(float(lat), 4)
    (166.6705, -77.8501)
    """
    return apply(BY_STEM["morton_to_lonlat"], morton, out=out, backend=backend, invalid=invalid)


def nested_to_morton(
    nested: Any, order: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> Any:
    """Return the decimal Morton ids of nested ids.

    Parameters
    ----------
    nested, order : int or array_like of int
        Ids and their orders 0 to 18, broadcast against each other.
    out, backend, invalid
        As :func:`lonlat_to_morton`.

    Returns
    -------
    int64 or ndarray of int64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.nested_to_morton([0, 11, 4786], [0, 0, 5])
    array([     1,     -6, 533413])
    """
    order = check_order(order, MAX_MORTON_ORDER)
    return apply(BY_STEM["nested_to_morton"], nested, order, out=out, backend=backend, invalid=invalid)


def morton_to_nested(morton: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise") -> Any:
    """Return the nested ids of decimal Morton ids, each at the id's own order (see :func:`morton_order`).

    Parameters
    ----------
    morton : array_like of int
        Ids of any orders.
    out, backend, invalid
        As :func:`lonlat_to_morton`; the sentinel is -1.

    Returns
    -------
    int64 or ndarray of int64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_to_nested([1, -6, 533413])
    array([   0,   11, 4786])
    """
    return apply(BY_STEM["morton_to_nested"], morton, out=out, backend=backend, invalid=invalid)


def morton_order(morton: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise") -> Any:
    """Return the orders of decimal Morton ids: the number of digits less one.

    Parameters
    ----------
    morton : array_like of int
        Ids.
    out, backend, invalid
        As :func:`lonlat_to_morton`; the sentinel is -1.

    Returns
    -------
    int64 or ndarray of int64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_order([1, -6, 533413])
    array([0, 0, 5])
    """
    return apply(BY_STEM["morton_order"], morton, out=out, backend=backend, invalid=invalid)


def morton_parent(
    morton: Any, order: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> Any:
    """Return the ancestors of decimal Morton ids at an order: their leading digits.

    Parameters
    ----------
    morton, order : int or array_like of int
        Ids, and orders no finer than each id's own, broadcast against each other.
    out, backend, invalid
        As :func:`lonlat_to_morton`.

    Returns
    -------
    int64 or ndarray of int64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_parent([533413, -4112241], 2)
    array([ 533, -411])
    """
    order = check_order(order, MAX_MORTON_ORDER)
    return apply(BY_STEM["morton_parent"], morton, order, out=out, backend=backend, invalid=invalid)


def morton_children(
    morton: Any, levels: int = 1, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> Any:
    """Return all descendants of decimal Morton ids some levels down.

    Parameters
    ----------
    morton : array_like of int
        Ids of any orders, each at least ``levels`` coarser than 18.
    levels : int
        How many orders to go down, 0 to 18.
    out, backend, invalid
        As :func:`lonlat_to_morton`; ``out`` has the shape of the result.

    Returns
    -------
    ndarray of int64, shape (..., 4**levels)
        In Z-order: digits 1 to 4 at each level, with the sign of the id.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_children([1, -42])
    array([[  11,   12,   13,   14],
           [-421, -422, -423, -424]])
    """
    if isinstance(levels, bool) or not isinstance(levels, int | np.integer):
        raise TypeError(f"levels is {levels!r}, but one whole number is needed for all ids; call once for each")
    if not 0 <= levels <= MAX_MORTON_ORDER:
        raise ValueError(levels_fault(1, int(levels)))
    return apply(BY_STEM["morton_children"], morton, int(levels), out=out, backend=backend, invalid=invalid)


def morton_contains(
    ancestor: Any, descendant: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> Any:
    """Return whether cells contain others: whether ``ancestor`` begins ``descendant`` or equals it.

    Parameters
    ----------
    ancestor, descendant : array_like of int
        Decimal Morton ids of any orders, broadcast against each other.
    out : ndarray of bool, optional
        Array of the common shape.
    backend : str, optional
        Request for this call.
    invalid : {"raise", "sentinel"}
        What becomes of integers that are no ids: an error that names the first, or False.

    Returns
    -------
    bool or ndarray of bool

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_contains(53, [533413, 543413, -53, 53, 5])
    array([ True, False, False,  True, False])
    """
    if invalid == "mask":
        raise ValueError("invalid is 'mask', but False is an ordinary answer here; use is_morton for the mask")
    return apply(BY_STEM["morton_contains"], ancestor, descendant, out=out, backend=backend, invalid=invalid)


def morton_range(
    morton: Any, order: Any = 18, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> tuple[Any, Any]:
    """Return the smallest and the largest id among the descendants of ids at an order; both belong to the interval.

    Parameters
    ----------
    morton, order : int or array_like of int
        Ids, and orders from each id's own to 18, broadcast against each other.
    out : tuple of two ndarray of int64, optional
        Arrays of the common shape.
    backend, invalid
        As :func:`lonlat_to_morton`.

    Returns
    -------
    first, last : int64 or ndarray of int64
        For negative ids the digits run the other way: ``first`` ends in fours and ``last`` in ones.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_range([53, -53], 3)
    (array([ 5311, -5344]), array([ 5344, -5311]))
    """
    order = check_order(order, MAX_MORTON_ORDER)
    return apply(BY_STEM["morton_range"], morton, order, out=out, backend=backend, invalid=invalid)


def morton_search(sorted_morton: Any, prefix: Any) -> tuple[Any, Any]:
    """Return where the descendants of ids stand in a sorted array: ``sorted_morton[start:stop]``.

    Parameters
    ----------
    sorted_morton : array_like of int, shape (n,)
        Ids of one order, ascending as integers. That it is sorted is not checked.
    prefix : array_like of int
        Ids of the same order or coarser.

    Returns
    -------
    start, stop : int64 or ndarray of int64
        Of the shape of ``prefix``; equal where the array holds no descendant. O(log n) for each prefix.

    Raises
    ------
    ValueError
        If the array is not 1-D or mixes orders, or a prefix is no id or finer than the array.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.morton_search([-534, -531, 511, 532, 533, 611], [53, -5, 4])
    (array([3, 0, 2]), array([5, 2, 2]))
    """
    array = as_array(MORTON, sorted_morton)
    if array.ndim != 1:
        raise ValueError(f"sorted_morton has shape {array.shape}, but a 1-D array is searched; ravel and sort it first")
    if len(array) == 0:
        order = MAX_MORTON_ORDER
    else:
        # In an ascending array orders fall to the last negative id and rise from the first positive one.
        turn = int(np.searchsorted(array, 0))
        ends = array[[0, max(turn - 1, 0), min(turn, len(array) - 1), len(array) - 1]]
        orders = morton_order(ends)
        order = int(orders[0])
        if (orders != order).any():
            raise ValueError(
                f"sorted_morton mixes orders {orders.min()} and {orders.max()}; search ids of one order at a time"
            )
    first, last = morton_range(as_array(MORTON, prefix), order)
    start, stop = np.searchsorted(array, first, "left"), np.searchsorted(array, last, "right")
    return start, stop


def is_morton(morton: Any, *, out: Any = None, backend: str | None = None) -> Any:
    """Return whether integers are decimal Morton ids of any order 0 to 18.

    Parameters
    ----------
    morton : array_like of int
        Any integers.
    out : ndarray of bool, optional
        Array of the same shape.
    backend : str, optional
        Request for this call.

    Returns
    -------
    bool or ndarray of bool

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.is_morton([533413, -6, 0, 7, 105, 15])
    array([ True,  True, False, False, False, False])
    """
    return apply(BY_STEM["is_morton"], morton, out=out, backend=backend)
