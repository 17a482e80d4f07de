"""The correlation of a series with itself some rows earlier."""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.timeseries.lags import as_lags
from ferrumba.timeseries.tables import as_table


def acf(x: Any, lags: Any, *, adjusted: bool = False, nan: str = "omit", min_periods: int = 1) -> Any:
    """Return the autocorrelation of each column at some lags.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, at equal distances.
    lags : int or sequence of int
        All lags from 0 to this one, or those listed.
    adjusted : bool
        Whether the sum of products at a lag is divided by the number of its pairs, instead of the number of values;
        less biased, but not within -1 and 1.
    nan : {"omit", "propagate"}
        Pairs of which one value is missing (NaN, infinity) are left out; or make their column NaN.
    min_periods : int
        Lags with fewer pairs get NaN.

    Returns
    -------
    object of the kind of ``x``, shape (number of lags,) or (number of lags, c)
        NaN for a constant column. A table has the lags as its index, or its first column.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    Notes
    -----
    One product of a column with itself for each lag, by BLAS: O(n) each. Equal to
    ``statsmodels.tsa.stattools.acf(missing="conservative")``.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.acf([1.0, -1.0, 1.0, -1.0], [0, 1, 2]).tolist()
    [1.0, -0.75, 0.5]
    >>> timeseries.acf([1.0, -1.0, 1.0, -1.0], [0, 1, 2], adjusted=True).tolist()
    [1.0, -1.0, 1.0]
    """
    table, chosen = as_table(x), as_lags(lags)
    if nan not in ("omit", "propagate"):
        raise ValueError(f"nan is {nan!r}, but it is one of 'omit', 'propagate'; give one of them")
    if isinstance(min_periods, bool) or not isinstance(min_periods, (int, np.integer)) or min_periods < 1:
        raise ValueError(f"min_periods is {min_periods!r}, but it is a number of pairs, 1 or more; give one")
    result = np.empty((len(chosen), table.array.shape[1]))
    for column in range(result.shape[1]):
        series = np.array(table.array[:, column], np.float64)
        result[:, column] = _of_series(series, chosen, adjusted, nan == "propagate", min_periods)
    return table.build(result, chosen, "lag")


def _of_series(series: np.ndarray, lags: np.ndarray, adjusted: bool, propagate: bool, least: int) -> np.ndarray:
    finite = np.isfinite(series)
    n, many = len(series), int(finite.sum())
    there = None if many == n else finite.astype(np.float64)
    if many == 0 or (propagate and there is not None):
        return np.full(len(lags), np.nan)
    known = series if there is None else series[finite]
    # A power of two near the largest value keeps squares from overflowing, and the first value a constant exact.
    _, exponent = np.frexp(np.abs(known).max())
    scale = float(np.ldexp(1.0, -min(max(int(exponent), -1022), 1022)))
    known = known * scale - known[0] * scale
    series[finite] = known - known.mean()
    series[~finite] = 0.0
    found = np.empty(len(lags))
    with np.errstate(all="ignore"):
        whole = series @ series
        for place, lag in enumerate(lags):
            left = max(0, n - int(lag))
            pairs = left if there is None else there[n - left :] @ there[:left]
            product = series[n - left :] @ series[:left]
            value = product / pairs / (whole / many) if adjusted else product / whole
            found[place] = value if pairs >= least and known.any() else np.nan
    return found
