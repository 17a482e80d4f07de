"""What a kernel promises of its numbers, and how an answer is held against that promise.

``check`` returns ``None`` when the promise is kept and otherwise one sentence that says where it was broken.
``switchable`` tells whether ``auto`` may change the backend with the size of the input: only where nobody can see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Contract(Protocol):
    """The form of a contract: ``switchable``, ``describe()`` and ``check(reference, other)``."""

    @property
    def switchable(self) -> bool:
        """Whether ``auto`` may pick a different backend for different sizes."""
        ...

    def describe(self) -> str:
        """Return the promise in words, for the documentation."""
        ...

    def check(self, reference: np.ndarray, other: np.ndarray) -> str | None:
        """Return ``None`` if ``other`` keeps the promise, else a sentence naming the first difference."""
        ...


def _same_form(reference: np.ndarray, other: np.ndarray) -> str | None:
    if reference.dtype != other.dtype:
        return f"dtype {other.dtype} where the reference has {reference.dtype}"
    if reference.shape != other.shape:
        return f"shape {other.shape} where the reference has {reference.shape}"
    return None


def _first(different: np.ndarray, reference: np.ndarray, other: np.ndarray) -> str | None:
    where = np.argwhere(different)
    if len(where) == 0:
        return None
    index = tuple(int(i) for i in where[0])
    return (
        f"{len(where)} of {reference.size} values differ, first at {index}: {other[index]!r} for {reference[index]!r}"
    )


@dataclass(frozen=True)
class Bitwise:
    """Every backend returns the same bits; any NaN equals any NaN, and -0.0 differs from 0.0."""

    @property
    def switchable(self) -> bool:
        return True

    def describe(self) -> str:
        return "bitwise: the same bits on every backend, thread count and SIMD level"

    def check(self, reference: np.ndarray, other: np.ndarray) -> str | None:
        if fault := _same_form(reference, other):
            return fault
        different = reference != other
        if reference.dtype.kind == "f":
            different &= ~(np.isnan(reference) & np.isnan(other))
            different |= np.signbit(reference) != np.signbit(other)
            different &= ~(np.isnan(reference) & np.isnan(other))
        return _first(different, reference, other)


@dataclass(frozen=True)
class Close:
    """Answers differ from the reference by at most ``ulps`` units in the last place."""

    ulps: float

    @property
    def switchable(self) -> bool:
        return False

    def describe(self) -> str:
        return f"close: within {self.ulps:g} units in the last place of the reference"

    def check(self, reference: np.ndarray, other: np.ndarray) -> str | None:
        if fault := _same_form(reference, other):
            return fault
        with np.errstate(invalid="ignore"):
            distance = np.abs(reference - other) / np.spacing(np.abs(reference))
        same = (reference == other) | (np.isnan(reference) & np.isnan(other))
        return _first(~(same | (distance <= self.ulps)), reference, other)


@dataclass(frozen=True)
class CloseInRow:
    """Answers differ from the reference by at most a share of the largest absolute value of their row there."""

    share: float

    @property
    def switchable(self) -> bool:
        return False

    def describe(self) -> str:
        return f"close: within {self.share:g} of the largest value in the row of the reference"

    def check(self, reference: np.ndarray, other: np.ndarray) -> str | None:
        if fault := _same_form(reference, other):
            return fault
        largest = np.nanmax(np.abs(reference), axis=-1, keepdims=True, initial=0.0)
        same = (reference == other) | (np.isnan(reference) & np.isnan(other))
        with np.errstate(invalid="ignore"):
            return _first(~(same | (np.abs(reference - other) <= self.share * largest)), reference, other)


@dataclass(frozen=True)
class SameSet:
    """Each row holds the same values in any order; rows are cut along the first axis."""

    key: str = "row"

    @property
    def switchable(self) -> bool:
        return False

    def describe(self) -> str:
        return f"same set: equal values in free order within each {self.key}"

    def check(self, reference: np.ndarray, other: np.ndarray) -> str | None:
        if fault := _same_form(reference, other):
            return fault
        axis = -1 if reference.ndim > 1 else 0
        return Bitwise().check(np.sort(reference, axis=axis), np.sort(other, axis=axis))
