"""Rolling order statistics: exact, on every backend and number of threads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.rolling import rolling
from ferrumba.timeseries.trailing import trailing

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ferrumba.timeseries.trailing import Trailing

NORMAL = 1.482602218505602
"""What makes the median absolute deviation of normal values their standard deviation: 1 / Phi^-1(3/4)."""


@trailing
def rolling_median(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the median of a trailing window at every row.

    Returns
    -------
    object of the kind and shape of ``x``
        float32 for float32 values, else float64. Where the number of values is even it is the mean of the two middle
        ones.

    Notes
    -----
    Exact: equal to sorting each window, for -0.0 and 0.0 too, the one being before the other; a sum of two middle
    values beyond the largest float does not overflow. A row costs O(window) operations on vectors in short windows,
    in Rust up to 160 rows on processors with AVX2 and in Numba up to 256; longer ones are sets of ranks, in which it
    costs the same whatever the window.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_median([1.0, 9.0, 2.0, float("nan"), 3.0], 3)
    array([1. , 5. , 2. , 5.5, 2.5])
    """
    return rolling(BY_STEM["rolling_median"], x, window, **options)


@trailing
def rolling_mad(x: Any, window: Any, *, scale: float | str = 1.0, **options: Unpack[Trailing]) -> Any:
    """Return the median absolute deviation of a trailing window at every row.

    It is the true one: the median of the distances of all values in the window to the median of that same window.

    Parameters
    ----------
    scale : float or "normal"
        What it is multiplied with. ``"normal"``, 1.4826, makes it the standard deviation of normal values.

    Returns
    -------
    object of the kind and shape of ``x``

    Notes
    -----
    Exact: equal to sorting the distances, each rounded once, of each window. A distance beyond the largest float is
    infinite. In a window in order the nearest values stand together, near where they stood in the row before: in short
    windows it costs half as much again as the median, in others about as much again.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_mad([1.0, 9.0, 2.0, 4.0], 3)
    array([0., 4., 1., 2.])
    """
    return rolling(
        BY_STEM["rolling_median_mad"], x, window, (np.array([as_scale(scale)]),), **options, wanted=(False, True)
    )


@trailing
def rolling_median_mad(x: Any, window: Any, *, scale: float | str = 1.0, **options: Unpack[Trailing]) -> Any:
    """Return the median and the median absolute deviation of a trailing window at every row, in one pass.

    Parameters
    ----------
    scale : float or "normal"
        As for :func:`rolling_mad`.

    Returns
    -------
    median, mad : objects of the kind and shape of ``x``

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> median, mad = timeseries.rolling_median_mad([1.0, 9.0, 2.0, 4.0], 3)
    >>> median
    array([1., 5., 2., 4.])
    >>> mad
    array([0., 4., 1., 2.])
    """
    return rolling(BY_STEM["rolling_median_mad"], x, window, (np.array([as_scale(scale)]),), **options)


@trailing
def rolling_robust_zscore(
    x: Any,
    window: Any,
    *,
    scale: float | str = "normal",
    floor: float = 0.0,
    clip: float = math.inf,
    zero: str = "infinite",
    **options: Unpack[Trailing],
) -> Any:
    """Return how far each value is from the median of its window, in robust standard deviations.

    It is ``(x - median) / (scale * max(mad, floor))``, the median and the median absolute deviation being those of the
    trailing window that ends with the value.

    Parameters
    ----------
    scale : float or "normal"
        As for :func:`rolling_mad`.
    floor : float
        The least deviation that is believed, in units of ``x``: the resolution of a sensor, say. A sensor that stands
        still has none, and its least step would be infinitely far.
    clip : float
        Results beyond it, on either side, become it.
    zero : {"infinite", "nan"}
        What results where deviation and floor are 0: 0 for the median itself and otherwise infinity (or ``clip``) with
        the sign of the distance; or NaN.

    Returns
    -------
    object of the kind and shape of ``x``
        NaN where ``x`` is missing.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_robust_zscore([1.0, 2.0, 3.0, 12.0, 12.0], 3, scale=1.0)
    array([0., 1., 1., 9., 0.])
    >>> timeseries.rolling_robust_zscore([5.0, 5.0, 5.0, 6.0], 4, scale=1.0, clip=100.0)
    array([  0.,   0.,   0., 100.])
    >>> timeseries.rolling_robust_zscore([5.0, 5.0, 5.0, 6.0], 4, scale=1.0, floor=0.5)
    array([0., 0., 0., 2.])
    """
    if zero not in ("infinite", "nan"):
        raise ValueError(f"zero is {zero!r}, but what a deviation of 0 gives is 'infinite' or 'nan'")
    rule = [as_scale(scale), _number("floor", floor, 0.0), _number("clip", clip, 0.0), float(zero == "nan")]
    return rolling(BY_STEM["rolling_robust_zscore"], x, window, (np.array(rule),), **options)


