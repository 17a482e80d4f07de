"""A backend that serves the references through the whole path of a plug-in: tests of the plumbing need no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ferrumba.dispatch import choice
from ferrumba.dispatch.backends import PROTOCOL, REFERENCE, Backend, adopt, backends
from ferrumba.dispatch.registry import kernels


class Loopback:
    """A complete plug-in object whose kernels are the references.

    Parameters
    ----------
    manifest : dict of str to int, optional
        Kernels and revisions to claim; all declared ones by default.
    """

    PROTOCOL = PROTOCOL
    VERSION = "0"

    def __init__(self, manifest: dict[str, int] | None = None) -> None:
        declared = {name: kernel.revision for name, kernel in kernels().items()}
        self.MANIFEST = declared if manifest is None else manifest

    def load(self, name: str) -> Callable[..., int]:
        """Return the reference of a kernel."""
        return backends()[REFERENCE].load(name)

    def info(self) -> dict[str, Any]:
        """Return facts about the build: there is none."""
        return {"profile": "release"}


@contextmanager
def installed(plugin: Any, name: str = "loopback") -> Iterator[Backend]:
    """Let a plug-in object count as installed inside a ``with`` block, for the whole process."""
    choice.refresh()
    try:
        found = backends()[name] = adopt(name, plugin, "ferrumba.testing")
        yield found
    finally:
        choice.refresh()
