"""Files of sensors: a column of times and columns of numbers, as historians and spreadsheets export them.

The file is read twice. The first pass finds out what is in it: the header's rows, the time column and its order of
dates, which columns are sensors. The second yields blocks of rows that rise in time, the last of those with equal
times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ferrumba.cli import columns as positions
from ferrumba.cli import numbers
from ferrumba.cli.chronology import HEADER_ROWS, Chronology, Decision
from ferrumba.cli.console import Failure
from ferrumba.cli.readers import TABLES, Reader, open_reader
from ferrumba.cli.running import progress
from ferrumba.cli.timestamps import ORDERS, looks_like_clock, looks_like_time

EMPTY, TEXTS, NUMBERS = range(3)
SAMPLE = 64
"""Rows that are looked at to find the header and the time column."""

MISSING = {"", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "inf", "+inf", "-inf"}
"""Texts that stand for a missing value; others that are no numbers are told of."""


@dataclass(frozen=True)
class Source:
    """What the command takes about its input."""

    path: Path
    time: str | None = None
    order: str | None = None
    sensors: str | None = None
    header_rows: int | None = None
    sort: bool = False
    skip_invalid: bool = False
    delimiter: str = ","

    def reader(self) -> Reader:
        """Return a reader of the file, from its beginning."""
        return open_reader(self.path, ("time",), self.delimiter, TABLES)


@dataclass(frozen=True)
class Block:
    """Some rows: their times as integers or floats, and the values of the sensors, shape (rows, sensors)."""

    times: np.ndarray
    values: np.ndarray


@dataclass
class SensorFile:
    """A file of sensors after the first pass.

    Attributes
    ----------
    sensors : tuple of int
        The positions of the columns of numbers.
    rows : int
        How many rows :meth:`blocks` yields.
    notes : list of str
        What a person should know about how the file was read.
    total : int
        How far :meth:`blocks` goes, in the unit in which it shows its progress.
    """

    source: Source
    schema: pa.Schema
    header_rows: int
    at: tuple[int, ...]
    sensors: tuple[int, ...]
    chronology: Chronology
    decision: Decision
    notes: list[str]
    total: int
    strange: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of the sensors."""
        return [self.schema.names[at] for at in self.sensors]

    @property
    def time(self) -> pa.Field:
        """The time column as outputs hold it."""
        return self.decision.field

    @property
    def rows(self) -> int:
        """How many rows there are, those left out aside."""
        course = self.decision.course
        return course.rows - course.bad - (course.repeats if self.rising else 0)

    @property
    def rising(self) -> bool:
        """Whether no row of the file is earlier than the one before."""
        return self.decision.course.back is None

    def time_column(self, times: np.ndarray) -> pa.Array:
        """Return the times of a block as a column of the output."""
        return self.chronology.column(times, self.time.type)

    def blocks(self, show: Callable[[int], None] = lambda done: None) -> Iterator[Block]:
        """Yield the rows in time, the last of those with equal times only; sorted in memory where the file is not."""
        if not self.rising:
            yield from self._sorted(show)
            return
        held: Block | None = None
        for block in self._pieces(show):
            if not self.decision.course.repeats:
                yield block
                continue
            joined = block if held is None else _joined([held, block])
            stays = np.append(joined.times[:-1] != joined.times[1:], False)
            yield Block(joined.times[stays], joined.values[stays])
            held = Block(joined.times[-1:], joined.values[-1:])
        if held is not None:
            yield held

    def _pieces(self, show: Callable[[int], None]) -> Iterator[Block]:
        reader, rows, path = self.source.reader(), 0, str(self.source.path)
        if reader.schema != self.schema:
            raise self._changed()
        for batch in _data(reader.batches(), self.header_rows):
            times, valid = self.chronology.read(_time_column(batch, self.at), self.decision.order or "")
            values = np.empty((batch.num_rows, len(self.sensors)), order="F")
            for place, at in enumerate(self.sensors):
                column = _decoded(batch.column(at))
                values[:, place] = sensor_values(column, self.schema.names[at], path)
                self._note_strange(at, column, values[:, place], rows)
            rows += batch.num_rows
            show(reader.done())
            yield Block(times, values) if valid.all() else Block(times[valid], values[valid])
        if rows != self.decision.course.rows:
            raise self._changed()

    def _sorted(self, show: Callable[[int], None]) -> Iterator[Block]:
        pieces = list(self._pieces(show))
        whole = _joined(pieces)
        order = np.argsort(whole.times, kind="stable")
        times = whole.times[order]
        order = order[np.append(times[:-1] != times[1:], np.ones(min(len(times), 1), bool))]
        self.decision.course.repeats = len(times) - len(order)
        yield Block(whole.times[order], whole.values[order])

    def _changed(self) -> Failure:
        return Failure(f"{self.source.path} changed while it was read; run the command again")

    def _note_strange(self, at: int, column: pa.Array, values: np.ndarray, before: int) -> None:
        """Count the texts of a sensor that are neither numbers nor known to stand for a missing value."""
        if not numbers.is_text(column.type):
            return
        missing = np.isnan(values)
        if missing.any():
            texts = column.filter(pa.array(missing))
            known = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array(sorted(MISSING)))
            strange = np.flatnonzero(missing)[~pc.fill_null(known, True).to_numpy(zero_copy_only=False)]
            if len(strange):
                place = int(strange[0])
                count, row, text = self.strange.get(at, (0, before + place, numbers.shown(column[place])))
                self.strange[at] = count + len(strange), row, text

    def told(self) -> list[str]:
        """Return sentences on how the file was read, after the second pass."""
        sentences = list(self.notes)
        for at, (count, row, text) in self.strange.items():
            name = self.schema.names[at]
            sentences.append(
                f"{name}: {count:,} texts that are no numbers count as missing, the first {text} in row {row + 1:,}"
            )
        course = self.decision.course
        if course.bad:
            sentences.append(f"rows left out for want of a time: {course.bad:,}")
        if course.repeats:
            sentences.append(f"rows left out, as a later row has the same time: {course.repeats:,} of {course.rows:,}")
        return sentences


