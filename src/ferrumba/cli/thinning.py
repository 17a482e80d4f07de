"""``ferrumba decimate``: a table of points thinned so that no two that stay are within a radius of each other."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ferrumba.cli.console import Failure, say
from ferrumba.cli.demonstration import machine, missing_report
from ferrumba.cli.neighbors import neighbor_counts, told
from ferrumba.cli.points import Cloud, Source, coordinates_replaced, load, pieces_again, reopened, visiting_order
from ferrumba.cli.readers import file_format
from ferrumba.cli.running import computing, progress, served, writing
from ferrumba.cli.writers import check_output, replacing
from ferrumba.spatial import NeighborGrid


@dataclass
class Clock:
    """Seconds of each step."""

    seconds: dict[str, float]
    before: float

    def mark(self, step: str) -> None:
        """Note the time since the last step."""
        now = time.perf_counter()
        self.seconds[step], self.before = now - self.before, now


def run(source: Source, output: Path, order: str | None, descending: bool, report: Path | None) -> None:
    """Run the command."""
    file_format(output, "output")
    if descending and order is None:
        raise Failure("--descending is about --order; name a column with it", 2)
    if report is not None:
        check_report(report, source.path, output)
    clock = Clock({}, time.perf_counter())
    with computing(source.threads) as calls:
        cloud = load(source, *([] if order is None else [order]))
        check_output(output, source.path)
        visit = None if order is None else visiting_order(cloud, order, descending, source.path)
        clock.mark("reading")
        cell = source.radius if 0.0 < source.radius < np.inf else None
        grid = NeighborGrid(cloud.points, cell=cell, box=cloud.box, backend=source.backend)
        clock.mark("building the grid")
        kept = grid.decimate(source.radius, visit)
        clock.mark("thinning")
        _write(source, cloud, kept, output)
        clock.mark("writing")
        seconds = sum(clock.seconds.values())
        if report is not None:
            first = "file" if order is None else f"{order}, {'highest' if descending else 'lowest'} first"
            _report(report, source, cloud, kept, output, first, clock, served(calls))
    total, share = len(cloud.points), len(kept) / max(len(cloud.points), 1)
    say(
        f"kept {len(kept):,} of {total:,} points ({share:.1%}) in {seconds:.2f} s, to {output}{told(cloud)}"
        f"{cloud.skipped}; backend {served(calls)}"
    )
    if report is not None:
        say(f"Report: {report}")


def check_report(report: Path, source: Path, output: Path) -> None:
    """Raise if no page can be written there, or the extra that draws it is missing."""
    if report.suffix.lower() not in (".html", ".htm"):
        raise Failure(f"the report {report} is an HTML page; let its name end in .html", 2)
    if sentence := missing_report():
        raise Failure(f"no report: {sentence}")
    check_output(report, source)
    if report.resolve() == output.resolve():
        raise Failure(f"--report and --output are both {report}; name another", 2)


def _write(source: Source, cloud: Cloud, kept: np.ndarray, output: Path) -> None:
    """Write the rows that stay, in the order of the file; a NumPy file gets their coordinates only."""
    target = file_format(output, "output")
    reader = reopened(source, cloud)
    schema = reader.schema
    if (reader.texts and target != "CSV") or target == "NPY":
        for at in cloud.axes:
            schema = schema.set(at, pa.field(schema.names[at], pa.float64()))
    new = [schema.field(at) for at in cloud.axes]
    stays = np.zeros(cloud.rows, bool)
    stays[np.flatnonzero(cloud.valid)[kept]] = True
    with writing(output, schema, new, f"write {output.name}", reader.total) as (writer, show):
        for batch, rows in pieces_again(source, cloud, reader):
            whole = pa.record_batch(coordinates_replaced(source, cloud, batch, schema), schema=schema)
            writer.write(whole.filter(pa.array(stays[rows])))
            show(reader.done())


def _check(source: Source, cloud: Cloud, kept: np.ndarray) -> tuple[str, bool]:
    """Count neighbours among the kept points; return a sentence on whether the answer holds, and whether it does."""
    points, radius = cloud.points, source.radius
    stay = points[kept]
    if not len(stay):
        return "There are no points.", True
    grid = NeighborGrid(stay, box=cloud.box, backend=source.backend)
    gone = np.ones(len(points), bool)
    gone[kept] = False
    with progress("check", len(points)) as show:
        close = int((neighbor_counts(grid, stay, radius, show) > 0).sum())
        lost = int((neighbor_counts(grid, points[gone], radius, lambda done: show(len(stay) + done)) < 0).sum())
    if close or lost:
        wrong = f"{close:,} kept points have others within {radius:g}, and {lost:,} dropped ones have no kept one there"
        return f"The answer is wrong: {wrong}.", False
    near = f"within {radius:g} of"
    return f"Checked: no two kept points are {near} each other, and every dropped one is {near} a kept one.", True


def _crowd(source: Source, cloud: Cloud) -> np.ndarray:
    """Return how many points are within the radius of each, itself among them."""
    grid = NeighborGrid(cloud.points, box=cloud.box, backend=source.backend)
    with progress("count", len(cloud.points)) as show:
        return neighbor_counts(grid, cloud.points, source.radius, show) + 1.0


def _report(
    path: Path, source: Source, cloud: Cloud, kept: np.ndarray, output: Path, order: str, clock: Clock, backend: str
) -> None:
    from ferrumba.report.cloud_picture import before_and_after
    from ferrumba.report.page import render

    verdict, holds = _check(source, cloud, kept)
    clock.mark("checking")
    names = [cloud.schema.names[at] for at in cloud.axes]
    facts: dict[str, Any] = {
        "points": f"{len(cloud.points):,}",
        "kept": f"{len(kept):,} ({len(kept) / max(len(cloud.points), 1):.1%})",
        "dropped": f"{len(cloud.points) - len(kept):,}",
        "left out, no finite coordinates": f"{cloud.rows - len(cloud.points):,}",
        "radius": f"{source.radius:g}",
        "columns": ", ".join(names),
        "boundaries": told(cloud).removeprefix("; ") or "open",
        "who stays": f"by {order}" if order != "file" else "in the order of the file",
        "output": output.name,
        "backend": backend,
    }
    if len(names) == 3:
        values, label = cloud.points[:, 2], names[2]
    else:
        values, label = _crowd(source, cloud), f"points within {source.radius:g} of a point, before"
    picture = before_and_after(cloud.points, kept, source.radius, names, values, label)
    clock.mark("drawing")
    page = render(
        "decimate.html",
        picture,
        title=f"{source.path.name}, thinned with radius {source.radius:g}",
        verdict=verdict,
        holds=holds,
        facts={name: value for name, value in facts.items() if not (name.startswith("left out") and value == "0")},
        rows=len(cloud.points),
        seconds=clock.seconds,
        machine=machine(),
        command=f"ferrumba decimate {source.path.name} --radius {source.radius:g} -o {output.name} --report page.html",
        date=dt.datetime.now().astimezone().strftime("%d %B %Y, %H:%M %Z"),
    )
    with replacing(path) as file:
        file.write(page.encode("utf-8"))
