"""Spearman's correlation of all pairs of columns."""

from __future__ import annotations

import numpy as np

from ferrumba.dispatch.driver import run
from ferrumba.timeseries.declarations import BY_STEM

COLUMNS = 16
"""Columns that are ranked at once, and whose pairs come one after the other, so that their ranks stay in the cache."""


def correlations(values: np.ndarray, backend: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the shared rows of every pair of columns, and the correlations."""
    n, columns = values.shape
    doubled, group, size = (np.empty((columns, n), np.int32) for _ in range(3))
    groups = np.empty(columns, np.int64)
    for start in range(0, columns, COLUMNS):
        here = slice(start, start + COLUMNS)
        series = np.require(values[:, here].T, np.float64, ("C", "A"))
        run(
            BY_STEM["column_ranks"],
            (series, np.array([n])),
            (doubled[here], group[here], size[here], groups[here]),
            backend,
        )
    whole = np.asarray(doubled.all(axis=1))
    count, correlation = np.full((columns, columns), n), np.empty((columns, columns))
    some = np.flatnonzero(whole)
    correlation[np.ix_(some, some)] = _of_whole(doubled if whole.all() else doubled[some])
    if whole.all():
        return count, correlation
    lacking, absent = np.nonzero(doubled == 0)
    first, second = _pairs(whole)
    ends = np.searchsorted(lacking, np.arange(columns + 1))
    inputs = (group, size, groups, absent.astype(np.int32), ends, first, second)
    shared, found = outputs = BY_STEM["pair_ranks"].allocate(len(first), inputs)
    run(BY_STEM["pair_ranks"], inputs, outputs, backend)
    count[first, second] = count[second, first] = shared
    correlation[first, second] = correlation[second, first] = found
    return count, correlation


def _of_whole(doubled: np.ndarray) -> np.ndarray:
    """Return the correlations of ranked series without gaps; the products are exact below 2^53 / n^3 rows."""
    columns, n = doubled.shape
    products = np.zeros((columns, columns))
    for start in range(0, n, 1024):
        part = np.subtract(doubled[:, start : start + 1024], n + 1, dtype=np.float64)
        products += part @ part.T
    squares = np.diagonal(products).copy()
    with np.errstate(all="ignore"):
        return np.clip(products / np.sqrt(squares[:, None] * squares), -1.0, 1.0)


def _pairs(whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs i <= j of which one has gaps, those of the same few columns one after the other."""
    first, second = np.triu_indices(len(whole))
    wanted = ~(whole[first] & whole[second])
    first, second = first[wanted], second[wanted]
    order = np.lexsort((first // COLUMNS, second // COLUMNS))
    return first[order].astype(np.int64), second[order].astype(np.int64)