@trailing
def rolling_hampel(
    x: Any,
    window: Any,
    *,
    n_sigma: float = 3.0,
    scale: float | str = "normal",
    floor: float = 0.0,
    **options: Unpack[Trailing],
) -> Any:
    """Return the series with the median in place of outliers, and which values were outliers.

    A value is one if its distance to the median of the trailing window that ends with it is above
    ``n_sigma * scale * max(mad, floor)``. Being causal, the filter looks at no later value.

    Parameters
    ----------
    n_sigma : float
        How many robust standard deviations are too many.
    scale : float or "normal"
        As for :func:`rolling_mad`.
    floor : float
        As for :func:`rolling_robust_zscore`. Where deviation and floor are 0, any other value than the median is an
        outlier.

    Returns
    -------
    filtered : object of the kind and shape of ``x``
        NaN where ``x`` is missing or the window has too few values.
    outlier : object of the same kind and shape, of bool

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> filtered, outlier = timeseries.rolling_hampel([1.0, 2.0, 3.0, 90.0, 5.0, 4.0], 4)
    >>> filtered
    array([1. , 2. , 3. , 2.5, 5. , 4. ])
    >>> outlier
    array([False, False, False,  True, False, False])
    """
    rule = [as_scale(scale), _number("floor", floor, 0.0), _number("n_sigma", n_sigma, 0.0)]
    return rolling(BY_STEM["rolling_hampel"], x, window, (np.array(rule),), **options)


@trailing
def rolling_quantile(x: Any, window: Any, q: Any, **options: Unpack[Trailing]) -> Any:
    """Return a quantile, or several, of a trailing window at every row.

    Parameters
    ----------
    q : float or sequence of float
        In [0, 1].

    Returns
    -------
    object of the kind of ``x``
        Of its shape for one ``q``. For several, arrays have them along one more axis, the last, and frames have as many
        columns for each, named such as ``flow_q0.25``.

    Notes
    -----
    Linear interpolation between the two nearest ranks, rounded as :func:`numpy.nanquantile` does it; but where the
    distance of the two is beyond the largest float, the result is between them all the same.

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_quantile([1.0, 9.0, 2.0, 4.0], 3, 0.25)
    array([1. , 3. , 1.5, 3. ])
    >>> timeseries.rolling_quantile([1.0, 9.0, 2.0, 4.0], 3, [0.0, 1.0])
    array([[1., 1.],
           [1., 9.],
           [1., 9.],
           [2., 9.]])
    """
    quantiles, suffixes = as_quantiles(q)
    return rolling(BY_STEM["rolling_quantile"], x, window, (quantiles,), **options, suffixes=suffixes)


@trailing
def rolling_min(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the least value of a trailing window at every row.

    Returns
    -------
    object of the kind and shape of ``x``

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_min([3.0, 1.0, float("inf"), 2.0], 2)
    array([3., 1., 1., 2.])
    """
    return rolling(BY_STEM["rolling_min"], x, window, **options)


@trailing
def rolling_max(x: Any, window: Any, **options: Unpack[Trailing]) -> Any:
    """Return the greatest value of a trailing window at every row.

    Returns
    -------
    object of the kind and shape of ``x``

    Examples
    --------
    >>> from ferrumba import timeseries
    >>> timeseries.rolling_max([3.0, 1.0, float("inf"), 2.0], 2)
    array([3., 3., 1., 2.])
    """
    return rolling(BY_STEM["rolling_max"], x, window, **options)


def as_quantiles(q: Any) -> tuple[np.ndarray, list[str]]:
    """Return quantiles as kernels take them, and a name for each where several are given."""
    try:
        given = np.array(q, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"q is {q!r}, but numbers in [0, 1] are needed") from None
    if given.ndim > 1 or given.size == 0 or not ((given >= 0.0) & (given <= 1.0)).all():
        raise ValueError(f"q is {q!r}, but a number in [0, 1], or a sequence of some, is needed")
    return np.atleast_1d(given), [f"q{number:g}" for number in given] if given.ndim else []


def as_scale(scale: float | str) -> float:
    """Return what a deviation is multiplied with."""
    if isinstance(scale, str):
        if scale != "normal":
            raise ValueError(f"scale is {scale!r}, but it is a number or 'normal'")
        return NORMAL
    number = _number("scale", scale, 0.0)
    if not 0.0 < number < math.inf:
        raise ValueError(f"scale is {scale!r}, but a finite number above 0 is needed")
    return number


def _number(name: str, value: float, least: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}, but a number is needed") from None
    if not number >= least:
        raise ValueError(f"{name} is {value!r}, but it is at least {least:g}")
    return number
