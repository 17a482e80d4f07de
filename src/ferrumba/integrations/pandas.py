"""pandas in, pandas out: Series keep their index, nullable dtypes their missing values.

* The result has the index of the first Series and is named after the output, such as ``nested`` or ``lon``.
* Indexes must be equal; nothing is aligned silently. Arrays and scalars beside Series count by position.
* A missing value is an invalid row. ``invalid="mask"`` gives nullable Int64, Float64 or boolean with NA in such rows.
* Several values for each row (neighbours, vertices) become a DataFrame with columns 0, 1, ...; several outputs become a
  tuple of Series or DataFrames.
* An Index or an extension array is an array of values, and without any Series so is the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ferrumba.dispatch import public
from ferrumba.dispatch.kernel import Input, Kernel, Output

_MISSING = {"float64": math.nan, "int64": np.iinfo(np.int64).min}
"""What stands for a missing value in a kernel: invalid for every input that has invalid values at all."""


def apply(kernel: Kernel, values: tuple[Any, ...], *, out: Any, backend: str | None, invalid: str) -> Any:
    """Call a kernel on arguments of which at least one is of pandas; the counterpart of ``dispatch.public.apply``."""

    def function(*arrays: Any) -> Any:
        return public.apply(kernel, *arrays, out=out, backend=backend, invalid=invalid)

    return lift(function, values, kernel.inputs, kernel.outputs, out=out)


def lift(
    function: Callable[..., Any],
    values: tuple[Any, ...],
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    *,
    out: Any = None,
) -> Any:
    """Call an array function on the values behind pandas objects, and give the results the index of the first Series.

    Raises
    ------
    TypeError
        If an argument is a DataFrame, or ``out`` was given together with a Series.
    ValueError
        If the Series have different indexes, or the result is longer than they are.
    """
    for argument, value in zip(inputs, values, strict=True):
        if isinstance(value, pd.DataFrame):
            raise TypeError(
                f"{argument.name} is a DataFrame, but one column is needed; give a Series such as df['name']"
            )
        if type(value).__module__.partition(".")[0] in ("dask", "dask_expr"):
            raise TypeError(f"{argument.name} is of Dask beside a pandas argument; give all of them as one of the two")
    index = _common_index(values, inputs)
    if index is not None and out is not None:
        raise TypeError(
            "out is given together with a Series, but a new one is made; pass series.to_numpy() to fill out"
        )
    missing: list[str] = []
    arrays = [_plain(argument, value, missing) for argument, value in zip(inputs, values, strict=True)]
    if index is not None:
        for argument, array in zip(inputs, arrays, strict=True):
            if np.ndim(array) > 1 or (np.ndim(array) == 1 and len(array) not in (1, len(index))):
                raise ValueError(
                    f"{argument.name} has shape {np.shape(array)}, but stands beside Series of {len(index)} rows; "
                    "give as many values, or one"
                )
    try:
        results = function(*arrays)
    except ValueError as fault:
        if not missing:
            raise
        raise ValueError(f"{fault} (missing values, here in {' and '.join(missing)}, are invalid)") from None
    if index is None:
        return results
    if len(outputs) == 1:
        return _dress(outputs[0], results, index)
    return tuple(_dress(output, result, index) for output, result in zip(outputs, results, strict=True))


def _common_index(values: tuple[Any, ...], inputs: tuple[Input, ...]) -> pd.Index | None:
    series = [(i.name, value) for i, value in zip(inputs, values, strict=True) if isinstance(value, pd.Series)]
    for name, other in series[1:]:
        if not other.index.equals(series[0][1].index):
            raise ValueError(
                f"{series[0][0]} and {name} have different indexes, and nothing is aligned silently; "
                "reindex one like the other, or pass .to_numpy() to pair them by position"
            )
    return series[0][1].index if series else None


def _plain(argument: Input, value: Any, missing: list[str]) -> Any:
    """Return the values behind a pandas object as an array of the argument's kind, missing ones as invalid."""
    if value is pd.NA or value is pd.NaT:
        raise TypeError(f"{argument.name} is {value!r}, but a number is needed")
    if not isinstance(value, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return value
    plain = getattr(value.dtype, "numpy_dtype", None)
    if plain is None or plain.kind not in "iuf":
        return np.asarray(value)
    gaps = np.asarray(value.isna())
    if not gaps.any():
        return value.to_numpy(dtype=plain)
    missing.append(argument.name)
    # Checked in its own dtype first: uint64 beyond int64 must not wrap on the way.
    array = public.as_array(argument, value.to_numpy(dtype=plain, na_value=plain.type(0))).astype(argument.dtype)
    array[gaps] = _MISSING[argument.dtype]
    return array


def _dress(output: Output, result: np.ndarray, index: pd.Index) -> pd.Series | pd.DataFrame:
    if result.ndim == 2:
        return pd.DataFrame({number: _column(result[:, number]) for number in range(result.shape[1])}, index=index)
    return pd.Series(_column(result), index=index, name=output.name)


def _column(values: np.ndarray) -> Any:
    if not isinstance(values, np.ma.MaskedArray):
        return values
    kinds = {"i": pd.arrays.IntegerArray, "f": pd.arrays.FloatingArray, "b": pd.arrays.BooleanArray}
    return kinds[values.dtype.kind](np.ascontiguousarray(values.data), np.ascontiguousarray(np.ma.getmaskarray(values)))
