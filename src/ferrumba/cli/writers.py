"""Tables written piece by piece, and files that appear whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import pyarrow as pa

from ferrumba.cli.console import Failure
from ferrumba.cli.readers import file_format


def check_output(path: Path, source: Path | None = None) -> None:
    """Raise if a file cannot be put at ``path``, or would replace the one that it is made from."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Failure(f"the folder {folder} of the output does not exist; make it first")
    if path.exists():
        if not path.is_file():
            raise Failure(f"the output {path} is no regular file; name another")
        if source is not None and path.samefile(source):
            raise Failure(f"the output {path} is the input itself; name another")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file in the folder of ``path``; it takes that name when the block ends well, else it is removed."""
    path = path.resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Writer(Protocol):
    """Where record batches go."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class ArrowWriter:
    """A CSV or Parquet file with all columns."""

    def __init__(self, file: IO[bytes], kind: str, schema: pa.Schema) -> None:
        self._kind = kind
        try:
            if kind == "CSV":
                import pyarrow.csv as pacsv

                self._writer = pacsv.CSVWriter(file, schema)
            else:
                import pyarrow.parquet as pq

                self._writer = pq.ParquetWriter(file, schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise self._failure(fault) from None

    def _failure(self, fault: Exception) -> Failure:
        return Failure(f"a {self._kind} file cannot hold these columns: {fault}")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        try:
            self._writer.write_batch(batch)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise self._failure(fault) from None

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class NPYWriter:
    """A NumPy file with the named columns only: 1-D for one, (n, columns) for more, structured where types differ."""

    def __init__(self, file: IO[bytes], fields: Sequence[pa.Field]) -> None:
        kinds = [np.dtype(field.type.to_pandas_dtype()) for field in fields]
        self._file, self._columns = file, [field.name for field in fields]
        self._structured = len(set(kinds)) > 1
        self._dtype = np.dtype(list(zip(self._columns, kinds, strict=True))) if self._structured else kinds[0]
        self._rows = 0
        self._header()

    def _header(self) -> None:
        # The number of rows is known at the end only; NumPy pads the header so that it can grow in place.
        flat = self._structured or len(self._columns) == 1
        shape = (self._rows,) if flat else (self._rows, len(self._columns))
        form = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, form)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        columns = [batch.column(batch.schema.get_field_index(name)).to_numpy() for name in self._columns]
        if self._structured:
            rows = np.empty(batch.num_rows, self._dtype)
            for name, values in zip(self._columns, columns, strict=True):
                rows[name] = values
        else:
            rows = columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._rows += len(rows)

    def close(self) -> None:
        """Write the number of rows into the header."""
        self._header()


@contextmanager
def open_writer(file: IO[bytes], path: Path, schema: pa.Schema, new: Sequence[pa.Field]) -> Iterator[Writer]:
    """Yield a writer in the format of the suffix of ``path``; a NumPy file gets the new columns only.

    It is closed in any case: Arrow's would try to when it is collected, after its file.
    """
    kind = file_format(path, "output")
    writer: Writer
    writer = NPYWriter(file, new) if kind == "NPY" else ArrowWriter(file, kind, schema)
    try:
        yield writer
    finally:
        writer.close()
