"""Correlations of pairs of columns some rows apart, reduced as they are made."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.kernel import Output
from ferrumba.timeseries.declarations import BY_STEM

REDUCERS = {"best": ("best_lag", "corr"), "best_lag": ("best_lag",), "max_abs": ("max_abs",), None: ("corr",)}
"""What each keeps of the lags of a row and pair."""
BUDGET = 1 << 21
"""Correlations in memory at once, 16 MB; unless the rows of a block, for a single pair and lag, are more."""
LEAST_ROWS = 1 << 14
"""Two blocks of the driver, one for each of two threads."""
REPEATED = 16
"""A block has so many rows for each row before it that is read again."""
LAGS = 32
"""Lags at which a column is beside itself at once."""


class Lagged:
    """The calls of kernels that make such correlations.

    Parameters
    ----------
    pairs : ndarray of int64, shape (p, 2)
    lags : ndarray of int64
        At a lag of 0 or more the first column of a pair is that much earlier, else the second one.
    reduce : str or None
        One of ``REDUCERS``.
    """

    def __init__(self, pairs: np.ndarray, lags: np.ndarray, reduce: str | None) -> None:
        self._pairs, self._lags, self._reduce = pairs, lags, reduce
        self.outputs = tuple(Output(name, "float64", math.nan, kind="columns") for name in REDUCERS[reduce])

    def run(self, inputs: Sequence[np.ndarray], tables: Sequence[np.ndarray], backend: str | None) -> None:
        """Fill the tables of the outputs from values, the widths of windows, and their rules."""
        values, width, *rules = inputs
        rows = len(tables[0])
        history = len(values) - rows
        longest = int(min(width.max(initial=1), len(values)))
        size = min(max(LEAST_ROWS, REPEATED * longest), max(rows, 1))
        if len(width) == 1 and size < rows:
            size -= size % longest  # as the kernel is cut
        lags = min(LAGS, len(self._lags))
        pairs = max(1, BUDGET // (size * lags))
        for start in range(0, rows, size):
            stop = min(start + size, rows)
            here = width[start:stop] if len(width) > 1 else width
            low = max(0, history + start + 1 - int(min(here[0], len(values))))
            for first in range(0, len(self._pairs), pairs):
                part = slice(first, first + pairs)
                best = _Best(len(self._pairs[part]), stop - start)
                for some in range(0, len(self._lags), lags):
                    chosen = self._lags[some : some + lags]
                    series, places = _apart(values, low, history + stop, self._pairs[part], chosen)
                    corr = np.empty((len(places), stop - start))
                    outputs = np.empty((stop - start, 0)), corr.T
                    driver.run(BY_STEM["rolling_cov"], (series.T, here, *rules, places), outputs, backend)
                    found = corr.reshape(-1, len(chosen), stop - start)
                    if self._reduce is None:
                        every = tables[0].reshape(rows, len(self._pairs), len(self._lags))
                        every[start:stop, part, some : some + lags] = found.transpose(2, 0, 1)
                    else:
                        best.see(found, chosen)
                if self._reduce is not None:
                    for output, table in zip(self.outputs, tables, strict=True):
                        table[start:stop, part] = getattr(best, output.name).T


class _Best:
    """The largest absolute correlations of pairs and rows, and the lags where they are; NaN where there is none."""

    def __init__(self, pairs: int, rows: int) -> None:
        self.best_lag, self.corr, self.max_abs = np.full((3, pairs, rows), np.nan)

    def see(self, found: np.ndarray, lags: np.ndarray) -> None:
        """Look at correlations of shape (p, number of lags, n)."""
        for place, lag in enumerate(lags):
            corr = found[:, place]
            size = np.abs(corr)
            better = (size > self.max_abs) | (np.isnan(self.max_abs) & ~np.isnan(size))
            np.copyto(self.max_abs, size, where=better)
            np.copyto(self.corr, corr, where=better)
            np.copyto(self.best_lag, float(lag), where=better)


def _apart(
    values: np.ndarray, low: int, high: int, pairs: np.ndarray, lags: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns that pairs need at these lags, over some rows, and where those of each pair and lag are."""
    wanted = np.empty((len(pairs), len(lags), 2, 2), np.int64)
    wanted[..., 0] = pairs[:, None]
    wanted[..., 1] = np.maximum(np.stack([lags, -lags], axis=1), 0)
    needed, places = np.unique(wanted.reshape(-1, 2), axis=0, return_inverse=True)
    series = np.full((len(needed), high - low), np.nan)
    for row, (column, lag) in zip(series, needed, strict=True):
        known = values[max(0, low - lag) : max(0, high - lag), column]
        row[len(row) - len(known) :] = known
    return series, places.reshape(-1, 2)
