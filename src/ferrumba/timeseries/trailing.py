"""What all functions of trailing windows take, declared and described once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class Trailing(TypedDict, total=False):
    """The options of every function of trailing windows."""

    min_periods: int
    nan: str
    times: Any
    history: Any
    out: Any
    backend: str | None


DEFAULTS = {"min_periods": 1, "nan": "omit", "times": None, "history": None, "out": None, "backend": None}

TABLE = """\
x : array_like or data frame, shape (n,) or (n, c)
    Rows are time, columns are series. Real numbers in any order of memory; a Series or DataFrame of pandas or
    Polars, or a Table of Arrow.
window : int, str or timedelta
    Rows of the window, its own included: row i sees the rows from ``i - window + 1`` to i, as many as there are.
    Or a time such as ``"30min"``: row i sees the rows from then on whose time is above its own less the window.
"""

OPTIONS = """\
min_periods : int
    How many finite values a window needs, from 1 to ``window``; with fewer the result is NaN.
nan : {"omit", "propagate"}
    Only finite values count: NaN and infinity are missing. With ``"propagate"`` one missing value makes the result
    NaN.
times : array_like of datetime64, or str
    The times of the rows for a window in time, ascending; or the name of the column that holds them. An index of
    dates is taken by itself.
history : array_like, shape (m, c)
    What came before the first row; of it, the last ``window - 1`` rows are read. So a series that comes in blocks
    gives the same bits as in one piece.
out : ndarray, optional
    Where the result goes; of the shape of ``x`` and the element type of the result. It may overlap ``x``. Where
    there are two results, a tuple of two.
backend : str, optional
    Request for this call.
"""

RAISES = """\
Raises
------
ValueError, TypeError
    If an argument is out of its range or of another kind.

"""

PARAMETERS, RETURNS = "Parameters\n----------\n", "Returns\n-------\n"


def trailing(function: Function) -> Function:
    """Give a function of trailing windows the whole of its signature and of its docstring.

    The function takes ``**options`` of :class:`Trailing`. Its own docstring describes what it takes besides, if
    anything, and what it returns; what all such functions take and raise is put around that.
    """
    signature = inspect.signature(function)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "options"]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Trailing.__annotations__[name].__forward_arg__,
        )
        for name, default in DEFAULTS.items()
    ]
    function.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
    if function.__doc__:  # not with python -OO
        summary, _, results = inspect.cleandoc(function.__doc__).partition(RETURNS)
        summary, _, besides = summary.partition(PARAMETERS)
        results, _, rest = results.partition("\n\n")
        described = "\n".join(filter(None, [PARAMETERS + TABLE.strip(), besides.strip(), OPTIONS.strip()]))
        function.__doc__ = "\n\n".join([summary.strip(), described, RETURNS + results, RAISES + rest])
    return function
