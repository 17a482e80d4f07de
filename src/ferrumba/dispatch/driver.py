"""The driver: it cuts a call into blocks and runs the chosen kernel on them, on as many threads as are allowed.

Block bounds depend on the number of rows only, and each block writes its own slice of the outputs, so the bits do not
depend on the thread count. Threads take the next block from one shared iterator; the calling thread is one of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from ferrumba.dispatch import choice as choosing
from ferrumba.dispatch.blocks import block_edges
from ferrumba.dispatch.choice import resolve, resolved
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.state import STATE, Call, State
from ferrumba.dispatch.tables import TILE, TableBlocks, are_canonical
from ferrumba.dispatch.threads import pool, thread_count

BLOCK = 1 << 16
"""Rows per block: about 0.3 ms of the fastest kernel, against 3 us to hand a block out (measured)."""


def block_rows(kernel: Kernel, rows: int) -> int:
    """Return the rows of a block: ``BLOCK``, its grain, or a sixteenth of all rows within bounds where rows are costly.

    Large blocks let a kernel walk its rows in an order of its own; small ones leave something for every thread.
    """
    if kernel.grain:
        return kernel.grain
    return min(max(rows // 16, BLOCK // 16), 4 * BLOCK) if kernel.costly else BLOCK


class Pieces:
    """An array of any layout, dtype or dimension that yields canonical 1-D pieces of itself, one block at a time.

    Parameters
    ----------
    array : ndarray
        The values, in C order of their indices.
    dtype : dtype
        The element type of the pieces.
    """

    def __init__(self, array: np.ndarray, dtype: np.dtype) -> None:
        self._source = array if array.ndim == 1 else array.flat
        self._dtype = dtype
        self._rows = array.size

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return a copy of some rows, or a view where they are canonical as they lie."""
        return np.require(self._source[rows], self._dtype, ("C", "A"))


def run(
    kernel: Kernel, inputs: Sequence[np.ndarray | Pieces], outputs: Sequence[np.ndarray], backend: str | None = None
) -> int:
    """Run a kernel and return the first invalid row, or -1.

    Parameters
    ----------
    kernel : Kernel
        The declaration.
    inputs : sequence of ndarray or Pieces
        Canonical arrays of the declared kinds, or :class:`Pieces` where there are more than ``BLOCK`` rows.
    outputs : sequence of ndarray
        Canonical and writable.
    backend : str, optional
        Request for this call.
    """
    state = STATE.get()
    rows = len(outputs[0]) if kernel.elementwise else kernel.count_rows(inputs, outputs)
    history = kernel.history
    values = rows if history is None else rows * inputs[history][:1].size
    found = resolved.get((kernel.name, backend, state.rules, values.bit_length()))  # 0.1 us less than calling resolve
    function, choice = resolve(kernel, values, backend, state.rules) if found is None else found
    if state.calls is None and history is None and rows << 4 <= BLOCK and not kernel.grain:
        return function(*inputs, *outputs)  # whatever the kernel, that is one block
    if history is None:
        whole = rows <= block_rows(kernel, rows) or kernel.serial
    else:  # a small table is one block, whatever its columns, and so is any that is not cut between them
        few = BLOCK >> 2 if kernel.tiled and values > rows * TILE else BLOCK
        whole = values <= few and are_canonical(kernel.arguments, (*inputs, *outputs))
    if state.calls is None:
        return function(*inputs, *outputs) if whole else _in_blocks(kernel, function, inputs, outputs, rows)[0]
    start = time.perf_counter()
    first_bad, workers = (
        (function(*inputs, *outputs), 1) if whole else _in_blocks(kernel, function, inputs, outputs, rows)
    )
    seconds = time.perf_counter() - start
    state.calls.append(Call(kernel.name, choice.backend, choice.reason, rows, workers, seconds))
    return first_bad


def serving(kernel: Kernel, backend: str | None = None) -> Callable[[], tuple[Callable[..., int], bool]]:
    """Return a function that tells what serves a kernel's calls of one block, for an object that makes many of them.

    Its second answer is whether such a call is traced; then what serves it is :func:`run`. What was found is remembered
    until somebody chooses anew or another context asks, so that every request and every trace still counts: 0.1 us,
    where ``run`` takes 1 us over the kernel itself (measured).
    """
    inputs = len(kernel.inputs)
    held: tuple[State | None, int, tuple[Callable[..., int], bool]] = (None, 0, (lambda *arrays: -1, False))

    def traced(*arrays: np.ndarray) -> int:
        return run(kernel, arrays[:inputs], arrays[inputs:], backend)

    context = STATE.get

    def serve() -> tuple[Callable[..., int], bool]:
        nonlocal held
        state = context()
        known, generation, found = held  # together: another thread may ask from another context
        if state is not known or generation != choosing.generation:
            generation = choosing.generation
            found = (traced, True) if state.calls is not None else (resolve(kernel, 1, backend, state.rules)[0], False)
            held = (state, generation, found)
        return found

    return serve


class RowBlocks:
    """The blocks of a call that is cut by rows."""

    def __init__(self, kernel: Kernel, arrays: Sequence[Any], rows: int) -> None:
        self._arrays = [(argument.kind, array) for argument, array in zip(kernel.arguments, arrays, strict=False)]
        grain = kernel.grain
        self._edges = [*range(0, rows, grain), rows] if grain else block_edges(rows, block_rows(kernel, rows))

    def __len__(self) -> int:
        return len(self._edges) - 1

    def start(self, index: int) -> int:
        """Return the first row of a block."""
        return self._edges[index]

    def run(self, function: Callable[..., int], index: int) -> int:
        """Call a kernel on a block."""
        return function(*self.cut(self._edges[index], self._edges[index + 1]))

    def cut(self, start: int, stop: int) -> list[Any]:
        """Return the part of every array that some rows need."""
        return [
            array if kind in ("whole", "scattered") or (kind == "uniform" and len(array) == 1) else array[start:stop]
            for kind, array in self._arrays
        ]


def blocks_of(kernel: Kernel, arrays: Sequence[Any], rows: int) -> RowBlocks | TableBlocks:
    """Return the blocks of a call on inputs, or on inputs and outputs."""
    if kernel.history is None:
        return RowBlocks(kernel, arrays, rows)
    return TableBlocks(kernel, arrays, rows, BLOCK)


def _in_blocks(
    kernel: Kernel,
    function: Callable[..., int],
    inputs: Sequence[np.ndarray | Pieces],
    outputs: Sequence[np.ndarray],
    rows: int,
) -> tuple[int, int]:
    blocks = blocks_of(kernel, (*inputs, *outputs), rows)
    many = len(blocks)
    indices = count()  # next() on it is atomic
    stop = threading.Event()
    bad_rows: list[int] = []

    def work() -> None:
        try:
            for index in indices:
                if index >= many or stop.is_set():
                    return
                bad = blocks.run(function, index)
                if bad >= 0:
                    bad_rows.append(blocks.start(index) + bad)
        except BaseException:
            stop.set()
            raise

    workers = max(1, min(thread_count()[0], many))
    if workers == 1:
        work()
    else:
        others = []
        try:
            others += [pool(workers - 1).submit(work) for _ in range(workers - 1)]
        except RuntimeError:
            workers = 1  # the interpreter is shutting down and starts no more threads
        try:
            work()
        finally:
            for other in others:
                if not other.cancel():
                    other.result()
    return min(bad_rows, default=-1), workers
