"""Timing several ways to do the same thing, interleaved in one process, after their answers were found equal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass
class Row:
    """One contender in one task: the least and the median of its times, and the spread between its quartiles."""

    task: str
    contender: str
    threads: int
    rows: int
    least_ms: float
    median_ms: float
    spread_ms: float
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return asdict(self)


def floor(read_and_written: int) -> Callable[[], None]:
    """Return a copy that reads and writes this many bytes in all: what the memory alone would take."""
    source = np.zeros(read_and_written // 2, np.uint8)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


def race(task: str, contenders: dict[str, Callable[[], Any]], rows: int, threads: int, rounds: int) -> list[Row]:
    """Time every contender once a round, for some rounds after one that does not count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            seconds = time.perf_counter() - start
            if turn:
                times[name].append(seconds * 1e3)
    return [
        Row(
            task,
            name,
            threads,
            rows,
            round(min(taken), 4),
            round(float(np.median(taken)), 4),
            round(float(np.subtract(*np.percentile(taken, [75, 25]))), 4),
        )
        for name, taken in times.items()
    ]
