"""Inputs of the rolling kernels for parity tests, benchmarks, calibration and ``ferrumba verify``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

Arrays = tuple[np.ndarray, ...]


def walk(rng: np.random.Generator, n: int, columns: int = 1) -> np.ndarray:
    """Return random walks, one for each column."""
    return np.cumsum(rng.standard_normal((n, columns)), axis=0)


def hard(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return columns of what goes wrong in windows: missing values in runs, ties, zeros of both signs, extremes."""
    table = np.empty((n, 11))
    table[:, 0] = np.where(rng.random(n) < 0.05, np.nan, rng.standard_normal(n))
    table[:, 1] = np.where(rng.random(n) < 0.1, rng.choice([np.nan, np.inf, -np.inf], n), walk(rng, n)[:, 0])
    table[:, 2] = np.round(rng.standard_normal(n))
    table[:, 3] = rng.choice([0.0, -0.0, 1.0, -1.0], n)
    table[:, 4] = rng.choice([5e-324, -5e-324, 1e-310, 0.0], n)
    table[:, 5] = rng.choice([1.7e308, -1.7e308, 1e300], n)
    table[:, 6] = 1e9 + rng.standard_normal(n)
    table[:, 7] = np.where(np.arange(n) // 50 % 2 == 0, np.nan, np.arange(n))
    table[:, 8] = 7.0
    table[:, 9] = np.nan
    table[:, 10] = np.where(rng.random(n) < 0.01, 1e12, (-1.0) ** np.arange(n))
    return table


def time_windows(rng: np.random.Generator, n: int, longest: int) -> np.ndarray:
    """Return widths of windows whose first rows never go back."""
    first = np.maximum.accumulate(np.arange(n) - rng.integers(0, longest, n))
    return np.arange(n) - np.maximum(first, 0) + 1


def windows(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values, window, min_periods and propagate."""

    def case(values: np.ndarray, window: int | np.ndarray, least: int = 1, propagate: bool = False) -> Arrays:
        return values, np.atleast_1d(np.asarray(window, np.int64)), np.array([least]), np.array([propagate])

    yield "walk, window 16", case(walk(rng, n), 16)
    yield "hard columns, window 7", case(hard(rng, n), 7)
    yield "hard columns, window 64, column-major", case(np.asfortranarray(hard(rng, n)), 64, 20)
    yield "hard columns, window 3, propagating", case(hard(rng, n)[::-1, ::-1], 3, 2, propagate=True)
    yield "hard columns, window 300, every other row", case(hard(rng, 2 * n)[::2], 300, 300)
    yield "hard columns, window 1", case(hard(rng, n), 1)
    yield "walks, a window longer than all", case(walk(rng, n, 3), 10**6)
    yield "hard columns, windows in time", case(hard(rng, n), time_windows(rng, n, 40) if n else 1, 2)


def windows_with(*numbers: float) -> Callable[[np.random.Generator, int], Iterator[tuple[str, Arrays]]]:
    """Return a generator of the same, with an array of these numbers behind."""

    def made(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
        for label, inputs in windows(rng, n):
            yield label, (*inputs, np.array(numbers))

    return made


def windows_at_times(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the same, with times and their rate behind, or none."""
    for label, inputs in windows(rng, n):
        rows = len(inputs[0])
        yield label, (*inputs, np.empty((rows, 0)), np.array([1.0]))
        if label in ("hard columns, window 7", "hard columns, windows in time"):
            times = np.cumsum(rng.integers(0, 10, (rows, 1))).astype(np.float64)[:, None]
            yield f"{label}, at times", (*inputs, times, np.array([1e9]))


def windows_of_pairs(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the same, with pairs of columns behind."""
    for label, inputs in windows(rng, n):
        columns = inputs[0].shape[1]
        pairs = np.array([(i, j) for i in range(columns) for j in range(0, columns, 1 + columns // 4)], np.int64)
        yield label, (*inputs, pairs.reshape(-1, 2))


def windows_in_bands(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values, window, the rules, and what the transforms of windows of its length take."""
    from ferrumba.timeseries.bands import gains_of, roots_of_unity

    def case(values: np.ndarray, window: int, bands: list[tuple[int, int]], taper: tuple[float, float]) -> Arrays:
        rules = np.array([window]), np.array([window]), np.array([True])
        gains = gains_of(window, "boxcar", "energy", 1.0)
        return (values, *rules, *roots_of_unity(window), np.array(taper), gains, np.array(bands, np.int64))

    yield "walk, window 64", case(walk(rng, n), 64, [(0, 4), (4, 10), (10, 32)], (1.0, 0.0))
    yield "hard columns, window 7, Hann", case(hard(rng, n), 7, [(0, 2), (2, 4)], (0.5, -0.25))
    yield "hard columns, window 16, column-major", case(np.asfortranarray(hard(rng, n)), 16, [(0, 9)], (0.54, -0.23))
    yield "hard columns, window 300, every other row", case(hard(rng, 2 * n)[::2], 300, [(3, 5), (1, 3)], (1.0, 0.0))
    yield "hard columns, window 2", case(hard(rng, n), 2, [(1, 2)], (1.0, 0.0))
