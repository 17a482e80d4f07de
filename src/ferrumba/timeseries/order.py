"""Rolling order statistics: exact, on every backend and number of threads."""

from __future__ import annotations

from typing import Any

from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.rolling import rolling


def rolling_median(
    x: Any,
    window: Any,
    *,
    min_periods: int = 1,
    nan: str = "omit",
    times: Any = None,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Return the median of a trailing window at every row.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, columns are series. Real numbers in any order of memory; a Series or DataFrame of pandas or
        Polars, or a Table of Arrow.
    window : int, str or timedelta
        Rows of the window, its own included: row i sees the rows from ``i - window + 1`` to i, as many as there are.
        Or a time such as ``"30min"``: row i sees the rows from then on whose time is above its own less the window.
    min_periods : int
        How many finite values a window needs, from 1 to ``window``; with fewer the result is NaN.
    nan : {"omit", "propagate"}
        Only finite values count: NaN and infinity are missing. With ``"propagate"`` one missing value makes the result
        NaN.
    times : array_like of datetime64, or str
        The times of the rows for a window in time, ascending; or the name of the column that holds them. An index of
        dates is taken by itself.
    history : array_like, shape (m, c)
        What came before the first row; of it, the last ``window - 1`` rows are read. So a series that comes in blocks
        gives the same bits as in one piece.
    out : ndarray, optional
        Where the result goes; of the shape of ``x`` and the element type of the result. It may overlap ``x``.
    backend : str, optional
        Request for this call.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64. Where the number of values is even it is the mean of the two middle
        ones.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of another kind.

    Notes
    -----
    Exact: equal to sorting each window, for -0.0 and 0.0 too, the one being before the other; a sum of two middle
    values beyond the largest float does not overflow. A window costs O(window) moves of memory at worst and
    O(log(window)) comparisons.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_median([1.0, 9.0, 2.0, float("nan"), 3.0], 3)
    array([1. , 5. , 2. , 5.5, 2.5])
    """
    return rolling(
        BY_STEM["rolling_median"],
        x,
        window,
        min_periods=min_periods,
        nan=nan,
        times=times,
        history=history,
        out=out,
        backend=backend,
    )
