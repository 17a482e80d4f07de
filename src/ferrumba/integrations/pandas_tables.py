"""Series and DataFrames of pandas as tables: numbers in, the same index and columns out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ferrumba.timeseries.tables import Table, suffixed


def as_table(x: Any, name: str, on: str | None) -> Table:
    """Return a table of the values of a Series or DataFrame; nullable types have NaN where a value is missing."""
    if isinstance(x, pd.Series):
        return Table(
            _numbers(x.to_frame(), name),
            lambda result, suffixes: _series_or_frame(x, result, suffixes),
            _times(x, None),
            ["x" if x.name is None else x.name],
            lambda result, names: pd.DataFrame(result, x.index, list(names), copy=False),
            lambda result, index, label, names=None: _built(x, result, index, label, names),
            x.index,
            flat=True,
            row=lambda result: result[0],
        )
    if not isinstance(x, pd.DataFrame):
        raise TypeError(f"{name} is a {type(x).__name__} of pandas, but a Series or a DataFrame is needed")
    if on is not None and on not in x.columns:
        raise ValueError(f"times is {on!r}, but the columns of {name} are {', '.join(map(str, x.columns))}; name one")
    frame = x if on is None else x.drop(columns=on)
    return Table(
        _numbers(frame, name),
        lambda result, suffixes: pd.DataFrame(
            result, frame.index, suffixed(frame.columns, suffixes) if suffixes else frame.columns, copy=False
        ),
        _times(x, on),
        list(frame.columns),
        lambda result, names: pd.DataFrame(result, frame.index, list(names), copy=False),
        lambda result, index, label, names=None: pd.DataFrame(
            result, pd.Index(index, name=label), frame.columns if names is None else names, copy=False
        ),
        frame.index,
        row=lambda result: pd.Series(result, frame.columns, copy=False),
    )


def every(x: Any, step: int) -> Any:
    """Return the rows 0, ``step``, ``2 * step`` and so on."""
    return x.iloc[::step]


def _series_or_frame(x: pd.Series, result: np.ndarray, suffixes: Sequence[str]) -> pd.Series | pd.DataFrame:
    if suffixes:
        return pd.DataFrame(result, x.index, suffixed([x.name], suffixes), copy=False)
    return pd.Series(result[:, 0], x.index, name=x.name, copy=False)


def _built(x: pd.Series, result: np.ndarray, index: Any, label: Any, names: Any) -> pd.Series | pd.DataFrame:
    labels = pd.Index(index, name=label)
    if names is None:
        return pd.Series(result[:, 0], labels, name=x.name, copy=False)
    return pd.DataFrame(result, labels, names, copy=False)


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(dtype) or dtype.kind not in "iuf":
            raise TypeError(f"{name} has the column {column!r} of {dtype}, but numbers are needed; leave it out")
    if all(isinstance(dtype, np.dtype) for dtype in frame.dtypes):
        return frame.to_numpy()
    single = all(dtype.kind == "f" and dtype.itemsize <= 4 for dtype in frame.dtypes)
    return frame.to_numpy(dtype=np.float32 if single else np.float64, na_value=np.nan)


def _times(x: Any, on: str | None) -> Any:
    def times(given: Any) -> Any:
        found = x[on] if on is not None else x.index if given is None else given
        if isinstance(found, pd.Index) and not isinstance(found, pd.DatetimeIndex):
            return None if given is None else found
        stamps = pd.DatetimeIndex(found) if isinstance(found, (pd.Series, pd.Index)) else found
        return stamps.tz_convert(None).to_numpy() if getattr(stamps, "tz", None) is not None else np.asarray(stamps)

    return times
