"""Quantiles of trailing windows."""

from ferrumba.timeseries.numba.order_statistics import NO_FLAGS, NO_TABLE, QUANTILE, order_statistics


def rolling_quantile(values, window, min_periods, propagate, q, quantile):
    """Fill ``quantile``, for each column of values one column for each of ``q``."""
    return order_statistics(values, window, min_periods, propagate, QUANTILE, q, quantile, NO_TABLE, NO_FLAGS)
