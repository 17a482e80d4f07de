"""What a second thread gives: our own functions on one thread and on two, in turn, in one process.

``python -m benchmarks.peers.second_thread -o FILE.json`` measures every backend that is here and prints all ratios. The
tables beside the peers measure one thread and two in processes of their own, minutes apart, which on a machine whose
speed varies tells nothing of their ratio. ``--families healpix`` measures a part, and keeps the other rows of the file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import ferrumba
from benchmarks.peers.healpix import ORDER, sphere
from benchmarks.peers.sidebyside import facts, row_of, update
from benchmarks.peers.spatial import cloud
from ferrumba.dispatch.threads import thread_count

DISTRIBUTIONS = ("numpy", "numba", "ferrumba", "ferrumba-rust")
Tasks = Iterator[tuple[str, str, int, Callable[[str], Any]]]
"""Task, case, rows, and what is called with the name of a backend; a case of ``FLOOR`` has none."""
FLOOR = "floor"


def copying(bytes_each_way: int) -> Callable[[str], None]:
    """Return a copy of so many bytes, by halves where there are two threads: what the memory gives to a second one."""
    source, target = np.ones((2, bytes_each_way), np.uint8)
    half, other = bytes_each_way // 2, ThreadPoolExecutor(1)

    def copy(_: str) -> None:
        if thread_count()[0] == 1:
            np.copyto(target, source)
            return
        first = other.submit(np.copyto, target[:half], source[:half])
        np.copyto(target[half:], source[half:])
        first.result()

    return copy


def healpix() -> Tasks:
    """Yield the tasks of HEALPix, writing to arrays that are there, as in the tables beside the peers."""
    from ferrumba import healpix

    rows = 1_200_000
    lon, lat = sphere(rows)
    nested = healpix.lonlat_to_nested(lon, lat, ORDER)
    morton = healpix.nested_to_morton(nested, ORDER)
    ids, degrees, around = np.empty(rows, np.int64), (np.empty(rows), np.empty(rows)), np.empty((rows, 8), np.int64)
    for task, name, inputs, out in (
        ("lon/lat to nested", "lonlat_to_nested", (lon, lat, ORDER), ids),
        ("lon/lat to decimal Morton", "lonlat_to_morton", (lon, lat, ORDER), ids),
        ("nested to decimal Morton", "nested_to_morton", (nested, ORDER), ids),
        ("decimal Morton to nested", "morton_to_nested", (morton,), ids),
        ("nested to lon/lat", "nested_to_lonlat", (nested, ORDER), degrees),
        ("eight neighbours", "neighbours", (nested, ORDER), around),
    ):
        function = getattr(healpix, name)
        yield task, "HEALPix", rows, lambda backend, f=function, i=inputs, o=out: f(*i, out=o, backend=backend)
    for width in (16, 24, 72):
        yield f"copying {width} bytes a row", FLOOR, rows, copying(rows * width // 2)


def spatial() -> Tasks:
    """Yield the tasks of fixed-radius search that are cut by rows."""
    from ferrumba.spatial import NeighborGrid

    for rows in (100_000, 1_000_000):
        for kind in ("uniform", "clustered"):
            points = cloud(rows, kind)
            grid = NeighborGrid(points)
            r = float(np.median(grid.nearest(points[:2000], 31)[0][:, -1]))
            for task, call in (
                ("all lists", lambda backend, g=grid, p=points, r=r: g.query_many(p, r, backend=backend)),
                ("pairs", lambda backend, g=grid, r=r: g.pairs(r, backend=backend)),
                ("counts", lambda backend, g=grid, p=points, r=r: g.count_many(p, r, backend=backend)),
                ("8 nearest", lambda backend, g=grid, p=points: g.nearest(p, 8, backend=backend)),
            ):
                yield task, f"{kind} points", rows, call


def timeseries() -> Tasks:
    """Yield rolling functions of many columns and of one."""
    from ferrumba import timeseries

    for rows, columns in ((50_000, 100), (1_000_000, 1)):
        values = np.random.default_rng(20261121).standard_normal((rows, columns)).cumsum(axis=0)
        out = np.empty_like(values)
        for name in ("median", "mad", "mean", "std", "skew", "kurt", "slope", "min"):
            function = getattr(timeseries, f"rolling_{name}")
            for window in (16, 128):
                task = f"rolling {name}, w = {window}"
                yield (
                    task,
                    f"{columns} column{'s' * (columns > 1)}",
                    rows,
                    lambda backend, f=function, x=values, w=window, o=out: f(x, w, out=o, backend=backend),
                )


FAMILIES: dict[str, Callable[[], Tasks]] = {"healpix": healpix, "spatial": spatial, "timeseries": timeseries}


def measure(call: Callable[[str], Any], backend: str, seconds: float) -> dict[int, list[float]]:
    """Return the times of one thread and of two in milliseconds; the first round does not count."""
    start = time.perf_counter()
    call(backend)
    rounds = int(np.clip(seconds / (2.0 * (time.perf_counter() - start)), 3, 300))
    times: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(rounds + 1):
        for count in (1, 2) if turn % 2 else (2, 1):
            with ferrumba.threads(count):
                start = time.perf_counter()
                call(backend)
                taken = time.perf_counter() - start
            if turn:
                times[count].append(taken * 1e3)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--seconds", type=float, default=1.0, help="for each task and backend, about")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    backends = [name for name, backend in ferrumba.backends().items() if backend.fault is None]
    found: list[dict[str, Any]] = []
    for family in options.families:
        for task, note, rows, call in FAMILIES[family]():
            for backend in backends if note != FLOOR else ["NumPy"]:
                times = measure(call, backend, options.seconds)
                name = f"ferrumba ({backend})" if note != FLOOR else backend
                own = [row_of(task, name, count, rows, taken, note) for count, taken in times.items()]
                found += [{**row.as_dict(), "rounds": len(times[1])} for row in own]
                one, two = own
                print(
                    f"{rows:9,} {note:16s} {task:28s} {backend:6s} {one.least_ms:9.2f} {two.least_ms:9.2f} ms "
                    f"{one.least_ms / two.least_ms:5.2f}x, of medians {one.median_ms / two.median_ms:.2f}x",
                    flush=True,
                )
    if options.output:
        update(options.output, {**facts(0, DISTRIBUTIONS), "rows": found})


if __name__ == "__main__":
    main()
