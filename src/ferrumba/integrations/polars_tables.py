"""Series and DataFrames of Polars as tables: null and NaN are missing in, null is missing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from ferrumba.timeseries.tables import Table, suffixed


def as_table(x: Any, name: str, on: str | None) -> Table:
    """Return a table of the values of a Series or DataFrame."""
    if isinstance(x, pl.Series):
        return Table(
            _numbers([x], name),
            lambda result, suffixes: (
                pl.DataFrame(_columns([x.name], result, suffixes)) if suffixes else _columns([x.name], result, ())[0]
            ),
            names=[x.name],
            dress=lambda result, labels: pl.DataFrame(_columns(labels, result, ())),
            build=_builder([x.name]),
            flat=True,
            row=lambda result: result[0],
        )
    if not isinstance(x, pl.DataFrame):
        raise TypeError(f"{name} is a {type(x).__name__} of Polars, but a Series or a DataFrame is needed; collect it")
    if on is not None and on not in x.columns:
        raise ValueError(f"times is {on!r}, but the columns of {name} are {', '.join(x.columns)}; name one")
    columns = [column for column in x.get_columns() if column.name != on]

    names = [column.name for column in columns]

    def dress(result: np.ndarray, labels: Sequence[str]) -> pl.DataFrame:
        made = _columns(labels, result, ())
        return pl.DataFrame(made if on is None else [x[on], *made])

    return Table(
        _numbers(columns, name),
        lambda result, suffixes: dress(result, suffixed(names, suffixes)),
        lambda given: given if on is None else x[on].to_numpy(),
        names,
        dress,
        _builder(names),
        row=lambda result: pl.DataFrame(_columns(names, result[None], ())),
    )


def every(x: Any, step: int) -> Any:
    """Return the rows 0, ``step``, ``2 * step`` and so on."""
    return x[::step]


def _builder(own: Sequence[str]) -> Callable[..., pl.DataFrame]:
    def build(result: np.ndarray, index: Any, label: str, names: Sequence[str] | None = None) -> pl.DataFrame:
        return pl.DataFrame([pl.Series(label, index), *_columns(own if names is None else names, result, ())])

    return build


def _numbers(columns: list[pl.Series], name: str) -> np.ndarray:
    for column in columns:
        if not column.dtype.is_numeric():
            raise TypeError(f"{name} has the column {column.name!r} of {column.dtype}, but numbers are needed; drop it")
    single = bool(columns) and all(column.dtype == pl.Float32 for column in columns)
    array = np.empty((len(columns[0]) if columns else 0, len(columns)), np.float32 if single else np.float64, "F")
    for place, column in enumerate(columns):
        array[:, place] = column.to_numpy()
    return array


def _columns(names: Sequence[str], result: np.ndarray, suffixes: Sequence[str]) -> list[pl.Series]:
    return [
        pl.Series(name, result[:, place], nan_to_null=result.dtype.kind == "f")
        for place, name in enumerate(suffixed(names, suffixes))
    ]
