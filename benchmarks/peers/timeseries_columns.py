"""Functions on whole columns beside their peers: NumPy, SciPy, pandas, Polars.

``python -m benchmarks.peers.timeseries_columns -o FILE.json`` measures on one thread and on two, each in a process of
its own, and prints winning and losing rows alike. Before anything is timed, the answers of a task must be equal.
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

from benchmarks.peers.sidebyside import Row, apart, facts, floor, race, show, update

DISTRIBUTIONS = ("numpy", "scipy", "numba", "ferrumba", "ferrumba-rust", "pandas", "polars")
SLOW = ("pandas, pairwise", "Polars, pairwise")
Contenders = dict[str, Callable[[], Any]]


def masked_products(table: np.ndarray) -> np.ndarray:
    """Return pairwise correlations by four products in NumPy, of values less the mean of their column."""
    there = np.isfinite(table)
    mask = there.astype(np.float64)
    values = np.where(there, table - np.nanmean(table, axis=0), 0.0)
    n, sums, squares, products = mask.T @ mask, values.T @ mask, (values * values).T @ mask, values.T @ values
    spread = squares - sums * sums / n
    return (products - sums * sums.T / n) / np.sqrt(spread * spread.T)


def scipy_spearman(table: np.ndarray) -> np.ndarray:
    """Return Spearman's correlations of complete columns."""
    from scipy.stats import spearmanr

    return spearmanr(table).statistic


def numpy_ffill(table: np.ndarray) -> np.ndarray:
    """Fill forward by the running maximum of row numbers."""
    rows = np.where(np.isfinite(table), np.arange(len(table))[:, None], 0)
    np.maximum.accumulate(rows, axis=0, out=rows)
    return table[rows, np.arange(table.shape[1])]


def numpy_lags(table: np.ndarray, lags: int) -> np.ndarray:
    """Stack lags by one assignment each."""
    stacked = np.full((len(table), table.shape[1] * (lags + 1)), np.nan)
    for lag in range(lags + 1):
        stacked[lag:, lag :: lags + 1] = table[: len(table) - lag]
    return stacked


