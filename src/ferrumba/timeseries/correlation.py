"""Correlation and covariance of all pairs of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.timeseries import products, ranks
from ferrumba.timeseries.tables import as_table

METHODS = ("pearson", "spearman")
DELETIONS = ("pairwise", "complete")


def corr_matrix(
    x: Any,
    *,
    method: str = "pearson",
    deletion: str = "pairwise",
    nan: str = "omit",
    min_periods: int = 1,
    backend: str | None = None,
) -> Any:
    """Return the correlation of every pair of columns.

    Parameters
    ----------
    x : array_like or table, shape (n,) or (n, c)
        Rows are observations. Infinities are missing values, like NaN.
    method : {"pearson", "spearman"}
        Of the values, or of their ranks, equal values having the mean of theirs.
    deletion : {"pairwise", "complete"}
        Whether a pair uses every row that both have, or only rows without any missing value.
    nan : {"omit", "propagate"}
        Whether missing values are left out, or make every correlation of their column NaN.
    min_periods : int
        Pairs that share fewer rows get NaN.
    backend : str, optional
        Request for this call. Products of complete tables are BLAS's on any backend, and on BLAS's threads.

    Returns
    -------
    ndarray or table of shape (c, c)
        Symmetric, from -1 to 1; NaN where a column is constant over the shared rows. A table of pandas has the names of
        the columns along both axes; those of Polars and Arrow have them in a first column ``column``.

    Raises
    ------
    ValueError
        If a word is unknown, or ``min_periods`` below 1.

    Notes
    -----
    O(n c^2) for complete tables at the speed of a matrix product; with a share m of values missing, about m n c^2 sums
    more, and about 1.2 ns n for each pair of ranked columns with gaps. Values are taken relative to the middle of their
    column, and what would still lose more than 10 bits is computed again pair by pair, so an offset of 1e9 costs no
    digits. Correlations of ranks are exact up to the last division and square root.

    Examples
    --------
    >>> from ferrumba.timeseries import corr_matrix
    >>> corr_matrix([[1.0, 2.0], [2.0, 4.0], [3.0, float("nan")], [4.0, 1.0]]).round(6).tolist()
    [[1.0, -0.5], [-0.5, 1.0]]
    >>> corr_matrix([[1.0, 3.0], [2.0, 9.0], [3.0, 27.0]], method="spearman").tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    _check_word("method", method, METHODS)
    table, values = _arguments(x, deletion, nan, min_periods)
    if method == "spearman":
        count, result = ranks.correlations(values, backend)
    else:
        count, _, result = products.moments(values, backend)
    return _answer(table, values, nan, result, count, max(min_periods, 1))


def cov_matrix(
    x: Any,
    *,
    deletion: str = "pairwise",
    nan: str = "omit",
    min_periods: int = 1,
    ddof: int = 1,
    backend: str | None = None,
) -> Any:
    """Return the covariance of every pair of columns.

    Parameters
    ----------
    x, deletion, nan, min_periods, backend
        As for :func:`corr_matrix`.
    ddof : int
        What is taken off the number of shared rows in the denominator; pairs for which that leaves nothing get NaN.

    Returns
    -------
    ndarray or table of shape (c, c)

    Examples
    --------
    >>> from ferrumba.timeseries import cov_matrix
    >>> cov_matrix([[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]]).round(6).tolist()
    [[1.0, 3.5], [3.5, 13.0]]
    """
    if isinstance(ddof, bool) or not isinstance(ddof, (int, np.integer)) or ddof < 0:
        raise ValueError(f"ddof is {ddof!r}, but it is a whole number, 0 or more; give 0 or 1")
    table, values = _arguments(x, deletion, nan, min_periods)
    count, result, _ = products.moments(values, backend)
    with np.errstate(divide="ignore", invalid="ignore"):
        result /= count - float(ddof)
    return _answer(table, values, nan, result, count, max(min_periods, ddof + 1))


def _check_word(name: str, given: Any, words: tuple[str, ...]) -> None:
    if given not in words:
        raise ValueError(f"{name} is {given!r}, but it is one of {', '.join(map(repr, words))}; give one of them")


def _arguments(x: Any, deletion: str, nan: str, min_periods: int) -> tuple[Any, np.ndarray]:
    _check_word("deletion", deletion, DELETIONS)
    _check_word("nan", nan, ("omit", "propagate"))
    if isinstance(min_periods, bool) or not isinstance(min_periods, (int, np.integer)) or min_periods < 1:
        raise ValueError(f"min_periods is {min_periods!r}, but it is a number of rows, 1 or more; give one")
    table = as_table(x)
    values = table.array
    if deletion == "complete":
        whole = np.isfinite(values).all(axis=1)
        values = values if whole.all() else values[whole]
    return table, values


def _answer(table: Any, values: np.ndarray, nan: str, result: np.ndarray, count: np.ndarray, least: int) -> Any:
    """Return the results in the caller's kind, NaN where they are not to be given."""
    np.copyto(result, np.nan, where=count < least)
    if nan == "propagate":
        spoilt = ~np.isfinite(values).all(axis=0)
        result[spoilt] = np.nan
        result[:, spoilt] = np.nan
    names = range(len(result)) if table.names is None else table.names
    return table.build(result, names, "column", names)
