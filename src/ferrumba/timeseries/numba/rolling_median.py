"""The median of trailing windows."""

from ferrumba.timeseries.numba.order_statistics import MEDIAN_MAD, NO_FLAGS, NO_NUMBERS, NO_TABLE, order_statistics


def rolling_median(values, window, min_periods, propagate, median):
    """Fill ``median``; the mean of the two middle values where their number is even."""
    return order_statistics(values, window, min_periods, propagate, MEDIAN_MAD, NO_NUMBERS, median, NO_TABLE, NO_FLAGS)
