"""The blocks of a call on tables whose rows are time, and each of whose results is a function of a trailing window.

A block is some rows of some columns, with as many rows before it as its first window reaches back. What a window gives
does not depend on the block, or only on where its sums begin anew, which is where blocks begin then; so cutting changes
no bit, and a single column keeps several threads busy. Views of any strides serve row-major and column-major tables
without a copy; other element types are converted block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ferrumba.dispatch.blocks import block_edges
from ferrumba.dispatch.kernel import Input, Kernel, Output

TILE = 8
"""Columns that kernels take side by side, and those of a block: a line of the cache in a row-major table."""

WIDE = (2 * TILE, 4 * TILE)
"""The least and the most columns of a block of a row-major table for kernels that stream, such as those of sums, which
wait for lines of the cache that lie across two tiles: a mean (10,000 x 50, windows of 16) took 1.10 ms in blocks of 8
columns and takes 0.72 in those of 32, while a median took a fifth more."""

SHARE = 16
"""A block has at least so many rows for each row of history that is read again for it."""


class TableBlocks:
    """The blocks of a call that is cut by rows and columns.

    Parameters
    ----------
    kernel : Kernel
        A declaration with an input of kind ``history``.
    arrays : sequence of ndarray
        Its inputs, or inputs and outputs.
    rows : int
        Rows of the call.
    size : int
        About how many values a block shall have.
    """

    def __init__(self, kernel: Kernel, arrays: Sequence[np.ndarray], rows: int, size: int) -> None:
        arguments = kernel.arguments[: len(arrays)]
        self._rows, self._columns = rows, arrays[kernel.history or 0].shape[1]
        self._main = kernel.inputs[kernel.history or 0]
        self._window = arrays[kernel.window]
        # Outputs by rows, such as those of pairs of columns, need all columns.
        self._reach = max(min(int(self._window.max(initial=1)), rows), 1)
        self._tile = max(self._columns, 1)
        if kernel.tiled:
            low, high = WIDE if kernel.streams and _is_by_rows(arrays[kernel.history or 0]) else (TILE, TILE)
            self._tile = min(max(size // (SHARE * self._reach) // TILE * TILE, low), high)
        self._tiles = -(-self._columns // self._tile) if rows else 0
        self._edges = self._cut_rows(kernel, size)
        # Only what differs from block to block is cut for each of them: a block takes 4 us and not 9.
        self._common = list(arrays)
        self._cut = [(at, *pair) for at, pair in enumerate(zip(arguments, arrays, strict=True)) if _is_cut(*pair)]
        self._converted = [
            (at, argument)
            for at, (argument, array) in enumerate(zip(arguments, arrays, strict=True))
            if not are_canonical((argument,), (array,))
        ]

    def _cut_rows(self, kernel: Kernel, size: int) -> list[int]:
        """Return where the rows of blocks begin and the last ones end, see :class:`TableBlocks`."""
        rows, columns, reach = self._rows, max(self._columns, 1), self._reach
        # Kernels cut few columns once more, into series side by side, each behind a history of its own.
        series = max(TILE // columns, 1)
        high = max(size // min(columns, self._tile), SHARE * reach, min(SHARE * reach * series, rows // 4))
        whole = kernel.serial or (kernel.anchored and len(self._window) > 1)
        if whole or rows * self._columns <= size:
            edges = [0, rows]
        elif self._tiles == 1:
            edges = block_edges(rows, high, SHARE * reach)
        else:
            # Several tiles make many blocks, of which the last are short beside the rest as they are.
            times = -(-rows // high)
            times += times > 1 and times * self._tiles % 2  # two threads finish together
            edges = [turn * rows // times for turn in range(times + 1)]
        step = reach if kernel.anchored else 1
        step *= series if step * series <= high // 4 else 1
        return [*(row // step * step for row in edges[:-1]), rows]

    def __len__(self) -> int:
        return (len(self._edges) - 1) * self._tiles

    def start(self, index: int) -> int:
        """Return the first row of a block."""
        return self._edges[index // self._tiles]

    def run(self, function: Callable[..., int], index: int) -> int:
        """Call a kernel on a block."""
        first = index % self._tiles * self._tile
        last = min(first + self._tile, self._columns)
        part = self.cut(self.start(index), self.start(index + self._tiles), first, last)
        if not self._converted:
            return function(*part)
        lent = list(part)
        for at, argument in self._converted:
            lent[at] = _canonical(argument, part[at])
        bad = function(*lent)
        for at, argument in self._converted:
            if isinstance(argument, Output):
                with np.errstate(over="ignore"):
                    np.copyto(part[at], lent[at], casting="same_kind")
        return bad

    def cut(self, start: int, stop: int, first: int = 0, last: int | None = None) -> list[Any]:
        """Return the part of every array that belongs to some rows and to the columns from ``first`` to ``last``."""
        last = self._columns if last is None else last
        part = self._common.copy()
        for at, argument, array in self._cut:
            if argument.kind == "columns":
                each = array.shape[1] // self._columns  # 0 where the output is not wanted
                part[at] = array[start:stop, each * first : each * last]
            elif argument.kind == "history":
                before = len(array) - self._rows
                width = int(self._window[min(start, len(self._window) - 1)]) if len(self._window) else 1
                mine = slice(first, last) if argument is self._main else slice(None)
                part[at] = array[max(0, before + start - width + 1) : before + stop, mine]
            else:
                part[at] = array[start:stop]
        return part


def _is_by_rows(table: np.ndarray) -> bool:
    by_row, by_column = map(abs, table.strides)
    return by_column < by_row


def _is_cut(argument: Input | Output, array: np.ndarray) -> bool:
    return argument.kind in ("columns", "history", "row") or (argument.kind == "uniform" and len(array) > 1)


def are_canonical(arguments: Iterable[Input | Output], arrays: Iterable[Any]) -> bool:
    """Return whether a kernel takes arrays as they are."""
    for argument, array in zip(arguments, arrays, strict=False):  # a loop, as a function for each took 0.2 us
        dtype = array.dtype
        if not ((dtype is argument.numpy or dtype == argument.numpy) and array.flags.aligned):
            return False
    return True


def _canonical(argument: Input | Output, array: np.ndarray) -> np.ndarray:
    if isinstance(argument, Output):
        return np.empty_like(array, argument.numpy)
    return np.require(array, argument.numpy, ("A",))
