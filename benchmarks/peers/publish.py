"""``python -m benchmarks.peers.publish`` writes the figures of ``results/`` into the marked sections of two pages.

README.md gets the tables of HEALPix and one of the spatial family, docs/benchmarks.md all tables.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
SECTION = re.compile(r"(<!-- benchmarks:start -->\n).*?(<!-- benchmarks:end -->)", re.DOTALL)
OURS = "ferrumba"


def table(rows: list[dict[str, Any]], threads: int) -> list[str]:
    """Return the Markdown lines of one table: a line for each contender, a column for each task, in milliseconds."""
    rows = [row for row in rows if row["threads"] == threads]
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    names = list(dict.fromkeys(row["contender"] for row in rows))
    cells = {(row["contender"], row["task"]): row["least_ms"] for row in rows}
    lines = [f"| {name_of(threads)} | {' | '.join(tasks)} |", "| --- |" + " ---: |" * len(tasks)]
    for name in sorted(names, key=lambda name: (not name.startswith("floor"), not name.startswith(OURS))):
        values = [f"{cells[name, task]:,.1f}" if (name, task) in cells else "" for task in tasks]
        best = [min(cells[c, t] for c, t in cells if t == task and not c.startswith("floor")) for task in tasks]
        shown = [f"**{v}**" if v and cells[name, t] == b else v for v, t, b in zip(values, tasks, best, strict=True)]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return lines


def name_of(threads: int) -> str:
    """Return a number of threads in words."""
    return f"{threads} thread{'s' * (threads > 1)}"


def span(report: dict[str, Any], rows: list[dict[str, Any]], fact: str) -> str:
    """Return a fact of the runs that rows are from, such as the date, or the first and the last where they differ."""
    known = sorted({row.get(fact, report[fact]) for row in rows})
    return str(known[0]) if len(known) == 1 else f"{known[0]} to {known[-1]}"


def processor_of(report: dict[str, Any], row: dict[str, Any]) -> str:
    """Return the processor that a row was measured on."""
    return str(row.get("processor", report["processor"]))


def source(report: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return when and with what rows of a report were measured."""
    packages = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    processors = " and ".join(sorted({processor_of(report, row) for row in rows}))
    return f"{span(report, rows, 'date')}, {processors}, Python {report['python']}: {packages}."


def healpix(report: dict[str, Any]) -> list[str]:
    """Return the lines of the HEALPix tables."""
    count, rounds = report["rows"][0]["rows"], report["rounds"]
    lines = [f"Milliseconds for {count:,} points at order 18, least of {rounds} interleaved rounds; bold is best.", ""]
    for threads in dict.fromkeys(row["threads"] for row in report["rows"]):
        lines += [*table(report["rows"], threads), ""]
    return [*lines, source(report, report["rows"])]


def _uniform_first(case: tuple[int, str, int]) -> tuple[int, bool, int]:
    return case[0], case[1] != "uniform", case[2]


def spatial(report: dict[str, Any], short: bool = False) -> list[str]:
    """Return the lines of the spatial tables, or of the one for most uniform points on one thread."""
    rows = report["rows"]
    cases = sorted({(row["rows"], row["note"], row["threads"]) for row in rows}, key=_uniform_first)
    if short:
        most = max(count for count, _, _ in cases)
        cases = [case for case in cases if case == (most, "uniform", 1)]
    lines, told = [], []
    for count, kind, threads in cases:
        what = f"{count:,} {kind} points in three dimensions, about 30 neighbours within the radius"
        own = [row for row in rows if (row["rows"], row["note"], row["threads"]) == (count, kind, threads)]
        rounds = span(report, own, "rounds")
        lines += [f"Milliseconds for {what}, least of {rounds} interleaved rounds; bold is best.", ""]
        lines += [*table(own, threads), ""]
        told += own
    if report.get("memory") and not short:
        lines += memory(report["memory"])
    return [*lines, source(report, told)]


