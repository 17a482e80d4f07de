"""``ferrumba neighbors``: the pairs of points within a radius, or how many neighbours each point has."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from ferrumba.cli import columns as positions
from ferrumba.cli import console
from ferrumba.cli.console import Failure, say
from ferrumba.cli.points import Cloud, Source, coordinates_replaced, load, pieces_again, reopened
from ferrumba.cli.readers import as_numbers, file_format
from ferrumba.cli.running import computing, progress, served, writing
from ferrumba.cli.writers import check_output
from ferrumba.spatial import NeighborGrid

PAIRS = (pa.field("i", pa.int64()), pa.field("j", pa.int64()), pa.field("distance", pa.float64()))

SLAB = 1 << 18
"""Points counted between two looks at the progress bar and the interrupt key."""

COPIES = 6
"""How often a piece is in memory at most: as found, with its rows, as pairs, and on its way to the file."""

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}


def memory(text: str) -> int:
    """Return a number of bytes written as 512MiB, 2GB or 1000000."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([KMG]I?)?B?", text.strip().upper())
    size = int(float(found[1]) * UNITS[found[2] or ""]) if found else 0
    if size < 1 << 20:
        raise Failure(f"--max-memory is {text!r}, but it is a size of at least 1MiB, such as 512MiB or 2GB", 2)
    return size


def _grid(source: Source, cloud: Cloud) -> NeighborGrid:
    finite = np.isfinite(source.radius) and source.radius > 0.0
    return NeighborGrid(cloud.points, cell=source.radius if finite else None, box=cloud.box, backend=source.backend)


def neighbor_counts(grid: NeighborGrid, points: np.ndarray, radius: float, show: Callable[[int], None]) -> np.ndarray:
    """Return how many other points of the grid lie within the radius of each of its own."""
    counts = np.empty(len(points), np.int64)
    for start in range(0, len(points), SLAB):
        part = points[start : start + SLAB]
        counts[start : start + SLAB] = grid.count_many(part, radius) - 1
        show(start + len(part))
    return counts


def pairs_of(
    grid: NeighborGrid, cloud: Cloud, radius: float, full: bool, limit: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield pairs with distances in pieces, after the number of points that are done.

    With ``full`` they are ordered by i and then j. The half list takes one search for a pair and not two; it comes in
    the order of space, as any other would need all pairs in memory.
    """
    ids = np.flatnonzero(cloud.valid)
    most = max(1, limit // COPIES)
    if full:
        for rows, found in grid.iter_query_many(cloud.points, radius, distances=True, max_memory=most):
            i = found.rows + rows.start
            wanted = found.indices != i
            yield rows.stop, _batch(ids[i[wanted]], ids[found.indices[wanted]], found[2][wanted])
        return
    done = 0
    for points, found in grid.iter_pairs(radius, distances=True, max_memory=most):
        i, j = points[found.rows], found.indices
        done += len(points)
        yield done, _batch(ids[np.minimum(i, j)], ids[np.maximum(i, j)], found[2])


def _batch(*arrays: np.ndarray) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values) for values in arrays], schema=pa.schema(PAIRS))


def run(
    source: Source, output: Path | None, count: bool, column: str | None, full: bool, limit: str, json: bool
) -> None:
    """Run the command."""
    size = memory(limit)
    if full and (count or output is None):
        raise Failure("--full is about the pairs that are written; give it with --output, without --count", 2)
    if column is not None and not count:
        raise Failure("--column names the column of --count; give both", 2)
    if json and output is not None:
        raise Failure("--json is for the summary that is printed where there is no --output; give one of the two", 2)
    if output is not None:
        file_format(output, "output")
    begun = time.perf_counter()
    with computing(source.threads) as calls:
        cloud = load(source)
        if output is not None:
            check_output(output, source.path)
        grid = _grid(source, cloud)
        if output is None or count:
            with progress("count", len(cloud.points)) as show:
                counts = neighbor_counts(grid, cloud.points, source.radius, show)
            if output is None:
                _summary(source, cloud, counts, json)
            else:
                _write_counts(source, cloud, counts, output, column or "neighbors")
            what = f"{counts.sum() // 2:,} pairs"
        else:
            what = f"{_write_pairs(source, cloud, grid, output, full, size):,} pairs"
    if not json:
        seconds = time.perf_counter() - begun
        to = "" if output is None else f", to {output}"
        say(
            f"found {what} of {len(cloud.points):,} points in {seconds:.2f} s{to}{told(cloud)}{cloud.skipped}; "
            f"backend {served(calls)}"
        )


def told(cloud: Cloud) -> str:
    """Return a clause on the boundaries, for the end of a sentence."""
    if cloud.box is None:
        return ""
    return f"; periodic box {' x '.join('open' if np.isinf(side) else f'{side:g}' for side in cloud.box)}"


def _write_pairs(source: Source, cloud: Cloud, grid: NeighborGrid, output: Path, full: bool, limit: int) -> int:
    rows = 0
    with writing(output, pa.schema(PAIRS), PAIRS, "search", len(cloud.points)) as (writer, show):
        for done, batch in pairs_of(grid, cloud, source.radius, full, limit):
            writer.write(batch)
            rows += batch.num_rows
            show(done)
    return rows // 2 if full else rows


def _write_counts(source: Source, cloud: Cloud, counts: np.ndarray, output: Path, column: str) -> None:
    """Write the table with a column of counts; a row that is no point has none, or -1 in a NumPy file."""
    target = file_format(output, "output")
    reader = reopened(source, cloud)
    new = pa.field(column, pa.int64())
    if target != "NPY":
        positions.refuse_taken(reader.schema.names, [column], "--column NAME", str(source.path))
    schema = as_numbers(reader, cloud.axes, target)
    every = np.full(cloud.rows, -1)
    every[cloud.valid] = counts
    with writing(output, schema.append(new), [new], f"write {output.name}", reader.total) as (writer, show):
        for batch, rows in pieces_again(source, cloud, reader):
            part = every[rows]
            values = pa.array(part, mask=None if target == "NPY" else part < 0)
            arrays = [*coordinates_replaced(source, cloud, batch, schema), values]
            writer.write(pa.record_batch(arrays, schema=schema.append(new)))
            show(reader.done())


def _summary(source: Source, cloud: Cloud, counts: np.ndarray, json: bool) -> None:
    some = counts if len(counts) else np.zeros(1, np.int64)
    facts = {
        "points": len(counts),
        "dimensions": len(cloud.axes),
        "radius": source.radius,
        "box": cloud.box,
        "pairs": int(counts.sum()) // 2,
        "without_neighbors": int((counts == 0).sum()),
        "least": int(some.min()),
        "median": float(np.median(some)),
        "mean": float(some.mean()),
        "most": int(some.max()),
    }
    if json:
        console.print_json(facts)
        return
    shown = console.table(f"Neighbours within {source.radius:g}", "what", "number", numbers=["number"])
    for label, value in {
        "points": f"{facts['points']:,}",
        "pairs": f"{facts['pairs']:,}",
        "points without neighbours": f"{facts['without_neighbors']:,}",
        "neighbours of a point: least": f"{facts['least']:,}",
        "median": f"{facts['median']:,g}",
        "mean": f"{facts['mean']:,.2f}",
        "most": f"{facts['most']:,}",
    }.items():
        shown.add_row(label, value)
    console.out().print(shown)
