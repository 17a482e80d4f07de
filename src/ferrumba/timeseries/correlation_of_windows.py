"""Covariance and correlation of pairs of columns in trailing windows, also some rows apart."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.lagged_pairs import REDUCERS, Lagged
from ferrumba.timeseries.lags import as_lags
from ferrumba.timeseries.pairs import as_pairs
from ferrumba.timeseries.rolling import Composite, rolling
from ferrumba.timeseries.tables import deferred
from ferrumba.timeseries.windows import is_span


def rolling_corr(
    x: Any,
    window: Any,
    *,
    other: Any = None,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    min_periods: int = 1,
    nan: str = "omit",
    times: Any = None,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Return the correlation of pairs of columns in a trailing window, at every row.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, columns are series.
    window : int, str or timedelta
        Rows of the trailing window, or a time such as ``"30min"``.
    other : array_like or data frame, shape (n,) or (n, d), optional
        A second table with the same rows. The first column of a pair is one of ``x`` then, and the second one of it.
    pairs : sequence of (first, second), optional
        Columns by their names or places. By default every two columns of ``x``, ``(0, 1), (0, 2), ... (1, 2), ...``;
        or every column of ``x`` with every one of ``other``.
    min_periods : int
        How many rows of a window need a finite value in both columns; with fewer the result is NaN.
    nan : {"omit", "propagate"}
        Rows in which either value is missing (NaN, infinity) do not count; or make the result NaN.
    times, backend
        See :func:`rolling_median`.
    history : array_like, shape (m, c), or a tuple of two
        What came before the first row, of ``x`` and of ``other``.
    out : ndarray of shape (n, p), optional
        Where the result goes, for arrays.

    Returns
    -------
    ndarray or data frame, shape (n, p)
        A column for each of p pairs; frames call it ``<first>_<second>_corr`` and keep their index. Of shape (n,), or a
        Series, if both ``x`` and ``other`` have one axis and no pairs are listed. float32 for float32 values, else
        float64. From -1 to 1; NaN where a column is constant over the rows of a window that count.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of another kind, a pair is none, or the rows of ``other`` are others.

    Notes
    -----
    Sums of squares and of products about the means, as in :func:`rolling_std`: right at any offset and scale, with no
    trace of what came before, and the same bits on every backend. O(1) for each row and pair.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_corr([[1.0, 2.0], [2.0, 4.0], [4.0, 3.0]], 2)
    array([[nan],
           [ 1.],
           [-1.]])
    >>> timeseries.rolling_corr([1.0, 2.0, 4.0], 2, other=[2.0, 4.0, 3.0])
    array([nan,  1., -1.])
    """
    return _rolled(
        "corr",
        x,
        window,
        other=other,
        pairs=pairs,
        min_periods=min_periods,
        nan=nan,
        times=times,
        history=history,
        out=out,
        backend=backend,
    )


