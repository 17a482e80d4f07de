"""Columns of any Arrow type as coordinates or ids; what is no number becomes one that no kernel accepts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ferrumba.cli.console import Failure

FLOAT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INTEGER = r"^[+-]?[0-9]+$"

NO_ID = np.iinfo(np.int64).min
"""No id in any scheme: it stands for texts and missing values."""


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_number(text: str) -> bool:
    """Return whether a text is a finite number as files hold it."""
    return bool(re.match(FLOAT, text.strip()))


def _plain(column: pa.Array) -> pa.Array:
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return pc.utf8_trim_whitespace(column) if is_text(column.type) else column


def floats(column: pa.Array, name: str, path: str, wanted: str = "coordinates") -> np.ndarray:
    """Return a column of numbers or texts as float64, NaN where a value is missing or no number."""
    column = _plain(column)
    kind = column.type
    if is_text(kind):
        try:
            values = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            column = pc.if_else(pc.match_substring_regex(column, FLOAT), column, None)
            try:
                values = pc.cast(column, pa.float64())
            except pa.ArrowInvalid:  # a sign or an exponent that Arrow does not read
                values = pa.array([None if text is None else float(text) for text in column.to_pylist()], pa.float64())
    elif pa.types.is_null(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = pc.cast(column, pa.float64(), safe=False)
    else:
        raise Failure(f"column {name!r} of {path} is of type {kind}, but {wanted} are numbers; name another column")
    return values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)


def replaced(
    batch: pa.RecordBatch, schema: pa.Schema, positions: Sequence[int], values: Sequence[np.ndarray]
) -> list[pa.Array]:
    """Return the columns of a piece, those whose type ``schema`` changes with these values instead, missing for NaN."""
    arrays = batch.columns
    for position, numbers in zip(positions, values, strict=True):
        if schema.field(position).type != arrays[position].type:
            arrays[position] = pa.array(numbers, from_pandas=True)
    return arrays


def integers(column: pa.Array, name: str, path: str) -> np.ndarray:
    """Return a column of integers or texts as int64, ``NO_ID`` where a value is missing or no 64-bit integer."""
    column = _plain(column)
    kind = column.type
    if is_text(kind):
        column = pc.if_else(pc.match_substring_regex(column, INTEGER), column, None)
        try:
            values = pc.cast(column, pa.int64())
        except pa.ArrowInvalid:  # a plus sign, or more digits than 64 bits hold
            values = pa.array([integer(text) for text in column], pa.int64())
    elif pa.types.is_uint64(kind):
        values = pc.cast(pc.if_else(pc.less(column, pa.scalar(1 << 63, kind)), column, None), pa.int64())
    elif pa.types.is_null(kind) or pa.types.is_integer(kind):
        values = pc.cast(column, pa.int64())
    else:
        raise Failure(
            f"column {name!r} of {path} is of type {kind}, but cell ids are 64-bit integers, which others do not hold "
            "exactly; name another column"
        )
    return pc.fill_null(values, NO_ID).to_numpy(zero_copy_only=False)


def integer(cell: pa.Scalar) -> int | None:
    """Return the 64-bit integer that a cell of a table holds, as number or text, or None."""
    text = str(cell.as_py()).strip()
    if not re.fullmatch(INTEGER, text):
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def shown(cell: pa.Scalar) -> str:
    """Return a cell of a table as an error shows it."""
    value = cell.as_py()
    if value is None:
        return "missing"
    if isinstance(value, str) and not value.strip():
        return "empty"
    return repr(value)
