"""Windows by number of rows or by time, as the widths that kernels take."""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np

NAN_POLICIES = ("omit", "propagate")


def as_window(window: Any, times: Any, rows: int) -> np.ndarray:
    """Return the width of windows in rows: one for all, or one for each row where the window is a span of time.

    Parameters
    ----------
    window : int, str, datetime.timedelta or numpy.timedelta64
        Rows, or a time such as ``"30min"``: the window of a row holds the rows no older than that, ``(t - window, t]``.
    times : array_like or None
        The times of the rows, ascending.
    rows : int
    """
    if not is_span(window):
        return _constant(_rows(window))
    stamps = as_stamps(times, rows, f"window is {window!r}")
    return np.arange(1, rows + 1) - np.searchsorted(stamps, stamps - as_span(window), side="right")


def as_stamps(times: Any, rows: int, reason: str) -> np.ndarray:
    """Return the times of the rows in nanoseconds, ascending; ``reason`` says what they are needed for.

    Raises
    ------
    ValueError, TypeError
        If there are none, or not one for each row, or they do not ascend, or are no dates.
    """
    if times is None:
        raise ValueError(f"{reason}, but the rows have no times; give times=, an index of dates, or a number of rows")
    stamps = np.asarray(times)
    if stamps.dtype.kind != "M":
        raise TypeError(f"times holds {stamps.dtype}, but {reason}, and dates are needed; convert it first")
    if stamps.shape != (rows,):
        raise ValueError(f"times has shape {stamps.shape}, but there are {rows} rows; give one time for each")
    stamps = stamps.astype("datetime64[ns]")
    wrong = np.isnat(stamps)
    wrong[1:] |= stamps[1:] < stamps[:-1]
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"times holds {stamps[row]} at row {row}, but times must ascend; sort the rows by time")
    return stamps


def as_clock(times: Any, rows: int) -> tuple[np.ndarray, float]:
    """Return the times of rows as exact numbers from the first on, in one column, and how many of them make a second.

    They count nanoseconds, or microseconds where there are too many of the former for a float.
    """
    stamps = as_stamps(times, rows, "slopes are per second")
    passed = (stamps - stamps[:1]).astype(np.int64)
    if rows == 0 or passed[-1] < 2**53:
        return passed.astype(np.float64)[:, None], 1e9
    return np.round(passed / 1e3)[:, None], 1e6


def is_span(window: Any) -> bool:
    """Return whether a window is a time and not a number of rows."""
    if type(window) is int:
        return False
    return isinstance(window, (str, np.timedelta64)) or type(window).__name__ in ("timedelta", "Timedelta")


def _rows(window: Any) -> int:
    try:
        width = operator.index(window)
    except TypeError:
        raise TypeError(f"window is {window!r}, but it is a number of rows or a time such as '30min'") from None
    if isinstance(window, bool) or width < 1:
        raise ValueError(f"window is {window!r}, but a window has at least 1 row")
    return min(width, 2**63 - 1)


def as_span(window: Any, name: str = "window") -> np.timedelta64:
    """Return a time as nanoseconds, above 0."""
    import pandas as pd

    try:
        span = pd.Timedelta(window).to_timedelta64().astype("timedelta64[ns]")
    except ValueError as fault:
        raise ValueError(f"{name} is {window!r}, which is no time ({fault}); give one such as '30min'") from None
    if not span > np.timedelta64(0, "ns"):
        raise ValueError(f"{name} is {window!r}, but a time above 0 is needed")
    return span


def as_rules(min_periods: Any, nan: str, window: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return ``min_periods`` and whether one value that is not finite spoils a window, as kernels take them."""
    if nan not in NAN_POLICIES:
        raise ValueError(f"nan is {nan!r}, but the policies are {', '.join(map(repr, NAN_POLICIES))}")
    try:
        least = operator.index(min_periods)
    except TypeError:
        raise TypeError(f"min_periods is {min_periods!r}, but it is a number of rows") from None
    if isinstance(min_periods, bool) or least < 1:
        raise ValueError(f"min_periods is {min_periods!r}, but a window needs at least 1 value; give 1 or more")
    if not is_span(window) and least > window:
        raise ValueError(
            f"min_periods is {least}, but the window has {window} rows, so that none would ever do; give at most that"
        )
    return _constant(least), _constant(nan == "propagate")


@lru_cache(maxsize=256, typed=True)
def _constant(value: int) -> np.ndarray:
    """Return an array of one number, the same one to all calls: no kernel writes to its inputs."""
    return np.array([value])
