"""Kernels by the names and patterns of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ferrumba.cli.console import Failure
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.registry import kernels


def chosen(patterns: Iterable[str]) -> list[Kernel]:
    """Return the kernels that any pattern matches, by full name or by the part after the dot."""
    wanted: set[str] = set()
    for pattern in patterns:
        found = {n for n, k in kernels().items() if fnmatchcase(n, pattern) or fnmatchcase(k.stem, pattern)}
        if not found:
            raise Failure(f"{pattern!r} matches no kernel; choose from {', '.join(kernels())}")
        wanted |= found
    return [kernel for name, kernel in kernels().items() if name in wanted]
