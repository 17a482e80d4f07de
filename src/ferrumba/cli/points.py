"""The points of a file in memory: which columns hold them, whether they are numbers, and the box around them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ferrumba.cli import columns as positions
from ferrumba.cli import numbers
from ferrumba.cli.console import Failure
from ferrumba.cli.readers import CLOUDS, Reader, open_reader
from ferrumba.cli.running import progress
from ferrumba.spatial.declarations import LIMIT


@dataclass(frozen=True)
class Source:
    """What every command on points takes."""

    path: Path
    radius: float
    x: str | None = None
    y: str | None = None
    z: str | None = None
    flat: bool = False
    box: str | None = None
    open: bool = False
    skip_invalid: bool = False
    delimiter: str = ","
    backend: str | None = None
    threads: int | None = None

    def reader(self) -> Reader:
        """Return a reader of the file, from its beginning."""
        return open_reader(self.path, ("x", "y", "z"), self.delimiter, CLOUDS, fewest=2)

    def check(self) -> None:
        """Raise if an option has no meaning."""
        if not self.radius >= 0.0:
            raise Failure(f"--radius is {self.radius}, but a radius is a number from 0 to infinity; give one", 2)
        if self.box is not None and self.open:
            raise Failure("--box and --open exclude each other; give the one that is meant", 2)
        if self.flat and self.z is not None:
            raise Failure("--flat and --z exclude each other; give the one that is meant", 2)


@dataclass(frozen=True)
class Cloud:
    """Points of a file: the table they stand in, their columns, which rows are points, and the periodic box."""

    schema: pa.Schema
    axes: tuple[int, ...]
    points: np.ndarray
    valid: np.ndarray
    box: tuple[float, ...] | None
    others: list[pa.Array]

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return len(self.valid)

    @property
    def skipped(self) -> str:
        """A clause on the rows that are no points, for the end of a sentence."""
        bad = self.rows - len(self.points)
        return f"; rows left out for want of finite coordinates: {bad:,}" if bad else ""


def load(source: Source, *more: str) -> Cloud:
    """Read the coordinates of a file, and the columns named in ``more`` (of ``--order``)."""
    source.check()
    reader = source.reader()
    names, path = reader.schema.names, str(source.path)
    axes = positions.axes(names, source.x, source.y, source.z, source.flat, path)
    at = [positions.named(names, name, "--order", path) for name in more]
    pieces: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    others: list[list[pa.Array]] = [[] for _ in at]
    rows = 0
    with progress(f"read {source.path.name}", reader.total) as show:
        for batch in reader.batches():
            points = np.stack([numbers.floats(batch.column(a), names[a], path) for a in axes], axis=1)
            valid = (np.abs(points) <= LIMIT).all(axis=1)
            if not valid.all():
                if not source.skip_invalid:
                    raise _bad_row(batch, axes, points, rows, path)
                points = points[valid]
            pieces.append(points)
            masks.append(valid)
            for kept, position in zip(others, at, strict=True):
                kept.append(batch.column(position))
            rows += batch.num_rows
            show(reader.done())
    return Cloud(
        reader.schema,
        axes,
        np.concatenate(pieces) if pieces else np.empty((0, len(axes))),
        np.concatenate(masks) if masks else np.empty(0, bool),
        _boundaries(source, getattr(reader, "box", None), len(axes)),
        [pa.chunked_array(kept, reader.schema.field(i).type) for kept, i in zip(others, at, strict=True)],
    )


def _bad_row(batch: pa.RecordBatch, axes: tuple[int, ...], points: np.ndarray, before: int, path: str) -> Failure:
    bad = ~(np.abs(points) <= LIMIT)
    row = int(np.argmax(bad.any(axis=1)))
    at = axes[int(np.argmax(bad[row]))]
    return Failure(
        f"{path}, row {before + row + 1:,}: {batch.schema.names[at]} is {numbers.shown(batch.column(at)[row])}, but a "
        f"coordinate is a finite number up to {LIMIT:g}; correct it, or leave such rows out with --skip-invalid"
    )


def _boundaries(source: Source, own: tuple[tuple[float, ...], ...] | None, dimensions: int) -> tuple[float, ...] | None:
    """Return the lengths of the periodic box, from the option or the file; None where all boundaries are open."""
    if source.open:
        return None
    if own is not None:
        if any(side != 0.0 for i, row in enumerate(own) for j, side in enumerate(row) if i != j):
            raise Failure(
                f"{source.path} has a triclinic box, but only boxes with right angles are periodic here; "
                "pass --open to search without periodic images"
            )
        if source.box is None:
            own = own[:dimensions]
            return tuple(row[i] if row[i] != 0.0 else math.inf for i, row in enumerate(own))
    if source.box is None:
        return None
    try:
        lengths = [math.inf if word.strip().lower() == "open" else float(word) for word in source.box.split(",")]
    except ValueError:
        lengths = []
    if len(lengths) == 1:
        lengths *= dimensions
    if len(lengths) != dimensions or not all(length > 0.0 for length in lengths):
        wanted = "lx,ly" if dimensions == 2 else "lx,ly,lz"
        raise Failure(
            f"--box is {source.box!r}, but it is one length above 0 for each axis, as {wanted}; write open for an axis "
            "that is not periodic",
            2,
        )
    return tuple(lengths)


def visiting_order(cloud: Cloud, name: str, descending: bool, path: Path) -> np.ndarray:
    """Return the ids of the points sorted by a column, rows with equal values in the order of the file."""
    column = cloud.others[0].filter(pa.array(cloud.valid))
    column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _as_numbers(column, name, path)
    elif pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    if column.null_count:
        row = int(np.flatnonzero(cloud.valid)[pc.index(pc.is_null(column), True).as_py()])
        raise Failure(f"{path}, row {row + 1:,}: {name} has no value to sort by (--order); correct it")
    try:
        indices = pc.array_sort_indices(column, order="descending" if descending else "ascending")
    except pa.ArrowNotImplementedError:
        raise Failure(f"column {name!r} of {path} is of type {column.type}, which has no order; name another") from None
    return indices.to_numpy().astype(np.int64)


def _as_numbers(column: pa.ChunkedArray, name: str, path: Path) -> pa.ChunkedArray:
    """Return texts as integers where all are such, else as floats, missing where a text is no number."""
    try:
        return pc.cast(pc.utf8_trim_whitespace(column), pa.int64())
    except pa.ArrowInvalid:
        return pa.chunked_array(
            [pa.array(numbers.floats(chunk, name, str(path)), from_pandas=True) for chunk in column.chunks],
            pa.float64(),
        )


def _changed(source: Source) -> Failure:
    return Failure(f"{source.path} changed while it was read; run the command again")


def reopened(source: Source, cloud: Cloud) -> Reader:
    """Return a reader for a second pass over the file."""
    reader = source.reader()
    if reader.schema != cloud.schema:
        raise _changed(source)
    return reader


def pieces_again(source: Source, cloud: Cloud, reader: Reader) -> Iterator[tuple[pa.RecordBatch, slice]]:
    """Yield the pieces of a second pass and their rows; raise where they are not as many as before."""
    rows = 0
    for batch in reader.batches():
        before, rows = rows, rows + batch.num_rows
        if rows > cloud.rows:
            break
        yield batch, slice(before, rows)
    if rows != cloud.rows:
        raise _changed(source)


def coordinates_replaced(source: Source, cloud: Cloud, batch: pa.RecordBatch, schema: pa.Schema) -> list[pa.Array]:
    """Return the columns of a piece, coordinates as numbers where ``schema`` says so."""
    names = batch.schema.names
    values = [numbers.floats(batch.column(at), names[at], str(source.path)) for at in cloud.axes]
    return numbers.replaced(batch, schema, cloud.axes, values)
