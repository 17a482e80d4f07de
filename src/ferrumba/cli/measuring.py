"""``ferrumba calibrate`` and ``ferrumba bench``: they print what :mod:`ferrumba.dispatch.measure` measures."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ferrumba.cli import console
from ferrumba.cli.selection import chosen
from ferrumba.dispatch import calibration, measure
from ferrumba.dispatch.threads import thread_count


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Yield a function that shows which kernel is being measured, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda label: None
        return
    from rich.progress import Progress

    with Progress(console=console.err(), transient=True) as bar:
        task = bar.add_task("compiling and measuring", total=total)
        yield lambda label: bar.update(task, advance=1, description=f"measured {label}")


def calibrate(patterns: Sequence[str], output: Path | None, budget: float, json: bool) -> None:
    """Measure kernels on all backends, write the table, and print it."""
    selection, path = chosen(patterns), output or calibration.user_path()
    entries: dict[str, Any] = {}
    with _progress(len(selection)) as advance:
        for name, entry in measure.calibrate(selection, budget):
            entries[name] = entry
            advance(name)
    table = measure.calibration_table(entries)
    calibration.write(table, path)
    if json:
        console.print_json({**table, "path": str(path)})
        return
    names = list(dict.fromkeys(name for entry in entries.values() for name in entry["seconds"]))
    shown = console.table("Seconds per call, one thread", "kernel", "rows", *names, "fastest", numbers=("rows", *names))
    for kernel, entry in entries.items():
        for i, rows in enumerate(entry["sizes"]):
            seconds = {name: times[i] for name, times in entry["seconds"].items()}
            cells = [console.duration(seconds[name]) if name in seconds else "-" for name in names]
            shown.add_row(kernel if i == 0 else "", f"{rows:,}", *cells, min(seconds, key=lambda name: seconds[name]))
    console.out().print(shown)
    console.say(f"Written to {path}.")


def bench(patterns: Sequence[str], sizes: Sequence[int] | None, budget: float, json: bool) -> None:
    """Time kernels on all backends with one thread and with all, beside the floor."""
    selection = chosen(patterns)
    counts = sorted({1, thread_count()[0]})
    timings: list[measure.Timing] = []
    with _progress(len(selection)) as advance:
        for kernel in selection:
            for rows in sizes or kernel.sizes:
                names = measure.serving(kernel)
                timings += measure.time_kernel(kernel, rows, names, counts, budget, floor=True)
            advance(kernel.name)
    if json:
        records = [dataclasses.asdict(timing) for timing in timings]
        for record in records:
            record["backend"] = record["backend"] or "floor"
        console.print_json({"versions": measure.versions(), "processor": calibration.processor(), "timings": records})
        return
    _print_timings(timings)
    versions = ", ".join(f"{name} {version}" for name, version in measure.versions().items())
    console.say("floor: a copy that moves the bytes which the kernel must read and write")
    console.say(f"{calibration.processor()}; {versions}")


def _print_timings(timings: Sequence[measure.Timing]) -> None:
    def heading(timing: measure.Timing) -> str:
        if timing.backend is None:
            return "floor"
        return f"{timing.backend}, {timing.threads} thread{'s' if timing.threads > 1 else ''}"

    headings = list(dict.fromkeys(map(heading, timings)))
    shown = console.table("Time per row (times the floor)", "kernel", "rows", *headings, numbers=("rows", *headings))
    groups: dict[tuple[str, int], dict[str, measure.Timing]] = {}
    for timing in timings:
        groups.setdefault((timing.kernel, timing.rows), {})[heading(timing)] = timing
    last = ""
    for (kernel, rows), row in groups.items():
        floor = row["floor"].seconds
        cells = []
        for name in headings:
            if name not in row:
                cells.append("-")
                continue
            ratio = "" if name == "floor" else f" ({row[name].seconds / floor:.1f}x)"
            cells.append(console.duration(row[name].seconds / rows) + ratio)
        shown.add_row(kernel if kernel != last else "", f"{rows:,}", *cells)
        last = kernel
    console.out().print(shown)
