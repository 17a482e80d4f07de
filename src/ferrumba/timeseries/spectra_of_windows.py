"""The energy in bands of frequency of trailing windows."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba.dispatch.kernel import Kernel
from ferrumba.timeseries.bands import check_words, frequencies_in, gains_of, parts_of, roots_of_unity, taper_of
from ferrumba.timeseries.declarations import BY_STEM
from ferrumba.timeseries.hopping import Hopping
from ferrumba.timeseries.rolling import Composite, rolling
from ferrumba.timeseries.tables import Table, as_table, deferred, every
from ferrumba.timeseries.windows import as_window, is_span


def rolling_band_energy(
    x: Any,
    window: int,
    bands: Sequence[tuple[float, float]],
    *,
    fs: float = 1.0,
    unit: str = "hz",
    taper: str = "boxcar",
    scaling: str = "energy",
    nyquist: bool = False,
    hop: int = 1,
    history: Any = None,
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """Return the energy of a trailing window in bands of frequency, at every row.

    Parameters
    ----------
    x : array_like or data frame, shape (n,) or (n, c)
        Rows are time, at equal distances; columns are series.
    window : int
        Rows of the trailing window.
    bands : sequence of (low, high)
        A band has the frequencies from ``low`` to below ``high``.
    fs : float
        Samples per second, so that frequencies are in Hz; or per any other unit of time.
    unit : {"hz", "nyquist"}
        Of the bands: as ``fs`` has it, or fractions of half of ``fs``.
    taper : {"boxcar", "hann", "hamming"}
        What the values of a window are multiplied by, periodic over its rows, after their mean was removed;
        SciPy calls it the window, which here is a number of rows.
    scaling : {"energy", "psd", "acm"}
        ``"energy"`` adds up to the sum of squares about the mean; ``"psd"`` is that per row and Hz; ``"acm"`` is
        ``|rfft|^2``, neither doubled nor divided.
    nyquist : bool
        Whether a band that ends at half of ``fs`` includes it.
    hop : int
        Rows from one window to the next. The result has the rows 0, ``hop``, ``2 * hop`` and so on of the one for a hop
        of 1, with their index: row k is the window that ends at row ``k * hop`` of ``x``.
    history, out, backend
        See :func:`rolling_median`.

    Returns
    -------
    object of the kind of ``x``
        Of shape (n, k) or (n, c, k) for k bands, ``ceil(n / hop)`` instead of n with a hop; frames have columns called
        ``<column>_energy_<band>``. NaN where a window has not ``window`` finite values.

    Raises
    ------
    ValueError
        If a band is empty: no frequency of ``window`` rows, which are ``fs / window`` apart, lies in it. Such a feature
        would be 0 for ever.

    Notes
    -----
    A sliding transform in O(log(window)) operations for each row and frequency, whose result depends on the window
    alone; the error is some 1e-15 of the energy in all frequencies, at any offset. Where a hop makes it cheaper, a
    transform of each window in O(window log(window)), by SciPy or by ``realfft``: within 1e-13 of that energy, also
    between backends. Which one it is depends on the window, the hop and the bands alone.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba import timeseries
    >>> x = np.sin(np.arange(100) * 2 * np.pi / 10)
    >>> timeseries.rolling_band_energy(x, 20, [(0.0, 5.0), (5.0, 20.0)], fs=100.0)[-1].round(6)
    array([ 0., 10.])
    """
    check_words(fs, taper, scaling, unit)
    if is_span(window):
        raise TypeError(f"window is {window!r}, but a transform takes a number of rows; give that")
    width = int(as_window(window, None, 0)[0])
    places = np.array([frequencies_in(band, width, fs, unit, nyquist) for band in bands], np.int64).reshape(-1, 2)
    step = _as_hop(hop)
    kernel: Kernel | Composite = BY_STEM["rolling_band_energy"]
    gains = gains_of(width, taper, scaling, fs)
    forms: list[Table] = []
    transforms = False
    if step > 1:
        if deferred(x):
            raise TypeError(f"hop is {hop!r} with a Dask collection; leave it out, and take every so many rows")
        table = as_table(x)
        x, forms = table, [as_table(every(x, step))]
        hopping = Hopping(len(table.array), step, taper_of(width, taper), gains, places)
        kernel = Composite("timeseries.rolling_band_energy", kernel.outputs, hopping.run)
        transforms = hopping.transforms
    return rolling(
        kernel,
        x,
        window,
        () if transforms else (*roots_of_unity(width), parts_of(taper), gains, places),
        min_periods=window,
        nan="propagate",
        times=None,
        history=history,
        out=out,
        backend=backend,
        suffixes=[f"energy_{place}" for place in range(len(places))],
        forms=forms,
    )


def _as_hop(hop: Any) -> int:
    try:
        step = operator.index(hop)
    except TypeError:
        raise TypeError(f"hop is {hop!r}, but it is a number of rows; give 1 or more") from None
    if isinstance(hop, bool) or step < 1:
        raise ValueError(f"hop is {hop!r}, but it is a number of rows, 1 or more; give one")
    return step
