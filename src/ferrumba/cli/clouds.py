"""Point clouds read piece by piece: PLY (text and binary), XYZ and GRO files.

plyfile would read PLY as well, but it is under the GPL, needs NumPy 2 and holds a text file in memory as a whole; the
tests compare with it.
"""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from ferrumba.cli import readers
from ferrumba.cli.console import Failure

SCALARS = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
BYTE_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}

LONGEST_LINE = 1 << 16
"""Bytes of a line of text; what has longer ones is no point cloud."""

Box = tuple[tuple[float, float, float], ...]


class PLYReader:
    """The vertices of a PLY file; what follows them, such as faces, is not read. Progress is counted in vertices."""

    texts = False

    def __init__(self, path: Path) -> None:
        self._path, self._rows = path, 0
        with path.open("rb") as file:
            elements = self._header(file)
            self._start = file.tell()
        names = [name for name, _, _ in elements]
        if "vertex" not in names:
            raise Failure(f"{path} has no vertices; a point cloud in PLY has an element called vertex")
        at = names.index("vertex")
        _, self.total, fields = elements[at]
        if self._lists(fields):
            raise Failure(f"{path} has a list in its vertices ({self._lists(fields)}), but a table holds single values")
        order = BYTE_ORDERS[self._format]
        self._dtype = np.dtype([(name, order + code) for name, code in fields])
        self._lines = sum(count for _, count, _ in elements[:at])
        if self._format != "ascii":
            for name, count, before in elements[:at]:
                if self._lists(before):
                    raise Failure(f"{path} has lists ({name}) before its vertices, which is not read; reorder it")
                self._start += count * np.dtype([(field, order + code) for field, code in before]).itemsize
            there = max(0, path.stat().st_size - self._start) // max(1, self._dtype.itemsize)
            if there < self.total:
                raise self._cut_off(there)
        self.schema = self._batch(np.empty(0, self._dtype)).schema

    def _cut_off(self, there: int) -> Failure:
        return Failure(f"{self._path} is cut off: it has {there:,} of the {self.total:,} vertices that it announces")

    @staticmethod
    def _lists(fields: list[tuple[str, str]]) -> str:
        return ", ".join(name for name, code in fields if code == "list")

    def _header(self, file: IO[bytes]) -> list[tuple[str, int, list[tuple[str, str]]]]:
        """Return name, count and fields of every element, and leave the file at the first byte after the header."""
        elements: list[tuple[str, int, list[tuple[str, str]]]] = []
        self._format = ""
        if file.readline(LONGEST_LINE).strip() != b"ply":
            raise Failure(f"{self._path} is no PLY file: its first line is not 'ply'")
        for number in itertools.count(2):
            line = file.readline(LONGEST_LINE)
            if not line:
                raise Failure(f"{self._path} has no whole PLY header: it ends without end_header")
            match line.decode("latin-1").split():
                case ["end_header"] if self._format:
                    return elements
                case ["format", form, "1.0"] if form in BYTE_ORDERS:
                    self._format = form
                case ["element", name, count] if count.isdecimal():
                    elements.append((name, int(count), []))
                case ["property", "list", lengths, values, name] if elements and {lengths, values} <= SCALARS.keys():
                    elements[-1][2].append((name, "list"))
                case ["property", kind, name] if elements and kind in SCALARS:
                    if name in dict(elements[-1][2]):
                        raise Failure(f"{self._path} has two properties called {name!r} in {elements[-1][0]}")
                    elements[-1][2].append((name, SCALARS[kind]))
                case [] | ["comment" | "obj_info", *_]:
                    pass
                case words:
                    shown = " ".join(words)[:60]
                    raise Failure(f"{self._path}, line {number}: {shown!r} is not understood in a PLY header")
        raise AssertionError

    def _batch(self, rows: np.ndarray) -> pa.RecordBatch:
        columns = [
            np.ascontiguousarray(rows[name], rows.dtype[name].newbyteorder("=")) for name in self._dtype.names or ()
        ]
        return pa.record_batch([pa.array(values) for values in columns], names=list(self._dtype.names or ()))

    def _binary(self) -> Iterator[np.ndarray]:
        with self._path.open("rb") as file:
            file.seek(self._start)
            for start in range(0, self.total, readers.ROWS):
                rows = min(readers.ROWS, self.total - start)
                content = file.read(rows * self._dtype.itemsize)
                if len(content) < rows * self._dtype.itemsize:
                    raise self._cut_off(start + len(content) // self._dtype.itemsize)
                yield np.frombuffer(content, self._dtype)

    def _text(self) -> Iterator[np.ndarray]:
        with self._path.open("rb") as file:
            file.seek(self._start)
            for _ in range(self._lines):
                file.readline()
            for start in range(0, self.total, readers.ROWS):
                lines = list(itertools.islice(file, min(readers.ROWS, self.total - start)))
                yield self._parsed([line.split() for line in lines], start)
                if start + len(lines) < min(start + readers.ROWS, self.total):
                    raise self._cut_off(start + len(lines))

    def _parsed(self, rows: list[list[bytes]], before: int) -> np.ndarray:
        names = self._dtype.names or ()
        for row, values in enumerate(rows):
            if len(values) != len(names):
                raise Failure(
                    f"{self._path}, vertex {before + row + 1:,}: {len(values)} values where the header has {len(names)}"
                )
        parsed = np.empty(len(rows), self._dtype)
        for name, column in zip(names, zip(*rows, strict=True), strict=False):
            kind = self._dtype[name]
            try:
                parsed[name] = _converted(np.array(column), kind)
            except ValueError:
                row = next(row for row, value in enumerate(column) if not _convertible(value, kind))
                raise Failure(
                    f"{self._path}, vertex {before + row + 1:,}: {name} is {column[row].decode('latin-1')!r}, "
                    f"but the header says {kind.name}"
                ) from None
        return parsed

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the vertices in order."""
        for rows in self._text() if self._format == "ascii" else self._binary():
            self._rows += len(rows)
            yield self._batch(rows)

    def done(self) -> int:
        """Return the vertices read so far."""
        return self._rows


def _converted(values: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return texts as numbers of a type; a ValueError where one is none or does not fit."""
    if kind.kind == "f":
        with np.errstate(over="ignore"):
            return values.astype(np.float64).astype(kind)
    try:
        whole = values.astype(np.int64)
    except OverflowError as fault:
        raise ValueError(kind) from fault
    if whole.size and (whole.min() < np.iinfo(kind).min or whole.max() > np.iinfo(kind).max):
        raise ValueError(kind)
    return whole.astype(kind)


def _convertible(value: bytes, kind: np.dtype) -> bool:
    try:
        _converted(np.array([value]), kind)
    except ValueError:
        return False
    return True


class TextReader(ABC):
    """Lines of fields, which stay texts; progress is counted in bytes."""

    texts = True
    box: Box | None = None

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0
        self.total = path.stat().st_size
        with self._open() as file:
            try:
                self.schema = pa.schema([(name, pa.string()) for name in self._begin(file)])
            except UnicodeDecodeError:
                raise self._no_text() from None

    def _open(self) -> IO[str]:
        return self._path.open(encoding="utf-8-sig")

    def _no_text(self) -> Failure:
        return Failure(f"{self._path} is not UTF-8 text; convert it first, for instance with iconv")

    def _line(self, file: IO[str]) -> str:
        line = file.readline(LONGEST_LINE)
        self._read += len(line)
        if len(line) == LONGEST_LINE:
            raise Failure(f"{self._path} has a line of more than {LONGEST_LINE >> 10} KiB, which no point cloud has")
        return line

    @abstractmethod
    def _begin(self, file: IO[str]) -> list[str]:
        """Read what stands before the rows and return the names of the columns."""

    @abstractmethod
    def _fields(self, file: IO[str]) -> Iterator[list[str]]:
        """Yield the fields of every row, and check what follows the last."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order."""
        with self._open() as file:
            try:
                self._read = 0
                self._begin(file)
                rows = self._fields(file)
                while piece := list(itertools.islice(rows, readers.ROWS)):
                    columns = [pa.array(column, pa.string()) for column in zip(*piece, strict=True)]
                    yield pa.record_batch(columns, schema=self.schema)
            except UnicodeDecodeError:
                raise self._no_text() from None

    def done(self) -> int:
        """Return how much has been read so far, which counts characters for bytes."""
        return self._read


class XYZReader(TextReader):
    """Rows of numbers, or the format of chemists: the number of atoms, a comment, and an element before the numbers.

    The comment may hold ``Lattice`` and ``Properties`` as in extended XYZ files. Lines that begin with # or // before
    the first row are comments.
    """

    def _begin(self, file: IO[str]) -> list[str]:
        line = self._line(file)
        self._atoms = int(line) if line.strip().isdecimal() else -1
        if self._atoms >= 0:
            return self._molecule(self._line(file), file)
        while line.startswith(("#", "//")) or (line and not line.strip()):
            line = self._line(file)
        self._first = line
        self._separator = next((mark for mark in (",", ";") if mark in line), None)
        width = len(self._split(line))
        if width < 2:
            raise Failure(f"{self._path} begins with {line.strip()[:60]!r}; give rows of x, y and z")
        return ["x", "y"] if width == 2 else ["x", "y", "z", *(f"column_{i}" for i in range(4, width + 1))]

    def _molecule(self, comment: str, file: IO[str]) -> list[str]:
        self._separator, self._first = None, self._line(file) if self._atoms else ""
        self.box = _lattice(comment)
        if found := re.search(r"\bProperties=\"?([^\s\"]+)", comment):
            parts = found[1].split(":")
            names: list[str] = []
            for name, count in zip(parts[::3], parts[2::3], strict=False):
                many = int(count) if count.isdecimal() else 1
                names += (
                    list("xyz")
                    if (name, many) == ("pos", 3)
                    else ([name] if many == 1 else [f"{name}_{i + 1}" for i in range(many)])
                )
            return names
        width = len(self._split(self._first)) if self._atoms else 4
        if width < 4:
            raise Failure(f"{self._path} begins with {self._first.strip()[:60]!r}; give an element and x, y, z")
        return ["element", "x", "y", "z", *(f"column_{i}" for i in range(5, width + 1))]

    def _split(self, line: str) -> list[str]:
        if self._separator is None:
            return line.split()
        return [field.strip() for field in line.rstrip().rstrip(self._separator).split(self._separator)]

    def _fields(self, file: IO[str]) -> Iterator[list[str]]:
        width, line, row = len(self.schema), self._first, 0
        while line and row != self._atoms:
            if self._atoms >= 0 or line.strip():
                fields = self._split(line)
                row += 1
                if len(fields) != width:
                    raise Failure(
                        f"{self._path}, row {row:,}: {len(fields)} fields where there should be {width} "
                        f"({line.strip()[:60]!r}); correct the file"
                    )
                yield fields
            line = self._line(file)
        if self._atoms >= 0:
            if row < self._atoms:
                raise Failure(f"{self._path} is cut off: it has {row:,} of the {self._atoms:,} atoms that it announces")
            _refuse_more(self._path, line, file)


class GROReader(TextReader):
    """A GROMACS coordinate file of one frame, in nanometres, with its box."""

    NAMES = ("residue_number", "residue_name", "atom_name", "atom_number", "x", "y", "z")
    VELOCITIES = ("vx", "vy", "vz")

    def _begin(self, file: IO[str]) -> list[str]:
        self._line(file)
        count = self._line(file)
        if not count.strip().isdecimal():
            raise Failure(f"{self._path}, line 2: {count.strip()[:60]!r} is no number of atoms; it is no GRO file")
        self._atoms = int(count)
        self._first = self._line(file)
        points = [found.start() for found in re.finditer(r"\.", self._first[20:])] if self._atoms else [0, 8]
        if len(points) < 2:
            raise Failure(f"{self._path}, line 3: {self._first.strip()[:60]!r} holds no coordinates")
        width = points[1] - points[0]  # the format's rule: the distance of the points is the width of a number
        self._edges = [0, 5, 10, 15, *(20 + i * width for i in range(7))]
        velocities = self._first[self._edges[7] :].strip() if self._atoms else ""
        return [*self.NAMES, *(self.VELOCITIES if velocities else ())]

    def _fields(self, file: IO[str]) -> Iterator[list[str]]:
        line, width = self._first, len(self.schema)
        ends = self._edges[1 : width + 1]
        for row in range(1, self._atoms + 1):
            if not line.strip():
                raise Failure(
                    f"{self._path} is cut off: it has {row - 1:,} of the {self._atoms:,} atoms that it announces"
                )
            fields = [line[start:end].strip() for start, end in zip(self._edges, ends, strict=False)]
            if not all(fields[4:7]):
                raise Failure(f"{self._path}, row {row:,}: {line.strip()[:60]!r} holds no three coordinates")
            yield fields
            line = self._line(file)
        if not line.strip():
            raise Failure(f"{self._path} is cut off: the line with the box is missing")
        self.box = self._box(line)
        _refuse_more(self._path, self._line(file), file)

    def _box(self, line: str) -> Box | None:
        words = line.split()
        if len(words) not in (3, 9) or any(word.count(".") > 1 for word in words):
            words = re.findall(r"-?\d+\.\d{5}", line)  # numbers that fill their columns touch each other
        try:
            sides = [float(word) for word in words]
        except ValueError:
            sides = []
        if len(sides) not in (3, 9):
            raise Failure(
                f"{self._path}: {line.strip()[:60]!r} is no box of three or nine numbers; correct the last line"
            )
        xx, yy, zz, xy, xz, yx, yz, zx, zy = (*sides, *[0.0] * 6)[:9]
        return ((xx, xy, xz), (yx, yy, yz), (zx, zy, zz)) if any(sides) else None


def _refuse_more(path: Path, line: str, file: IO[str]) -> None:
    while line and not line.strip():
        line = file.readline(LONGEST_LINE)
    if line:
        raise Failure(
            f"{path} goes on after its first frame ({line.strip()[:60]!r}); save one frame in a file of its own"
        )


def _lattice(comment: str) -> Box | None:
    """Return the box of an extended XYZ comment; infinite along the axes that are not periodic."""
    found = re.search(r"\bLattice=\"([^\"]+)\"", comment)
    if found is None:
        return None
    try:
        sides = [float(word) for word in found[1].split()]
        a, b, c = (tuple(sides[i : i + 3]) for i in (0, 3, 6))
        box: Any = (a, b, c)
    except ValueError:
        raise Failure(f"{found[0]!r} is no lattice of nine numbers; correct the second line") from None
    if len(sides) != 9:
        raise Failure(f"{found[0]!r} is no lattice of nine numbers; correct the second line")
    if flags := re.search(r"\bpbc=\"([TF]) ([TF]) ([TF])\"", comment):
        box = tuple(
            tuple(np.inf if i == j and flag == "F" else side for j, side in enumerate(row))
            for i, (row, flag) in enumerate(zip(box, flags.groups(), strict=True))
        )
    return box


READERS: dict[str, type[PLYReader | TextReader]] = {"PLY": PLYReader, "XYZ": XYZReader, "GRO": GROReader}
