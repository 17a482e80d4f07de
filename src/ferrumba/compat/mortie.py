"""mortie as it was with Numba: the same names, argument orders, dtypes, shapes and error types, on Ferrumba's kernels.

``from ferrumba.compat.mortie import tools`` instead of ``from mortie import tools`` is the whole change. Latitudes are
spherical and come before longitudes. What mortie did wrong is done right; docs/migrating/mortie.md lists each case.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ferrumba.dispatch.kernel import Input, Output
from ferrumba.dispatch.public import adapter, as_array
from ferrumba.healpix import lonlat_to_morton, lonlat_to_nested, nested_to_morton, nested_to_uniq, uniq_to_nested
from ferrumba.healpix.declarations import MAX_MORTON_ORDER, MORTON, ORDER, TO_MORTON, UNIQ, order_fault
from ferrumba.healpix.orders import check_order

__all__ = [
    "VaexNorm2Mort",
    "clip2order",
    "fastNorm2Mort",
    "geo2mort",
    "geo2uniq",
    "heal_norm",
    "order2res",
    "res2display",
    "unique2parent",
]

tools = sys.modules[__name__]
"""This module itself: mortie's functions are in ``mortie.tools``."""

_NORMED, _PARENTS, _BASE, _ADDRESS = (Input(name, "int64") for name in ("normed", "parents", "base", "addr_nest"))
_TO_PARENT = Output("parent", "int64", -1)


def order2res(order: Any) -> Any:
    """Return the approximate side of a cell in kilometres: 111 * 58.6323 / 2**order.

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> round(mortie.order2res(18), 6)
    0.024827
    """
    if isinstance(order, list | tuple):
        order = np.asarray(order)
    return 111 * 58.6323 * 0.5**order


def res2display() -> None:
    """Print the approximate side of a cell at orders 0 to 19."""
    for order in range(20):
        print(f"{order2res(order)} km at tessellation order {order}")


def _check_morton_order(order: Any) -> Any:
    """Return an order of decimal Morton ids as an integer or array; raise on others, above 18 in mortie's words."""
    orders = as_array(ORDER, order)
    if orders.size and orders.max() > MAX_MORTON_ORDER:
        raise ValueError("Max order is 18 (to output to 64-bit int).")
    return check_order(orders if orders.ndim else int(orders), MAX_MORTON_ORDER)


def _refuse(wrong: np.ndarray, name: str, values: np.ndarray, reason: str) -> None:
    """Raise about the first element that is wrong, if any is."""
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = "" if index == () else f"at index {index[0] if len(index) == 1 else index}: "
        raise ValueError(f"{place}{name} is {np.broadcast_to(values, wrong.shape)[index]}, but {reason}")


