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


def rolling_output(name: str) -> Output:
    """Return an output with a column for each of the table."""
    return Output(name, "float64", math.nan, lambda values, *_: (values.shape[1],), "columns")


def _order(stem, summary, outputs, made_by=cases.windows, more=()):
    return Kernel(f"timeseries.{stem}", 1, summary, (*ROLLING, *more), outputs, Bitwise(), made_by, no_fault)


KERNELS = (
    _order("rolling_median", "The median of trailing windows.", (rolling_output("median"),)),
    *column_kernels.KERNELS,
)

BY_STEM = {kernel.stem: kernel for kernel in KERNELS}
