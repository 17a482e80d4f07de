"""Dask in, Dask out, lazily: one task for each block, and nothing computed until the result is.

* Dask arrays give Dask arrays, Dask Series Dask Series; several outputs give a tuple. Values for each row beyond one
  (neighbours, vertices) are a trailing axis in one chunk, or the columns of a Dask DataFrame.
* A task holds the name of its kernel and a reference to a function of this module, so it travels to any process that
  has Ferrumba. ``backend=`` travels with it; ``use_backend``, ``set_backend``, the environment and the calibration
  table are those of the worker.
* An invalid row raises when its block is computed; the index in the error counts from the start of the block.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np

from ferrumba.dispatch import public, registry
from ferrumba.dispatch.kernel import Input, Kernel, Output

_NULLABLE = {"i": "Int64", "f": "Float64", "b": "boolean"}


def apply(kernel: Kernel, values: tuple[Any, ...], *, out: Any, backend: str | None, invalid: str) -> Any:
    """Map a kernel over arguments of which at least one is of Dask; the counterpart of ``dispatch.public.apply``."""
    function = functools.partial(_apply_named, kernel.name, backend, invalid)
    return lift(function, values, kernel.inputs, kernel.outputs, out=out, masked=invalid == "mask")


def _apply_named(kernel: str, backend: str | None, invalid: str, *values: Any) -> Any:
    return public.apply(registry.kernel(kernel), *values, backend=backend, invalid=invalid)


def lift(
    function: Callable[..., Any],
    values: tuple[Any, ...],
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    *,
    out: Any = None,
    masked: bool = False,
) -> Any:
    """Map a picklable array function over the blocks of Dask collections.

    Raises
    ------
    TypeError
        If ``out`` was given, an argument is a Dask DataFrame or bag, or arrays stand beside a Dask Series.
    """
    if out is not None:
        raise TypeError("out is given together with a Dask collection, but those are lazy; use the result or da.store")
    for argument, value in zip(inputs, values, strict=True):
        if type(value).__module__.partition(".")[0] == "pandas":
            raise TypeError(f"{argument.name} is of pandas beside a Dask argument; give all of them as one of the two")
    if all(isinstance(value, da.Array) for value in values if of_dask(value)):
        return _map_blocks(function, values, inputs, outputs, masked)
    return _map_partitions(function, values, inputs, outputs, masked)


def of_dask(value: Any) -> bool:
    """Return whether a value belongs to Dask; its Series lived in a package of their own until 2025."""
    return type(value).__module__.partition(".")[0] in ("dask", "dask_expr")


def _trailing(output: Output, values: tuple[Any, ...]) -> tuple[int, ...]:
    return output.trailing(*[None if of_dask(value) else np.atleast_1d(value) for value in values])


def _map_blocks(
    function: Callable[..., Any],
    values: tuple[Any, ...],
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    masked: bool,
) -> Any:
    # da.apply_gufunc would do, but refuses two arrays of unknown chunk sizes, which every Dask Series gives.
    arrays = [
        value if isinstance(value, da.Array) else public.as_array(argument, value)
        for argument, value in zip(inputs, values, strict=True)
    ]
    axes = tuple(range(max(array.ndim for array in arrays)))
    pairs = [part for array in arrays for part in (da.asarray(array), axes[len(axes) - array.ndim :])]

    def mapped(over: Callable[..., Any], pairs: list[Any], output: Output) -> Any:
        shape = _trailing(output, values)
        new_axes = dict(enumerate(shape, len(axes)))
        empty = (np.ma.empty if masked else np.empty)((0,) * (len(axes) + len(shape)), dtype=output.dtype)
        return da.blockwise(over, (*axes, *new_axes), *pairs, new_axes=new_axes, meta=empty)

    if len(outputs) == 1:
        return mapped(function, pairs, outputs[0])
    # Blocks of this array are tuples, one item for each output.
    whole = da.blockwise(function, axes, *pairs, meta=np.empty((0,) * len(axes), dtype=object))
    return tuple(mapped(operator.itemgetter(number), [whole, axes], output) for number, output in enumerate(outputs))


def _map_partitions(
    function: Callable[..., Any],
    values: tuple[Any, ...],
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    masked: bool,
) -> Any:
    import dask.dataframe as dd

    scalars = {}
    for place, (argument, value) in enumerate(zip(inputs, values, strict=True)):
        if isinstance(value, dd.Series) and not isinstance(value, dd.Index):
            continue
        if of_dask(value) or np.ndim(value) > 0:
            raise TypeError(
                f"{argument.name} is a {type(value).__name__}, but beside a Dask Series only Dask Series and scalars "
                "can be cut into the same partitions; give one column, or use .to_dask_array() for all"
            )
        scalars[place] = value
    # The columns of one frame that holds all outputs: maps cannot return several collections.
    columns = {
        output.name: [f"{output.name}_{number}" for number in range(shape[0])] if shape else [output.name]
        for output, shape in ((output, _trailing(output, values)) for output in outputs)
    }
    meta: dict[str, Any] = {}
    for output in outputs:
        kind = np.dtype(output.dtype)
        meta |= dict.fromkeys(columns[output.name], _NULLABLE[kind.kind] if masked else kind)
    frame = dd.map_partitions(
        functools.partial(_on_partition, function, tuple(meta), scalars),
        *[value for place, value in enumerate(values) if place not in scalars],
        meta=meta,
    )
    results = []
    for name, names in columns.items():
        if names == [name]:
            results.append(frame[name])
        else:
            results.append(frame[names].rename(columns={column: number for number, column in enumerate(names)}))
    return results[0] if len(results) == 1 else tuple(results)


def _on_partition(function: Callable[..., Any], columns: tuple[str, ...], scalars: dict[int, Any], *series: Any) -> Any:
    import pandas as pd

    rest = iter(series)
    results = function(*[scalars[n] if n in scalars else next(rest) for n in range(len(scalars) + len(series))])
    return pd.concat(results if isinstance(results, tuple) else (results,), axis=1).set_axis(list(columns), axis=1)
