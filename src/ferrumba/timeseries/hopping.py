"""The energy in bands of frequency of windows that are some rows apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ferrumba.dispatch import driver
from ferrumba.dispatch.public import writable
from ferrumba.timeseries.declarations import BY_STEM

ROWS = 1 << 16
"""Rows over which a transform slides at once."""
SLIDING_COST = 0.5
"""A window is transformed by itself where the rows of a hop, times the frequencies, are more than so many times the
rows of the window. Measured in Rust, both cost the same at 1.5 (16 rows), 0.6 (64) and 0.3 (256 and 1,024)."""

TOGETHER = 1 << 16
"""Values of windows that are copied side by side, so that one call serves several columns: 16 windows of 256 rows of 10
columns each took 0.48 ms, a call for each column, and take 0.20."""


class Hopping:
    """The calls of kernels that make such energies.

    Parameters
    ----------
    rows : int
        Of the table.
    hop : int
        Rows from one window to the next; the first one ends at row 0.
    taper, gains : ndarray
        What the rows of a window, and the squares of its transform, are multiplied by.
    bands : ndarray of int64, shape (k, 2)
        The first frequency of each and the one behind its last.

    Attributes
    ----------
    transforms : bool
        Whether each window is transformed by itself, which depends on settings alone.
    """

    def __init__(self, rows: int, hop: int, taper: np.ndarray, gains: np.ndarray, bands: np.ndarray) -> None:
        self._rows, self._hop, self._taper, self._gains, self._bands = rows, hop, taper, gains, bands
        self.transforms = hop * int((bands[:, 1] - bands[:, 0]).sum()) > SLIDING_COST * len(taper)

    def run(self, inputs: Sequence[np.ndarray], tables: Sequence[np.ndarray], backend: str | None) -> None:
        """Fill the table of energies from values, with those of a history, and what a sliding transform takes."""
        (energy,) = tables
        if self.transforms:
            self._transform(inputs[0], energy, backend)
        else:
            self._slide(inputs, energy, backend)

    def _slide(self, inputs: Sequence[np.ndarray], energy: np.ndarray, backend: str | None) -> None:
        """Slide over all rows, some at a time, and keep one of each hop."""
        values, *more = inputs
        history = len(values) - self._rows
        size = max(1, ROWS // self._hop) * self._hop
        for start in range(0, self._rows, size):
            stop = min(start + size, self._rows)
            low = max(0, history + start + 1 - len(self._taper))
            found = np.empty((stop - start, energy.shape[1]))
            driver.run(BY_STEM["rolling_band_energy"], (values[low : history + stop], *more), (found,), backend)
            kept = found[:: self._hop]
            energy[start // self._hop : start // self._hop + len(kept)] = kept

    def _transform(self, values: np.ndarray, energy: np.ndarray, backend: str | None) -> None:
        """Transform the windows of a column, which overlap in memory, or of several columns where they are few."""
        width, history = len(self._taper), len(values) - self._rows
        lost = min(max(0, -(-(width - 1 - history) // self._hop)), len(energy))  # windows that are not whole
        energy[:lost] = np.nan
        if lost == len(energy):
            return
        first, many = history + lost * self._hop + 1 - width, len(energy) - lost
        more = np.array([1]), self._taper, self._gains, self._bands
        kernel, each, columns = BY_STEM["row_band_energy"], len(self._bands), values.shape[1]
        together = TOGETHER // (many * width)
        if together <= 1:
            for column in range(columns):
                series = writable(np.ascontiguousarray(values[first:, column], np.float64))
                windows = np.ndarray((many, width), np.float64, series, 0, (8 * self._hop, 8))
                driver.run(kernel, (windows, *more), (energy[lost:, column * each : (column + 1) * each],), backend)
            return
        step, across = values.strides
        overlapping = as_strided(values[first:], (columns, many, width), (across, step * self._hop, step))
        for column in range(0, columns, together):
            some = np.ascontiguousarray(overlapping[column : column + together], np.float64)
            found = np.empty((len(some), many, each))
            driver.run(kernel, (some.reshape(-1, width), *more), (found.reshape(-1, each),), backend)
            energy[lost:, column * each : (column + len(some)) * each] = found.swapaxes(0, 1).reshape(many, -1)
