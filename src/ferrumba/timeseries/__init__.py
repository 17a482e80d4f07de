"""Features of time series: rolling statistics of tables whose rows are time, causal, on every backend."""

from ferrumba.timeseries.order import rolling_median

__all__ = ["rolling_median"]