def rolling_cov(
    x: Any,
    window: Any,
    *,
    other: Any = None,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    min_periods: int = 1,
    nan: str = "omit",
    times: Any = None,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Return the covariance of pairs of columns in a trailing window, at every row, with one degree of freedom less.

    Parameters
    ----------
    x, window, other, pairs, min_periods, nan, times, history, out, backend
        See :func:`rolling_corr`.

    Returns
    -------
    ndarray or data frame, shape (n, p)
        A column for each of p pairs, called ``<first>_<second>_cov``; else as for :func:`rolling_corr`. NaN for a
        single row, 0 where a column is constant.

    Raises
    ------
    ValueError, TypeError
        As for :func:`rolling_corr`.

    Examples
    --------
    >>> import pandas as pd
    >>> from ferrumba import timeseries
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 3.0]})
    >>> timeseries.rolling_cov(frame, 2)["a_b_cov"].tolist()
    [nan, 1.0, -1.0]
    >>> timeseries.rolling_cov(frame, 2, pairs=[("a", "a")])["a_a_cov"].tolist()
    [nan, 0.5, 2.0]
    """
    return _rolled(
        "cov",
        x,
        window,
        other=other,
        pairs=pairs,
        min_periods=min_periods,
        nan=nan,
        times=times,
        history=history,
        out=out,
        backend=backend,
    )


def rolling_lagged_corr(
    x: Any,
    window: Any,
    lags: Any,
    *,
    reduce: str | None = "best",
    other: Any = None,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    min_periods: int = 1,
    nan: str = "omit",
    times: Any = None,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Return how pairs of columns correlate some rows apart in a trailing window, or at which lag they do most.

    Parameters
    ----------
    x, window, other, pairs, times, backend
        See :func:`rolling_corr`.
    lags : int or sequence of int
        All lags from 0 to this one, or those listed. At a lag of L rows, 0 or more, the first column of a pair leads:
        its value of L rows before stands beside the second's. At -L the second leads. Either way the window holds
        the later values, nothing comes from after the row, and a lagged value may be from before the window.
    reduce : {"best", "best_lag", "max_abs", None}
        What is kept of the lags of a row and pair: ``"max_abs"``, the largest absolute correlation; ``"best_lag"``, the
        lag where it is, the first listed of equal ones; ``"best"``, that lag and the correlation there; or all.
    min_periods : int
        How many rows of a window need a finite value in both columns, at each lag by itself.
    nan : {"omit", "propagate"}
        Rows in which either value is missing (NaN, infinity, before the first row) do not count; or make the
        correlation at that lag NaN.
    history : array_like, shape (m, c), or a tuple of two
        What came before the first row, of ``x`` and of ``other``; the last ``window - 1`` rows and as many as the
        largest lag are read.
    out : ndarray or tuple of two, optional
        Where the results go, for arrays.

    Returns
    -------
    ndarray or data frame, shape (n, p)
        For p pairs; frames have columns called ``<first>_<second>_best_lag``, ``<first>_<second>_max_abs``, or
        ``<first>_<second>_corr``. A tuple of the lags and the correlations for ``"best"``. Without a reducer
        of shape (n, p, number of lags), or ``<first>_<second>_corr_lag<lag>``. Lags are floats, NaN where no lag has a
        correlation.

    Raises
    ------
    ValueError, TypeError
        As for :func:`rolling_corr`; or if ``reduce`` is unknown.

    Notes
    -----
    The correlations are those of :func:`rolling_corr` with columns of :func:`lag_stack`, to the bit. They are made and
    reduced for some thousand rows and a few pairs and lags at a time, so that memory does not grow with their product.
    O(1) for each row, pair and lag.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> x = np.sin(np.arange(50) * 0.3)
    >>> y = np.sin((np.arange(50) - 4) * 0.3)  # it follows 4 rows later
    >>> lag, corr = timeseries.rolling_lagged_corr(x, 20, 6, other=y)
    >>> float(lag[-1]), round(float(corr[-1]), 6)
    (4.0, 1.0)
    """
    chosen = as_lags(lags, signed=True)
    if reduce not in REDUCERS:
        raise ValueError(f"reduce is {reduce!r}, but it is one of {', '.join(map(repr, REDUCERS))}; give one of them")
    if is_span(window) and history is not None:
        raise ValueError("history is given with a window in time, but it has no times; give all rows in x")
    reach = int(np.abs(chosen).max())
    options: dict[str, Any] = {"min_periods": min_periods, "nan": nan, "backend": backend}
    if lazy := _deferred(x, other):
        function = functools.partial(rolling_lagged_corr, lags=lags, reduce=reduce, pairs=pairs, **options)
        return lazy.mapped(function, x, window, reach, times=times, history=history, out=out)
    found = as_pairs(x, other, pairs, times)
    steps = Lagged(found.columns, chosen, reduce)
    return rolling(
        Composite("timeseries.rolling_lagged_corr", steps.outputs, steps.run, reach),
        found.table,
        window,
        times=times,
        history=found.before(history),
        out=out,
        forms=[found.form(output.name) for output in steps.outputs],
        suffixes=() if reduce else [f"lag{lag}" for lag in chosen],
        **options,
    )


def _rolled(
    result: str,
    x: Any,
    window: Any,
    *,
    other: Any,
    pairs: Any,
    times: Any,
    history: Any,
    out: Any,
    **options: Any,
) -> Any:
    """Call the kernel of covariances and correlations for one of its results."""
    if lazy := _deferred(x, other):
        function = functools.partial({"cov": rolling_cov, "corr": rolling_corr}[result], pairs=pairs, **options)
        return lazy.mapped(function, x, window, times=times, history=history, out=out)
    found = as_pairs(x, other, pairs, times)
    return rolling(
        BY_STEM["rolling_cov"],
        found.table,
        window,
        (found.columns,),
        times=times,
        history=found.before(history),
        out=out,
        wanted=[output.name == result for output in BY_STEM["rolling_cov"].outputs],
        forms=[found.form(result)],
        **options,
    )


def _deferred(x: Any, other: Any) -> Any | None:
    """Return the module that maps functions over collections such as ``x``, or None if both are in memory."""
    lazy = deferred(x) or deferred(other)
    if lazy and other is not None:
        raise TypeError("other is given with a Dask collection; put its columns beside those of x, and give pairs")
    return lazy
