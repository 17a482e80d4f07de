"""The manners of functions on tables whose rows are time: arrays, lists and data frames in, the same kind out.

An array of shape (n,) is a table of one column. The results of arrays are arrays; those of pandas, Polars and Arrow
objects are of the same library, with the names and the index of the argument. Each library is loaded by its adapter
alone, when such an argument arrives.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ferrumba.dispatch.kernel import Input
from ferrumba.dispatch.public import as_array

ADAPTERS = {
    "pandas": "ferrumba.integrations.pandas_tables",
    "polars": "ferrumba.integrations.polars_tables",
    "pyarrow": "ferrumba.integrations.arrow_tables",
}

DEFERRED = dict.fromkeys(("dask", "dask_expr"), "ferrumba.integrations.dask_timeseries")
"""Where functions of windows are mapped over collections that are not in memory."""

HALF, SINGLE, DOUBLE = map(np.dtype, (np.float16, np.float32, np.float64))


@dataclass(eq=False, slots=True)  # frozen, one took 1.6 us to make and not 0.5
class Table:
    """A table as it was given; nobody changes it.

    Attributes
    ----------
    array : ndarray of shape (n, c)
        Its values, of any element type that casts to float64 and in any order of memory.
    wrap : callable
        ``wrap(result, suffixes)`` makes an object of the given kind of an array of shape (n, c). With k suffixes the
        array has k columns for each; frames name them ``column_suffix``, arrays have them along a last axis.
    times : callable
        From ``times=``, which may name a column or be left out, the times of the rows; None where there are none.
    names : sequence, optional
        Of the columns, where they have names.
    dress : callable
        ``dress(result, names)`` makes an object of the given kind of an array of any columns, called so in frames.
    build : callable
        ``build(result, index, label, names)`` makes an object of the given kind of an array whose rows are something
        else than those of the table: ``index`` holds what they are, ``label`` says what that is; ``names`` are those
        of the columns where these are others. In kinds without an index it becomes the first column; arrays have
        none.
    labels : object, optional
        The index of the rows, where they have one; it tells by ``equals`` whether another is the same.
    flat : bool
        Whether it was given with one axis.
    row : callable
        ``row(result)`` makes an object of one value for each column of an array of shape (c,): a number if ``flat``, a
        Series of pandas, a table of one row of Polars or Arrow.
    """

    array: np.ndarray
    wrap: Callable[[np.ndarray, Sequence[str]], Any]
    times: Callable[[Any], Any] = lambda given: given
    names: Sequence[Any] | None = None
    dress: Callable[[np.ndarray, Sequence[str]], Any] = lambda result, names: result
    build: Callable[..., Any] = lambda result, index, label, names=None: result
    labels: Any = None
    flat: bool = False
    row: Callable[[np.ndarray], Any] = lambda result: result

    @property
    def dtype(self) -> np.dtype:
        """The element type of results: float32 for values that are no wider, else float64."""
        return SINGLE if self.array.dtype in (SINGLE, HALF) else DOUBLE

    def allocate(self, dtype: np.dtype, factor: int) -> np.ndarray:
        """Return an array for results with ``factor`` columns for each; if that is 1, in the order of the table."""
        rows, columns = self.array.shape
        if factor == 1:
            return np.empty_like(self.array, dtype, subok=False)
        return np.empty((rows, factor * columns), dtype)


def deferred(x: Any) -> Any | None:
    """Return the module that maps functions over collections such as ``x``, or None if it is in memory."""
    if type(x) is np.ndarray:
        return None
    library = type(x).__module__.partition(".")[0]
    return importlib.import_module(DEFERRED[library]) if library in DEFERRED else None


def suffixed(names: Iterable[Any], suffixes: Sequence[str]) -> list[Any]:
    """Return the names of columns, or one with each of the suffixes for each of them."""
    if not suffixes:
        return list(names)
    return [suffix if name in (None, "") else f"{name}_{suffix}" for name in names for suffix in suffixes]


@lru_cache
def _argument(name: str) -> Input:
    return Input(name, "float64")


def as_table(x: Any, name: str = "x", on: str | None = None) -> Table:
    """Return a table of the values of an argument; ``on`` names a column of times that is none of them."""
    if type(x) is not np.ndarray and (library := type(x).__module__.partition(".")[0]) in ADAPTERS:
        return importlib.import_module(ADAPTERS[library]).as_table(x, name, on)
    array = as_array(_argument(name), x)
    if array.ndim == 1:
        return Table(
            array[:, None],
            lambda result, suffixes: result if suffixes else result[:, 0],
            build=lambda result, index, label, names=None: result[:, 0] if names is None else result,
            flat=True,
            row=lambda result: result[0],
        )
    if array.ndim == 2:
        shape = array.shape
        return Table(array, lambda result, suffixes: result.reshape(*shape, len(suffixes)) if suffixes else result)
    raise ValueError(f"{name} has shape {array.shape}, but rows are time and columns are series; give (n,) or (n, c)")


def every(x: Any, step: int) -> Any:
    """Return the rows 0, ``step``, ``2 * step`` and so on of a table that was given."""
    library = type(x).__module__.partition(".")[0]
    if library in ADAPTERS:
        return importlib.import_module(ADAPTERS[library]).every(x, step)
    return as_array(_argument("x"), x)[::step]


def check_out(out: Any, table: Table, dtype: np.dtype, suffixes: Sequence[str]) -> None:
    """Raise unless ``out`` can hold a result of this element type."""
    given = table.wrap(table.array, ())
    if type(given) is not np.ndarray:
        raise TypeError(f"out is given together with a {type(given).__name__}, but a new one is made; leave it out")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is {type(out).__name__}, but it must be a NumPy array of {dtype}")
    shape = (*given.shape, len(suffixes)) if suffixes else given.shape
    if out.dtype != dtype or out.shape != shape or not out.flags.writeable:
        raise ValueError(
            f"out is {out.dtype}{list(out.shape)}{'' if out.flags.writeable else ', read-only'}, "
            f"but the result needs a writable array of {dtype}{list(shape)}"
        )


def as_two_axes(array: np.ndarray) -> np.ndarray:
    """Return an array of shape (n,) as one of shape (n, 1), and others as they are."""
    return array[:, None] if array.ndim == 1 else array