def open_sensors(source: Source) -> SensorFile:
    """Return a file of sensors after its first pass."""
    path = str(source.path)
    reader = source.reader()
    names = reader.schema.names
    batches = reader.batches()
    head = next(batches, pa.record_batch([pa.nulls(0, t) for t in reader.schema.types], schema=reader.schema))
    header_rows, at = _layout(source, reader, head.slice(0, SAMPLE))
    name = " ".join(names[i] for i in at)
    chronology = Chronology(path, name, _time_column(head.slice(header_rows - 1, SAMPLE), at), source.order)
    if source.order is not None and not chronology.text:
        raise Failure(f"--date-order is {source.order}, but {name} of {path} holds no dates as texts; leave it out", 2)
    chosen = None if source.sensors is None else positions.several(names, source.sensors, "--columns", path)
    kinds: dict[int, int] = dict.fromkeys((i for i in chosen or range(len(names)) if i not in at), EMPTY)
    with progress(f"look through {source.path.name}", reader.total) as show:
        for batch in _data(itertools.chain([head], batches), header_rows):
            chronology.follow(_time_column(batch, at))
            for i, kind in kinds.items():
                kinds[i] = kind if kind == NUMBERS else max(kind, _kind(batch.column(i)))
            show(reader.done())
    decision = chronology.decide(source.skip_invalid, source.sort)
    sensors = tuple(i for i, kind in kinds.items() if (kind != TEXTS or chosen) and (names[i].strip() or chosen))
    if not sensors:
        raise Failure(f"{path} has no column of numbers beside {name}; the columns are {', '.join(names)}")
    if twice := sorted({names[i] for i in sensors if names.count(names[i]) > 1}):
        raise Failure(
            f"{path} has several columns called {', '.join(twice)}; rename them, or choose others with --columns"
        )
    notes = _notes(names, kinds, sensors, header_rows, decision)
    return SensorFile(source, reader.schema, header_rows, at, sensors, chronology, decision, notes, reader.total)


