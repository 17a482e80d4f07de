"""The distance of a value to the median of its window, in robust standard deviations."""

from ferrumba.timeseries.numba.order_statistics import NO_FLAGS, NO_TABLE, ROBUST_ZSCORE, order_statistics


def rolling_robust_zscore(values, window, min_periods, propagate, rule, zscore):
    """Fill ``zscore``; ``rule`` holds the scale, the least deviation, the limit, and whether 0 of it gives NaN."""
    return order_statistics(values, window, min_periods, propagate, ROBUST_ZSCORE, rule, zscore, NO_TABLE, NO_FLAGS)
