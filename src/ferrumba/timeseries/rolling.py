"""What every public rolling function does around its kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.tables import as_table, check_out
from ferrumba.timeseries.windows import as_rules, as_window, is_span


def rolling(
    kernel: Kernel,
    x: Any,
    window: Any,
    more: Sequence[np.ndarray] = (),
    *,
    min_periods: int,
    nan: str,
    times: Any,
    history: Any,
    out: Any,
    backend: str | None,
    wanted: Sequence[bool] = (True,),
) -> Any:
    """Call a rolling kernel on a table.

    Parameters
    ----------
    kernel : Kernel
        Its inputs are ``ROLLING``, then ``more``.
    wanted : sequence of bool
        Which outputs shall be filled; the kernel gets no columns for the others.

    Returns
    -------
    object of the kind of ``x``, or a tuple of them where several outputs are wanted
    """
    table = as_table(x, on=times if isinstance(times, str) else None)
    rows, columns = table.array.shape
    width = as_window(window, table.times(times), rows)
    rules = as_rules(min_periods, nan, window)
    values = writable(table.array)
    if history is not None:
        if is_span(window):
            raise ValueError("history is given with a window in time, but it has no times; give all rows in x")
        values = _behind(history, values, int(width[0]))
    given = out if isinstance(out, tuple) else (None,) * sum(wanted) if out is None else (out,)
    if len(given) != sum(wanted):
        raise ValueError(f"out holds {len(given)} arrays, but there are {sum(wanted)} results; give one array for each")
    targets = [table.allocate() if array is None else check_out(array, table) for array in given]
    filled = [np.empty_like(array) if np.may_share_memory(array, values) else array for array in targets]
    left = iter(filled)
    outputs = [next(left) if want else np.empty((rows, 0)) for want in wanted]
    if rows and columns:
        driver.run(kernel, (values, width, *rules, *more), outputs, backend)
    for target, array in zip(targets, filled, strict=True):
        if target is not array:
            np.copyto(target, array)
    results = tuple(table.wrap(t) if array is None else array for array, t in zip(given, targets, strict=True))
    return results[0] if len(results) == 1 else results


def _behind(history: Any, values: np.ndarray, width: int) -> np.ndarray:
    """Return the values behind as many rows of history as the windows reach back to."""
    before = as_table(history, "history").array
    if before.shape[1] != values.shape[1]:
        raise ValueError(f"history has {before.shape[1]} columns and x {values.shape[1]}; give both as many")
    return np.concatenate([before[max(0, len(before) - width + 1) :], values], dtype=np.float64)
