"""Timing several ways to do the same thing, interleaved in one process, after their answers were found equal."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Row:
    """One contender in one task: the least and the median of its times, and the spread between its quartiles.

    ``note`` tells cases of one task apart.
    """

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
    source = np.ones(read_and_written // 2, np.uint8)  # zeros would be one page, read from the cache
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


def row_of(task: str, contender: str, threads: int, rows: int, taken: list[float], note: str = "") -> Row:
    """Return the row that tells of times in milliseconds."""
    least, median, spread = min(taken), np.median(taken), np.subtract(*np.percentile(taken, [75, 25]))
    times = (round(float(value), 4) for value in (least, median, spread))
    return Row(task, contender, threads, rows, *times, note)


def race(
    task: str, contenders: dict[str, Callable[[], Any]], rows: int, threads: int, rounds: int, note: str = ""
) -> list[Row]:
    """Time every contender once a round, for some rounds after one that does not count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            seconds = time.perf_counter() - start
            if turn:
                times[name].append(seconds * 1e3)
    return [row_of(task, name, threads, rows, taken, note) for name, taken in times.items()]


def optional(name: str) -> Any | None:
    """Return a module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def apart(module: str, arguments: Sequence[str], threads: int) -> list[dict[str, Any]]:
    """Return the rows that a comparison prints in a process of its own, where every library is told of the threads."""
    limits = {f"{name}_THREADS": str(threads) for name in ("RAYON_NUM", "OMP_NUM", "OPENBLAS_NUM", "POLARS_MAX")}
    command = [sys.executable, "-m", module, *arguments, "--threads", str(threads)]
    done = subprocess.run(command, env={**os.environ, **limits}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows by task, case and threads, fastest first."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["task"], row.get("note", ""), row["rows"], row["threads"]), []).append(row)
    for (task, note, n, threads), group in groups.items():
        print(f"\n{task}{note and ', ' + note}, {threads} thread{'s' * (threads > 1)}, {n:,} rows")
        for row in sorted(group, key=lambda row: row["least_ms"]):
            print(f"  {row['contender']:55s} {row['least_ms']:10.2f} ms   (median {row['median_ms']:.2f})")


def versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of everything measured."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def facts(rounds: int, names: Sequence[str]) -> dict[str, Any]:
    """Return what a reader has to know beside the figures."""
    from ferrumba.dispatch.calibration import processor

    return {
        "date": date.today().isoformat(),
        "processor": processor(),
        "python": platform.python_version(),
        "rounds": rounds,
        "versions": versions(names),
    }


def write(path: Path, report: dict[str, Any]) -> None:
    """Write a report."""
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def update(path: Path, report: dict[str, Any]) -> None:
    """Write a report that keeps an earlier one's rows for other cases; every row tells when and where it was made."""

    def case(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["task"], row["note"], row["rows"], row["threads"]

    def dated(report: dict[str, Any]) -> list[dict[str, Any]]:
        known = {fact: report[fact] for fact in ("date", "processor", "rounds")}
        return [{**known, **row} for row in report["rows"]]

    earlier = dated(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []
    new = {case(row) for row in report["rows"]}
    write(path, {**report, "rows": [row for row in earlier if case(row) not in new] + dated(report)})
