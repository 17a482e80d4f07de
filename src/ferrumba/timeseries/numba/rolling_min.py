"""The least value of trailing windows."""

from ferrumba.timeseries.numba.extremes import extremes


def rolling_min(values, window, min_periods, propagate, least):
    """Fill ``least``."""
    return extremes(values, window, min_periods, propagate, 0, least)
