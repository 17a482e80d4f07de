"""How a long command runs: it shows how far it is, can be interrupted, and its output appears whole or not at all."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa

import ferrumba
from ferrumba.cli.console import Terminated, err
from ferrumba.cli.writers import Writer, open_writer, replacing

PROGRESS_AFTER = 0.5
"""Seconds before a progress bar appears: shorter runs would only flicker."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let a request to end the process unwind the stack, so that temporary files are removed."""

    def end(*_: int | FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how much of ``total`` is done; on a terminal only, and not for short runs."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.progress import Progress

    bar = Progress(console=err(), transient=True)
    task = bar.add_task(label, total=total)
    begun = time.monotonic()

    def show(done: int) -> None:
        if time.monotonic() - begun > PROGRESS_AFTER:
            bar.start()
        bar.update(task, completed=done)

    try:
        yield show
    finally:
        bar.stop()


@contextmanager
def computing(threads: int | None) -> Iterator[list[Any]]:
    """Yield a list that fills with the calls that kernels serve, on so many threads; signals unwind the stack."""
    with terminable(), nullcontext() if threads is None else ferrumba.threads(threads), ferrumba.trace() as calls:
        yield calls


def served(calls: Iterable[Any]) -> str:
    """Return which backends served the calls, and why."""
    reasons: dict[str, dict[str, None]] = {}
    for call in calls:
        reasons.setdefault(call.backend, {})[call.reason] = None
    told = []
    for backend, (first, *more) in reasons.items():
        others = f", and {len(more)} more such reasons" if more else ""
        told.append(f"{backend} ({first}{others})")
    return ", ".join(told) or "not needed"


@contextmanager
def writing(
    output: Path, schema: pa.Schema, new: Sequence[pa.Field], label: str, total: int
) -> Iterator[tuple[Writer, Callable[[int], None]]]:
    """Yield a writer of a file that appears when the block ends well, and a function that shows progress."""
    with (
        replacing(output) as file,
        open_writer(file, output, schema, new) as writer,
        progress(label, total) as show,
    ):
        yield writer, show
