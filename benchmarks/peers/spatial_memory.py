"""The most memory that finding all neighbour lists takes, each contender in a process of its own (Linux)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.sidebyside import optional

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _ours(backend: str) -> Callable[[np.ndarray, float], Any]:
    def lists(points: np.ndarray, radius: float) -> Any:
        from ferrumba.spatial import NeighborGrid

        return NeighborGrid(points, backend=backend).query_many(points, radius)

    return lists


def _scipy(points: np.ndarray, radius: float) -> Any:
    from scipy.spatial import cKDTree

    return cKDTree(points).query_ball_point(points, radius)


def _scipy_pairs(points: np.ndarray, radius: float) -> Any:
    """Half of the lists only: what SciPy holds in the least memory."""
    from scipy.spatial import cKDTree

    return cKDTree(points).query_pairs(radius, output_type="ndarray")


def _vesin(points: np.ndarray, radius: float) -> Any:
    search = optional("vesin").NeighborList(cutoff=radius, full_list=True)  # type: ignore[union-attr]
    return search.compute(points, np.zeros((3, 3)), periodic=False, quantities="ij")


CONTENDERS: dict[str, tuple[str, Callable[[np.ndarray, float], Any]]] = {
    "ferrumba (numba)": ("numba", _ours("numba")),
    "ferrumba (rust)": ("ferrumba_rust", _ours("rust")),
    "SciPy query_ball_point": ("scipy", _scipy),
    "SciPy query_pairs, half lists": ("scipy", _scipy_pairs),
    "vesin": ("vesin", _vesin),
}


def _mib(field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    return int(found[1]) / 1024 if found else 0.0


def measure(name: str, n: int) -> dict[str, Any]:
    """Return the most memory of this process while it finds the lists, above what it held before.

    The floor is the bytes of the points, and of the lists where they are arrays of int64.
    """
    lists = CONTENDERS[name][1]
    points = np.random.default_rng(20261121).random((n, 3))
    radius = (30.0 / n * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
    lists(points[:1000], radius)  # imports and compiles
    before = _mib("VmRSS")
    RESET.write_text("5")  # from here on VmHWM tells the most
    found = lists(points, radius)
    most = _mib("VmHWM") - before
    lists_of_ours = found[1].nbytes + found[0].nbytes if name.startswith("ferrumba") else None
    return {"contender": name, "rows": n, "most_mib": round(most, 1), "result_bytes": lists_of_ours}


def most_memory(n: int) -> list[dict[str, Any]]:
    """Return the rows of every contender that is installed; none where the system does not tell."""
    if not RESET.exists():
        return []
    command = [sys.executable, "-m", "benchmarks.peers.spatial_memory"]
    names = [name for name, (module, _) in CONTENDERS.items() if optional(module)]
    runs = [subprocess.run([*command, name, str(n)], stdout=subprocess.PIPE, text=True, check=True) for name in names]
    return [json.loads(run.stdout.splitlines()[-1]) for run in runs]


def show_memory(rows: list[dict[str, Any]]) -> None:
    """Print the rows, least first."""
    for row in sorted(rows, key=lambda row: row["most_mib"]):
        print(f"  memory of all lists, {row['rows']:,} points: {row['contender']:35s} {row['most_mib']:10,.1f} MiB")


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
