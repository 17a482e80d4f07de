"""Co-moments of all pairs of columns, by products of whole tables.

The products are BLAS's, on BLAS's threads. Missing values cost what is missing: the products run over values less the
middle of their column, 0 where missing, and the rows that a partner lacks are then taken out of each column's sums.
Pairs for which that leaves too little of too much are computed again by themselves, in three passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ferrumba.dispatch.driver import run
from ferrumba.timeseries.declarations import BY_STEM

ROWS = 1024
"""Rows whose differences are in the cache at once: 1024 rows of 200 columns take 1.6 MB."""
TILE = 512
"""Columns of one product; each of its tables takes 2 MB."""
OFFSET = 64.0
"""A column whose mean is within so many standard deviations of 0 is multiplied as it stands: it costs 12 of 53 bits."""
LEAST_SHARE = 2.0**-13
"""What must be left of a sum of squares after its mean and absent rows went out; it costs 13 of 53 bits."""
SAMPLE = 256
TINY, HUGE = 1e-140, 1e140
"""Sums of squares beyond are left to the passes that scale: products of two would lose bits or overflow."""


def moments(values: np.ndarray, backend: str | None) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return the shared rows of every pair of columns, one number if all are equal; the co-moments; the correlations.

    Parameters
    ----------
    values : ndarray of shape (n, c)
        Of any element type that casts to float64 and any order of memory.
    backend : str, optional
        Request for this call.
    """
    columns = values.shape[1]
    moment, correlation = np.empty((columns, columns)), np.empty((columns, columns))
    with np.errstate(all="ignore"):
        plain = values if values.dtype == np.float64 else values.astype(np.float64)
        sums = np.ones(len(plain)) @ plain
        if np.isfinite(sums).all():
            for band, found in _complete(plain, sums):
                _conclude(plain, band, slice(columns), found, moment, correlation, backend)
            return len(values), moment, correlation
        count = np.empty((columns, columns), np.int64)
        for left, right, found in _pairwise(plain, backend):
            shared = _conclude(plain, left, right, found, moment, correlation, backend)
            count[left, right] = shared
            if left != right:
                count[right, left] = shared.T
                moment[right, left], correlation[right, left] = moment[left, right].T, correlation[left, right].T
    return count, moment, correlation


Sums = tuple[Any, Any, Any, Any, Any, Any]
"""Over the rows that column i of one slice and column j of another share: n, sums of x, y, x^2, y^2 and x y."""


def _conclude(
    values: np.ndarray,
    left: slice,
    right: slice,
    sums: Sums,
    moment: np.ndarray,
    correlation: np.ndarray,
    backend: str | None,
) -> np.ndarray:
    """Fill a part of the results from sums, pair by pair where they are too poor, and return the shared rows."""
    n, x, y, xx, yy, xy = sums
    co = np.subtract(xy, x * y / n, out=moment[left, right])
    own, other = xx - x * x / n, yy - y * y / n
    good = (own > LEAST_SHARE * xx) & (other > LEAST_SHARE * yy)
    good &= (np.minimum(own, other) > TINY) & (np.maximum(xx, yy) < HUGE)
    np.clip(co / np.sqrt(own * other), -1.0, 1.0, out=correlation[left, right])
    if not good.all():
        first, second = np.nonzero(~good)
        first, second = first + left.start, second + right.start
        needed, index = np.unique(np.concatenate([first, second]), return_inverse=True)
        series = np.ascontiguousarray(values[:, needed].T)
        inputs = (series, np.array([len(values)]), *np.split(index.astype(np.int64), 2))
        outputs = BY_STEM["pair_moments"].allocate(len(first), inputs)
        run(BY_STEM["pair_moments"], inputs, outputs, backend)
        moment[first, second], correlation[first, second] = outputs[1:]
    return np.broadcast_to(n, co.shape)


