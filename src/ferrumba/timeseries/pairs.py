"""Pairs of columns: of one table, or of two whose rows belong together."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ferrumba.timeseries.tables import Table, as_table, suffixed


@dataclass(frozen=True)
class Pairs:
    """Pairs of columns.

    Attributes
    ----------
    table : Table
        The columns; those of a second table behind those of the first.
    columns : ndarray of int64, shape (p, 2)
        Their places in it.
    names : sequence of str
        ``<first>_<second>`` for each.
    joined : bool
        Whether there is a second table.
    single : bool
        Whether they are two series, whose result is one.
    """

    table: Table
    columns: np.ndarray
    names: Sequence[str]
    joined: bool
    single: bool

    def form(self, result: str) -> Table:
        """Return a table with a column for each pair, which frames call ``<first>_<second>_<result>``."""
        rows, many, table = len(self.table.array), len(self.names), self.table

        def wrap(found: np.ndarray, suffixes: Sequence[str]) -> Any:
            if self.single and not suffixes:
                return table.wrap(found, ())
            if table.names is not None:
                return table.dress(found, suffixed([f"{name}_{result}" for name in self.names], suffixes))
            return found.reshape(rows, *(() if self.single else (many,)), *((len(suffixes),) if suffixes else ()))

        # It has a type and a shape, and takes no memory.
        return replace(table, array=np.broadcast_to(table.dtype.type(0), (rows, many)), wrap=wrap)

    def before(self, history: Any) -> Any:
        """Return the history of the columns, if there is any: that of a second table behind that of the first."""
        if history is None or not self.joined:
            return history
        if not isinstance(history, tuple) or len(history) != 2:
            raise TypeError("history is one table, but there are x and other; give a tuple with one for each")
        first, second = (as_table(each, "history").array for each in history)
        if len(first) != len(second):
            raise ValueError(f"history has {len(first)} and {len(second)} rows, which belong together; give as many")
        return np.concatenate([first, second], axis=1)


def as_pairs(x: Any, other: Any, pairs: Any, times: Any) -> Pairs:
    """Return pairs of columns: those that are listed, or all.

    Parameters
    ----------
    x, other, pairs, times
        As for ``rolling_corr``.

    Raises
    ------
    ValueError, TypeError
        If there are none, or one is no pair of columns, or the rows of two tables do not belong together.
    """
    first = as_table(x, on=times if isinstance(times, str) else None)
    second = first if other is None else _beside(first, as_table(other, "other"))
    own, others = (range(table.array.shape[1]) for table in (first, second))
    if pairs is not None:
        places = _listed(pairs, first, second)
    elif other is not None:
        places = [*itertools.product(own, others)]
    else:
        places = [*itertools.combinations(own, 2)]
    if not places:
        raise ValueError(f"x has {len(own)} columns, but a pair needs two; give more of them, or other=")
    names = [f"{_name(first, i)}_{_name(second, j)}" for i, j in places]
    if first.names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"pairs has several that are called {twice!r}, but names tell them apart; rename columns")
    columns, table = np.array(places, np.int64), first
    if other is not None:
        columns += np.array([0, len(own)])
        table = replace(first, array=np.concatenate([first.array, second.array], axis=1))
    single = pairs is None and other is not None and first.flat and second.flat
    return Pairs(table, columns, names, other is not None, single)


def _beside(first: Table, second: Table) -> Table:
    rows, others = len(first.array), len(second.array)
    if rows != others:
        raise ValueError(f"other has {others} rows and x {rows}, but they belong together; give both as many")
    if first.labels is not None and second.labels is not None and not first.labels.equals(second.labels):
        raise ValueError("other has another index than x, but their rows belong together; align them first")
    return second


def _listed(pairs: Any, first: Table, second: Table) -> list[tuple[int, int]]:
    try:
        given = [tuple(pair) for pair in pairs]
    except TypeError:
        raise TypeError(f"pairs is {pairs!r}, but it is a list of pairs of columns, such as [(0, 1)]") from None
    if not given:
        raise ValueError("pairs is empty, but there is no result without one; list some, or leave it out")
    for pair in given:
        if len(pair) != 2:
            raise ValueError(f"pairs holds {pair!r}, but a pair is two columns; give their places or names")
    return [(_place(first, i), _place(second, j)) for i, j in given]


def _place(table: Table, column: Any) -> int:
    """Return the place of a column that is given by its name, or by its place."""
    count = table.array.shape[1]
    names = [] if table.names is None else list(table.names)
    if column in names:
        if names.count(column) > 1:
            raise ValueError(f"pairs holds {column!r}, as several columns are called; give places")
        return names.index(column)
    try:
        place = operator.index(column)
    except TypeError:
        called = f"columns are called {', '.join(map(repr, names))}" if names else "columns have no names"
        raise ValueError(f"pairs holds {column!r}, but the {called}; give one of them, or a place") from None
    if isinstance(column, bool) or not 0 <= place < count:
        raise ValueError(f"pairs holds {column!r}, but there are {count} columns; give a place from 0 to {count - 1}")
    return place


def _name(table: Table, place: int) -> Any:
    return place if table.names is None else table.names[place]
