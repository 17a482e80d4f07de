"""Rolling functions beside their peers: bottleneck, numbagg, Polars, pandas, and compositions of NumPy.

``python -m benchmarks.peers.timeseries -o FILE.json`` measures on one thread and on two, each in a process of its own,
and prints winning and losing rows alike. Before anything is timed, the answers of a task must be equal. Tables lie as
each peer likes them best: columns together, but for the contender "bottleneck, rows together".
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.sidebyside import Row, apart, facts, optional, race, show, write

DISTRIBUTIONS = ("numpy", "numba", "ferrumba", "ferrumba-rust", "bottleneck", "numbagg", "polars", "pandas")
Contenders = dict[str, Callable[[], Any]]


class Peers:
    """The tasks on one table and one window."""

    def __init__(self, n: int, columns: int, window: int, missing: float) -> None:
        import pandas as pd

        import ferrumba

        rng = np.random.default_rng(20261127)
        self.rows = rng.standard_normal((n, columns))
        self.rows[rng.random(self.rows.shape) < missing] = np.nan
        self.columns = np.asfortranarray(self.rows)
        self.window = window
        self.frame = pd.DataFrame(self.columns)
        polars = optional("polars")
        self.polars = polars and polars.DataFrame(self.columns, nan_to_null=True)
        found = ferrumba.backends()
        self.backends = [name for name in found if found[name].fault is None and name in ("numba", "rust")]

    def ours(self, function: str, *arguments: Any) -> Contenders:
        """Return a contender for each backend."""
        call = getattr(importlib.import_module("ferrumba.timeseries"), function)
        return {
            f"ferrumba ({name})": functools.partial(call, self.columns, self.window, *arguments, backend=name)
            for name in self.backends
        }

    def theirs(self, function: str, *arguments: Any) -> Contenders:
        """Return a contender for each library that has a rolling function of this name."""
        contenders: Contenders = {}
        width = {"window": self.window, "min_count": 1}
        bottleneck, numbagg = optional("bottleneck"), optional("numbagg")
        if not arguments and hasattr(bottleneck, f"move_{function}"):
            move = getattr(bottleneck, f"move_{function}")
            contenders["bottleneck"] = lambda: move(self.columns, **width, axis=0)
            contenders["bottleneck, rows together"] = lambda: move(self.rows, **width, axis=0)
        if not arguments and hasattr(numbagg, f"move_{function}"):
            by_rows = getattr(numbagg, f"move_{function}")
            contenders["numbagg"] = lambda: by_rows(self.columns.T, **width).T
        if self.polars is not None:
            import polars as pl

            expression = getattr(pl.all(), f"rolling_{function}")(
                *arguments, **({"interpolation": "linear"} if arguments else {}), window_size=self.window, min_samples=1
            )
            contenders["Polars"] = lambda: self.polars.select(expression)
        rolling = self.frame.rolling(self.window, min_periods=1)
        contenders["pandas"] = lambda: getattr(rolling, function)(*arguments)
        return contenders

    def composed_mad(self) -> np.ndarray:
        """Return what no peer has: the true MAD, of windows laid side by side, column by column."""
        bottleneck = optional("bottleneck")
        median = bottleneck.nanmedian if bottleneck else np.nanmedian
        found = np.empty_like(self.columns)
        for column, into in zip(self.columns.T, found.T, strict=True):
            padded = np.concatenate([np.full(self.window - 1, np.nan), column])
            windows = np.lib.stride_tricks.sliding_window_view(padded, self.window)
            into[:] = median(np.abs(windows - median(windows, axis=1)[:, None]), axis=1)
        return found

    def order(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders) of order statistics."""
        yield "median", {**self.ours("rolling_median"), **self.theirs("median")}
        yield (
            "median absolute deviation",
            {**self.ours("rolling_mad"), **({"NumPy windows": self.composed_mad} if self.window <= 128 else {})},
        )
        yield (
            "median and its deviation",
            {name: lambda call=call: call()[1] for name, call in self.ours("rolling_median_mad").items()},
        )
        yield "minimum", {**self.ours("rolling_min"), **self.theirs("min")}
        yield "maximum", {**self.ours("rolling_max"), **self.theirs("max")}
        yield "quantile 0.9", {**self.ours("rolling_quantile", 0.9), **self.theirs("quantile", 0.9)}

    def tasks(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders)."""
        yield from self.order()


def agree(task: str, contenders: Contenders) -> None:
    """Raise unless all contenders answer what the first does."""
    answers = {name: np.asarray(call(), np.float64) for name, call in contenders.items()}
    expected = next(iter(answers.values()))
    for name, found in answers.items():
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=f"{task}: {name}")


def measure(options: argparse.Namespace) -> list[Row]:
    """Return the rows of every task."""
    import ferrumba

    results: list[Row] = []
    with ferrumba.threads(options.threads[0]):
        for window in options.windows:
            for missing in options.missing:
                for task, contenders in Peers(options.rows, options.columns, window, missing).tasks():
                    if options.tasks and task not in options.tasks:
                        continue
                    agree(task, contenders)
                    label = f"{task}, {options.columns} columns, window {window}, {missing:.0%} missing"
                    results += race(label, contenders, options.rows, options.threads[0], options.rounds)
    return results


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--windows", type=int, nargs="+", default=[3, 16, 64, 128, 256, 1024])
    parser.add_argument("--missing", type=float, nargs="+", default=[0.0, 0.05])
    parser.add_argument("--tasks", nargs="+", help="some of the tasks, by name")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--inside", action="store_true", help="measure in this process and print JSON")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps([row.as_dict() for row in measure(options)]))
        return
    rows = []
    for threads in options.threads:
        arguments = [
            "--rows", options.rows, "--columns", options.columns, "--rounds", options.rounds,
            "--windows", *options.windows, "--missing", *options.missing,
            *(["--tasks", *options.tasks] if options.tasks else []),
        ]  # fmt: skip
        rows += apart("benchmarks.peers.timeseries", ["--inside", *map(str, arguments)], threads)
    show(rows)
    if options.output:
        write(options.output, {**facts(options.rounds, DISTRIBUTIONS), "rows": rows})


if __name__ == "__main__":
    main()
