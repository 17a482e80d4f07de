"""Measured seconds of kernels: the one stopwatch behind ``ferrumba calibrate`` and ``ferrumba bench``."""

from __future__ import annotations

import datetime as dt
import functools
import math
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import ferrumba
from ferrumba.dispatch import calibration
from ferrumba.dispatch.backends import REFERENCE, backends
from ferrumba.dispatch.driver import run
from ferrumba.dispatch.kernel import Arrays, Kernel
from ferrumba.dispatch.threads import threads
from ferrumba.errors import BackendIncompatible

SAMPLE = 1e-3
"""Calls shorter than this are timed in groups: the clock and the interpreter cost about a microsecond a call."""


@dataclass(frozen=True)
class Timing:
    """The least seconds that one call took; ``backend`` is None for the floor, the copy of the same bytes."""

    kernel: str
    backend: str | None
    threads: int
    rows: int
    seconds: float


def least_seconds(call: Callable[[], Any], budget: float = 0.1, repeats: int = 5) -> float:
    """Return the least seconds of a call among at least ``repeats``, and as many more as fit into ``budget`` seconds.

    One call is made before, so that compilation and first touches of memory do not count.
    """
    call()
    start = time.perf_counter()
    call()
    group = max(1, math.ceil(SAMPLE / max(time.perf_counter() - start, 1e-7)))
    deadline = time.perf_counter() + budget
    best = math.inf
    while repeats > 0 or time.perf_counter() < deadline:
        start = time.perf_counter()
        for _ in range(group):
            call()
        best = min(best, (time.perf_counter() - start) / group)
        repeats -= 1
    return best


def first_case(kernel: Kernel, rows: int, seed: int = 0) -> tuple[Arrays, Arrays]:
    """Return the inputs of a kernel's first case and outputs for them."""
    _, inputs = next(kernel.cases(np.random.default_rng(seed), rows))
    return inputs, kernel.allocate(kernel.count_rows(inputs), inputs)


def one_call(kernel: Kernel, inputs: Arrays, outputs: Arrays, name: str | None) -> Callable[[], int]:
    """Return a call that can be repeated: a kernel that changes its state gets a copy of the first one each time."""
    if not kernel.states:
        return functools.partial(run, kernel, inputs, outputs, name)

    def call() -> int:
        fresh = [values.copy() if i in kernel.states else values for i, values in enumerate(inputs)]
        return run(kernel, fresh, outputs, name)

    return call


def floor_seconds(inputs: Iterable[np.ndarray], outputs: Iterable[np.ndarray], budget: float = 0.1) -> float:
    """Return the seconds to move the bytes that a kernel must read and write: a copy of half of them."""
    half = max(1, sum(array.nbytes for array in (*inputs, *outputs)) // 2)
    source, target = np.zeros(half, np.uint8), np.empty(half, np.uint8)
    return least_seconds(lambda: np.copyto(target, source), budget)


def serving(kernel: Kernel, names: Sequence[str] | None = None) -> list[str]:
    """Return the present backends that serve a kernel, the reference first; of ``names`` only, where given."""
    return [n for n, b in backends().items() if (names is None or n in names) and b.refusal(kernel) is None]


def time_kernel(
    kernel: Kernel,
    rows: int,
    names: Sequence[str],
    counts: Sequence[int] = (1,),
    budget: float = 0.1,
    *,
    floor: bool = False,
) -> Iterator[Timing]:
    """Yield the timings of a kernel on its first case, by backend and thread count; first the floor, if wanted."""
    inputs, outputs = first_case(kernel, rows)
    if floor:
        yield Timing(kernel.name, None, 1, rows, floor_seconds(inputs, outputs, budget))
    for name in names:
        for count in counts:
            with threads(count):
                seconds = least_seconds(one_call(kernel, inputs, outputs, name), budget)
            yield Timing(kernel.name, name, count, rows, seconds)


def refuse_debug_builds(names: Iterable[str]) -> None:
    """Raise if the times of one of these backends would say nothing about the build that users have."""
    for name in names:
        backend = backends()[name]
        if backend.fault is None and backend.info().get("profile") == "debug":
            raise BackendIncompatible(
                f"backend {name!r} from {backend.origin} is a debug build, so its times would mislead; "
                "install a release build and measure again"
            )


def versions() -> dict[str, str]:
    """Return the versions that a measurement depends on."""
    found = {"ferrumba": ferrumba.__version__, "python": platform.python_version(), "numpy": np.__version__}
    found["numba"] = str(backends()[REFERENCE].info()["numba"])
    found |= {name: backend.version for name, backend in backends().items() if name != REFERENCE}
    return found


def calibrate(chosen: Sequence[Kernel], budget: float = 0.1) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for each kernel, its name and its entry in the calibration table: one thread, all sizes and backends.

    Parameters
    ----------
    chosen : sequence of Kernel
        What to measure.
    budget : float
        Seconds for each kernel, size and backend; more where five calls take longer.
    """
    refuse_debug_builds(backends())
    for kernel in chosen:
        names = serving(kernel)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for rows in kernel.sizes:
            for timing in time_kernel(kernel, rows, names, budget=budget):
                seconds[str(timing.backend)].append(float(f"{timing.seconds:.4g}"))
        yield kernel.name, {"revision": kernel.revision, "sizes": list(kernel.sizes), "seconds": seconds}


def calibration_table(entries: dict[str, Any]) -> dict[str, Any]:
    """Return the whole table around measured entries, in the form that :mod:`ferrumba.dispatch.calibration` reads."""
    return {
        "format": calibration.FORMAT,
        "machine": {"processor": calibration.processor(), "system": platform.platform()},
        "versions": versions(),
        "date": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "kernels": entries,
    }
