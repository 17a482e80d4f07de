"""The greatest value of trailing windows."""

from ferrumba.timeseries.numba.extremes import extremes


def rolling_max(values, window, min_periods, propagate, greatest):
    """Fill ``greatest``."""
    return extremes(values, window, min_periods, propagate, -1, greatest)
