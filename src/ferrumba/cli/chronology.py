"""The time column of a file: which order its dates are in, whether rows rise in time, and what they become.

A first pass follows every order that the dates may be in. The one holds that makes a date of every text and rises from
row to row; where two do, the one whose steps are all equal and shorter than a day. Nothing is guessed beyond that: a
daily series and a monthly one may look the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ferrumba.cli import numbers
from ferrumba.cli.console import Failure
from ferrumba.cli.timestamps import NAT, ORDERS, times

_UNITS = (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))
HEADER_ROWS = 5
"""The most rows that are taken for a header."""

EVEN_ROWS = 10
"""Rows from which on equal steps tell an order of dates from another."""

_DAY = 86_400 * 10**9


@dataclass
class Course:
    """How times run under one reading; row numbers count from 0."""

    last: Any = None
    rows: int = 0
    bad: int = 0
    first_bad: tuple[int, str] | None = None
    back: tuple[int, Any, Any] | None = None
    repeats: int = 0
    step: Any = None
    regular: bool = True
    finest: int = 0
    total: int = 0

    @property
    def digest(self) -> tuple[Any, ...]:
        """What is equal for orders that read the same."""
        return self.last, self.step, self.repeats, self.bad, self.total

    def even(self) -> bool:
        """Return whether steps are all equal, shorter than a day, and too many for that to be chance."""
        return self.regular and self.rows - self.bad >= EVEN_ROWS and 0 < self.step < _DAY

    def follow(self, values: np.ndarray, valid: np.ndarray, column: pa.Array) -> None:
        """Go on with some rows, read from a column."""
        if not valid.all():
            if self.first_bad is None:
                place = int(np.argmin(valid))
                self.first_bad = self.rows + place, numbers.shown(column[place])
            self.bad += int((~valid).sum())
        places = self.rows + np.flatnonzero(valid)
        self.rows += len(valid)
        found = values[valid]
        if not len(found):
            return
        joined = found if self.last is None else np.concatenate(([self.last], found))
        steps = np.diff(joined)
        if self.back is None and (steps < 0).any():
            place = int(np.argmax(steps < 0))
            self.back = (int(places[place + len(found) - len(steps)]), joined[place], joined[place + 1])
        self.repeats += int((steps == 0).sum())
        if self.step is None and len(steps):
            self.step = steps[0]
        self.regular = self.regular and bool((steps == self.step).all())
        if found.dtype == np.int64:
            self.total = (self.total + int(found.sum())) % (1 << 64)
            while self.finest < 3 and (found % _UNITS[self.finest][1]).any():
                self.finest += 1
        self.last = found[-1]


@dataclass(frozen=True)
class Decision:
    """How the times of a file are read."""

    order: str | None
    guessed: bool
    field: pa.Field
    course: Course


@dataclass
class Chronology:
    """The times of a file on a first pass.

    Parameters
    ----------
    path, name : str
        The file and its time column, for errors.
    sample : Array
        Some rows of the column, which tell texts that are dates from texts that are plain numbers.
    requested : str, optional
        The order of dates that the user gave.
    """

    path: str
    name: str
    sample: pa.Array
    requested: str | None = None
    courses: dict[str, Course] = field(default_factory=dict)
    zoned: int = 0
    first_zoned: int | None = None
    first_plain: int | None = None

    def __post_init__(self) -> None:
        kind = self.sample.type
        self.text = numbers.is_text(kind) and not _all_numbers(self.sample)
        self.number = not self.text and not (pa.types.is_timestamp(kind) or pa.types.is_date(kind))
        if self.number and (pa.types.is_time(kind) or pa.types.is_duration(kind) or pa.types.is_nested(kind)):
            raise Failure(
                f"column {self.name!r} of {self.path} is of type {kind}, which is no point in time; name another with "
                "--time-column"
            )
        orders = [self.requested] if self.requested else list(ORDERS)
        self.courses = {order: Course() for order in (orders if self.text else [""])}

    def read(self, column: pa.Array, order: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return the times of some rows under an order as integers or floats, and which are times at all."""
        if self.text:
            values = times(column).readings[order]
            return values, values != NAT
        return self._plain(column)

    def _plain(self, column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        if self.number:
            values = numbers.floats(column, self.name, self.path)
            return values, np.isfinite(values)
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        whole = pc.cast(column, pa.int32() if pa.types.is_date32(column.type) else pa.int64())
        return pc.fill_null(whole, 0).to_numpy(zero_copy_only=False).astype(np.int64), valid

    def follow(self, column: pa.Array) -> None:
        """Go on with some rows, in every order."""
        if not self.text:
            self.courses[""].follow(*self._plain(column), column)
            return
        found = times(column)
        before = next(iter(self.courses.values())).rows
        known = np.any([found.readings[order] != NAT for order in self.courses], axis=0)
        for which, mask in (("first_zoned", found.zoned & known), ("first_plain", ~found.zoned & known)):
            if getattr(self, which) is None and mask.any():
                setattr(self, which, before + int(np.argmax(mask)))
        for order, course in self.courses.items():
            values = found.readings[order]
            course.follow(values, values != NAT, column)

    def decide(self, skip_invalid: bool, sort: bool) -> Decision:
        """Return how the times are read; raise where that is not certain, or rows may not be as they are."""
        if self.first_zoned is not None and self.first_plain is not None:
            raise Failure(
                f"{self.path}: {self.name} tells its offset from UTC in row {self.first_zoned + 1:,} and not in row "
                f"{self.first_plain + 1:,}; correct the file, so that all rows do or none"
            )
        order, guessed = self._order(skip_invalid)
        course = self.courses[order]
        if course.back is not None and not sort:
            row, before, after = course.back
            read = f", read as {_called(order)}," if guessed else ""
            raise Failure(
                f"{self.path}, row {row + 1:,}: {self.name}{read} goes back from {self.shown(before)} to "
                f"{self.shown(after)}; pass --sort to sort all rows in memory, where of equal times the last stays"
            )
        if not self.text:
            kind = pa.float64() if self.number else self.sample.type
        else:
            kind = pa.timestamp(_UNITS[course.finest][0], "UTC" if self.first_zoned is not None else None)
        return Decision(order or None, guessed, pa.field(self.name, kind), course)

    def _order(self, skip_invalid: bool) -> tuple[str, bool]:
        """Return the order that holds, and whether another would give something else."""
        least = min(course.bad for course in self.courses.values())
        if least and not skip_invalid:
            raise self._bad()
        fit = {order: course for order, course in self.courses.items() if course.bad == least}
        if len({course.digest for course in fit.values()}) == 1:  # a single order, or dates that depend on none
            return next(iter(fit)), len(fit) < len(self.courses)
        rising = {order: course for order, course in fit.items() if course.back is None}
        if not rising:
            raise self._none(fit)
        regular = [order for order, course in rising.items() if course.even()]
        for certain in (list(rising), regular):
            if len(certain) == 1:
                return certain[0], True
        told = " and ".join(f"{_called(order)}, up to {self.shown(c.last)}" for order, c in rising.items())
        raise Failure(f"{self.path}: the dates of {self.name} rise as {told}; tell which with --date-order")

    def _none(self, fit: dict[str, Course]) -> Failure:
        told = [
            f"as {_called(order)}, row {course.back[0] + 1:,} goes back from {self.shown(course.back[1])} to "
            f"{self.shown(course.back[2])}"
            for order, course in fit.items()
            if course.back is not None
        ]
        return Failure(
            f"{self.path}: the dates of {self.name} rise in no order: {'; '.join(told)}; tell the order with "
            "--date-order, and pass --sort if the rows stand in none"
        )

    def _bad(self) -> Failure:
        """Return the error about rows that are no time, in the order that makes a time of the most."""
        order, course = min(self.courses.items(), key=lambda item: item[1].bad)
        row, shown = course.first_bad or (0, "")
        depends = len({course.digest for course in self.courses.values()}) > 1 or self.requested
        read = f" as {_called(order)}" if depends else ""
        others = f" (and {course.bad - 1:,} more)" if course.bad > 1 else ""
        header = ", or tell how many rows the header has with --header-rows" if row < HEADER_ROWS else ""
        return Failure(
            f"{self.path}, row {row + 1:,}{others}: {self.name} is {shown}, which is no time{read}; correct it, or "
            f"leave such rows out with --skip-invalid{header}"
        )

    def shown(self, value: Any) -> str:
        """Return a time as an error shows it."""
        if self.text:
            text = str(np.datetime64(int(value), "ns")).replace("T", " ")
            return text.rstrip("0").rstrip(".").removesuffix(" 00:00:").removesuffix(" 00:00:00")
        if self.number:
            return f"{value:.15g}"
        return str(pa.scalar(int(value), pa.int64()).cast(self.sample.type))

    def column(self, values: np.ndarray, kind: pa.DataType) -> pa.Array:
        """Return times as a column of the type decided on."""
        if self.number:
            return pa.array(values)
        if self.text:
            return pa.array(values // dict(_UNITS)[kind.unit]).cast(kind)
        return pa.array(values).cast(pa.int32()).cast(kind) if pa.types.is_date32(kind) else pa.array(values).cast(kind)


def _called(order: str) -> str:
    return f"{order} ({ORDERS[order]})"


def _all_numbers(texts: pa.Array) -> bool:
    """Return whether all texts that are not empty are plain numbers, and there are such."""
    there = [text for text in texts.to_pylist() if text and text.strip()]
    return bool(there) and all(numbers.is_number(text) for text in there)
