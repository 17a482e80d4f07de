"""``ferrumba encode`` and ``ferrumba decode``: a table in, the same table with new columns out, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ferrumba import healpix
from ferrumba.cli import columns as positions
from ferrumba.cli import numbers
from ferrumba.cli.console import Failure, say
from ferrumba.cli.readers import Reader, as_numbers, file_format, open_reader
from ferrumba.cli.running import computing, served, writing
from ferrumba.cli.writers import check_output
from ferrumba.healpix.declarations import MAX_MORTON_ORDER, MAX_ORDER, morton_fault, nested_fault, uniq_fault

SCHEMES = ("morton", "nested", "uniq")
Compute = Callable[[pa.RecordBatch, int], list[pa.Array]]


@dataclass(frozen=True)
class Options:
    """What both commands take: the files, the ids' scheme and column, and how the work is done."""

    source: Path
    output: Path
    scheme: str | None = None
    column: str | None = None
    lon: str | None = None
    lat: str | None = None
    order: int | None = None
    invalid: str = "raise"
    delimiter: str = ","
    backend: str | None = None
    threads: int | None = None

    @property
    def name(self) -> str:
        """The input as errors call it."""
        return str(self.source)


def _convert(
    verb: str, options: Options, reader: Reader, schema: pa.Schema, new: list[pa.Field], compute: Compute
) -> None:
    """Write every piece of a table with new columns, then say how fast and by which backend."""
    rows, begun = 0, time.perf_counter()
    label = f"{verb} {options.source.name}"
    with (
        computing(options.threads) as calls,
        writing(options.output, schema, new, label, reader.total) as (writer, show),
    ):
        for batch in reader.batches():
            writer.write(pa.record_batch(compute(batch, rows), schema=schema))
            rows += batch.num_rows
            show(reader.done())
    seconds = time.perf_counter() - begun
    say(
        f"{verb}d {rows:,} rows in {seconds:.2f} s, {rows / max(seconds, 1e-9):,.0f} rows/s, to {options.output}; "
        f"backend {served(calls)}"
    )


def _prepare(options: Options, plain: tuple[str, ...]) -> Reader:
    if file_format(options.output, "output") == "NPY" and options.invalid == "mask":
        raise Failure("an NPY file has no missing values; choose --invalid sentinel, or another format", 2)
    reader = open_reader(options.source, plain, options.delimiter)
    check_output(options.output, options.source)
    return reader


def _null(values: np.ndarray, bad: np.ndarray, invalid: str) -> pa.Array:
    return pa.array(values, mask=bad if invalid == "mask" else None)


def _bad_row(options: Options, row: int, fault: str) -> Failure:
    return Failure(
        f"{options.name}, row {row + 1:,}: {fault}; correct it, or pass --invalid mask or --invalid sentinel"
    )


