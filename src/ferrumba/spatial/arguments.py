"""Arguments of the spatial family as the arrays that kernels take."""

from __future__ import annotations

from typing import Any

import numpy as np


def _numbers(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as fault:
        raise ValueError(f"{name} cannot be made an array ({fault}); give numbers in a regular shape") from None
    if array.dtype.kind not in "iuf" and array.size:
        raise TypeError(f"{name} holds {array.dtype}, but real numbers are needed; convert it first")
    return array


def as_points(values: Any, dtype: np.dtype, dimensions: int = 0, name: str = "points") -> tuple[np.ndarray, int]:
    """Return points as a C-contiguous float64 array of three columns, rounded to ``dtype``, and how many they had.

    The caller's own array is returned where it has that form, so it must only be read.
    """
    plain = type(values) is np.ndarray and values.dtype == np.float64 == dtype and values.ndim == 2
    if plain and dimensions != 2 and values.shape[1] == 3 and values.flags.c_contiguous and values.flags.aligned:
        return values, 3
    array = _numbers(values, name)
    if array.size == 0 and array.ndim < 2:
        array = np.empty((0, dimensions or 3))
    columns = f"{dimensions} columns" if dimensions else "2 or 3 columns (x, y or x, y, z)"
    if array.ndim != 2 or array.shape[1] not in ((dimensions,) if dimensions else (2, 3)):
        raise ValueError(f"{name} has shape {array.shape}, but it must be a table with {columns}; reshape it")
    given = array.shape[1]
    if dtype == np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if given == 2:
        full = np.zeros((len(array), 3))
        full[:, :2] = array
        return full, 2
    return np.require(array, np.float64, ("C", "A")), 3


def as_radius(radius: Any, rows: int) -> np.ndarray:
    """Return a radius as an array of one, or of one for each row; values are checked by the kernel."""
    if type(radius) is float:
        return np.array([radius])
    array = _numbers(radius, "radius")
    if array.ndim == 0:
        return np.array([array], np.float64)
    if array.shape != (rows,):
        raise ValueError(f"radius has shape {array.shape}, but it is one number or one for each of the {rows} queries")
    return np.require(array, np.float64, ("C", "A")) if rows else np.zeros(1)


def _per_axis(values: Any, dimensions: int, name: str, beyond: float) -> np.ndarray:
    array = _numbers(
        np.inf
        if values is None
        else [np.inf if v is None else v for v in values]
        if isinstance(values, (list, tuple))
        else values,
        name,
    )
    if array.shape not in ((), (dimensions,)):
        raise ValueError(
            f"{name} has shape {array.shape}, but it is one number or {dimensions} elements, one for each axis"
        )
    full = np.full(3, beyond)
    full[:dimensions] = array
    return full


def as_widths(cell: Any, dimensions: int) -> np.ndarray:
    """Return widths of cells, one for each axis."""
    widths = _per_axis(cell, dimensions, "cell", 1.0)
    if not ((widths > 0.0) & (widths < np.inf)).all():
        raise ValueError(f"cell is {cell!r}, but widths are finite numbers above 0; leave it out to have it chosen")
    return widths


def as_box(box: Any, dimensions: int) -> np.ndarray:
    """Return the periods of three axes, infinite where open."""
    if np.ndim(box) == 2:
        raise ValueError("box is a matrix, but only boxes with right angles are handled; give the three lengths")
    period = _per_axis(box, dimensions, "box", np.inf)
    if not ((period > 1e-150) & ((period <= 1e150) | (period == np.inf))).all():
        raise ValueError(f"box is {box!r}, but its lengths are numbers above 0, or infinity or None for an open axis")
    return period


def as_order(order: Any, rows: int) -> np.ndarray:
    """Return an order of visits, a permutation of the ids."""
    visit = np.ascontiguousarray(order)
    if visit.dtype.kind not in "iu" or visit.shape != (rows,) or not np.array_equal(np.sort(visit), np.arange(rows)):
        raise ValueError(
            f"order has shape {visit.shape} and dtype {visit.dtype}, but it is a permutation of the {rows} ids"
        )
    return visit.astype(np.int64, copy=False)


def wrapped(points: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Return points moved into [0, length) along the periodic axes; the same array where all are open."""
    axes = period < np.inf
    if not axes.any():
        return points
    length = period[axes]
    inside = points[:, axes] - np.floor(points[:, axes] / length) * length
    inside[inside >= np.broadcast_to(length, inside.shape)] = 0.0
    points = points.copy()
    points[:, axes] = inside
    return points
