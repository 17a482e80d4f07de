"""Values far from the median of their window, and the series with the median in their place."""

from ferrumba.timeseries.numba.order_statistics import HAMPEL, NO_TABLE, order_statistics


def rolling_hampel(values, window, min_periods, propagate, rule, filtered, outlier):
    """Fill both tables; ``rule`` holds the scale, the least deviation, and how many of them are far."""
    return order_statistics(values, window, min_periods, propagate, HAMPEL, rule, filtered, NO_TABLE, outlier)
