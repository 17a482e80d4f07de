"""Long series seen from afar: the least and the greatest value of each of some hundred stretches of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 600
"""Stretches: more than a small picture has pixels."""


class Envelope:
    """The least and the greatest finite value of each stretch and column, NaN where there is none."""

    def __init__(self, bins: int, columns: int) -> None:
        self.low, self.high = np.full((2, bins, columns), np.nan)

    def add(self, bins: np.ndarray, starts: np.ndarray, values: np.ndarray) -> None:
        """Take in rows, of which those from each start on belong to one of these stretches."""
        values = np.where(np.isfinite(values), values, np.nan)
        self.low[bins] = np.fmin(self.low[bins], np.fmin.reduceat(values, starts, axis=0))
        self.high[bins] = np.fmax(self.high[bins], np.fmax.reduceat(values, starts, axis=0))


class Overview:
    """What a page shows of sensors and their features, gathered block by block.

    Parameters
    ----------
    rows : int
        Rows that will come.
    sensors : sequence of str
        All sensors.
    statistics : sequence of str
        What the features are, in blocks of one column for each sensor.
    shown : int
        How many of the sensors are drawn.
    """

    def __init__(self, rows: int, sensors: Sequence[str], statistics: Sequence[str], shown: int) -> None:
        bins = max(1, min(BINS, rows))
        self.sensors, self.statistics, self.shown = list(sensors), list(statistics), min(shown, len(sensors))
        self.rows, self._all = 0, max(rows, 1)
        self.times: Any = None
        self.ends: tuple[Any, Any] | None = None
        self.values = Envelope(bins, len(sensors))
        self.features = [Envelope(bins, self.shown) for _ in statistics]
        self.finite = np.zeros(len(sensors), np.int64)

    def add(self, times: np.ndarray, values: np.ndarray, features: np.ndarray) -> None:
        """Take in some rows."""
        if not len(times):
            return
        if self.times is None:
            self.times = np.full(len(self.values.low), times[0])
            self.ends = times[0], times[-1]
        bins, starts = np.unique((self.rows + np.arange(len(times))) * len(self.times) // self._all, return_index=True)
        bins = np.minimum(bins, len(self.times) - 1)
        self.rows += len(times)
        self.ends = self.ends[0], times[-1]  # type: ignore[index]
        new = np.isnan(self.values.low[bins]).all(axis=1)
        self.times[bins[new]] = times[starts[new]]
        self.values.add(bins, starts, values)
        self.finite += np.isfinite(values).sum(axis=0)
        for place, envelope in enumerate(self.features):
            first = place * len(self.sensors)
            envelope.add(bins, starts, features[:, first : first + self.shown])

    def summary(self) -> list[tuple[str, int, float, float, float]]:
        """Return for each sensor its name, its finite values, the share that is missing, the least and the greatest."""
        bounds = [np.fmin.reduce(self.values.low), np.fmax.reduce(self.values.high)]
        missing = 1.0 - self.finite / max(self.rows, 1)
        return [
            (name, int(self.finite[i]), float(missing[i]), float(bounds[0][i]), float(bounds[1][i]))
            for i, name in enumerate(self.sensors)
        ]
