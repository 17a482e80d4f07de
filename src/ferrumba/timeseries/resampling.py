"""Samples at any times on a regular grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.timeseries.tables import as_table
from ferrumba.timeseries.windows import as_span, as_stamps

HOWS = ("mean", "sum", "min", "max", "first", "last", "nearest")
ALIGNMENTS = ("nearest", "left")
MOST_ROWS = 1 << 27
EPOCH = np.datetime64("1970-01-01", "ns")


def resample(
    x: Any,
    every: Any,
    *,
    times: Any = None,
    how: str = "mean",
    align: str = "nearest",
    nan: str = "omit",
    min_periods: int = 1,
) -> Any:
    """Return a table on a regular grid of times, to which every sample counts.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, columns are series.
    every : str or timedelta
        The step of the grid, whose times are whole multiples of it since 1970.
    times : array_like of datetime64, or str
        The times of the rows, ascending; or the name of the column that holds them. An index of dates is taken by
        itself, in UTC where it has a zone.
    how : {"mean", "sum", "min", "max", "first", "last", "nearest"}
        What becomes of the samples of a grid time; ``"nearest"`` takes the one that is closest to it, the earlier
        one of two.
    align : {"nearest", "left"}
        A grid time has the samples from half a step before it to half a step after, so that late and early ones all
        find theirs; or those from it to the next.
    nan : {"omit", "propagate"}
        Missing values (NaN, infinity) are left out; or make the grid time NaN.
    min_periods : int
        Grid times with fewer values get NaN; what a gap holds is for :func:`interpolate` to say.

    Returns
    -------
    data frame of the kind of ``x``, or (times, array) where that is an array
        From the first grid time with a sample to the last.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, there are no times, or the grid would have more than 2^27 rows.

    Notes
    -----
    O(n + rows of the grid) for each column. ``align="left"`` is ``pandas.DataFrame.resample``.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> late = np.array(["2026-01-01T00:00:02", "2026-01-01T00:09:58", "2026-01-01T00:20:01"], "M8[s]")
    >>> grid, values = timeseries.resample([1.0, 2.0, 3.0], "10min", times=late)
    >>> values.tolist(), str(grid[1])
    ([1.0, 2.0, 3.0], '2026-01-01T00:10:00.000000000')
    """
    for name, given, words in (("how", how, HOWS), ("align", align, ALIGNMENTS), ("nan", nan, ("omit", "propagate"))):
        if given not in words:
            raise ValueError(f"{name} is {given!r}, but it is one of {', '.join(map(repr, words))}; give one of them")
    if isinstance(min_periods, bool) or not isinstance(min_periods, (int, np.integer)) or min_periods < 1:
        raise ValueError(f"min_periods is {min_periods!r}, but it is a number of values, 1 or more; give one")
    table = as_table(x, on=times if isinstance(times, str) else None)
    stamps = as_stamps(table.times(times), len(table.array), "a grid is one of times")
    step = int(as_span(every, "every").astype(np.int64))
    since = (stamps - EPOCH).astype(np.int64)
    place = since // step
    offset = since - place * step
    if align == "nearest":
        late = offset >= step - offset
        place, offset = place + late, np.where(late, step - offset, offset)
    first = int(place[0]) if len(place) else 0
    many = int(place[-1]) - first + 1 if len(place) else 0
    if many > MOST_ROWS:
        raise ValueError(
            f"every is {every!r}, but {many:,} such steps lie between the first row and the last; take more"
        )
    which = place - first
    result = np.empty((many, table.array.shape[1]), table.dtype)
    for column in range(result.shape[1]):
        series = np.asarray(table.array[:, column], np.float64)
        result[:, column] = _reduce(series, which, offset, many, how, nan == "propagate", min_periods)
    grid = EPOCH + ((first + np.arange(many)) * step).astype("timedelta64[ns]")
    label = times if isinstance(times, str) else "time"
    made = table.build(result, grid, label)
    return (grid, made) if isinstance(made, np.ndarray) else made


def _reduce(
    series: np.ndarray, which: np.ndarray, offset: np.ndarray, many: int, how: str, propagate: bool, least: int
) -> np.ndarray:
    finite = np.isfinite(series)
    known, where, away = (series, which, offset) if finite.all() else (series[finite], which[finite], offset[finite])
    count = np.bincount(where, minlength=many)
    found = np.full(many, np.nan)
    if how in ("mean", "sum"):
        with np.errstate(all="ignore"):
            found = np.bincount(where, known, many).astype(np.float64, copy=False)  # integers where there are none
            if how == "mean":
                found /= count
    elif how in ("min", "max"):
        starts = np.flatnonzero(np.diff(where, prepend=-1))
        if len(starts):
            found[where[starts]] = (np.minimum if how == "min" else np.maximum).reduceat(known, starts)
    elif how == "first":
        found[where[::-1]] = known[::-1]
    elif how == "last":
        found[where] = known
    else:
        order = np.lexsort((-np.arange(len(where)), -away))  # the nearest and earliest is written last
        found[where[order]] = known[order]
    found[count < least] = np.nan
    if propagate:
        found[which[~finite]] = np.nan
    return found
