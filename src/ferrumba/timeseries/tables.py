"""The manners of functions on tables whose rows are time: arrays, lists and data frames in, the same kind out.

An array of shape (n,) is a table of one column. The results of arrays are arrays; those of pandas, Polars and Arrow
objects are of the same library, with the names and the index of the argument. Each library is loaded by its adapter
alone, when such an argument arrives.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ferrumba.dispatch.kernel import Input
from ferrumba.dispatch.public import as_array

ADAPTERS = {
    "pandas": "ferrumba.integrations.pandas_tables",
    "polars": "ferrumba.integrations.polars_tables",
    "pyarrow": "ferrumba.integrations.arrow_tables",
}


@dataclass(frozen=True)
class Table:
    """A table as it was given.

    Attributes
    ----------
    array : ndarray of shape (n, c)
        Its values, of any element type that casts to float64 and in any order of memory.
    wrap : callable
        ``wrap(array)`` makes an object of the given kind of an array of shape (n, c); ``wrap(array, names)`` one with
        other columns.
    times : callable
        From ``times=``, which may name a column or be left out, the times of the rows; None where there are none.
    names : sequence, optional
        Of the columns, where they have names.
    build : callable
        ``build(array, index, label, names)`` makes an object of the given kind of an array whose rows are something
        else than those of the table: ``index`` holds what they are, ``label`` says what that is; ``names`` are those
        of the columns where these are others. In kinds without an index it becomes the first column; arrays have
        none.
    """

    array: np.ndarray
    wrap: Callable[..., Any]
    times: Callable[[Any], Any] = lambda given: given
    names: Sequence[Any] | None = None
    build: Callable[..., Any] = lambda array, index, label, names=None: array

    @property
    def dtype(self) -> np.dtype:
        """The element type of results: float32 for values that are no wider, else float64."""
        return np.dtype(np.float32 if self.array.dtype in (np.float32, np.float16) else np.float64)

    def allocate(self, factor: int = 1) -> np.ndarray:
        """Return an array for results, in the order of the table's memory, with ``factor`` columns for each."""
        rows, columns = self.array.shape
        if factor == 1:
            return np.empty_like(self.array, self.dtype, subok=False)
        return np.empty((rows, factor * columns), self.dtype)


def as_table(x: Any, name: str = "x", on: str | None = None) -> Table:
    """Return a table of the values of an argument; ``on`` names a column of times that is none of them."""
    library = type(x).__module__.partition(".")[0]
    if library in ADAPTERS:
        return importlib.import_module(ADAPTERS[library]).as_table(x, name, on)
    array = as_array(Input(name, "float64"), x)
    if array.ndim == 1:
        return Table(
            array[:, None],
            lambda result, names=None: result[:, 0] if names is None else result,
            build=lambda result, index, label, names=None: result[:, 0] if names is None else result,
        )
    if array.ndim == 2:
        return Table(array, lambda result, names=None: result)
    raise ValueError(f"{name} has shape {array.shape}, but rows are time and columns are series; give (n,) or (n, c)")


def check_out(out: Any, table: Table, name: str = "out") -> np.ndarray:
    """Return ``out`` as a table of two dimensions, after a look at its form."""
    given = table.wrap(table.array)
    if type(given) is not np.ndarray:
        raise TypeError(f"{name} is given together with a {type(given).__name__}, but a new one is made; leave it out")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} is {type(out).__name__}, but it must be a NumPy array of {table.dtype}")
    if out.dtype != table.dtype or out.shape != given.shape or not out.flags.writeable:
        raise ValueError(
            f"{name} is {out.dtype}{list(out.shape)}{'' if out.flags.writeable else ', read-only'}, "
            f"but the result needs a writable array of {table.dtype}{list(given.shape)}"
        )
    return out[:, None] if out.ndim == 1 else out
