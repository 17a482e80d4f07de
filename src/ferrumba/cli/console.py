"""What every command prints through: sentences, tables, JSON, and the errors that are sentences, not tracebacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from ferrumba.cli import missing_extra
from ferrumba.errors import BackendError

PIPE_WIDTH = 160
"""Columns of a table that is not printed on a terminal, where nothing tells how wide it may be."""

INTERRUPTED, TERMINATED = 130, 143


class Failure(Exception):
    """One sentence for the person at the terminal; the command ends with this exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


class Terminated(BaseException):
    """The process was asked to end by a signal other than the interrupt key's."""


def out() -> Console:
    """Return the console of standard output, made anew so that it follows a redirected ``sys.stdout``."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def err() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def say(sentence: str) -> None:
    """Print a sentence on standard output, in one line and with no character taken for markup."""
    out().print(sentence, markup=False, soft_wrap=True)


def warn(sentence: str) -> None:
    """Print a sentence on standard error."""
    err().print(sentence, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value as JSON and nothing else."""
    print(json.dumps(value, indent=1, default=str))


def table(title: str, *columns: str, numbers: Iterable[str] = ()) -> Table:
    """Return an empty table; the columns named in ``numbers`` are set flush right."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    right = set(numbers)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def duration(seconds: float) -> str:
    """Return seconds in the unit that suits them, with three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def sentence_of(fault: BaseException) -> str | None:
    """Return what to tell about an exception that is the user's to mend, or None for one that is a defect of ours."""
    if isinstance(fault, ModuleNotFoundError) and not isinstance(fault, BackendError):
        return missing_extra(fault)
    if isinstance(fault, OSError) and fault.filename is not None:
        return f"{fault.filename}: {fault.strerror}"
    if isinstance(fault, Failure | BackendError | ValueError | OSError):
        return str(fault)
    return None


@contextmanager
def sentences() -> Iterator[None]:
    """Turn exceptions that are the user's to mend into one sentence on standard error and an exit code."""
    import typer

    try:
        yield
    except KeyboardInterrupt:
        warn("ferrumba: interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except Terminated:
        warn("ferrumba: terminated")
        raise typer.Exit(TERMINATED) from None
    except Exception as fault:
        sentence = sentence_of(fault)
        if sentence is None:
            raise
        warn(f"ferrumba: {' '.join(sentence.split())}")
        raise typer.Exit(fault.code if isinstance(fault, Failure) else 1) from None
