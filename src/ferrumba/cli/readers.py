"""Tables read piece by piece: CSV, Parquet and NPY files as Arrow record batches of bounded size.

CSV columns are texts, whatever they look like: ``007`` stays ``007`` and an empty field stays empty.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from ferrumba.cli.console import Failure

CSV_BYTES = 2 << 20
"""What Arrow parses at a time, and the longest line. It reads blocks ahead: with 8 MiB a run takes 200 MiB more."""

ROWS, BYTES = 1 << 17, 32 << 20
"""A piece ends with whichever is reached first: two blocks of the driver, or so many bytes."""

TABLES = {".csv": "CSV", ".parquet": "Parquet", ".pq": "Parquet", ".npy": "NPY"}
CLOUDS = TABLES | {".ply": "PLY", ".xyz": "XYZ", ".gro": "GRO"}


def file_format(path: Path, role: str, formats: Mapping[str, str] = TABLES) -> str:
    """Return the format that a file's suffix stands for."""
    try:
        return formats[path.suffix.lower()]
    except KeyError:
        known = ", ".join(formats)
        raise Failure(f"the {role} {path} has no known format; let its name end in one of {known}", 2) from None


class Reader(Protocol):
    """A table: its schema, how far ``batches`` has come, and how far it will go, in the same unit.

    Where ``texts`` is true, all columns are texts because the format knows no types.
    """

    schema: pa.Schema
    total: int
    texts: bool

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order."""
        ...

    def done(self) -> int:
        """Return how much of ``total`` has been read."""
        ...


class CSVReader:
    """A CSV file in UTF-8 with a header line; progress is counted in bytes."""

    texts = True

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        import pyarrow.csv as pacsv

        self._path, self._delimiter = path, delimiter
        self._ragged: Any = None
        names = self._header()
        self.total = path.stat().st_size
        self._file = pa.OSFile(str(path))
        try:
            self._reader = pacsv.open_csv(
                self._file,
                # The row number of a ragged line is known only when blocks are parsed one after the other.
                read_options=pacsv.ReadOptions(block_size=CSV_BYTES, use_threads=False),
                parse_options=pacsv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=self._note_ragged
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as fault:
            raise self._failure(fault) from None
        self.schema = self._reader.schema

    def _header(self) -> list[str]:
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            try:
                rows = csv.reader(file, delimiter=self._delimiter)
                names = next((row for row in rows if row), None)
            except UnicodeDecodeError as fault:
                raise self._wrong_encoding() from fault
            except csv.Error as fault:
                raise Failure(f"{self._path} cannot be read as CSV: {fault}") from None
        if names is None:
            raise Failure(f"{self._path} is empty; a CSV file begins with a line of column names")
        return names

    def _note_ragged(self, row: Any) -> str:
        self._ragged = row
        return "error"

    def _wrong_encoding(self) -> Failure:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):  # noqa: B007 - the last number is the line at fault
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    break
        return Failure(f"{self._path} is not UTF-8 text (line {number:,}); convert it first, for instance with iconv")

    def _failure(self, fault: pa.ArrowInvalid) -> Failure:
        if self._ragged is not None:
            row = self._ragged
            where = f"row {row.number - 1:,}" if row.number else "a row"
            return Failure(
                f"{self._path}, {where}: {row.actual_columns} fields where the header has {row.expected_columns} "
                f"({row.text[:60]!r}); correct the file, or name its separator with --delimiter"
            )
        if "UTF8" in str(fault):
            return self._wrong_encoding()
        if "straddl" in str(fault):
            return Failure(
                f"{self._path} has a line of more than {CSV_BYTES >> 20} MiB; look for a quote that is not closed"
            )
        return Failure(f"{self._path} cannot be read as CSV: {fault}")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order."""
        held: list[pa.RecordBatch] = []
        last = ""
        try:
            for batch in self._reader:
                held.append(batch)
                last = batch.columns[-1][-1].as_py() if batch.num_rows else last
                if sum(b.num_rows for b in held) >= ROWS or sum(b.nbytes for b in held) >= BYTES:
                    yield from self._joined(held)
                    held = []
        except pa.ArrowInvalid as fault:
            raise self._failure(fault) from None
        self._check_end(last)
        yield from self._joined(held)

    def _check_end(self, last: str) -> None:
        """Raise if the last field of all took in the lines after it because its quote is not closed.

        Arrow does not tell. Such a field holds line ends, and does not end with a quote as one that may hold them does.
        """
        if "\n" in last:
            with self._path.open("rb") as file:
                file.seek(max(0, self.total - 4096))
                if not file.read().rstrip().endswith(b'"'):
                    raise Failure(f"{self._path} has a quote in its last column that is not closed; correct the file")

    def _joined(self, batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        return pa.Table.from_batches(batches, self.schema).combine_chunks().to_batches()

    def done(self) -> int:
        """Return the bytes read so far, a few blocks ahead of the rows yielded."""
        return self._file.tell()


class ParquetReader:
    """A Parquet file; progress is counted in rows."""

    texts = False

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._path = path
        try:
            self._file = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise Failure(f"{path} is not a whole Parquet file: {fault}") from None
        self.schema = self._file.schema_arrow
        self.total = self._file.metadata.num_rows
        self._rows = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order."""
        try:
            for batch in self._file.iter_batches(batch_size=ROWS):
                self._rows += batch.num_rows
                yield batch
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as fault:
            raise Failure(f"{self._path} is damaged after row {self._rows:,}: {fault}") from None

    def done(self) -> int:
        """Return the rows read so far."""
        return self._rows


class NPYReader:
    """A NumPy file: a structured array, a table with a column for each name in ``plain``, or 1-D where that is one.

    The last of these names may lack, down to ``fewest``.
    """

    texts = False

    def __init__(self, path: Path, plain: tuple[str, ...], fewest: int) -> None:
        self._path = path
        array = self._map()
        names = array.dtype.names
        widths = range(fewest, len(plain) + 1)
        if names is None and not (array.ndim == 1 if len(plain) == 1 else array.ndim == 2 and array.shape[1] in widths):
            wanted = "1-D" if len(plain) == 1 else " or ".join(f"(n, {width})" for width in widths)
            raise Failure(
                f"{path} holds an array of shape {array.shape}; give a {wanted} array of {', '.join(plain)}, "
                "or a structured array with named fields"
            )
        if names is not None and array.ndim != 1:
            raise Failure(f"{path} holds a structured array of shape {array.shape}; give a 1-D one")
        self._names = names or plain[: array.shape[1] if array.ndim > 1 else 1]
        self._structured = names is not None
        self.total = len(array)
        self._rows = 0
        self.schema = self._batch(array[:0]).schema

    def _map(self) -> np.ndarray:
        try:
            return np.load(self._path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as fault:
            if self._path.stat().st_size and self._is_empty():  # an array without elements cannot be mapped
                return np.load(self._path, allow_pickle=False)
            raise Failure(f"{self._path} is not a whole NPY file: {fault}") from None

    def _is_empty(self) -> bool:
        try:
            return np.load(self._path, allow_pickle=False).size == 0
        except (ValueError, EOFError):
            return False

    def _batch(self, rows: np.ndarray) -> pa.RecordBatch:
        if self._structured:
            columns = [rows[name] for name in self._names]
        else:
            columns = [rows] if rows.ndim == 1 else list(rows.T)
        native = [np.ascontiguousarray(values, values.dtype.newbyteorder("=")) for values in columns]
        try:
            return pa.record_batch([pa.array(values) for values in native], names=list(self._names))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise Failure(f"{self._path} has a field that a table cannot hold: {fault}") from None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order; the file is mapped anew for each piece, so that pages read are let go."""
        for start in range(0, self.total, ROWS):
            batch = self._batch(self._map()[start : start + ROWS])
            self._rows += batch.num_rows
            yield batch

    def done(self) -> int:
        """Return the rows read so far."""
        return self._rows


def as_numbers(reader: Reader, positions: Sequence[int], target: str) -> pa.Schema:
    """Return the schema of an output in which the texts at these positions are numbers, unless it holds texts only."""
    schema = reader.schema
    if reader.texts and target != "CSV":
        for position in positions:
            schema = schema.set(position, pa.field(schema.names[position], pa.float64()))
    return schema


def open_reader(
    path: Path,
    plain: tuple[str, ...],
    delimiter: str = ",",
    formats: Mapping[str, str] = TABLES,
    fewest: int | None = None,
) -> Reader:
    """Return a reader for a file by its suffix.

    Parameters
    ----------
    path : Path
        An existing regular file.
    plain : tuple of str
        What the columns of a NumPy array without named fields are called.
    delimiter : str
        What separates the fields of a CSV file.
    formats : mapping
        The formats admitted, by suffix.
    fewest : int, optional
        How many of the ``plain`` columns there must be; all by default.
    """
    kind = file_format(path, "input", formats)
    if not path.exists():
        raise Failure(f"the input {path} does not exist")
    if not path.is_file():
        raise Failure(f"the input {path} is no regular file")
    if path.stat().st_size == 0:
        raise Failure(f"the input {path} is empty")
    if kind == "CSV":
        return CSVReader(path, delimiter)
    if kind in ("PLY", "XYZ", "GRO"):
        from ferrumba.cli import clouds

        return clouds.READERS[kind](path)
    return ParquetReader(path) if kind == "Parquet" else NPYReader(path, plain, fewest or len(plain))
