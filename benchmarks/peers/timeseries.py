"""Rolling functions beside their peers: bottleneck, numbagg, Polars, pandas, and compositions of NumPy.

``python -m benchmarks.peers.timeseries -o FILE.json`` measures on one thread and on two, each in a process of its own,
and prints winning and losing rows alike. Before anything is timed, the answers of a task must be equal. Tables lie as
each peer likes them best: columns together, but for the contenders with "rows together". Of moments, peers whose name
ends in "wrong on the hard set" lose digits at an offset of 1e9 or after a spike of 1e12.
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

from benchmarks.peers.sidebyside import Row, apart, facts, optional, race, show, update

DISTRIBUTIONS = (
    "numpy",
    "numba",
    "ferrumba",
    "ferrumba-rust",
    "bottleneck",
    "numbagg",
    "polars",
    "pandas",
    "rocket-fft",
)
Contenders = dict[str, Callable[[], Any]]


class Peers:
    """The tasks on one table and one window."""

    def __init__(self, table: np.ndarray, window: int) -> None:
        import pandas as pd

        import ferrumba

        self.rows = table
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

    def moments(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders) of moments; rows are times."""
        for name in ("mean", "std", "skew", "kurt", "slope"):
            theirs = self.slopes() if name == "slope" else self.moment(name)
            call = getattr(importlib.import_module("ferrumba.timeseries"), f"rolling_{name}")
            by_rows = {
                f"ferrumba ({backend}), rows together": functools.partial(call, self.rows, self.window, backend=backend)
                for backend in self.backends
            }
            yield name, {**self.ours(f"rolling_{name}"), **by_rows, **theirs}

    def moment(self, name: str) -> Contenders:
        """Return a contender for each library that has a moment, with the same correction for bias."""
        if name == "mean":
            return self.theirs(name)
        contenders: Contenders = {}
        rolling = self.frame.rolling(self.window, min_periods=1)
        contenders["pandas"] = getattr(rolling, name)
        if name == "std":
            bottleneck, numbagg = optional("bottleneck"), optional("numbagg")
            width = {"window": self.window, "min_count": 1}
            if bottleneck:
                contenders["bottleneck"] = lambda: bottleneck.move_std(self.columns, **width, axis=0, ddof=1)
                contenders["bottleneck, rows together"] = lambda: bottleneck.move_std(
                    self.rows, **width, axis=0, ddof=1
                )
            if numbagg:
                contenders["numbagg"] = lambda: numbagg.move_std(self.columns.T, **width).T
        if self.polars is not None:
            import polars as pl

            bias = {} if name == "std" else {"bias": False}
            function = {"kurt": "kurtosis"}.get(name, name)
            expression = getattr(pl.all(), f"rolling_{function}")(window_size=self.window, min_samples=1, **bias)
            contenders["Polars"] = lambda: self.polars.select(expression)
        return contenders

    def slopes(self) -> Contenders:
        """Return what no peer has, composed of covariances and variances; the times of what is missing are at hand."""
        import pandas as pd

        width = self.window
        times = np.asfortranarray(np.where(np.isnan(self.columns), np.nan, np.arange(len(self.columns))[:, None]))
        late = pd.DataFrame(times)
        by, clock = (frame.rolling(width, min_periods=2) for frame in (self.frame, late))
        contenders: Contenders = {"pandas": lambda: by.cov(late, pairwise=False) / clock.var()}
        if numbagg := optional("numbagg"):
            x, t, rules = self.columns.T, times.T, {"window": width, "min_count": 2}
            contenders["numbagg"] = lambda: (numbagg.move_cov(x, t, **rules) / numbagg.move_var(t, **rules)).T
        if self.polars is not None:
            import polars as pl

            named = pl.DataFrame(times, [f"t{name}" for name in self.polars.columns], nan_to_null=True)
            both = self.polars.hstack(named.get_columns())
            sizes = {"window_size": width, "min_samples": 2}
            expressions = [
                (pl.rolling_cov(name, f"t{name}", **sizes) / pl.col(f"t{name}").rolling_var(**sizes)).alias(name)
                for name in self.polars.columns
            ]
            contenders["Polars"] = lambda: both.select(expressions)
        return contenders

    def pairs(self) -> Iterator[tuple[str, Contenders]]:
        """Yield the correlation of the first column with each other one, of tables without gaps."""
        first, others = self.columns[:, :1], self.columns[:, 1:]
        call = importlib.import_module("ferrumba.timeseries").rolling_corr
        contenders: Contenders = {
            f"ferrumba ({name})": functools.partial(call, first, self.window, other=others, min_periods=2, backend=name)
            for name in self.backends
        }
        frame, lead = self.frame.iloc[:, 1:], self.frame.iloc[:, 0]
        contenders["pandas"] = lambda: frame.rolling(self.window, min_periods=2).corr(lead)
        if self.polars is not None:
            import polars as pl

            names, sizes = self.polars.columns, {"window_size": self.window, "min_samples": 2}
            expressions = [pl.rolling_corr(name, names[0], **sizes).alias(name) for name in names[1:]]
            contenders["Polars"] = lambda: self.polars.select(expressions)
        yield "correlation", contenders

    def energies(self) -> Iterator[tuple[str, Contenders]]:
        """Yield the energy of a table without gaps in all frequencies but the mean, of every window and of some."""
        from numpy.fft import rfft

        from ferrumba.timeseries import rolling_band_energy

        windows = np.lib.stride_tricks.sliding_window_view(self.columns.T, self.window, axis=1)

        def energy(spectra: np.ndarray) -> np.ndarray:
            return (spectra.real**2 + spectra.imag**2)[..., 1:].sum(axis=-1)

        def batched(hop: int) -> np.ndarray:
            return energy(scipy_fft.rfft(windows[:, ::hop], axis=-1)).T

        def one_by_one() -> np.ndarray:
            return np.array([[energy(rfft(window)) for window in column] for column in windows]).T

        scipy_fft = importlib.import_module("scipy.fft")
        start = self.window - 1
        for hop in (1, max(self.window // 4, 2)):
            settings = {"bands": [(0.25 / self.window, 0.5)], "scaling": "acm", "nyquist": True, "hop": hop}

            def ours(name: str, settings: dict[str, Any] = settings, hop: int = hop) -> np.ndarray:
                found = rolling_band_energy(self.columns[start % hop :], self.window, **settings, backend=name)
                return found[start // hop :, :, 0]

            contenders: Contenders = {f"ferrumba ({name})": functools.partial(ours, name) for name in self.backends}
            contenders["SciPy rfft, batched"] = functools.partial(batched, hop)
            if hop > 1 and optional("rocket_fft"):
                some = functools.partial(rocket_energy(), windows[:, ::hop])
                contenders["rocket-fft, batched"] = lambda some=some: some().T
            if hop == 1 and windows.size // self.window <= 500_000:
                contenders["NumPy rfft, window by window"] = one_by_one
            yield f"energy, hop {hop}", contenders

    def tasks(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders)."""
        yield from self.order()
        yield from self.moments()
        if not np.isnan(self.rows).any() and self.columns.shape[1] > 1:
            yield from self.pairs()
            if 16 <= self.window <= 256:
                yield from self.energies()


def normal_table(rows: int, columns: int, missing: float) -> np.ndarray:
    """Return normal values, some of them missing."""
    rng = np.random.default_rng(20261127)
    table = rng.standard_normal((rows, columns))
    table[rng.random(table.shape) < missing] = np.nan
    return table


def hard_table() -> np.ndarray:
    """Return normal values at an offset, and others around a spike."""
    table = normal_table(2000, 2, 0.0)
    table[:, 0] += 1e9
    table[100, 1] = 1e12
    return table


@functools.cache
def rocket_energy() -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that Numba makes of rocket-fft: the energy of windows in all frequencies but the mean."""
    import numba

    @numba.njit
    def energies(windows: np.ndarray) -> np.ndarray:
        spectra = np.fft.rfft(windows)
        columns, rows, many = spectra.shape
        energy = np.zeros((columns, rows))
        for column in range(columns):
            for row in range(rows):
                for k in range(1, many):
                    value = spectra[column, row, k]
                    energy[column, row] += value.real**2 + value.imag**2
        return energy

    return energies


ORDER = ("median", "median absolute deviation", "median and its deviation", "minimum", "maximum", "quantile 0.9")
MOMENTS = ("mean", "std", "skew", "kurt", "slope")


@functools.cache
def wrong_on_the_hard_set() -> dict[str, set[str]]:
    """Return, for each moment, the contenders that have not even six digits of windows without a spike."""
    wrong = {}
    for task, contenders in Peers(hard_table(), 64).moments():
        answers = {name: np.asarray(call(), np.float64)[200:] for name, call in contenders.items()}
        expected = next(iter(answers.values()))
        wrong[task] = {
            name for name, found in answers.items() if not np.allclose(found, expected, rtol=1e-6, atol=1e-6)
        }
    return wrong


def agree(task: str, contenders: Contenders) -> None:
    """Raise unless all contenders answer what the first does."""
    answers = {name: np.asarray(call(), np.float64) for name, call in contenders.items()}
    expected = next(iter(answers.values()))
    slopes = 1e-6 if len(expected) < 100_000 else 1e-2  # pandas has few digits of short ones, and late
    bound = 1e-12 if task in ORDER else slopes if task == "slope" else 1e-8
    if task not in ORDER:  # where a window has too few values each says something else
        answers = {name: np.where(np.isnan(expected), np.nan, found) for name, found in answers.items()}
    for name, found in answers.items():
        np.testing.assert_allclose(found, expected, rtol=bound, atol=bound, err_msg=f"{task}: {name}")


def measure(options: argparse.Namespace) -> list[Row]:
    """Return the rows of every task."""
    import ferrumba

    results: list[Row] = []
    with ferrumba.threads(options.threads[0]):
        for window in options.windows:
            for missing in options.missing:
                for task, contenders in Peers(normal_table(options.rows, options.columns, missing), window).tasks():
                    if options.tasks and task not in options.tasks:
                        continue
                    agree(task, contenders)
                    wrong = wrong_on_the_hard_set()[task] if task in MOMENTS else ()
                    told = {
                        f"{name}, wrong on the hard set" if name in wrong else name: call
                        for name, call in contenders.items()
                    }
                    case = f"{options.columns} columns, {missing:.0%} missing"
                    label = f"{task}, window {window}"
                    results += race(label, told, options.rows, options.threads[0], options.rounds, case)
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
        update(options.output, {**facts(options.rounds, DISTRIBUTIONS), "rows": rows})


if __name__ == "__main__":
    main()
