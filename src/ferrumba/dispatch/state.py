"""What holds for the calls of one context: backend rules, a thread count and a trace, in one ContextVar."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple


class Rule(NamedTuple):
    """One request: kernels that match ``pattern`` go to ``backend``; ``prefer`` allows another where it cannot."""

    pattern: str
    backend: str
    prefer: bool
    source: str


@dataclass(frozen=True)
class Choice:
    """Which backend serves a kernel, and why, in words."""

    kernel: str
    backend: str
    reason: str


@dataclass(frozen=True)
class Call:
    """One traced kernel call: the choice, the rows, the threads and the seconds it took."""

    kernel: str
    backend: str
    reason: str
    rows: int
    threads: int
    seconds: float


@dataclass(frozen=True)
class State:
    """An immutable set of overrides; contexts replace it as a whole."""

    rules: tuple[Rule, ...] = ()
    threads: int | None = None
    calls: list[Call] | None = None


STATE: ContextVar[State] = ContextVar("ferrumba_state", default=State())  # noqa: B039 - State is immutable