def _complete(values: np.ndarray, sums: np.ndarray) -> Iterator[tuple[slice, Sums]]:
    """Yield bands of columns with their sums, for a table without missing values and from the sums of its columns."""
    n, columns = values.shape
    sample = values[:: max(1, n // 64)]
    if (np.abs(sums) <= OFFSET * n * sample.std(axis=0)).all():
        products = values.T @ values
    else:
        middle, sums = sums / n, np.zeros(columns)
        products = np.zeros((columns, columns))
        buffer = np.empty_like(values[:ROWS])
        ones = np.ones(ROWS)
        for start in range(0, n, ROWS):
            part = buffer[: min(ROWS, n - start)]
            np.subtract(values[start : start + ROWS], middle, out=part)
            products += part.T @ part
            sums += ones[: len(part)] @ part
    squares = np.diagonal(products).copy()
    for start in range(0, columns, TILE):
        band = slice(start, min(start + TILE, columns))
        yield band, (n, sums[band, None], sums, squares[band, None], squares, products[band])


def _middle(values: np.ndarray) -> np.ndarray:
    """Return about the mean of each column, from a sample of m rows: within n / m variances of it for certain."""
    sample = values[:: max(1, len(values) // SAMPLE)]
    finite = np.isfinite(sample)
    return np.where(finite, sample / np.maximum(finite.sum(axis=0), 1), 0.0).sum(axis=0)


class _Centred:
    """Some rows of some columns, less the middle of each column."""

    def __init__(self, values: np.ndarray, middle: np.ndarray, backend: str | None) -> None:
        inputs = (np.require(values, np.float64, ("C", "A")), middle)
        self.table, self.missing = outputs = BY_STEM["centre"].allocate(len(values), inputs)
        run(BY_STEM["centre"], inputs, outputs, backend)
        self._backend = backend

    def lost_to(self, other: _Centred) -> np.ndarray:
        """Return, for each column of another table, what is here in the rows that it lacks: counts, sums, squares."""
        column = np.arange(other.table.shape[1])
        inputs = (self.table, self.missing, other.missing, column)
        (sums,) = outputs = BY_STEM["absent_sums"].allocate(len(column), inputs)
        run(BY_STEM["absent_sums"], inputs, outputs, self._backend)
        return sums.reshape(len(column), 3, -1)


def _pairwise(values: np.ndarray, backend: str | None) -> Iterator[tuple[slice, slice, Sums]]:
    """Yield pairs of slices of columns with their sums over shared rows, each slice with itself first."""
    rows, columns = values.shape
    middle = _middle(values)
    own = np.zeros((3, columns))  # counts, sums and squares of each column by itself
    tiles = [slice(start, min(start + TILE, columns)) for start in range(0, columns, TILE)]
    for apart in range(len(tiles)):
        for left, right in zip(tiles, tiles[apart:], strict=False):
            products, lost, lost_other = 0.0, 0.0, 0.0
            for start in range(0, rows, ROWS):
                here = slice(start, start + ROWS)
                x = y = _Centred(values[here, left], middle[left], backend)
                if apart:
                    y = _Centred(values[here, right], middle[right], backend)
                    lost_other += y.lost_to(x)
                else:
                    own[0, left] += len(x.table) - x.missing.sum(axis=0)
                    own[1, left] += np.ones(len(x.table)) @ x.table
                products += x.table.T @ y.table
                lost += x.lost_to(y)
            if not apart:
                own[2, left] = np.diagonal(products)
                lost_other = lost
            yield left, right, _shared(own, left, right, products, lost, lost_other)


def _shared(
    own: np.ndarray, left: slice, right: slice, products: Any, lost: np.ndarray, lost_other: np.ndarray
) -> Sums:
    """Return the sums of two slices over shared rows: those of each column less what the other one lacks."""
    n, x, xx = own[:, left, None] - lost.transpose(1, 2, 0)
    _, y, yy = own[:, None, right] - lost_other.transpose(1, 0, 2)
    return n, x, y, xx, yy, products
