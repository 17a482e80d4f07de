"""The spectrum of a whole signal and the energy in its bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba.dispatch.threads import thread_count
from ferrumba.timeseries.bands import check_words, frequencies_in, taper_of
from ferrumba.timeseries.tables import Table, as_table

COLUMNS = 16
"""Columns that are transformed at once, so that the spectra of a wide table are never in memory together."""


def spectrum(
    x: Any,
    *,
    fs: float = 1.0,
    taper: str = "boxcar",
    scaling: str = "energy",
    nan: str = "omit",
) -> tuple[np.ndarray, Any]:
    """Return the one-sided spectrum of each column, its mean removed.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, at equal distances.
    fs : float
        Samples per second, so that frequencies are in Hz; or per any other unit of time.
    taper : {"boxcar", "hann", "hamming"}
        What the values are multiplied by, periodic over n rows; SciPy calls it the window.
    scaling : {"energy", "psd", "acm"}
        ``"energy"`` adds up to the sum of squares about the mean; ``"psd"`` is that per row and Hz, whose integral over
        the frequencies is the variance; ``"acm"`` is ``|rfft|^2``, neither doubled nor divided.
    nan : {"omit", "propagate"}
        Missing values (NaN, infinity) take the mean of their column, and the scalings are those of the others; or make
        their column NaN.

    Returns
    -------
    frequencies : ndarray of shape (n // 2 + 1,)
    spectrum : object of the kind of ``x``, shape (n // 2 + 1,) or (n // 2 + 1, c)
        A table has the frequencies as its index, or its first column.

    Raises
    ------
    ValueError
        If a word is unknown or ``fs`` is no number above 0.

    Notes
    -----
    O(n log n) by SciPy's FFT on any backend; equal to ``scipy.signal.periodogram``.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> frequencies, energy = timeseries.spectrum(np.sin(np.arange(100) * 2 * np.pi / 10), fs=100.0)
    >>> float(frequencies[energy.argmax()]), round(float(energy.sum()), 6)
    (10.0, 50.0)
    """
    table = as_table(x)
    check_words(fs, taper, scaling, nan=nan)
    rows, columns = table.array.shape
    frequencies = _frequencies(rows, fs)
    result = np.empty((len(frequencies), columns))
    for start in range(0, columns, COLUMNS):
        here = slice(start, start + COLUMNS)
        result[:, here] = _powers(table, here, fs, taper, scaling, nan)
    return frequencies, table.build(result, frequencies, "frequency")


def band_energy(
    x: Any,
    bands: Sequence[tuple[float, float]],
    *,
    fs: float = 1.0,
    unit: str = "hz",
    taper: str = "boxcar",
    scaling: str = "energy",
    nyquist: bool = False,
    nan: str = "omit",
) -> Any:
    """Return the sum of each column's spectrum over bands of frequencies.

    Parameters
    ----------
    x, fs, taper, scaling, nan
        As for :func:`spectrum`.
    bands : sequence of (low, high)
        A band has the frequencies from ``low`` to below ``high``.
    unit : {"hz", "nyquist"}
        Of the bands: as ``fs`` has it, or fractions of half of ``fs``.
    nyquist : bool
        Whether a band that ends at half of ``fs`` includes it.

    Returns
    -------
    object of the kind of ``x``, shape (b,) or (b, c)

    Raises
    ------
    ValueError
        If a band is empty: no frequency of a signal of n rows, which are ``fs / n`` apart, lies in it. Such a feature
        would be 0 for ever.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> x = np.sin(np.arange(100) * 2 * np.pi / 10)
    >>> timeseries.band_energy(x, [(0.0, 5.0), (5.0, 20.0)], fs=100.0).round(6).tolist()
    [0.0, 50.0]
    """
    table = as_table(x)
    check_words(fs, taper, scaling, unit, nan)
    rows, columns = table.array.shape
    bins = [slice(*frequencies_in(band, rows, fs, unit, nyquist)) for band in bands]
    result = np.empty((len(bins), columns))
    for start in range(0, columns, COLUMNS):
        here = slice(start, start + COLUMNS)
        powers = _powers(table, here, fs, taper, scaling, nan)
        for place, band in enumerate(bins):
            result[place, here] = powers[band].sum(axis=0)
    return table.build(result, np.arange(len(bins)), "band")


def _frequencies(rows: int, fs: float) -> np.ndarray:
    return np.arange(rows // 2 + 1) * (fs / rows) if rows else np.empty(0)


def _powers(table: Table, columns: slice, fs: float, taper: str, scaling: str, nan: str) -> np.ndarray:
    """Return the spectra of some columns."""
    from scipy.fft import rfft

    values = np.array(table.array[:, columns].T, np.float64, order="C")  # its own: it is changed
    rows = values.shape[1]
    if rows == 0:
        return np.empty((0, len(values)))
    factors = taper_of(rows, taper)
    weight = np.full(len(values), (factors * factors).sum())
    finite = np.isfinite(values)
    with np.errstate(all="ignore"):
        if finite.all():
            values -= values.mean(axis=1, keepdims=True)
        else:
            count = finite.sum(axis=1, keepdims=True)
            values -= np.where(finite, values, 0.0).sum(axis=1, keepdims=True) / count
            values[~finite] = 0.0
            weight = finite @ (factors * factors)
            weight[count[:, 0] == 0] = np.nan
            if nan == "propagate":
                weight[count[:, 0] < rows] = np.nan
        values *= factors
        found = rfft(values, axis=1, overwrite_x=True, workers=thread_count()[0])
        powers = found.real**2 + found.imag**2
        if scaling == "acm":
            powers *= np.where(np.isnan(weight), np.nan, 1.0)[:, None]
        else:
            powers[:, 1 : (rows + 1) // 2] *= 2.0
            powers *= (1.0 / weight if scaling == "energy" else 1.0 / (fs * weight))[:, None]
    return powers.T
