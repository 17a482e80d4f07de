"""Inputs of the kernels on whole columns for parity tests, benchmarks, calibration and ``ferrumba verify``.

Made without any kernel: ranks come from sorting by NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Arrays = tuple[np.ndarray, ...]


def gaps(rng: np.random.Generator, values: np.ndarray, share: float = 0.05) -> np.ndarray:
    """Return the values with some missing, as NaN or infinities."""
    return np.where(rng.random(values.shape) < share, rng.choice([np.nan, np.inf, -np.inf], values.shape), values)


def hard_columns(rng: np.random.Generator, many: int, n: int) -> np.ndarray:
    """Return series, one in each row: ties, zeros of both signs, extremes, offsets, constants, nothing at all."""
    kinds = [
        lambda: gaps(rng, rng.standard_normal(n), 0.3),
        lambda: gaps(rng, np.round(rng.standard_normal(n))),
        lambda: rng.choice([0.0, -0.0, 1.0, -1.0], n),
        lambda: rng.choice([5e-324, -5e-324, 1e-310, 0.0], n),
        lambda: rng.choice([1.7e308, -1.7e308, 1e300], n),
        lambda: gaps(rng, 1e9 + rng.standard_normal(n)),
        lambda: np.where(np.arange(n) < n // 2, np.nan, np.arange(n)),
        lambda: gaps(rng, np.full(n, 7.0)),
        lambda: np.full(n, np.nan),
        lambda: np.where(rng.random(n) < 0.05, 1e12, (-1.0) ** np.arange(n)),
    ]
    return np.array([kinds[k % len(kinds)]() for k in range(many)]).reshape(many, n)


def columns(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield n series and their length."""
    yield "noise with gaps", (gaps(rng, rng.standard_normal((n, 60))), np.array([60]))
    yield "short hard series", (hard_columns(rng, n, 23), np.array([23]))
    yield "series of one value", (hard_columns(rng, n, 1), np.array([1]))
    yield "series of nothing", (np.empty((n, 0)), np.array([0]))


