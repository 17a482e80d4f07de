"""The index of declared kernels: every ``<family>/declarations.py`` beside this package."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from ferrumba.dispatch.kernel import Kernel
from ferrumba.errors import InvalidBackendRequest


@functools.cache
def kernels() -> dict[str, Kernel]:
    """Return every declared kernel by name, families in alphabetical order."""
    families = sorted(path.parent.name for path in Path(__file__).parents[1].glob("*/declarations.py"))
    modules = (importlib.import_module(f"ferrumba.{family}.declarations") for family in families)
    return {kernel.name: kernel for module in modules for kernel in module.KERNELS}


def kernel(name: str) -> Kernel:
    """Return the kernel of this name; raise with the names that exist."""
    try:
        return kernels()[name]
    except KeyError:
        raise InvalidBackendRequest(f"kernel {name!r} is not declared; choose from {', '.join(kernels())}") from None
