"""Features of time series: rolling statistics of tables whose rows are time, causal, on every backend."""

from ferrumba.dispatch.lazy import lazy

__all__, __getattr__ = lazy(
    __name__,
    {
        "features": ("FeatureBuilder",),
        "order": (
            "rolling_median",
            "rolling_mad",
            "rolling_median_mad",
            "rolling_robust_zscore",
            "rolling_hampel",
            "rolling_quantile",
            "rolling_min",
            "rolling_max",
        ),
    },
)


def __dir__() -> list[str]:
    return __all__
