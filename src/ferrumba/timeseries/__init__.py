"""Features of time series: tables whose rows are time, by trailing windows or as a whole, on every backend."""

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
        "autocorrelation": ("acf",),
        "correlation": ("corr_matrix", "cov_matrix"),
        "correlation_of_windows": ("rolling_corr", "rolling_cov", "rolling_lagged_corr"),
        "filling": ("bfill", "ffill", "interpolate"),
        "lags": ("lag_stack",),
        "resampling": ("resample",),
        "seasonal": ("SeasonalProfile", "seasonal_profile"),
        "spectra": ("band_energy", "spectrum"),
        "columns": ("column_quantiles", "column_median_mad"),
        "moments": (
            "rolling_sum",
            "rolling_mean",
            "rolling_var",
            "rolling_std",
            "rolling_mean_std",
            "rolling_skew",
            "rolling_kurt",
            "rolling_skew_kurt",
            "rolling_slope",
        ),
        "spectra_of_windows": ("rolling_band_energy",),
    },
)


def __dir__() -> list[str]:
    return __all__
