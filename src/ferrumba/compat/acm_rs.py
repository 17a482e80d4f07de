"""The functions of acm_rs, the Rust extension of ACM (Automated Condition Monitoring), with its signatures.

They answer what its documentation says; what differs from its code is listed in "From ACM". Rows are time, columns are
sensors; only finite values count, and results are float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba import timeseries

__all__ = [
    "compute_correlations_f64",
    "compute_fft_energy",
    "rolling_mad_f64",
    "rolling_mean_std_f64",
    "rolling_median_f64",
]


def _rows(data: Any) -> np.ndarray:
    """Return the rows of a table as float64, which is what the original's results are."""
    rows = np.asarray(data)
    if rows.ndim != 2:
        raise ValueError(f"data has shape {rows.shape}, but rows and columns are needed; give (n, c)")
    return rows.astype(np.float64, copy=False) if rows.dtype.kind in "iuf" else rows


def rolling_median_f64(data: Any, window: int, min_periods: int = 1) -> np.ndarray:
    """Return the medians of trailing windows; see :func:`ferrumba.timeseries.rolling_median`.

    Parameters
    ----------
    data : array_like, shape (n, c)
        Rows in time.
    window : int
        Rows of a window.
    min_periods : int
        Finite values that a window needs.

    Returns
    -------
    ndarray of float64, shape (n, c)

    Examples
    --------
    >>> from ferrumba.compat import acm_rs
    >>> acm_rs.rolling_median_f64([[1.0], [9.0], [2.0], [float("nan")]], 3).ravel().tolist()
    [1.0, 5.0, 2.0, 5.5]
    """
    return timeseries.rolling_median(_rows(data), window, min_periods=min_periods)


def rolling_mad_f64(data: Any, window: int, min_periods: int = 1) -> np.ndarray:
    """Return the median distance to the window's median, not scaled; see :func:`ferrumba.timeseries.rolling_mad`.

    Parameters
    ----------
    data : array_like, shape (n, c)
        Rows in time.
    window : int
        Rows of a window.
    min_periods : int
        Finite values that a window needs.

    Returns
    -------
    ndarray of float64, shape (n, c)

    Examples
    --------
    >>> from ferrumba.compat import acm_rs
    >>> acm_rs.rolling_mad_f64([[1.0], [9.0], [2.0], [4.0]], 3).ravel().tolist()
    [0.0, 4.0, 1.0, 2.0]
    """
    return timeseries.rolling_mad(_rows(data), window, min_periods=min_periods)


def rolling_mean_std_f64(data: Any, window: int, min_periods: int = 1) -> np.ndarray:
    """Return means and standard deviations (ddof 1) of trailing windows, interleaved.

    Parameters
    ----------
    data : array_like, shape (n, c)
        Rows in time.
    window : int
        Rows of a window.
    min_periods : int
        Finite values that a window needs; a standard deviation needs 2 in any case.

    Returns
    -------
    ndarray of float64, shape (n, 2 * c)
        The mean and the standard deviation of the first column, then those of the second, and so on.

    Examples
    --------
    >>> from ferrumba.compat import acm_rs
    >>> acm_rs.rolling_mean_std_f64([[1.0, 5.0], [3.0, 5.0]], 2).round(6).tolist()
    [[1.0, nan, 5.0, nan], [2.0, 1.414214, 5.0, 0.0]]
    """
    rows = _rows(data)
    made = np.empty((len(rows), 2 * rows.shape[1]))
    timeseries.rolling_mean(rows, window, min_periods=min_periods, out=made[:, ::2])
    timeseries.rolling_std(rows, window, min_periods=min_periods, out=made[:, 1::2])
    return made


def compute_correlations_f64(data: Any, method: str = "pearson") -> np.ndarray:
    """Return the correlations of all pairs of columns, each over the rows that both have.

    Parameters
    ----------
    data : array_like, shape (n, c)
        Rows are observations.
    method : {"pearson", "spearman"}
        Of the values or of their ranks.

    Returns
    -------
    ndarray of float64, shape (c, c)

    Examples
    --------
    >>> from ferrumba.compat import acm_rs
    >>> acm_rs.compute_correlations_f64([[1.0, 6.0], [2.0, 4.0], [3.0, 2.0]]).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    return timeseries.corr_matrix(_rows(data), method=method)


def compute_fft_energy(signal: Any, fs: float, bands: Sequence[tuple[float, float]] | None = None) -> np.ndarray:
    """Return the energies of a whole signal, its mean removed: ``|rfft|**2``, neither doubled nor divided.

    Parameters
    ----------
    signal : array_like, shape (n,)
        Values at equal distances in time.
    fs : float
        Samples a second.
    bands : sequence of (float, float), optional
        Bands in Hz, each from its first bound to below its second. Without, each frequency ``k * fs / n`` below the
        Nyquist frequency ``fs / 2`` is one.

    Returns
    -------
    ndarray of float64, shape (n // 2,), or one for each band

    Raises
    ------
    ValueError
        If a band has no frequency in it.

    Examples
    --------
    >>> from ferrumba.compat import acm_rs
    >>> acm_rs.compute_fft_energy([1.0, 0.0, -1.0, 0.0] * 2, 8.0).round(6).tolist()
    [0.0, 0.0, 16.0, 0.0]
    >>> acm_rs.compute_fft_energy([1.0, 0.0, -1.0, 0.0] * 2, 8.0, [(1.0, 2.0), (2.0, 4.0)]).round(6).tolist()
    [0.0, 16.0]
    """
    values = np.asarray(signal)
    if values.ndim != 1:
        raise ValueError(f"signal has shape {values.shape}, but one dimension is needed; give (n,)")
    if bands is not None:
        return timeseries.band_energy(values, bands, fs=fs, scaling="acm")
    return timeseries.spectrum(values, fs=fs, scaling="acm")[1][: len(values) // 2]