class Peers:
    """The tasks on tables of one shape."""

    def __init__(self, n: int, columns: int) -> None:
        import ferrumba

        rng = np.random.default_rng(20261127)
        self.whole = rng.standard_normal((n, columns))
        self.offset = 300.0 + self.whole
        self.gaps = np.where(rng.random((n, columns)) < 0.05, np.nan, self.whole)
        found = ferrumba.backends()
        self.backends = [name for name in found if found[name].fault is None and name in ("numba", "rust")]

    def ours(self, function: str, *arguments: Any, **options: Any) -> Contenders:
        """Return a contender for each backend."""
        call = getattr(importlib.import_module("ferrumba.timeseries"), function)
        return {
            f"ferrumba ({name})": functools.partial(call, *arguments, backend=name, **options) for name in self.backends
        }

    def tasks(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders)."""
        import pandas as pd
        import polars as pl

        def polars(table: np.ndarray) -> Any:
            return pl.DataFrame(np.asfortranarray(table), nan_to_null=True)

        def polars_matrix(frame: Any) -> np.ndarray:
            return frame.corr().to_numpy()

        def polars_pairs(frame: Any, method: str) -> np.ndarray:
            names = frame.columns
            pairs = [pl.corr(a, b, method=method).alias(f"{a} {b}") for i, a in enumerate(names) for b in names[i:]]
            found = np.empty((len(names), len(names)))
            found[np.triu_indices(len(names))] = frame.select(pairs).row(0)
            return np.triu(found) + np.triu(found, 1).T

        whole, offset, gaps = self.whole, self.offset, self.gaps
        frames = pd.DataFrame(whole), pd.DataFrame(gaps)
        columns = polars(whole), polars(gaps)
        for task, table in (("Pearson", whole), ("Pearson, mean 300", offset)):
            yield (
                task,
                {
                    **self.ours("corr_matrix", table),
                    "one product (BLAS)": lambda table=table: table.T @ table,
                    "NumPy corrcoef": lambda table=table: np.corrcoef(table, rowvar=False),
                    "pandas": pd.DataFrame(table).corr,
                    "Polars": functools.partial(polars_matrix, polars(table)),
                },
            )
        yield (
            "Pearson, 5 % missing",
            {
                **self.ours("corr_matrix", gaps),
                "NumPy masked products": lambda: masked_products(gaps),
                "pandas": frames[1].corr,
            },
        )
        yield (
            "Spearman",
            {
                **self.ours("corr_matrix", whole, method="spearman"),
                "SciPy": lambda: scipy_spearman(whole),
                "Polars ranks": lambda: columns[0].select(pl.all().rank()).corr().to_numpy(),
            },
        )
        yield (
            "Spearman, 5 % missing",
            {
                **self.ours("corr_matrix", gaps, method="spearman"),
                "Polars, pairwise": lambda: polars_pairs(columns[1], "spearman"),
                "pandas, pairwise": lambda: frames[1].corr("spearman"),
            },
        )
        yield (
            "fill forward",
            {
                **self.ours("ffill", gaps),
                "copy": floor(2 * gaps.nbytes),
                "NumPy maximum.accumulate": lambda: numpy_ffill(gaps),
                "pandas": lambda: frames[1].ffill().to_numpy(),
                "Polars": lambda: columns[1].select(pl.all().forward_fill()),
            },
        )
        yield (
            "interpolate",
            {
                **self.ours("interpolate", gaps),
                "copy": floor(2 * gaps.nbytes),
                "pandas": lambda: frames[1].interpolate().to_numpy(),
                "Polars": lambda: columns[1].select(pl.all().interpolate()),
            },
        )
        out = np.empty((len(whole), 4 * whole.shape[1]))
        yield (
            "lags 0 to 3, into an array",
            {
                **self.ours("lag_stack", whole, 3, out=out),
                "copy": floor(5 * whole.nbytes),
                "NumPy slices": lambda: numpy_lags(whole, 3),
                "Polars": lambda: columns[0].select([pl.all().shift(lag).name.suffix(f"_{lag}") for lag in range(4)]),
            },
        )
        yield from self.signals()

    def signals(self) -> Iterator[tuple[str, Contenders]]:
        """Yield the tasks that no backend of ours serves: libraries do."""
        from scipy.signal import periodogram

        from ferrumba import timeseries

        whole = self.whole
        yield (
            "spectrum",
            {
                "ferrumba": lambda: timeseries.spectrum(whole, scaling="psd")[1],
                "SciPy periodogram": lambda: periodogram(whole, axis=0)[1],
            },
        )
        yield (
            "energy in three bands",
            {
                "ferrumba": lambda: timeseries.band_energy(whole, [(0.0, 0.05), (0.05, 0.15), (0.15, 0.5)]),
            },
        )
        yield "autocorrelation at 24 lags", {"ferrumba": lambda: timeseries.acf(whole, 24)}


def agree(task: str, contenders: Contenders) -> None:
    """Raise unless all contenders answer what the first does."""
    expected = np.asarray(next(iter(contenders.values()))())
    for name, call in contenders.items():
        found = call()
        if found is None or name.startswith(("one product", "copy")):
            continue
        found = found.to_numpy() if hasattr(found, "to_numpy") else np.asarray(found)
        if found.shape == expected.shape and not ("lags" in task and name == "Polars"):
            keep = np.isfinite(found) if name == "Polars" else ...  # its interpolation leaves the ends alone
            np.testing.assert_allclose(found[keep], expected[keep], rtol=1e-9, atol=1e-9, err_msg=f"{task}: {name}")


def measure(n: int, columns: int, threads: int, rounds: int, slow: bool) -> list[Row]:
    """Return the rows of every task."""
    import ferrumba

    results: list[Row] = []
    with ferrumba.threads(threads):
        for task, contenders in Peers(n, columns).tasks():
            once = {name: call for name, call in contenders.items() if name in SLOW}
            quick = {name: call for name, call in contenders.items() if name not in SLOW}
            agree(task, quick)
            results += race(task, quick, n, threads, rounds, f"{columns} columns")
            if slow and once:
                results += race(task, once, n, threads, 1, f"{columns} columns")
    return results


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--slow", action="store_true", help="also what takes ten seconds a call, once")
    parser.add_argument("--inside", action="store_true", help="measure in this process and print JSON")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.inside:
        found = measure(options.rows, options.columns, options.threads[0], options.rounds, options.slow)
        print(json.dumps([row.as_dict() for row in found]))
        return
    rows = []
    for threads in options.threads:
        arguments = ["--rows", options.rows, "--columns", options.columns, "--rounds", options.rounds]
        arguments = ["--inside", *map(str, arguments), *["--slow"] * options.slow]
        rows += apart("benchmarks.peers.timeseries_columns", arguments, threads)
    show(rows)
    if options.output:
        update(options.output, {**facts(options.rounds, DISTRIBUTIONS), "rows": rows})


if __name__ == "__main__":
    main()
