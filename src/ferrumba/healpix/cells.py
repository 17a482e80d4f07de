"""What bounds a cell and what surrounds it: vertices, area, resolution, neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ferrumba.dispatch.kernel import Output
from ferrumba.dispatch.public import adapter, apply, as_array
from ferrumba.healpix.declarations import BY_STEM, ORDER
from ferrumba.healpix.orders import check_order

_AREA, _RESOLUTION = (Output(name, "float64", math.nan) for name in ("area", "resolution"))


def neighbours(nested: Any, order: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise") -> Any:
    """Return the eight neighbours of cells.

    Parameters
    ----------
    nested : array_like of int
        Ids from 0 to 12 * 4**order - 1.
    order : int or array_like of int
        0 to 29, broadcast against ``nested``.
    out : ndarray of int64, optional
        Array of the common shape followed by 8.
    backend : str, optional
        Request for this call.
    invalid : {"raise", "mask", "sentinel"}
        What becomes of ids out of range: an error, a masked row, or a row of -1. With ``"mask"`` missing corners are
        masked as well.

    Returns
    -------
    ndarray of int64, shape (..., 8)
        In the order SW, W, NW, N, NE, E, SE, S of ``healpy.get_all_neighbours`` (which puts the 8 first); -1 where
        three cells meet at a corner and the neighbour does not exist.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> healpix.neighbours(4786, 5)
    array([4775, 4781, 4792, 4793, 4787, 4785, 4784, 4773])
    """
    return apply(BY_STEM["neighbours"], nested, check_order(order), out=out, backend=backend, invalid=invalid)


def cell_vertices(
    nested: Any, order: Any, *, out: Any = None, backend: str | None = None, invalid: str = "raise"
) -> tuple[Any, Any]:
    """Return the corners of cells.

    Parameters
    ----------
    nested : array_like of int
        Ids from 0 to 12 * 4**order - 1.
    order : int or array_like of int
        0 to 29, broadcast against ``nested``.
    out : tuple of two ndarray of float64, optional
        Arrays of the common shape followed by 4.
    backend, invalid
        As :func:`neighbours`; invalid rows hold NaN.

    Returns
    -------
    lon, lat : ndarray of float64, shape (..., 4)
        Degrees, longitudes in [0, 360), in the order N, W, S, E of ``healpy.boundaries``. A corner at a pole has the
        longitude of the middle of its base cell.

    Examples
    --------
    >>> from ferrumba import healpix
    >>> lon, lat = healpix.cell_vertices(4, 0)
    >>> lon.round(6), lat.round(6)
    (array([  0., 315.,   0.,  45.]), array([ 41.810315,   0.      , -41.810315,   0.      ]))
    """
    return apply(BY_STEM["cell_vertices"], nested, check_order(order), out=out, backend=backend, invalid=invalid)


def cell_area(order: Any) -> Any:
    """Return the area of a cell in steradians, pi / 3 / 4**order; all cells of an order have the same.

    Parameters
    ----------
    order : int or array_like of int
        0 to 29.

    Returns
    -------
    float64 or ndarray of float64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> round(float(healpix.cell_area(0)), 6)
    1.047198
    """
    if foreign := adapter((order,)):
        return foreign.lift(cell_area, (order,), (ORDER,), (_AREA,))
    orders = as_array(ORDER, check_order(order)).astype(np.int64)
    return np.ldexp(math.pi / 3, -2 * orders)[()]


def resolution(order: Any) -> Any:
    """Return the side in degrees of a square with the area of a cell.

    Parameters
    ----------
    order : int or array_like of int
        0 to 29.

    Returns
    -------
    float64 or ndarray of float64

    Examples
    --------
    >>> from ferrumba import healpix
    >>> round(float(healpix.resolution(0)), 6)
    58.632301
    """
    if foreign := adapter((order,)):
        return foreign.lift(resolution, (order,), (ORDER,), (_RESOLUTION,))
    orders = as_array(ORDER, check_order(order)).astype(np.int64)
    return np.ldexp(math.degrees(math.sqrt(math.pi / 3)), -orders)[()]
