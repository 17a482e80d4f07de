"""The least value of trailing windows."""

import numpy as np

from ferrumba.timeseries.numba.order_statistics import NO_FLAGS, NO_TABLE, QUANTILE, order_statistics

LOWEST = np.array([0.0])


def rolling_min(values, window, min_periods, propagate, least):
    """Fill ``least``."""
    return order_statistics(values, window, min_periods, propagate, QUANTILE, LOWEST, least, NO_TABLE, NO_FLAGS)
