"""The kernels on whole columns, declared."""

from __future__ import annotations

import math

from ferrumba.dispatch.contracts import Bitwise, CloseInRow
from ferrumba.dispatch.kernel import Input, Kernel, Output
from ferrumba.timeseries import column_cases as cases


def no_fault(*values: object) -> str:
    """Say that there is no wrong row: what is not finite is missing."""
    raise AssertionError(f"{values} were called invalid, but no row is")


def _kernel(stem, summary, inputs, outputs, made_by, contract=Bitwise(), **more):  # noqa: B008 - it is frozen
    return Kernel(f"timeseries.{stem}", 1, summary, inputs, outputs, contract, made_by, no_fault, **more)


LENGTH = Input("length", "int64", "whole")
FIRST, SECOND = Input("first", "int64"), Input("second", "int64")
RESULTS = (Output("count", "int64", 0), Output("correlation", "float64", math.nan))
WHOLE_TABLE = (Input("values", "float64", "history"), Input("window", "int64", "uniform"))
FILLED = Output("filled", "float64", math.nan, lambda values, *_: (values.shape[1],), "columns")

KERNELS = (
    _kernel(
        "centre",
        "Values less the middle of their column, 0 where missing.",
        (Input("values", "float64"), Input("middle", "float64", "whole")),
        (
            Output("centred", "float64", 0.0, lambda values, middle: (len(middle),)),
            Output("missing", "bool", True, lambda values, middle: (len(middle),)),
        ),
        cases.centred,
        sizes=(1, 1_000, 10_000),
        grain=256,
    ),
    _kernel(
        "absent_sums",
        "What the columns of a table sum up to over the rows that another column lacks.",
        (
            Input("centred", "float64", "whole"),
            Input("missing", "bool", "whole"),
            Input("absent", "bool", "whole"),
            Input("column", "int64"),
        ),
        (Output("sums", "float64", 0.0, lambda centred, *_: (3 * centred.shape[1],)),),
        cases.absences,
        sizes=(1, 200),
        grain=64,
    ),
    _kernel(
        "pair_moments",
        "Co-moment and correlation of pairs of columns over the rows that both have.",
        (Input("columns", "float64", "whole"), LENGTH, FIRST, SECOND),
        (Output("count", "int64", 0), Output("moment", "float64", math.nan), RESULTS[1]),
        cases.pairs,
        sizes=(1, 100, 1_000),
        grain=16,
    ),
    _kernel(
        "column_ranks",
        "Average ranks of the values in each column, and the groups of equal ones.",
        (Input("columns", "float64"), LENGTH),
        (
            Output("doubled", "int32", 0, lambda columns, length: (int(length[0]),)),
            Output("group", "int32", 0, lambda columns, length: (int(length[0]),)),
            Output("size", "int32", 0, lambda columns, length: (int(length[0]),)),
            Output("groups", "int64", 0),
        ),
        cases.columns,
        sizes=(1, 100, 1_000),
        grain=4,
    ),
    _kernel(
        "pair_ranks",
        "Spearman's correlation of pairs of ranked columns over the rows that both have.",
        (
            Input("group", "int32", "whole"),
            Input("size", "int32", "whole"),
            Input("groups", "int64", "whole"),
            Input("absent", "int32", "whole"),
            Input("ends", "int64", "whole"),
            FIRST,
            SECOND,
        ),
        RESULTS,
        cases.ranked_pairs,
        sizes=(1, 100, 1_000),
        grain=64,
    ),
    _kernel(
        "carry",
        "Missing values filled with the last one before them, or the first one behind.",
        (*WHOLE_TABLE, Input("limit", "int64", "whole"), Input("backward", "bool", "whole")),
        (FILLED,),
        cases.carried,
        looks_ahead=True,
        streams=True,
    ),
    _kernel(
        "interpolate",
        "Missing values on the line between their neighbours.",
        (
            *WHOLE_TABLE,
            Input("position", "float64", "whole"),
            Input("forward", "int64", "whole"),
            Input("backward", "int64", "whole"),
            Input("area", "int64", "whole"),
        ),
        (FILLED,),
        cases.interpolated,
        looks_ahead=True,
    ),
    _kernel(
        "lag_stack",
        "Every column beside itself some rows earlier.",
        (*WHOLE_TABLE, Input("lags", "int64", "whole")),
        (
            Output(
                "stacked", "float64", math.nan, lambda values, window, lags: (values.shape[1] * len(lags),), "columns"
            ),
        ),
        cases.lagged,
        streams=True,
    ),
    _kernel(
        "row_band_energy",
        "The energy in bands of frequency of every row of a table, its mean removed.",
        (
            *WHOLE_TABLE,
            Input("taper", "float64", "whole"),
            Input("gains", "float64", "whole"),
            Input("bands", "int64", "whole"),
        ),
        (Output("energy", "float64", math.nan, lambda values, window, taper, gains, bands: (len(bands),)),),
        cases.rows_in_bands,
        CloseInRow(1e-13),
        sizes=(1, 1_000, 10_000),
    ),
)