def centred(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values and middle."""
    yield "noise with gaps", (gaps(rng, rng.standard_normal((n, 200))), rng.standard_normal(200))
    yield (
        "hard columns",
        (np.ascontiguousarray(hard_columns(rng, 11, n).T), rng.choice([0.0, 1e9, -1.7e308, 5e-324], 11)),
    )
    yield "no columns", (np.empty((n, 0)), np.empty(0))


def absences(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield centred, missing, absent and column."""

    def case(rows: int, columns: int, absent: int, share: float) -> Arrays:
        missing = rng.random((rows, columns)) < share
        table = np.where(missing, 0.0, rng.standard_normal((rows, columns)) * 10.0 ** rng.integers(-3, 4, columns))
        return table, missing, rng.random((rows, absent)) < share, rng.integers(0, absent, n)

    yield "5 % missing", case(1024, 200, 200, 0.05)
    yield "most missing", case(77, 13, 5, 0.9)
    yield "nothing missing", case(20, 3, 3, 0.0)
    yield "no rows", case(0, 3, 3, 0.0)


def _some_pairs(rng: np.random.Generator, n: int, many: int) -> Arrays:
    return rng.integers(0, many, n), rng.integers(0, many, n)


def pairs(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield columns, length, first and second."""

    def case(table: np.ndarray) -> Arrays:
        return table, np.array([table.shape[1]]), *_some_pairs(rng, n, len(table))

    yield "noise with gaps", case(gaps(rng, rng.standard_normal((20, 1500))))
    yield "hard columns", case(hard_columns(rng, 20, 40))
    yield "two rows", case(hard_columns(rng, 20, 2))
    yield "no rows", case(np.empty((2, 0)))


def ranked(table: np.ndarray) -> Arrays:
    """Return group, size, groups, absent and ends of series, as ``column_ranks`` and its callers make them."""
    many, n = table.shape
    group, size, groups = np.empty((many, n), np.int32), np.zeros((many, n), np.int32), np.zeros(many, np.int64)
    for k, series in enumerate(table):
        finite = np.isfinite(series)
        values, number, counts = np.unique(series[finite], return_inverse=True, return_counts=True)
        groups[k] = len(values)
        group[k] = len(values)
        group[k, finite] = number
        size[k, : len(values)] = counts
    lacking, absent = np.nonzero(~np.isfinite(table))
    return group, size, groups, absent.astype(np.int32), np.searchsorted(lacking, np.arange(many + 1)).astype(np.int64)


def ranked_pairs(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the ranks of series, first and second."""
    yield "noise with gaps", (*ranked(gaps(rng, rng.standard_normal((20, 5000)))), *_some_pairs(rng, n, 20))
    yield "hard columns", (*ranked(hard_columns(rng, 20, 300)), *_some_pairs(rng, n, 20))
    yield "two rows", (*ranked(hard_columns(rng, 20, 2)), *_some_pairs(rng, n, 20))
    yield "no rows", (*ranked(np.empty((2, 0))), *_some_pairs(rng, n, 2))


def _tables(rng: np.random.Generator, n: int) -> Iterator[tuple[str, np.ndarray]]:
    yield "noise with gaps", gaps(rng, rng.standard_normal((n, 8)), 0.3)
    yield "hard columns", np.ascontiguousarray(hard_columns(rng, 11, n).T)
    yield "hard columns, column-major", hard_columns(rng, 11, n).T
    yield "nothing but gaps", np.full((n, 2), np.nan)


def _all_rows(n: int) -> np.ndarray:
    return np.array([max(n, 1)])


def carried(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values, window, limit and backward."""
    for label, table in _tables(rng, n):
        for limit, backward in ((2**62, False), (2**62, True), (2, False), (1, True)):
            where = "backward" if backward else "forward"
            yield f"{label}, {where}, {limit}", (table, _all_rows(n), np.array([limit]), np.array([backward]))


def interpolated(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values, window, position, forward, backward and area."""
    for label, table in _tables(rng, n):
        for forward, backward, area in ((2**62, 0, 0), (2**62, 2**62, 1), (2, 1, 0), (1, 3, 2)):
            position = np.cumsum(rng.random(n) + 0.01)
            rules = (np.array([forward]), np.array([backward]), np.array([area]))
            yield f"{label}, {forward}, {backward}, {area}", (table, _all_rows(n), position, *rules)


def lagged(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield values, window and lags."""
    for label, table in _tables(rng, n):
        for lags in ([0, 1, 2, 3], [7], [300, 0]):
            yield f"{label}, lags {lags}", (table, np.array([max(lags) + 1]), np.array(lags))


def rows_in_bands(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield rows, a window of one, a taper, gains and bands, the first of which is all that there is."""

    def case(values: np.ndarray, bands: list[tuple[int, int]], cosine: float = 1.0) -> Arrays:
        width = values.shape[1]
        taper = cosine - (1.0 - cosine) * np.cos(np.arange(width) * (2.0 * np.pi / width))
        gains = np.full(width // 2 + 1, 2.0 / width)
        every = [(0, width // 2 + 1), *bands]
        return values, np.array([1]), taper, gains, np.array(every, np.int64)

    yield "windows of 256", case(rng.standard_normal((n, 256)), [(1, 20), (20, 100), (100, 129)])
    walk = np.cumsum(rng.standard_normal(3 * n + 64))
    overlapping = np.lib.stride_tricks.sliding_window_view(walk, 64)[: 3 * n : 3]
    yield "windows of 64 that overlap, Hann", case(overlapping, [(0, 4)], 0.5)
    yield "windows of 37, with gaps", case(gaps(rng, rng.standard_normal((n, 37)), 0.02), [(3, 7)], 0.54)
    yield "windows of 16, column-major, at an offset", case(np.asfortranarray(1e9 + rng.random((n, 16))), [(8, 9)])
    yield "windows of 2", case(rng.standard_normal((n, 2)), [(1, 2)])
    yield "windows of 1", case(rng.standard_normal((n, 1)), [])
