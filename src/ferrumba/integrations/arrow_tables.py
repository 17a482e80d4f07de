"""Tables of Arrow as tables: null and NaN are missing in, null is missing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ferrumba.timeseries.tables import Table, suffixed


def as_table(x: Any, name: str, on: str | None) -> Table:
    """Return a table of the values of an Array, ChunkedArray, RecordBatch or Table."""
    if isinstance(x, (pa.Array, pa.ChunkedArray)):
        return Table(
            _numbers([x], [name], name),
            lambda result, suffixes: (
                pa.table(_columns([""], result, suffixes)) if suffixes else _columns([""], result, ())[""]
            ),
            names=[name],
            dress=lambda result, labels: pa.table(_columns(labels, result, ())),
            build=_builder([name]),
            flat=True,
            row=lambda result: result[0],
        )
    if not isinstance(x, (pa.Table, pa.RecordBatch)):
        raise TypeError(f"{name} is a {type(x).__name__} of Arrow, but an Array or a Table is needed")
    if on is not None and on not in x.schema.names:
        raise ValueError(f"times is {on!r}, but the columns of {name} are {', '.join(x.schema.names)}; name one")
    names = [column for column in x.schema.names if column != on]

    def dress(result: np.ndarray, labels: Sequence[str]) -> Any:
        made = _columns(labels, result, ())
        return type(x).from_pydict(made if on is None else {on: x[on], **made})

    return Table(
        _numbers([x[column] for column in names], names, name),
        lambda result, suffixes: dress(result, suffixed(names, suffixes)),
        lambda given: given if on is None else x[on].to_numpy(zero_copy_only=False),
        names,
        dress,
        _builder(names),
        row=lambda result: pa.table(_columns(names, result[None], ())),
    )


def every(x: Any, step: int) -> Any:
    """Return the rows 0, ``step``, ``2 * step`` and so on."""
    return x.take(pa.array(range(0, len(x), step)))


def _builder(own: Sequence[str]) -> Callable[..., pa.Table]:
    def build(result: np.ndarray, index: Any, label: str, names: Sequence[str] | None = None) -> pa.Table:
        return pa.table({label: pa.array(index), **_columns(own if names is None else names, result, ())})

    return build


def _numbers(columns: list[Any], names: list[str], name: str) -> np.ndarray:
    for column, label in zip(columns, names, strict=True):
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise TypeError(f"{name} has the column {label!r} of {column.type}, but numbers are needed; drop it")
    single = bool(columns) and all(column.type in (pa.float32(), pa.float16()) for column in columns)
    array = np.empty((len(columns[0]) if columns else 0, len(columns)), np.float32 if single else np.float64, "F")
    for place, column in enumerate(columns):
        array[:, place] = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    return array


def _columns(names: Sequence[str], result: np.ndarray, suffixes: Sequence[str]) -> dict[str, pa.Array]:
    return {
        name: pa.array(np.ascontiguousarray(result[:, place]), from_pandas=True)
        for place, name in enumerate(suffixed(names, suffixes))
    }
