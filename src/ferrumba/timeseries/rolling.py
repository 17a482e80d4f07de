"""What every public rolling function does around its kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.kernel import Kernel, Output
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.tables import Table, as_table, as_two_axes, check_out, deferred
from ferrumba.timeseries.windows import as_rules, as_window, is_span


@dataclass(frozen=True)
class Composite:
    """Calls of kernels that together stand in the place of one.

    Parameters
    ----------
    name : str
    outputs : tuple of Output
    run : callable
        ``run(inputs, tables, backend)`` fills the tables of the outputs.
    reach : int
        How many rows before a window it reads.
    """

    name: str
    outputs: tuple[Output, ...]
    run: Callable[[Sequence[np.ndarray], Sequence[np.ndarray], str | None], Any]
    reach: int = 0


def rolling(
    kernel: Kernel | Composite,
    x: Any,
    window: Any,
    more: Sequence[np.ndarray] | Callable[[Table, np.ndarray], Sequence[np.ndarray]] = (),
    *,
    min_periods: int = 1,
    nan: str = "omit",
    times: Any = None,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
    wanted: Sequence[bool] = (),
    suffixes: Sequence[str] = (),
    forms: Sequence[Table] = (),
) -> Any:
    """Call a rolling kernel on a table.

    Parameters
    ----------
    kernel : Kernel or Composite
        Its inputs are ``ROLLING``, then ``more``: arrays, or a function that makes them of the table and of its values
        behind those of the history.
    wanted : sequence of bool
        Which outputs shall be filled, by default all; the kernel gets no columns for the others.
    suffixes : sequence of str
        What is said behind the name of a column where there are several results for each.
    forms : sequence of Table, optional
        For each result a table of its columns, where these are not those of ``x``, which is a Table then.

    Returns
    -------
    object of the kind of ``x``, or a tuple of them where several outputs are wanted
    """
    if lazy := deferred(x):
        return lazy.rolling(
            kernel.name,
            x,
            window,
            more,
            min_periods=min_periods,
            nan=nan,
            times=times,
            history=history,
            out=out,
            backend=backend,
            wanted=wanted,
            suffixes=suffixes,
        )
    table = x if isinstance(x, Table) else as_table(x, on=times if isinstance(times, str) else None)
    rows, columns = table.array.shape
    width = as_window(window, table.times(times), rows)
    rules = as_rules(min_periods, nan, window)
    values = writable(table.array)
    if history is not None:
        if is_span(window):
            raise ValueError("history is given with a window in time, but it has no times; give all rows in x")
        reach = kernel.reach if isinstance(kernel, Composite) else 0
        values = _behind(history, values, int(width[0]) + reach)
    wanted = wanted or (True,) * len(kernel.outputs)
    many = sum(wanted)
    given = out if isinstance(out, tuple) else (None,) * many if out is None else (out,)
    if len(given) != many:
        raise ValueError(f"out holds {len(given)} arrays, but there are {many} results; give one for each")
    forms = forms or (table,) * many
    tables: list[np.ndarray] = []
    filled: list[np.ndarray] = []
    for output, want in zip(kernel.outputs, wanted, strict=True):
        if not want:
            tables.append(_no_columns(rows, output.dtype))
            continue
        array, form = given[len(filled)], forms[len(filled)]
        dtype = form.dtype if output.dtype == "float64" else output.numpy
        if array is not None:
            check_out(array, form, dtype, suffixes)
        if array is None or suffixes or np.may_share_memory(array, values):
            result = form.allocate(dtype, max(1, len(suffixes)))
        else:
            result = as_two_axes(array)
        tables.append(result)
        filled.append(result)
    if callable(more):
        more = more(table, values)
    if rows and columns:
        inputs = (values, width, *rules, *more)
        if isinstance(kernel, Composite):
            kernel.run(inputs, tables, backend)
        else:
            driver.run(kernel, inputs, tables, backend)
    results = []
    for array, result, form in zip(given, filled, forms, strict=True):
        if array is None:
            results.append(form.wrap(result, suffixes))
        else:
            if not np.may_share_memory(array, result):
                np.copyto(array, result.reshape(array.shape))
            results.append(array)
    return results[0] if len(results) == 1 else tuple(results)


@lru_cache(maxsize=64)
def _no_columns(rows: int, dtype: str) -> np.ndarray:
    """Return what a kernel gets for a result that is not wanted; nobody can write to it, so that calls share it."""
    return np.empty((rows, 0), dtype)


def _behind(history: Any, values: np.ndarray, width: int) -> np.ndarray:
    """Return the values behind as many rows of history as the windows reach back to."""
    before = as_table(history, "history").array
    if before.shape[1] != values.shape[1]:
        raise ValueError(f"history has {before.shape[1]} columns and x {values.shape[1]}; give both as many")
    return np.concatenate([before[max(0, len(before) - width + 1) :], values], dtype=np.float64)
