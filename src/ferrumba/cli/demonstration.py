"""``ferrumba demo``: the main job on made-up tracks, on every backend: a comparison, a table, a map and a report."""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ferrumba
from ferrumba import healpix
from ferrumba.cli import console, missing_extra
from ferrumba.cli.inspection import told
from ferrumba.cli.tracks import antarctic_tracks
from ferrumba.cli.writers import replacing
from ferrumba.dispatch import calibration, choice, environment, measure
from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernel
from ferrumba.dispatch.threads import thread_count

ORDER, MAP_ORDER = 18, 7
ENCODE, DECODE = "healpix.lonlat_to_morton", "healpix.morton_to_lonlat"
JOBS = (f"lon, lat to id (order {ORDER})", "id to lon, lat")
BUDGET, REPEATS = 0.25, 3

Answers = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Run:
    """One row of the table: what was done, by whom, and how long it took; ``first`` is the first call's time."""

    job: str
    backend: str
    threads: int
    seconds: float
    first: float | None


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _different(name: str, expected: Answers, found: Answers) -> list[str]:
    """Return a sentence for each answer that differs by any bit."""
    return [
        f"{name}: {int((a.view(np.int64) != b.view(np.int64)).sum()):,} of {a.size:,} values of {what} differ"
        for what, a, b in zip(("ids", "longitudes", "latitudes"), expected, found, strict=True)
        if a.tobytes() != b.tobytes()
    ]


def compare(lon: np.ndarray, lat: np.ndarray, names: Sequence[str], counts: Sequence[int]) -> tuple[Any, Any, Any]:
    """Run the job on every backend and thread count.

    Returns
    -------
    answers : tuple of ndarray
        Ids, longitudes and latitudes of the reference on one thread.
    runs : list of Run
    faults : list of str
        Sentences on answers that differ or do not come back.
    """
    reference: Answers | None = None
    runs: list[Run] = []
    faults: list[str] = []
    for name in names:
        for count in counts:
            ids = np.zeros(len(lon), np.int64)
            centres = np.zeros(len(lon)), np.zeros(len(lon))

            calls: tuple[Callable[[], Any], ...] = (
                functools.partial(healpix.lonlat_to_morton, lon, lat, ORDER, out=ids, backend=name),
                functools.partial(healpix.morton_to_lonlat, ids, out=centres, backend=name),
            )
            with ferrumba.threads(count):
                for job, call in zip(JOBS, calls, strict=True):
                    first = _timed(call) if count == counts[0] else None
                    runs.append(Run(job, name, count, measure.least_seconds(call, BUDGET, REPEATS), first))
                again = healpix.lonlat_to_morton(*centres, ORDER, backend=name)
            label = f"{name}, {count} thread{'s' if count > 1 else ''}"
            answers = (ids, *centres)
            reference = answers if reference is None else reference
            faults += _different(label, reference, answers)
            if lost := int((again != ids).sum()):
                faults.append(f"{label}: {lost:,} of {len(ids):,} ids do not come back after decoding")
    return reference, sorted(runs, key=lambda run: JOBS.index(run.job)), faults


def _notes() -> list[str]:
    """Return what to say about backends that take no part."""
    notes = [
        f"The backend {name} failed to load ({type(backend.fault).__name__}: {backend.fault}); see: ferrumba doctor."
        for name, backend in backends().items()
        if backend.fault is not None
    ]
    if switch := environment.force_numba():
        notes.append(f"{switch}=1 switches every other backend off, so this ran on Numba alone.")
    elif len(backends()) == 1:
        notes.append(f"This ran on Numba alone; for the Rust backend run: {choice.INSTALLABLE['rust']}")
    return notes


def _print(runs: Sequence[Run], rows: int) -> None:
    shown = console.table(
        f"{rows:,} points",
        *(columns := ("job", "backend", "threads", "time", "M rows/s", "first call")),
        numbers=columns[2:],
    )
    for run in runs:
        first = "" if run.first is None else f"{run.first * 1e3:.0f} ms"
        rate = f"{rows / run.seconds / 1e6:.0f}"
        shown.add_row(run.job, run.backend, str(run.threads), f"{run.seconds * 1e3:.2f} ms", rate, first)
    console.out().print(shown)
    console.say("time: the least of several calls; first call: with loading and, on Numba, compiling")


def machine() -> dict[str, str]:
    """Return what a report says about where it was made."""
    count, why = thread_count()
    facts = {"processor": calibration.processor(), "system": platform.platform(), "threads": f"{count}, by {why}"}
    facts |= {name: version for name, version in measure.versions().items() if name not in backends()}
    for name, backend in backends().items():
        info = {} if backend.fault is not None else backend.info()
        facts[f"backend {name}"] = ", ".join(filter(None, [backend.version, told(info)]))
    return facts


def missing_report() -> str | None:
    """Return the sentence that tells which extra to install for the map and the report, or None."""
    try:
        importlib.import_module("matplotlib")
        importlib.import_module("jinja2")
    except ModuleNotFoundError as fault:
        return missing_extra(fault)
    return None


def _write(folder: Path, ids: np.ndarray, **facts: Any) -> tuple[Path, Path]:
    from ferrumba.report.page import render
    from ferrumba.report.polar_map import south_polar_map

    folder.mkdir(parents=True, exist_ok=True)
    picture = south_polar_map(ids, MAP_ORDER)
    page = render("demo.html", picture, **facts)
    paths = folder / "map.png", folder / "report.html"
    for path, content in zip(paths, (picture, page.encode("utf-8")), strict=True):
        with replacing(path) as file:
            file.write(content)
    return paths


def run(rows: int, folder: Path) -> int:
    """Run the demonstration; return the exit code, 1 where answers differ."""
    if folder.exists() and not folder.is_dir():
        raise console.Failure(f"--output is {folder}, which is no folder; name another")
    lon, lat = antarctic_tracks(rows)
    kernels = [kernel(ENCODE), kernel(DECODE)]
    served = [set(measure.serving(k)) for k in kernels]
    names = [name for name in backends() if all(name in s for s in served)]
    (ids, *_), runs, faults = compare(lon, lat, names, sorted({1, thread_count()[0]}))
    _print(runs, rows)
    notes = _notes()
    for note in notes:
        console.say(note)
    which = "on every backend and thread count" if len(names) > 1 else "on every thread count"
    verdict = (
        f"All {rows:,} ids and coordinates are identical bit by bit {which}, and every id comes back after decoding."
    )
    for sentence in faults or [verdict]:
        console.out().print(sentence, style="red" if faults else "green", markup=False, soft_wrap=True)
    if sentence := missing_report():
        console.say(f"No map and no report: {sentence}")
    else:
        paths = _write(
            folder,
            ids,
            rows=rows,
            order=ORDER,
            map_order=MAP_ORDER,
            runs=runs,
            faults=faults,
            notes=notes,
            verdict=verdict,
            choices=[choice.explain(k.name, rows) for k in kernels],
            machine=machine(),
            date=dt.datetime.now().astimezone().strftime("%d %B %Y, %H:%M %Z"),
        )
        console.say(f"Map: {paths[0]}; report: {paths[1]}")
    return 1 if faults else 0
