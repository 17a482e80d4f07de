"""Functions of trailing windows over Dask collections: one task for each partition, and the rows before it as a halo.

* Dask arrays give Dask arrays, Dask Series and DataFrames the same, lazily; several results give a tuple.
* The halo of a partition is the last rows of those before it, as many as the window reaches back to, however short the
  partitions are: what one machine answers is what comes out, but for the last digits of moments, slopes and
  correlations, whose sums begin anew in every partition.
* Where the lengths of the partitions are known, a halo needs the partitions just before only. Where they are not, as in
  data frames, each halo is cut out of the one before and a partition: a chain of small tasks.
* ``backend=`` travels with the task; other settings are those of the worker.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np

from ferrumba.dispatch import registry
from ferrumba.timeseries import rolling as eager
from ferrumba.timeseries.windows import as_window, is_span


def rolling(
    kernel: str,
    x: Any,
    window: Any,
    more: Sequence[np.ndarray] | Callable[..., Sequence[np.ndarray]],
    *,
    times: Any,
    history: Any,
    out: Any,
    **options: Any,
) -> Any:
    """Map a rolling kernel over a Dask collection; the counterpart of ``timeseries.rolling.rolling``."""
    call = functools.partial(_rolling_named, kernel, more if callable(more) else tuple(more), options)
    return mapped(call, x, window, times=times, history=history, out=out)


def mapped(
    function: Callable[..., Any], x: Any, window: Any, further: int = 0, *, times: Any, history: Any, out: Any
) -> Any:
    """Map a rolling function over a Dask collection.

    Parameters
    ----------
    function : callable
        Picklable; ``function(x, window=window, times=times)``.
    further : int
        How many rows it reaches back to before its windows.
    """
    for name, given in (("out", out), ("history", history)):
        if given is not None:
            raise TypeError(f"{name} is given together with a Dask collection; leave it out, and use the result")
    if times is not None and not isinstance(times, str):
        raise TypeError("times is given beside a Dask collection; make it the index or name the column that holds it")
    if not is_span(window):
        reach: Any = int(as_window(window, None, 0)[0]) - 1 + further
    elif further:
        raise TypeError(f"window is {window!r} and lags are rows, of a Dask collection; give the window in rows")
    else:
        import pandas as pd

        reach = pd.Timedelta(window)
    return windowed(functools.partial(function, window=window, times=times), x, reach, times)


def _rolling_named(kernel: str, more: Any, options: dict[str, Any], x: Any, window: Any, times: Any) -> Any:
    return eager.rolling(registry.kernel(kernel), x, window, more, times=times, history=None, out=None, **options)


def windowed(function: Callable[[Any], Any], x: Any, reach: Any, on: str | None = None) -> Any:
    """Map a function of rows, each of whose results depends on a trailing window, over a Dask collection.

    Parameters
    ----------
    function : callable
        Picklable; from an array or data frame of n rows, results of n rows of any number of columns.
    x : dask array, Series or DataFrame
        Rows in time.
    reach : int or pandas.Timedelta
        How far windows reach back: rows before a row's own, or a span of time of a data frame.
    on : str, optional
        The column of times for a span; the index by default.

    Raises
    ------
    TypeError
        If ``x`` is another Dask collection, or a span is given with an array.
    """
    if isinstance(x, da.Array):
        return _over_array(function, x, reach)
    if not hasattr(x, "_meta") or not hasattr(x, "divisions"):
        raise TypeError(f"x is a {type(x).__name__} of Dask, but an array, a Series or a DataFrame is needed")
    return _over_frame(function, x, reach, on)


def _over_array(function: Callable[[Any], Any], x: Any, reach: Any) -> Any:
    if not isinstance(reach, int):
        raise TypeError("x is a Dask array, whose rows have no times; give the window in rows, or a Dask DataFrame")
    if x.ndim not in (1, 2):
        raise ValueError(f"x has shape {x.shape}, but rows are time and columns are series; give (n,) or (n, c)")
    x = x.rechunk({1: -1}) if x.ndim == 2 else x
    empty = function(np.empty((0, *x.shape[1:]), x.dtype))
    blocks = list(x.to_delayed().ravel())
    made = _chain(function, blocks, x.chunks[0], reach, _last_rows, len(empty) if isinstance(empty, tuple) else None)

    def joined(parts: Sequence[Any], like: np.ndarray) -> Any:
        arrays = [
            da.from_delayed(part, (length, *like.shape[1:]), meta=like)
            for part, length in zip(parts, x.chunks[0], strict=True)
        ]
        return da.concatenate(arrays, allow_unknown_chunksizes=True)

    if isinstance(empty, tuple):
        return tuple(joined(parts, like) for parts, like in zip(zip(*made, strict=True), empty, strict=True))
    return joined(made, empty)


def _over_frame(function: Callable[[Any], Any], x: Any, reach: Any, on: str | None) -> Any:
    import dask.dataframe as dd

    empty = function(x._meta)
    blocks = x.to_delayed()
    last = _last_rows if isinstance(reach, int) else _Since(on)
    several = len(empty) if isinstance(empty, tuple) else None
    made = _chain(function, blocks, [math.nan] * len(blocks), reach, last, several)

    def joined(parts: Sequence[Any], like: Any) -> Any:
        return dd.from_delayed(parts, meta=like, divisions=x.divisions, verify_meta=False)

    if isinstance(empty, tuple):
        return tuple(joined(parts, like) for parts, like in zip(zip(*made, strict=True), empty, strict=True))
    return joined(made, empty)


def _chain(
    function: Callable[[Any], Any],
    blocks: Sequence[Any],
    lengths: Sequence[float],
    reach: Any,
    last: Callable[..., Any],
    results: int | None,
) -> list[Any]:
    """Return for each block the delayed result, or a list of them where there are several."""
    call, cut = dask.delayed(_behind, pure=True, nout=results), dask.delayed(last, pure=True)
    made, halo = [], None
    for block, length in zip(blocks, lengths, strict=True):
        result = call(function, halo, block)
        made.append(result if results is None else list(result))
        long = isinstance(reach, int) and length >= reach  # False where the length is not known
        halo = cut(None if long else halo, block, reach)
    return made


def _behind(function: Callable[[Any], Any], halo: Any, block: Any) -> Any:
    """Return the results of a block behind its halo."""
    if halo is None or not len(halo):
        return function(block)
    results = function(_joined(halo, block))
    return tuple(_from(r, len(halo)) for r in results) if isinstance(results, tuple) else _from(results, len(halo))


def _from(rows: Any, start: int) -> Any:
    """Return the rows from a position on."""
    return getattr(rows, "iloc", rows)[max(0, start) :]


def _joined(halo: Any, block: Any) -> Any:
    if isinstance(block, np.ndarray):
        return np.concatenate([halo, block])
    import pandas as pd

    return pd.concat([halo, block])


def _last_rows(halo: Any, block: Any, reach: int) -> Any:
    """Return the last rows of a halo and a block."""
    if halo is not None and len(block) < reach:
        block = _joined(_from(halo, len(halo) + len(block) - reach), block)
    return _from(block, len(block) - reach).copy()  # a view would keep the whole block in memory


class _Since:
    """Cuts the rows out that are younger than a span before the last; picklable."""

    def __init__(self, on: str | None) -> None:
        self._on = on

    def __call__(self, halo: Any, block: Any, reach: Any) -> Any:
        whole = block if halo is None else _joined(halo, block)
        if not len(whole):
            return whole
        times = whole.index.to_series() if self._on is None else whole[self._on]
        return whole[(times > times.iloc[-1] - reach).to_numpy()].copy()


def sample(x: Any) -> Any:
    """Return no rows, but the columns and types of a Dask collection."""
    return np.empty((0, *x.shape[1:]), x.dtype) if isinstance(x, da.Array) else x._meta


def column_medians(x: Any) -> np.ndarray:
    """Return the exact medians of the finite values of each column; every column is gathered on one worker for it."""
    array = x if isinstance(x, da.Array) else x.to_dask_array()
    array = array.rechunk({1: 1})
    pieces = array.to_delayed()
    median = dask.delayed(_median, pure=True)
    return np.array(dask.compute(*[median(*pieces[:, column]) for column in range(pieces.shape[1])]))


def _median(*pieces: np.ndarray) -> float:
    values = np.concatenate(pieces).ravel().astype(np.float64)
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else math.nan
