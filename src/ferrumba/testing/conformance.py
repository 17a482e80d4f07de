"""Parity of a backend with the reference: every kernel, case, memory layout and thread count, from the declarations."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.backends import REFERENCE, backends
from ferrumba.dispatch.kernel import Arrays, Kernel
from ferrumba.dispatch.public import apply
from ferrumba.dispatch.registry import kernels
from ferrumba.dispatch.threads import threads

ROWS = 3000
SMALL_BLOCK = 256
THREADS = (1, 2, 7)


def _strided(array: np.ndarray) -> np.ndarray:
    buffer = np.zeros(2 * array.size, array.dtype)
    buffer[::-2] = array
    return buffer[::-2]


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": lambda array: array,
    "strided": _strided,
    "Fortran": lambda array: np.asfortranarray(array.reshape(2, -1)),
    "read-only": _read_only,
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
}


@dataclass(frozen=True)
class Result:
    """The outcome of one comparison; ``fault`` is None where the backend kept the kernel's contract."""

    kernel: str
    case: str
    layout: str
    threads: int
    fault: str | None


@contextmanager
def small_blocks(rows: int = SMALL_BLOCK) -> Iterator[None]:
    """Let the driver cut after so few rows that small inputs run in many blocks; for one thread of tests at a time."""
    before, driver.BLOCK = driver.BLOCK, rows
    try:
        yield
    finally:
        driver.BLOCK = before


def reference(kernel: Kernel, inputs: Arrays) -> tuple[Arrays, int]:
    """Return the outputs and the first invalid row by one direct call of the reference, without the driver.

    States count as outputs here: behind the declared ones come the states as the call leaves them.
    """
    rows = kernel.count_rows(inputs)
    outputs, inputs = kernel.allocate(rows, inputs), fresh_states(kernel, inputs)
    first_bad = backends()[REFERENCE].load(kernel.name)(*inputs, *outputs)
    return (*outputs, *(inputs[i] for i in kernel.states)), int(first_bad)


def fresh_states(kernel: Kernel, inputs: Arrays) -> Arrays:
    """Return the inputs with a copy in place of every state."""
    return tuple(values.copy() if i in kernel.states else values for i, values in enumerate(inputs))


def _compare(kernel: Kernel, expected: Arrays, found: Arrays, untouched: bool) -> str | None:
    names = [*[output.name for output in kernel.outputs], *[kernel.inputs[i].name for i in kernel.states]]
    for name, wanted, got in zip(names, expected, found, strict=True):
        if fault := kernel.contract.check(wanted, got.reshape(wanted.shape)):
            return f"{name}: {fault}"
    return None if untouched else "an input was changed"


def _check(kernel: Kernel, inputs: Arrays, expected: Arrays, backend: str, layout: str, count: int) -> str | None:
    laid_out = [LAYOUTS[layout](values) if len(values) > 1 else values for values in inputs]
    copies = [values.copy() for values in laid_out]
    try:
        with threads(count):
            found = apply(kernel, *laid_out, backend=backend, invalid="sentinel")
    except Exception as fault:  # noqa: BLE001 - a report says what a backend raised, whatever it is
        return f"{type(fault).__name__}: {fault}"
    arrays = found if isinstance(found, tuple) else (found,)
    untouched = all(a.tobytes() == b.tobytes() for a, b in zip(copies, laid_out, strict=True))
    return _compare(kernel, expected, arrays, untouched)


def _check_status(
    kernel: Kernel, inputs: Arrays, expected: Arrays, first_bad: int, backend: str, count: int
) -> str | None:
    outputs, inputs = kernel.allocate(kernel.count_rows(inputs), inputs), fresh_states(kernel, inputs)
    try:
        with threads(count):
            found = driver.run(kernel, inputs, outputs, backend)
    except Exception as fault:  # noqa: BLE001 - as above
        return f"{type(fault).__name__}: {fault}"
    if type(found) is not int or found != first_bad:
        return f"the first invalid row is {found!r}, not {first_bad}"
    return _compare(kernel, expected, (*outputs, *(inputs[i] for i in kernel.states)), untouched=True)


def verify_kernel(kernel: Kernel, backend: str, seed: int = 0) -> Iterator[Result]:
    """Yield the results of a kernel: each case in one piece, in blocks, and in every layout and number of threads."""
    rng = np.random.default_rng([seed, zlib.crc32(kernel.name.encode())])
    for rows in (0, 1, ROWS):
        for case, inputs in kernel.cases(rng, rows):
            expected, first_bad = reference(kernel, inputs)
            label = f"{case}, {rows} rows"
            yield Result(
                kernel.name, label, "direct", 1, _check_status(kernel, inputs, expected, first_bad, backend, 1)
            )
            if rows < ROWS:
                continue
            for count in THREADS:
                with small_blocks():
                    fault = _check_status(kernel, inputs, expected, first_bad, backend, count)
                yield Result(kernel.name, label, "blocks", count, fault)
            if not kernel.elementwise:
                continue
            for layout in LAYOUTS:
                for count in THREADS:
                    with small_blocks():
                        fault = _check(kernel, inputs, expected, backend, layout, count)
                    yield Result(kernel.name, label, layout, count, fault)


def verify(backend: str, names: Iterable[str] | None = None, seed: int = 0) -> Iterator[Result]:
    """Yield the results of every kernel that a backend serves at the declared revision.

    Parameters
    ----------
    backend : str
        Name of an installed backend.
    names : iterable of str, optional
        Kernels to look at; all by default.
    seed : int
        Seed of the cases.
    """
    for kernel in kernels().values():
        if (names is None or kernel.name in set(names)) and backends()[backend].refusal(kernel) is None:
            yield from verify_kernel(kernel, backend, seed)
