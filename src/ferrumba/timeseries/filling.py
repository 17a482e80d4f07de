"""Missing values filled from their neighbours in time, as pandas fills them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.tables import as_table, as_two_axes, check_out
from ferrumba.timeseries.windows import as_stamps

NO_LIMIT = 2**62
DIRECTIONS = ("forward", "backward", "both")
AREAS = (None, "inside", "outside")


def ffill(x: Any, *, limit: int | None = None, out: Any = None, backend: str | None = None) -> Any:
    """Fill missing values with the last value before them.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, columns are series. NaN and infinity are missing.
    limit : int, optional
        The most missing rows in a row that a value fills; without, there is no limit.
    out : ndarray, optional
        Where the result goes; of the shape of ``x`` and the element type of the result. It may be ``x``.
    backend : str, optional
        Request for this call.

    Returns
    -------
    object of the kind and shape of ``x``
        NaN where no value came before, or too long ago.

    Notes
    -----
    Causal, and equal to ``pandas.DataFrame.ffill``. Each value is read and written once.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> nan = float("nan")
    >>> timeseries.ffill([nan, 1.0, nan, nan, 2.0], limit=1)
    array([nan,  1.,  1., nan,  2.])
    """
    return _fill("carry", x, out, backend, (np.array([_limit(limit)]), np.array([False])))


def bfill(x: Any, *, limit: int | None = None, out: Any = None, backend: str | None = None) -> Any:
    """Fill missing values with the first value behind them, which looks ahead.

    Parameters
    ----------
    x, limit, out, backend
        As for :func:`ffill`.

    Returns
    -------
    object of the kind and shape of ``x``
        Equal to ``pandas.DataFrame.bfill``.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> nan = float("nan")
    >>> timeseries.bfill([nan, 1.0, nan, nan, 2.0], limit=1)
    array([ 1.,  1., nan,  2.,  2.])
    """
    return _fill("carry", x, out, backend, (np.array([_limit(limit)]), np.array([True])))


def interpolate(
    x: Any,
    *,
    method: str = "linear",
    limit: int | None = None,
    limit_direction: str = "forward",
    limit_area: str | None = None,
    times: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Fill missing values on the line between their neighbours, which looks ahead.

    Parameters
    ----------
    x, out, backend
        As for :func:`ffill`.
    method : {"linear", "time"}
        Whether rows are at equal distances, or at their times.
    limit : int, optional
        The most values that are filled in a gap from each direction.
    limit_direction : {"forward", "backward", "both"}
        From which end of a gap values are filled, and which end of the series takes its nearest value: the last one is
        carried on forward, the first one backward.
    limit_area : {None, "inside", "outside"}
        Fill all gaps, those between two values only, or those at the ends only.
    times : array_like of datetime64, or str
        The times of the rows for ``method="time"``, ascending; or the name of the column that holds them. An index of
        dates is taken by itself.

    Returns
    -------
    object of the kind and shape of ``x``
        Equal to ``pandas.DataFrame.interpolate`` with these arguments; times are taken to the nanosecond, where pandas
        rounds them to 2^-53 of the time since 1970.

    Raises
    ------
    ValueError, TypeError
        If a word is unknown, a limit is below 1, or times are needed and not there, or do not ascend.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> nan = float("nan")
    >>> timeseries.interpolate([nan, 1.0, nan, nan, 4.0, nan])
    array([nan,  1.,  2.,  3.,  4.,  4.])
    >>> timeseries.interpolate([1.0, nan, nan, nan, 5.0], limit=1, limit_direction="both")
    array([ 1.,  2., nan,  4.,  5.])
    """
    for name, given, words in (
        ("method", method, ("linear", "time")),
        ("limit_direction", limit_direction, DIRECTIONS),
        ("limit_area", limit_area, AREAS),
    ):
        if given not in words:
            raise ValueError(f"{name} is {given!r}, but it is one of {', '.join(map(repr, words))}; give one of them")
    most = _limit(limit)
    forward = most if limit_direction != "backward" else 0
    backward = most if limit_direction != "forward" else 0
    rules = tuple(np.array([number]) for number in (forward, backward, AREAS.index(limit_area)))
    on = times if isinstance(times, str) else None
    return _fill("interpolate", x, out, backend, rules, on, method == "time", times)


def _limit(limit: Any) -> int:
    if limit is None:
        return NO_LIMIT
    try:
        most = operator.index(limit)
    except TypeError:
        raise TypeError(f"limit is {limit!r}, but it is a number of rows; leave it out for no limit") from None
    if isinstance(limit, bool) or most < 1:
        raise ValueError(f"limit is {limit!r}, but it is a number of rows, 1 or more; leave it out for no limit")
    return min(most, NO_LIMIT)


def _fill(
    stem: str,
    x: Any,
    out: Any,
    backend: str | None,
    rules: tuple[np.ndarray, ...],
    on: str | None = None,
    by_time: bool = False,
    times: Any = None,
) -> Any:
    table = as_table(x, on=on)
    rows, columns = table.array.shape
    if stem == "interpolate":
        rules = (_position(table, times, rows) if by_time else np.arange(rows, dtype=np.float64), *rules)
    if out is not None:
        check_out(out, table, table.dtype, ())
    target = table.allocate(table.dtype, 1) if out is None else as_two_axes(out)
    values = writable(table.array)
    filled = np.empty_like(target) if np.may_share_memory(target, values) else target
    if rows and columns:
        driver.run(BY_STEM[stem], (values, np.array([rows]), *rules), (filled,), backend)
    if filled is not target:
        np.copyto(target, filled)
    return table.wrap(target, ()) if out is None else out


def _position(table: Any, times: Any, rows: int) -> np.ndarray:
    """Return the times of the rows in nanoseconds from the first one."""
    stamps = as_stamps(table.times(times), rows, 'method is "time"')
    return (stamps - stamps[:1]).astype(np.int64).astype(np.float64)
