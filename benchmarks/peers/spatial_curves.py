"""Curves of cost: ``python -m benchmarks.peers.spatial_curves`` draws ``docs/_static/spatial_curves.png``.

All neighbour lists of uniform points, found in pieces of bounded memory: over the number of points at about 30
neighbours, and over the radius at 1e5 points. Beside the times stands a line of so many nanoseconds a neighbour: cost
follows what is reported. The figures are kept in ``results/spatial_curves.json``; ``--draw`` draws them again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.sidebyside import facts, write

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results" / "spatial_curves.json"
PICTURE = ROOT / "docs" / "_static" / "spatial_curves.png"
NEIGHBOURS = (1, 3, 10, 30, 100, 300, 1000)
SCIPY_UP_TO = 1_000_000
DISTRIBUTIONS = ("numpy", "numba", "ferrumba", "ferrumba-rust", "scipy")


def radius_for(n: int, neighbours: float) -> float:
    """Return the radius of a ball that holds so many of n points uniform in the unit cube."""
    return (neighbours / n * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)


def contenders(points: np.ndarray, radius: float) -> dict[str, Callable[[], int]]:
    """Return what finds all lists, and how many neighbours it reports."""
    from scipy.spatial import cKDTree

    import ferrumba
    from ferrumba.spatial import NeighborGrid
    from ferrumba.spatial.declarations import KERNELS

    def ours(backend: str) -> int:
        pieces = NeighborGrid(points, backend=backend).iter_query_many(points, radius)
        return sum(len(piece.indices) for _, piece in pieces)

    present = ferrumba.backends()
    names = [name for name in present if all(present[name].refusal(kernel) is None for kernel in KERNELS)]
    found: dict[str, Callable[[], int]] = {f"ferrumba ({name})": lambda name=name: ours(name) for name in names}
    if len(points) <= SCIPY_UP_TO:
        found["SciPy query_ball_point"] = lambda: sum(map(len, cKDTree(points).query_ball_point(points, radius)))
    return found


def measure(axis: str, n: int, neighbours: float) -> list[dict[str, Any]]:
    """Return the seconds of each contender, the least of three where they are short."""
    points = np.random.default_rng(20261121).random((n, 3))
    rows = []
    for name, call in contenders(points, radius_for(n, neighbours)).items():
        seconds = []
        while len(seconds) < 3 and sum(seconds) < 2.0:
            start = time.perf_counter()
            reported = call()
            seconds.append(time.perf_counter() - start)
        row = {"axis": axis, "contender": name, "points": n, "neighbours": neighbours}
        rows.append({**row, "reported": reported, "seconds": round(min(seconds), 6)})
        print(rows[-1])
    return rows


def draw(rows: list[dict[str, Any]], picture: Path) -> None:
    """Draw both curves."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    labels = {"points": "points, 30 neighbours each", "neighbours": "neighbours of a point, 100,000 points"}
    for panel, (axis, label) in zip(panels, labels.items(), strict=True):
        own = [row for row in rows if row["axis"] == axis]
        for name in dict.fromkeys(row["contender"] for row in own):
            curve = sorted((row[axis], row["seconds"]) for row in own if row["contender"] == name)
            panel.loglog(*zip(*curve, strict=True), "o-", label=name)
        ours = [row for row in own if row["contender"].startswith("ferrumba")]
        each = min(row["seconds"] / row["reported"] for row in ours)
        line = sorted({(row[axis], each * row["reported"]) for row in ours})
        panel.loglog(*zip(*line, strict=True), "k:", label=f"{each * 1e9:.1f} ns a neighbour")
        panel.set(xlabel=label, ylabel="seconds, build and all lists")
        panel.grid(alpha=0.3)
        panel.legend()
    picture.parent.mkdir(exist_ok=True)
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most-points", type=int, default=10_000_000)
    parser.add_argument("--draw", action="store_true", help="draw the figures that are there")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    if not options.draw:
        import ferrumba

        contenders(np.random.default_rng(0).random((100, 3)), 0.1)["ferrumba (numba)"]()  # compiles
        rows = []
        with ferrumba.threads(1):
            for n in (10_000, 100_000, 1_000_000, 10_000_000):
                if n <= options.most_points:
                    rows += measure("points", n, 30)
            for neighbours in NEIGHBOURS:
                rows += measure("neighbours", min(100_000, options.most_points), neighbours)
        write(options.results, {**facts(3, DISTRIBUTIONS), "rows": rows})
    draw(json.loads(options.results.read_text())["rows"], options.picture)


if __name__ == "__main__":
    main()
