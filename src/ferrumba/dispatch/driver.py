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

from ferrumba.dispatch.choice import resolve
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.state import STATE, Call
from ferrumba.dispatch.threads import pool, thread_count

BLOCK = 1 << 16
"""Rows per block: about 0.3 ms of the fastest kernel, against 3 us to hand a block out (measured)."""


def block_rows(kernel: Kernel, rows: int) -> int:
    """Return the rows of a block: ``BLOCK``, or a sixteenth of all rows within bounds where rows are costly.

    Large blocks let a kernel walk its rows in an order of its own; small ones leave something for every thread.
    """
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
    function, choice = resolve(kernel, rows, backend, state.rules)
    block = block_rows(kernel, rows)
    small = rows <= block or kernel.serial
    if state.calls is None:
        return function(*inputs, *outputs) if small else _in_blocks(kernel, function, inputs, outputs, rows)[0]
    start = time.perf_counter()
    first_bad, workers = (
        (function(*inputs, *outputs), 1) if small else _in_blocks(kernel, function, inputs, outputs, rows)
    )
    seconds = time.perf_counter() - start
    state.calls.append(Call(kernel.name, choice.backend, choice.reason, rows, workers, seconds))
    return first_bad


def _cut(kind: str, array: Any, start: int, stop: int) -> Any:
    """Return the part of an array that the rows of a block need."""
    if kind in ("whole", "scattered") or (kind == "uniform" and len(array) == 1):
        return array
    return array[start:stop]


def _in_blocks(
    kernel: Kernel,
    function: Callable[..., int],
    inputs: Sequence[np.ndarray | Pieces],
    outputs: Sequence[np.ndarray],
    rows: int,
) -> tuple[int, int]:
    arrays = [(a.kind, array) for a, array in zip(kernel.arguments, (*inputs, *outputs), strict=True)]
    block = block_rows(kernel, rows)
    starts = count(0, block)  # next() on it is atomic
    stop = threading.Event()
    bad_rows: list[int] = []

    def work() -> None:
        try:
            for start in starts:
                if start >= rows or stop.is_set():
                    return
                end = min(start + block, rows)
                bad = function(*[_cut(kind, array, start, end) for kind, array in arrays])
                if bad >= 0:
                    bad_rows.append(start + bad)
        except BaseException:
            stop.set()
            raise

    workers = min(thread_count()[0], -(-rows // block))
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
