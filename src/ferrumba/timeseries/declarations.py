"""The kernels of the time-series family, declared.

Rows are time. A rolling kernel takes a table ``values`` with what came before its rows, the width of the windows, and
two rules: how many finite values a window needs, and whether one that is not finite spoils it.
"""

from __future__ import annotations

import math

from ferrumba.dispatch.contracts import Bitwise
from ferrumba.dispatch.kernel import Input, Kernel, Output
from ferrumba.timeseries import cases, column_kernels

ROLLING = (
    Input("values", "float64", "history"),
    Input("window", "int64", "uniform"),
    Input("min_periods", "int64", "whole"),
    Input("propagate", "bool", "whole"),
)


def no_fault(*values: object) -> str:
    """Say that there is no wrong row: what is not finite is missing."""
    raise AssertionError(f"{values} were called invalid, but no row of a table is")


def rolling_output(name: str, dtype: str = "float64") -> Output:
    """Return an output with a column for each of the table."""
    sentinel = math.nan if dtype == "float64" else False
    return Output(name, dtype, sentinel, lambda values, *_: (values.shape[1],), "columns")


def pair_output(name: str) -> Output:
    """Return an output with a column for each of the pairs of columns."""
    return Output(name, "float64", math.nan, lambda values, window, least, propagate, pairs, *_: (len(pairs),))


def _rolling(stem, summary, outputs, made_by=cases.windows, more=(), revision=1, **options):
    inputs = (*ROLLING, *more)
    return Kernel(f"timeseries.{stem}", revision, summary, inputs, outputs, Bitwise(), made_by, no_fault, **options)


def _moments(*declared, revision=2):
    return _rolling(*declared, revision=revision, anchored=True, streams=True)


def _numbers(name: str) -> tuple[Input]:
    return (Input(name, "float64", "whole"),)


KERNELS = (
    _rolling("rolling_median", "The median of trailing windows.", (rolling_output("median"),)),
    _rolling(
        "rolling_median_mad",
        "The median of trailing windows, and the median of the distances to it.",
        (rolling_output("median"), rolling_output("mad")),
        cases.windows_with(1.4826),
        _numbers("scale"),
    ),
    _rolling(
        "rolling_robust_zscore",
        "The distance of a value to the median of its window, in robust standard deviations.",
        (rolling_output("zscore"),),
        cases.windows_with(1.4826, 0.0, 100.0, 0.0),
        _numbers("rule"),
    ),
    _rolling(
        "rolling_hampel",
        "Values far from the median of their window, and the series with the median in their place.",
        (rolling_output("filtered"), rolling_output("outlier", "bool")),
        cases.windows_with(1.4826, 0.5, 2.0),
        _numbers("rule"),
    ),
    _rolling(
        "rolling_quantile",
        "Quantiles of trailing windows.",
        (Output("quantile", "float64", math.nan, lambda values, *more: (values.shape[1] * len(more[-1]),), "columns"),),
        cases.windows_with(0.0, 0.05, 0.5, 0.9),
        _numbers("q"),
    ),
    _rolling("rolling_min", "The least value of trailing windows.", (rolling_output("least"),)),
    _rolling("rolling_max", "The greatest value of trailing windows.", (rolling_output("greatest"),)),
    _moments(
        "rolling_moments",
        "Sum, mean, variance, standard deviation, skewness and kurtosis of trailing windows.",
        tuple(rolling_output(name) for name in ("total", "mean", "var", "std", "skew", "kurt")),
        revision=3,
    ),
    _moments(
        "rolling_slope",
        "The slope of the least-squares line through trailing windows.",
        (rolling_output("slope"),),
        cases.windows_at_times,
        (Input("times", "float64", "history"), *_numbers("rate")),
    ),
    _rolling(
        "rolling_band_energy",
        "The energy in bands of frequency of trailing windows.",
        (Output("energy", "float64", math.nan, lambda values, *more: (values.shape[1] * len(more[-1]),), "columns"),),
        cases.windows_in_bands,
        (
            Input("circle", "float64", "whole"),
            Input("slopes", "float64", "whole"),
            *_numbers("taps"),
            *_numbers("gains"),
            Input("bands", "int64", "whole"),
        ),
    ),
    _moments(
        "rolling_cov",
        "Covariance and correlation of pairs of columns in trailing windows.",
        (pair_output("cov"), pair_output("corr")),
        cases.windows_of_pairs,
        (Input("pairs", "int64", "whole"),),
    ),
    *column_kernels.KERNELS,
)

BY_STEM = {kernel.stem: kernel for kernel in KERNELS}