def _nested(order: Any, normed: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return nested ids of addresses within base cells, given plainly or as ``heal_norm`` of a UNIQ id leaves them."""
    cells = np.int64(4) ** order
    _refuse((parents < 0) | (parents > 11), "parents", parents, "base cells are 0 to 11")
    outside = (normed < 0) | (normed >= cells)
    if outside.any():
        # mortie's own geo2mort leaves 4 * 4**order in the addresses, and so does the code of its users.
        of_uniq = (normed >= 4 * cells) & (normed < 5 * cells)
        _refuse(outside & ~of_uniq, "normed", normed, "addresses within a base cell run from 0 to 4**order - 1")
        normed = np.where(of_uniq, normed - 4 * cells, normed)
    return parents * cells + normed


def fastNorm2Mort(order: Any, normed: Any, parents: Any, out: Any = None, *, where: Any = True) -> Any:  # noqa: N802 - mortie's name
    """Return decimal Morton ids of addresses within base cells.

    Parameters
    ----------
    order : int or array_like of int
        0 to 18.
    normed : int or array_like of int
        Addresses 0 to 4**order - 1 within the base cell, or as :func:`heal_norm` makes them of UNIQ ids (4 * 4**order
        more).
    parents : int or array_like of int
        Base cells 0 to 11.
    out : ndarray of int64, optional
        Array of the common shape that receives the ids.
    where : array_like of bool, optional
        Elements to compute; the others keep what ``out`` holds, and are 0 without it.

    Returns
    -------
    int64 or ndarray of int64
        Of the common shape; a Series for pandas Series, lazy for Dask collections.

    Raises
    ------
    ValueError
        If an order, address or base cell is out of range.
    TypeError
        If an argument does not hold integers.

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.fastNorm2Mort(5, [690, 12], [4, 11])
    array([ 533413, -611141])
    """
    if foreign := adapter((order, normed, parents)):
        if where is not True:
            raise TypeError(
                "where is given beside pandas or Dask arguments; compute all, then use .where of the result"
            )
        inputs = (ORDER, _NORMED, _PARENTS)
        return foreign.lift(fastNorm2Mort, (order, normed, parents), inputs, (TO_MORTON,), out=out)
    if isinstance(out, tuple) and len(out) == 1:  # as ufuncs take it
        out = out[0]
    order = _check_morton_order(order)
    normed, parents = as_array(_NORMED, normed).astype(np.int64), as_array(_PARENTS, parents).astype(np.int64)
    if where is True:
        return nested_to_morton(_nested(order, normed, parents), order, out=out)
    order, normed, parents, chosen = np.broadcast_arrays(order, normed, parents, np.asarray(where, dtype=bool))
    ids = np.zeros(chosen.shape, dtype=np.int64)
    ids[chosen] = nested_to_morton(_nested(order[chosen], normed[chosen], parents[chosen]), order[chosen])
    if out is None:
        return ids[()]
    np.copyto(out, ids, where=chosen)
    return out


def VaexNorm2Mort(normed: Any, parents: Any, out: Any = None, *, where: Any = True) -> Any:  # noqa: N802 - mortie's name
    """Return ``fastNorm2Mort(18, normed, parents)``, for callers that can only pass columns.

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.VaexNorm2Mort(0, 8)
    np.int64(-3111111111111111111)
    """
    return fastNorm2Mort(MAX_MORTON_ORDER, normed, parents, out, where=where)


def geo2uniq(lats: Any, lons: Any, order: Any = 18) -> Any:
    """Return the UNIQ ids of the cells that hold points; latitudes first, in degrees on the sphere.

    Parameters
    ----------
    lats, lons : array_like of float
        Degrees; they broadcast.
    order : int or array_like of int
        0 to 29.

    Returns
    -------
    int64 or ndarray of int64

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.geo2uniq(-77.85, 166.67, 6)
    np.int64(53340)
    """
    return nested_to_uniq(lonlat_to_nested(lons, lats, order), order)


def geo2mort(lats: Any, lons: Any, order: Any = 18) -> Any:
    """Return the decimal Morton ids of the cells that hold points; latitudes first, in degrees on the sphere.

    Parameters
    ----------
    lats, lons : array_like of float
        Degrees; they broadcast.
    order : int or array_like of int
        0 to 18.

    Returns
    -------
    ndarray of int64
        One-dimensional whatever the shape of the arguments, of length 1 for scalars. A Series for pandas Series, lazy
        for Dask collections.

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.geo2mort(-77.85, 166.67, 6)
    array([-4112241])
    """
    if not adapter((order,)):
        order = _check_morton_order(order)
    ids = lonlat_to_morton(lons, lats, order)
    return ids.ravel() if getattr(ids, "ndim", 1) != 1 else ids


def unique2parent(unique: Any) -> Any:
    """Return the base cells of UNIQ ids of one order.

    Parameters
    ----------
    unique : int or array_like of int
        UNIQ ids, all of the same order; of Dask collections each block by itself.

    Returns
    -------
    int or ndarray
        Of the type and shape of the argument.

    Raises
    ------
    NotImplementedError
        If the orders are mixed; ``healpix.uniq_to_nested`` takes any.

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.unique2parent([54805, 16384])
    array([9, 0])
    """
    if foreign := adapter((unique,)):
        return foreign.lift(unique2parent, (unique,), (UNIQ,), (_TO_PARENT,))
    nested, order = uniq_to_nested(unique)
    orders = np.ravel(order)
    if orders.size and (orders != orders[0]).any():
        raise NotImplementedError(
            f"Cannot parse mixed resolution unique cells, here of orders {orders.min()} and {orders.max()}; "
            "use ferrumba.healpix.uniq_to_nested"
        )
    parents = nested >> 2 * order
    if isinstance(unique, int):
        return int(parents)
    return parents.astype(unique.dtype) if isinstance(unique, np.ndarray | np.generic) else parents


def heal_norm(base: Any, order: Any, addr_nest: Any) -> Any:
    """Return ``addr_nest - base * 4**order``: the address of a nested id within its base cell.

    Parameters
    ----------
    base : int or array_like of int
        Base cells.
    order : int or array_like of int
        0 to 29.
    addr_nest : int or array_like of int
        Nested ids, or UNIQ ids as in mortie's own code; the difference is then 4 * 4**order more.

    Returns
    -------
    int or array of int

    Examples
    --------
    >>> from ferrumba.compat import mortie
    >>> mortie.heal_norm(4, 5, 4786)
    690
    """
    check_order(order)
    if isinstance(order, int):
        cells = 4 ** int(order)
    else:
        cells = np.int64(4) ** (order if adapter((order,)) else as_array(ORDER, order))
    return _whole(_ADDRESS, addr_nest) - _whole(_BASE, base) * cells


def _whole(argument: Input, value: Any) -> Any:
    """Return integers fit for arithmetic in int64, pandas and Dask objects and Python integers as they are."""
    if type(value) is int or adapter((value,)):
        return value
    return as_array(argument, value).astype(np.int64)[()]


def clip2order(clip_order: int, midx: Any = None, print_factor: bool = False) -> Any:
    """Return Morton ids of order 18 clipped to a coarser order: without their last ``18 - clip_order`` digits.

    Parameters
    ----------
    clip_order : int
        0 to 18.
    midx : array_like of int
        Ids of order 18; digits are not checked. ``healpix.morton_parent`` takes ids of any orders, and does.
    print_factor : bool
        Return the factor, ``10**(18 - clip_order)``, instead.

    Returns
    -------
    int, or ndarray of int64

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba.compat import mortie
    >>> mortie.clip2order(6, np.array([-4222344342113414321, 5334134444444444444]))
    array([-4222344,  5334134])
    """
    if isinstance(clip_order, bool) or not isinstance(clip_order, int | np.integer):
        raise TypeError(f"clip_order is {clip_order!r}, but one whole number is needed")
    if fault := order_fault(int(clip_order), MAX_MORTON_ORDER):
        raise ValueError(f"clip_order {fault}")
    factor = 10 ** (MAX_MORTON_ORDER - int(clip_order))
    if print_factor:
        return factor
    if midx is None:
        raise TypeError("midx is None, but ids are needed; give them, or print_factor=True for the factor")
    if foreign := adapter((midx,)):
        return foreign.lift(_clip, (midx, factor), (MORTON, MORTON), (TO_MORTON,))
    return _clip(midx, factor)


def _clip(midx: Any, factor: int) -> Any:
    ids = as_array(MORTON, midx).astype(np.int64)
    _refuse(ids == np.iinfo(np.int64).min, "midx", ids, "that is no id, or stands for a missing one")
    return (ids - np.fmod(ids, factor)) // factor
