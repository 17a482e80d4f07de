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


def moments(values: np.ndarray, backend: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the shared rows of every pair of columns, the co-moments and the correlations.

    Parameters
    ----------
    values : ndarray of shape (n, c)
        Of any element type that casts to float64 and any order of memory.
    backend : str, optional
        Request for this call.
    """
    columns = values.shape[1]
    count = np.zeros((columns, columns), np.int64)
    moment, correlation = np.full((2, columns, columns), np.nan)
    if len(values) == 0:
        return count, moment, correlation
    with np.errstate(all="ignore"):
        plain = values if values.dtype == np.float64 else values.astype(np.float64)
        sums = np.ones(len(plain)) @ plain
        tiles = _complete(plain, sums) if np.isfinite(sums).all() else _pairwise(plain, backend)
        for left, right, found in tiles:
            here, mirrored = (left, right), (right, left)
            count[here] = found[0]
            good = _conclude(found, moment[here], correlation[here])
            if not good.all():
                pairs = np.argwhere(~good) + np.array([left.start, right.start])
                _repair(plain, pairs, count, moment, correlation, backend)
            if left != right:
                for table in (count, moment, correlation):
                    table[mirrored] = table[here].T
    return count, moment, correlation


Sums = tuple[Any, Any, Any, Any, Any, Any]
"""Over the rows that column i of one slice and column j of another share: n, sums of x, y, x^2, y^2 and x y."""


def _conclude(sums: Sums, moment: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Fill a part of the results from sums, and return where these were good enough."""
    n, x, y, xx, yy, xy = sums
    np.subtract(xy, x * y / n, out=moment)
    own, other = xx - x * x / n, yy - y * y / n
    np.clip(moment / np.sqrt(own * other), -1.0, 1.0, out=correlation)
    good = (own > LEAST_SHARE * xx) & (other > LEAST_SHARE * yy)
    return good & (np.minimum(own, other) > TINY) & (np.maximum(xx, yy) < HUGE)


def _repair(
    values: np.ndarray,
    pairs: np.ndarray,
    count: np.ndarray,
    moment: np.ndarray,
    correlation: np.ndarray,
    backend: str | None,
) -> None:
    """Compute pairs by themselves; those of a constant column need no look at the other."""
    needed, index = np.unique(pairs, return_inverse=True)
    series = np.ascontiguousarray(values[:, needed].T)
    finite = np.isfinite(series)
    known = np.where(finite, series, -np.inf).max(axis=1)
    constant = ((series == known[:, None]) | ~finite).all(axis=1) & finite.any(axis=1)
    index = index.reshape(pairs.shape)
    quiet = constant[index].any(axis=1)
    i, j = pairs[quiet].T
    moment[i, j], correlation[i, j] = np.where(count[i, j] > 0, 0.0, np.nan), np.nan
    wanted = ~quiet & (pairs[:, 0] <= pairs[:, 1])
    first, second = np.ascontiguousarray(index[wanted].T)
    inputs = (series, np.array([len(values)]), first, second)
    outputs = BY_STEM["pair_moments"].allocate(len(first), inputs)
    run(BY_STEM["pair_moments"], inputs, outputs, backend)
    i, j = pairs[wanted].T
    for table, found in zip((moment, correlation), outputs[1:], strict=True):
        table[i, j] = table[j, i] = found


def _tiles(columns: int) -> Iterator[tuple[slice, slice]]:
    """Yield pairs of slices of columns that make an upper triangle, each slice with itself first."""
    tiles = [slice(start, min(start + TILE, columns)) for start in range(0, columns, TILE)]
    for apart in range(len(tiles)):
        yield from zip(tiles, tiles[apart:], strict=False)


def _complete(values: np.ndarray, sums: np.ndarray) -> Iterator[tuple[slice, slice, Sums]]:
    """Yield pairs of slices with their sums, for a table without missing values and from the sums of its columns."""
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
    for left, right in _tiles(columns):
        yield (
            left,
            right,
            (n, sums[left, None], sums[right], squares[left, None], squares[right], products[left, right]),
        )


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
    """Yield pairs of slices of columns with their sums over shared rows."""
    rows, columns = values.shape
    middle = _middle(values)
    own = np.zeros((3, columns))  # counts, sums and squares of each column, known once its slice was with itself
    for left, right in _tiles(columns):
        wide, other = left.stop - left.start, right.stop - right.start
        products, lost, lost_other = np.zeros((wide, other)), np.zeros((other, 3, wide)), np.zeros((wide, 3, other))
        for start in range(0, rows, ROWS):
            here = slice(start, start + ROWS)
            x = y = _Centred(values[here, left], middle[left], backend)
            if left == right:
                own[0, left] += len(x.table) - x.missing.sum(axis=0)
                own[1, left] += np.ones(len(x.table)) @ x.table
            else:
                y = _Centred(values[here, right], middle[right], backend)
                lost_other += y.lost_to(x)
            products += x.table.T @ y.table
            lost += x.lost_to(y)
        if left == right:
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
