"""The median of trailing windows, and the median of the distances to it."""

from ferrumba.timeseries.numba.order_statistics import MEDIAN_MAD, NO_FLAGS, order_statistics


def rolling_median_mad(values, window, min_periods, propagate, scale, median, mad):
    """Fill ``median`` and ``mad`` where they are wanted; the latter is multiplied by ``scale``."""
    return order_statistics(values, window, min_periods, propagate, MEDIAN_MAD, scale, median, mad, NO_FLAGS)