def memory(rows: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the table of memory."""
    counts = sorted({row["rows"] for row in rows})
    cells = {(row["contender"], row["rows"]): f"{row['most_mib']:,.0f}" for row in rows}
    lines = ["Most memory while all lists of uniform points are found, in MiB above the points themselves.", ""]
    lines += [f"| | {' | '.join(f'{count:,} points' for count in counts)} |", "| --- |" + " ---: |" * len(counts)]
    for name in dict.fromkeys(row["contender"] for row in rows):
        lines.append(f"| {name} | {' | '.join(cells.get((name, count), '') for count in counts)} |")
    return [*lines, ""]


def timeseries(report: dict[str, Any]) -> list[str]:
    """Return the lines of the tables of time series: a line for each task, the peers in the order of their times.

    A task that was measured on another processor than most of its table says so.
    """
    rows = report["rows"]
    ours = [name for name in ("ferrumba (numba)", "ferrumba (rust)", OURS) if any(r["contender"] == name for r in rows)]
    lines = []
    for count, note, threads in dict.fromkeys((row["rows"], row["note"], row["threads"]) for row in rows):
        own = [row for row in rows if (row["rows"], row["note"], row["threads"]) == (count, note, threads)]
        rounds = span(report, own, "rounds")
        lines += [f"Milliseconds for {count:,} rows and {note}, {name_of(threads)}, least of {rounds} rounds.", ""]
        lines += [f"| | {' | '.join(ours)} | others |", "| --- |" + " ---: |" * len(ours) + " --- |"]
        usual = Counter(processor_of(report, row) for row in own).most_common(1)[0][0]
        for task in dict.fromkeys(row["task"] for row in own):
            cells = {row["contender"]: row["least_ms"] for row in own if row["task"] == task}
            processors = {processor_of(report, row) for row in own if row["task"] == task} - {usual}
            mine = [f"{cells.pop(name):,.1f}" if name in cells else "" for name in ours]
            others = [f"{name} {least:,.1f}" for name, least in sorted(cells.items(), key=lambda cell: cell[1])]
            name = ", on ".join([task, *sorted(processors)])
            lines.append(f"| {name} | {' | '.join(mine)} | {'; '.join(others)} |")
        lines.append("")
    return [*lines, source(report, rows)]


def second_thread(report: dict[str, Any]) -> list[str]:
    """Return the lines of the table of one thread and two: least times, and their ratio beside that of the medians."""
    rows = report["rows"]
    lines = ["Milliseconds on one thread and on two, in turn in one process, least of their rounds.", ""]
    lines += ["| | rows | backend | 1 thread | 2 threads | ratio | of medians |"]
    lines += ["| --- | ---: | --- |" + " ---: |" * 4]
    for one, two in zip(*([row for row in rows if row["threads"] == count] for count in (1, 2)), strict=True):
        least, median = (one[key] / two[key] for key in ("least_ms", "median_ms"))
        times = f"{one['least_ms']:,.1f} | {two['least_ms']:,.1f} | {least:.2f} | {median:.2f}"
        name = one["contender"].removeprefix(OURS).strip(" ()")
        lines.append(f"| {one['task']}, {one['note']} | {one['rows']:,} | {name} | {times} |")
    return [*lines, "", source(report, rows)]


def fill(page: Path, lines: list[str]) -> None:
    """Put lines into the marked section of a page."""
    old = page.read_text(encoding="utf-8")
    if not SECTION.search(old):
        raise SystemExit(f"{page} has no section between <!-- benchmarks:start --> and <!-- benchmarks:end -->")
    text = "\n".join(lines) + "\n"
    page.write_text(SECTION.sub(lambda found: found[1] + text + found[2], old), encoding="utf-8")


def main() -> None:
    """Fill the sections from the reports that are there."""
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    short, full = [], []
    if "healpix" in reports:
        lines = healpix(reports["healpix"])
        short += lines
        full += ["## HEALPix", "", *lines]
    if "spatial" in reports:
        short += ["", *spatial(reports["spatial"], short=True)]
        full += ["", "## Fixed-radius search", "", *spatial(reports["spatial"])]
    for name, title in (("timeseries", "Rolling functions"), ("timeseries_columns", "Functions of whole columns")):
        if name in reports:
            full += ["", f"## {title}", "", *timeseries(reports[name])]
    if "second_thread" in reports:
        full += ["", "## A second thread", "", *second_thread(reports["second_thread"])]
    fill(ROOT / "README.md", short)
    fill(ROOT / "docs" / "benchmarks.md", full)


if __name__ == "__main__":
    main()
