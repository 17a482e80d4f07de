"""Features of time series: tables whose rows are time, by trailing windows or as a whole, on every backend."""

from ferrumba.dispatch.lazy import lazy

__all__, __getattr__ = lazy(
    __name__,
    {
        "autocorrelation": ("acf",),
        "correlation": ("corr_matrix", "cov_matrix"),
        "filling": ("bfill", "ffill", "interpolate"),
        "lags": ("lag_stack",),
        "order": ("rolling_median",),
        "resampling": ("resample",),
        "seasonal": ("SeasonalProfile", "seasonal_profile"),
        "spectra": ("band_energy", "spectrum"),
    },
)


def __dir__() -> list[str]:
    return __all__
