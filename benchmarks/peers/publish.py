"""``python -m benchmarks.peers.publish`` writes the tables of ``results/`` into the marked section of README.md."""

from __future__ import annotations

import json
import re
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
    lines = [f"| {threads} thread{'s' * (threads > 1)} | {' | '.join(tasks)} |", "| --- |" + " ---: |" * len(tasks)]
    for name in sorted(names, key=lambda name: (not name.startswith("floor"), not name.startswith(OURS))):
        values = [f"{cells[name, task]:,.1f}" if (name, task) in cells else "" for task in tasks]
        best = [min(cells[c, t] for c, t in cells if t == task and not c.startswith("floor")) for task in tasks]
        shown = [f"**{v}**" if v and cells[name, t] == b else v for v, t, b in zip(values, tasks, best, strict=True)]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return lines


def section(report: dict[str, Any]) -> str:
    """Return the text for one report."""
    packages = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    count = report["rows"][0]["rows"]
    rounds = report["rounds"]
    lines = [f"Milliseconds for {count:,} points at order 18, least of {rounds} interleaved rounds; bold is best.", ""]
    for threads in dict.fromkeys(row["threads"] for row in report["rows"]):
        lines += [*table(report["rows"], threads), ""]
    lines.append(f"{report['date']}, {report['processor']}, Python {report['python']}: {packages}.")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fill the section from every report."""
    texts = [section(json.loads(path.read_text())) for path in sorted(RESULTS.glob("*.json"))]
    readme = ROOT / "README.md"
    old = readme.read_text()
    new = SECTION.sub(lambda found: found[1] + "\n".join(texts) + found[2], old)
    if new == old and not SECTION.search(old):
        raise SystemExit("README.md has no section between <!-- benchmarks:start --> and <!-- benchmarks:end -->")
    readme.write_text(new)


if __name__ == "__main__":
    main()