def _notes(
    names: Sequence[str], kinds: dict[int, int], sensors: Sequence[int], header_rows: int, decision: Decision
) -> list[str]:
    """Return sentences on what was found, where it is not what everybody expects."""
    notes = []
    if header_rows > 1:
        notes.append(f"the header has {header_rows} rows, of which the first names the columns")
    if decision.guessed and decision.order:
        notes.append(f"{decision.field.name} is read as {decision.order}: {ORDERS[decision.order]}")
    if left := [name or "a column without a name" for i in kinds if i not in sensors for name in [names[i].strip()]]:
        notes.append(f"left out, as they hold no numbers or have no name: {', '.join(left)}")
    if empty := [names[i] for i in sensors if kinds[i] != NUMBERS]:
        notes.append(f"without a single number: {', '.join(empty)}")
    return notes


def _data(batches: Iterable[pa.RecordBatch], header_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows below the header, of which a reader takes the first row only."""
    left = header_rows - 1
    for batch in batches:
        if left < batch.num_rows:
            yield batch.slice(left)
        left = max(0, left - batch.num_rows)


def _decoded(column: pa.Array) -> pa.Array:
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def _time_column(batch: pa.RecordBatch, at: Sequence[int]) -> pa.Array:
    """Return the time column, put together where date and time of the day are columns of their own."""
    columns = [_decoded(batch.column(i)) for i in at]
    return columns[0] if len(at) == 1 else pc.binary_join_element_wise(*columns, " ")


def sensor_values(column: pa.Array, name: str, path: str) -> np.ndarray:
    """Return a column of numbers, truth values or texts as float64, NaN where a value is missing or no number."""
    column = column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column
    return numbers.floats(column, name, path, "values of sensors")


def _kind(column: pa.Array) -> int:
    """Return whether a column holds at least one number, texts only, or nothing."""
    column = _decoded(column)
    kind = column.type
    if not numbers.is_text(kind):
        numeric = (
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_decimal,
            pa.types.is_boolean,
            pa.types.is_null,
        )
        if not any(test(kind) for test in numeric):
            return TEXTS
        return NUMBERS if np.isfinite(sensor_values(column, "", "")).any() else EMPTY
    texts = pc.utf8_trim_whitespace(pc.drop_null(column))
    if pc.any(pc.match_substring_regex(texts, numbers.FLOAT)).as_py():
        return NUMBERS
    return EMPTY if pc.all(pc.is_in(pc.utf8_lower(texts), pa.array(sorted(MISSING)))).as_py() is not False else TEXTS


def _layout(source: Source, reader: Reader, head: pa.RecordBatch) -> tuple[int, tuple[int, ...]]:
    """Return the rows of the header and the positions of the time column, or of date and time of the day."""
    names, path = head.schema.names, str(source.path)
    if source.header_rows is not None and not reader.texts and source.header_rows > 1:
        raise Failure(f"--header-rows is {source.header_rows}, but {path} names its columns itself; leave it out", 2)
    cells = {
        i: ["" if text is None else text.strip() for text in column.to_pylist()]
        for i, column in ((i, _decoded(column)) for i, column in enumerate(head.columns))
        if numbers.is_text(column.type)
    }
    if source.time is not None:
        at: tuple[int, ...] = (positions.named(names, source.time, "--time-column", path),)
    else:
        stamps = {i for i, column in enumerate(head.columns) if _is_stamp(column.type)}
        dated = stamps | {i for i, texts in cells.items() if _mostly(texts, looks_like_time)}
        clocks = {i for i, texts in cells.items() if _mostly(texts, looks_like_clock)}
        at = positions.times(names, dated, clocks, path)
    if source.header_rows is not None or not reader.texts:
        return source.header_rows or 1, at
    return 1 + _more_header(cells, at[0]), at


def _more_header(cells: dict[int, list[str]], at: int) -> int:
    """Return how many rows below the names have neither a time nor any number, if a time follows."""
    for row, text in enumerate(cells[at][:HEADER_ROWS]):
        if looks_like_time(text) or numbers.is_number(text):
            return row
        if any(numbers.is_number(texts[row]) for texts in cells.values()):
            break
    return 0


def _is_stamp(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _mostly(texts: Sequence[str], test: Callable[[str], bool]) -> bool:
    """Return whether the rows that can be no header pass a test, half of them at least."""
    passed = [test(text) for text in texts if text]
    return any(passed) and 2 * sum(passed) >= len(passed) - HEADER_ROWS + 1


def _joined(blocks: Sequence[Block]) -> Block:
    return Block(np.concatenate([b.times for b in blocks]), np.concatenate([b.values for b in blocks]))
