"""Features of time series: rolling statistics of tables whose rows are time, causal, on every backend."""

from ferrumba.dispatch.lazy import lazy

__all__, __getattr__ = lazy(__name__, {"order": ("rolling_median",)})


def __dir__() -> list[str]:
    return __all__
