"""The greatest value of trailing windows."""

import numpy as np

from ferrumba.timeseries.numba.order_statistics import NO_FLAGS, NO_TABLE, QUANTILE, order_statistics

HIGHEST = np.array([1.0])


def rolling_max(values, window, min_periods, propagate, greatest):
    """Fill ``greatest``."""
    return order_statistics(values, window, min_periods, propagate, QUANTILE, HIGHEST, greatest, NO_TABLE, NO_FLAGS)