def encode(options: Options) -> None:
    """Add a column of cell ids to a table of coordinates."""
    scheme, order, backend = options.scheme or "morton", options.order, options.backend
    order = MAX_MORTON_ORDER if order is None else order
    highest = MAX_MORTON_ORDER if scheme == "morton" else MAX_ORDER
    if not 0 <= order <= highest:
        raise Failure(f"--order is {order}, but {scheme} ids have orders 0 to {highest}; give one of those", 2)
    reader = _prepare(options, ("lon", "lat"))
    names = reader.schema.names
    at_lon, at_lat = positions.coordinates(names, options.lon, options.lat, options.name)
    target = file_format(options.output, "output")
    new = pa.field(options.column or scheme, pa.int64())
    if target != "NPY":
        positions.refuse_taken(names, [new.name], "--column NAME", options.name)
    coordinates = (at_lon, at_lat)
    schema = as_numbers(reader, coordinates, target)
    schema = schema.append(new)

    def ids(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        if scheme == "morton":
            return healpix.lonlat_to_morton(lon, lat, order, backend=backend, invalid="sentinel")
        nested = healpix.lonlat_to_nested(lon, lat, order, backend=backend, invalid="sentinel")
        if scheme == "nested":
            return nested
        return healpix.nested_to_uniq(nested, order, backend=backend, invalid="sentinel")

    def fault(batch: pa.RecordBatch, row: int, wrong_lon: bool) -> str:
        at = at_lon if wrong_lon else at_lat
        wanted = "a longitude is a finite number" if wrong_lon else "a latitude is a number from -90 to 90"
        return f"{names[at]} is {numbers.shown(batch.column(at)[row])}, but {wanted}"

    def compute(batch: pa.RecordBatch, before: int) -> list[pa.Array]:
        lon, lat = (numbers.floats(batch.column(at), names[at], options.name) for at in (at_lon, at_lat))
        cells = ids(lon, lat)
        bad = cells == (0 if scheme == "morton" else -1)
        if options.invalid == "raise" and bad.any():
            row = int(np.argmax(bad))
            raise _bad_row(options, before + row, fault(batch, row, not np.isfinite(lon[row])))
        arrays = numbers.replaced(batch, schema, coordinates, (lon, lat))
        return [*arrays, _null(cells, bad, options.invalid)]

    _convert("encode", options, reader, schema, [new], compute)


def decode(options: Options) -> None:
    """Add the centres of cells, in degrees, to a table of cell ids."""
    backend = options.backend
    reader = _prepare(options, (options.column or options.scheme or "morton",))
    names = reader.schema.names
    at = positions.ids(names, options.column, SCHEMES if options.scheme is None else (options.scheme,), options.name)
    scheme = options.scheme or _scheme_of(names[at])
    order = options.order
    if scheme == "nested" and order is None:
        raise Failure(f"column {names[at]!r} holds nested ids, which do not tell their order; give it with --order", 2)
    if scheme != "nested" and order is not None:
        raise Failure(f"--order is {order}, but {scheme} ids carry their own; leave it out", 2)
    if order is not None and not 0 <= order <= MAX_ORDER:
        raise Failure(f"--order is {order}, but nested ids have orders 0 to {MAX_ORDER}; give one of those", 2)
    new = [pa.field(name, pa.float64()) for name in positions.centres(names, options.lon, options.lat)]
    if file_format(options.output, "output") != "NPY":
        positions.refuse_taken(names, [field.name for field in new], "--lon NAME and --lat NAME", options.name)
    schema = reader.schema
    for field in new:
        schema = schema.append(field)

    def centres(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if scheme == "morton":
            return healpix.morton_to_lonlat(ids, backend=backend, invalid="sentinel")
        own: Any = order
        if scheme == "uniq":
            ids, own = healpix.uniq_to_nested(ids, backend=backend, invalid="sentinel")
            own = np.maximum(own, 0)  # invalid rows keep their invalid id
        return healpix.nested_to_lonlat(ids, own, backend=backend, invalid="sentinel")

    def fault(batch: pa.RecordBatch, row: int) -> str:
        cell = batch.column(at)[row]
        value = numbers.integer(cell)
        if value is None:
            return f"{names[at]} is {numbers.shown(cell)}, but a cell id is a 64-bit integer"
        told = {"morton": morton_fault, "uniq": uniq_fault, "nested": lambda value: nested_fault(value, order or 0)}
        return told[scheme](value).partition(";")[0]

    def compute(batch: pa.RecordBatch, before: int) -> list[pa.Array]:
        ids = numbers.integers(batch.column(at), names[at], options.name)
        lon, lat = centres(ids)
        bad = np.isnan(lon)
        if options.invalid == "raise" and bad.any():
            row = int(np.argmax(bad))
            raise _bad_row(options, before + row, fault(batch, row))
        return [*batch.columns, _null(lon, bad, options.invalid), _null(lat, bad, options.invalid)]

    _convert("decode", options, reader, schema, new, compute)


def _scheme_of(column: str) -> str:
    """Return the scheme that a column is called after; decimal Morton ids by default."""
    name = column.strip().lower()
    return name if name in SCHEMES else "morton"
