"""Statistics of whole columns: the order statistics of the one window that holds all rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.order import as_quantiles, as_scale
from ferrumba.timeseries.tables import Table, as_table


def column_quantiles(x: Any, q: Any, *, backend: str | None = None) -> Any:
    """Return a quantile, or several, of each column; NaN and infinity are missing.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Columns are series. Real numbers in any order of memory; a Series or DataFrame of pandas or Polars, or a Table
        of Arrow.
    q : float or sequence of float
        In [0, 1].
    backend : str, optional
        Request for this call.

    Returns
    -------
    ndarray of float64 or data frame, shape (c,) or (len(q), c)
        Without the last axis where ``x`` has one; NaN for columns without a finite value. Frames keep the names of the
        columns. One quantile of a frame is a Series of pandas, or a table of one row of Polars or Arrow; several are a
        table with ``quantile`` as its index, or its first column.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of another kind.

    Notes
    -----
    Linear interpolation, rounded as :func:`numpy.nanquantile` does it. Costs O(n) for each quantile: the rank is looked
    for in one of 2048 buckets, and nothing is put in order.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.column_quantiles([[1.0, 5.0], [2.0, float("nan")], [4.0, 7.0]], [0.25, 0.5])
    array([[1.5, 5.5],
           [2. , 6. ]])
    """
    quantiles, several = as_quantiles(q)
    table = as_table(x)
    (found,) = _whole("rolling_quantile", table, quantiles, (len(quantiles),), backend)
    found = found.reshape(-1, len(quantiles)).T
    return table.build(found, quantiles, "quantile") if several else table.row(found[0])


def column_median_mad(x: Any, *, scale: float | str = 1.0, backend: str | None = None) -> tuple[Any, Any]:
    """Return the median of each column and the median of the distances to it; NaN and infinity are missing.

    Parameters
    ----------
    x, backend
        As for :func:`column_quantiles`.
    scale : float or "normal"
        What the second is multiplied with. ``"normal"``, 1.4826, makes it the standard deviation of normal values.

    Returns
    -------
    median, mad : ndarray of float64 or data frame, shape (c,), or float where ``x`` has one axis
        NaN for columns without a finite value. As one quantile of :func:`column_quantiles` is for frames.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of another kind.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> median, mad = timeseries.column_median_mad([[1.0, 5.0], [2.0, float("nan")], [4.0, 7.0]])
    >>> median
    array([2., 6.])
    >>> mad
    array([1., 1.])
    >>> import pandas as pd
    >>> median, mad = timeseries.column_median_mad(pd.DataFrame({"flow": [1.0, 2.0, 4.0]}))
    >>> float(median["flow"])
    2.0
    """
    table = as_table(x)
    median, mad = _whole("rolling_median_mad", table, np.array([as_scale(scale)]), (1, 1), backend)
    return table.row(median), table.row(mad)


def _whole(
    stem: str, table: Table, numbers: np.ndarray, each: tuple[int, ...], backend: str | None
) -> list[np.ndarray]:
    """Return the last row of a rolling statistic whose window holds all rows."""
    rows, columns = table.array.shape
    outputs = [np.full((1, columns * many), np.nan) for many in each]
    if rows and columns:
        rules = np.array([rows]), np.array([1]), np.array([False])
        driver.run(BY_STEM[stem], (writable(table.array), *rules, numbers), outputs, backend)
    return [output[0] for output in outputs]
