"""Rolling moments: right at any offset and scale, and without a trace of what was before a window."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.rolling import rolling
from ferrumba.timeseries.tables import Table
from ferrumba.timeseries.trailing import trailing
from ferrumba.timeseries.windows import as_clock

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ferrumba.timeseries.trailing import Trailing

MOMENTS = ("total", "mean", "var", "std", "skew", "kurt")


def _moments(x: Any, window: Any, *names: str, **options: Any) -> Any:
    return rolling(BY_STEM["rolling_moments"], x, window, wanted=_wanted(names), **options)


@lru_cache
def _wanted(names: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(name in names for name in MOMENTS)


@trailing
def rolling_sum(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the sum of a trailing window at every row.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    The float nearest to the exact sum, as :func:`math.fsum` gives it, and so a function of the window alone. A window
    costs O(1) operations, more where values beside each other differ 2**39-fold or more.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_sum([1.0, 2.0, float("nan"), 4.0], 2)
    array([1., 3., 2., 4.])
    """
    return _moments(x, window, "total", **options)


@trailing
def rolling_mean(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the mean of a trailing window at every row.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    The rounded sum of :func:`rolling_sum`, divided; a sum beyond the largest float does no harm.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_mean([1.0, 2.0, float("nan"), 4.0], 2)
    array([1. , 1.5, 2. , 4. ])
    """
    return _moments(x, window, "mean", **options)


@trailing
def rolling_var(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the variance of a trailing window at every row, with one degree of freedom less.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    NaN for a single value, 0 for a constant window. See :func:`rolling_std`.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_var([1.0, 3.0, 7.0, 7.0], 2)
    array([nan,  2.,  8.,  0.])
    """
    return _moments(x, window, "var", **options)


@trailing
def rolling_std(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the standard deviation of a trailing window at every row, with one degree of freedom less.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    NaN for a single value, 0 for a constant window. A window is the end of one stack of rows and the whole of another
    ("two stacks"), each with a mean and a sum of squares about it (Welford), which are joined (Chan, Golub and
    LeVeque); from differences to a value in the window: a relative error of some 1e-15 at any offset and scale, from
    denormal numbers to 1e300, and no trace of what came before. A window costs O(1) operations. The last bits depend on
    where stacks begin, every ``window`` rows from the first row of a call: calls on parts of a series agree with one on
    all of it to 1e-12 or, where parts begin at multiples of the window, to the bit.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_std([1e9, 1e9 + 2.0, 1e9 + 4.0], 3)
    array([       nan, 1.41421356, 2.        ])
    """
    return _moments(x, window, "std", **options)


@trailing
def rolling_mean_std(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the mean and the standard deviation of a trailing window, in one pass.

    Returns
    -------
    tuple of two objects of the kind and shape of ``x``
        The same bits as :func:`rolling_mean` and :func:`rolling_std`.

    Notes
    -----
    ``out`` takes a tuple of two arrays.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> mean, std = timeseries.rolling_mean_std([1.0, 3.0, 5.0], 2)
    >>> mean, std
    (array([1., 2., 4.]), array([       nan, 1.41421356, 1.41421356]))
    """
    return _moments(x, window, "mean", "std", **options)


@trailing
def rolling_skew(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the skewness of a trailing window at every row, corrected for bias.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    The adjusted Fisher-Pearson coefficient G1, as in pandas. NaN for fewer than 3 values, 0 for a constant window.
    Central sums of third powers are joined (Pebay). A window costs O(1) operations; see :func:`rolling_std`.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_skew([0.0, 0.0, 3.0, 3.0], 3)
    array([        nan,         nan,  1.73205081, -1.73205081])
    """
    return _moments(x, window, "skew", **options)


@trailing
def rolling_kurt(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the excess kurtosis of a trailing window at every row, corrected for bias.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64.

    Notes
    -----
    The estimator G2, 0 for a normal distribution, as in pandas. NaN for fewer than 4 values, -3 for a constant window.
    Central sums of fourth powers are joined (Pebay). A window costs O(1) operations; see :func:`rolling_std`.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_kurt([0.0, 0.0, 0.0, 4.0, 0.0], 4)
    array([nan, nan, nan,  4.,  4.])
    """
    return _moments(x, window, "kurt", **options)


@trailing
def rolling_skew_kurt(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the skewness and the kurtosis of a trailing window, in one pass.

    Returns
    -------
    tuple of two objects of the kind and shape of ``x``
        The same bits as :func:`rolling_skew` and :func:`rolling_kurt`.

    Notes
    -----
    ``out`` takes a tuple of two arrays.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> skew, kurt = timeseries.rolling_skew_kurt([0.0, 0.0, 0.0, 4.0], 4)
    >>> round(float(skew[3]), 6), round(float(kurt[3]), 6)
    (2.0, 4.0)
    """
    return _moments(x, window, "skew", "kurt", **options)


@trailing
def rolling_slope(x: Any, window: Any, *, per: str | None = None, **options: Unpack[Trailing]) -> Any:
    """Return the slope of the least-squares line through a trailing window at every row.

    Parameters
    ----------
    per : {"row", "second"}, optional
        What the slope is for: a row, whose numbers are the times then; or a second, by the times of the rows. By
        default a second if ``times`` are given. A slope per second is an error for rows that have no times, and with
        a history, which has none.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64. NaN for fewer than 2 values, or if their times are all the same.

    Notes
    -----
    Sums of squares and products about the means, from differences to a value in the window, so that neither offsets nor
    what came before leave a trace. A window costs O(1) operations; see :func:`rolling_std`.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_slope([1.0, 3.0, float("nan"), 7.0], 3)
    array([nan,  2.,  2.,  2.])
    >>> times = np.array(["2026-01-01T00:00:00", "2026-01-01T00:00:10", "2026-01-01T00:01:00"], "datetime64[s]")
    >>> timeseries.rolling_slope([1.0, 3.0, 13.0], 2, times=times)
    array([nan, 0.2, 0.2])
    """
    times = options.get("times")
    if per is None:
        per = "row" if times is None else "second"
    if per not in ("row", "second"):
        raise ValueError(f"per is {per!r}, but a slope is per 'row' or per 'second'; give one of them")
    if per == "second" and options.get("history") is not None:
        raise ValueError("history is given with slopes per second, but it has no times; give all rows in x")

    def clock(table: Table, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if per == "row":
            return np.empty((len(values), 0)), np.array([1.0])
        if (stamps := table.times(times)) is None:
            raise ValueError("per is 'second', but the rows have no times; give times= or an index of dates")
        passed, rate = as_clock(stamps, len(values))
        return passed, np.array([rate])

    return rolling(BY_STEM["rolling_slope"], x, window, clock, **options)
