"""Columns beside themselves some rows earlier."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.tables import as_table


def as_lags(lags: Any, *, signed: bool = False) -> np.ndarray:
    """Return lags as an array: those that are listed, below 0 too if ``signed``, or all from 0 to a number."""
    given = lags if isinstance(lags, Iterable) and not isinstance(lags, (str, bytes)) else None
    try:
        numbers = [operator.index(lag) for lag in given] if given is not None else range(operator.index(lags) + 1)
    except TypeError:
        raise TypeError(f"lags is {lags!r}, but lags are whole numbers of rows; give one, or a list of them") from None
    sizes = [abs(lag) for lag in numbers] if signed else numbers
    if isinstance(lags, bool) or len(numbers) == 0 or min(sizes) < 0 or max(sizes) >= 2**62:
        many = "whole numbers of rows" if signed else "whole numbers of rows, 0 or more"
        raise ValueError(f"lags is {lags!r}, but lags are {many}; give one, or a list of them")
    return np.array(numbers, np.int64)


def lag_stack(x: Any, lags: Any, *, history: Any = None, out: Any = None, backend: str | None = None) -> Any:
    """Return each column beside itself some rows earlier.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, columns are series.
    lags : int or sequence of int
        All lags from 0 to this one, or those listed.
    history : array_like, shape (m, c)
        What came before the first row, so that a series in blocks gives what it gives in one piece.
    out : ndarray, shape (n, c * number of lags), optional
        Where the result goes, for arrays; float64.
    backend : str, optional
        Request for this call.

    Returns
    -------
    ndarray or data frame, shape (n, c * number of lags)
        Column ``j * number of lags + k`` is column j at ``lags[k]``; NaN before the first row. Names are
        ``<column>_lag<lag>``.

    Notes
    -----
    Exact and causal: values are copied, each result is written once.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.lag_stack([1.0, 2.0, 3.0], 1)
    array([[ 1., nan],
           [ 2.,  1.],
           [ 3.,  2.]])
    """
    table = as_table(x)
    values, chosen = table.array, as_lags(lags)
    rows, columns = values.shape
    names = [f"{name}_lag{lag}" for name in table.names or range(columns) for lag in chosen]
    shape = (rows, len(names))
    if history is not None:
        before = as_table(history, "history").array
        if before.shape[1] != columns:
            raise ValueError(f"history has {before.shape[1]} columns and x {columns}; give both as many")
        values = np.concatenate([before[max(0, len(before) - int(chosen.max())) :], values], dtype=np.float64)
    if out is None:
        stacked = np.empty(shape)
    else:
        if type(out) is not np.ndarray or table.names is not None:
            raise TypeError(f"out is {type(out).__name__}, but it is an array, and given for arrays; leave it out")
        if out.dtype != np.float64 or out.shape != shape or not out.flags.writeable:
            raise ValueError(f"out is {out.dtype}{list(out.shape)}, but a writable float64{list(shape)} is needed")
        stacked = np.empty_like(out) if np.may_share_memory(out, values) else out
    if rows and columns:
        inputs = (writable(values), np.array([chosen.max() + 1]), chosen)
        driver.run(BY_STEM["lag_stack"], inputs, (stacked,), backend)
    if out is not None:
        if stacked is not out:
            np.copyto(out, stacked)
        return out
    return table.dress(stacked, names)
