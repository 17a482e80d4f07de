"""The backends that are present: the Numba reference, and plug-ins of the entry point group ``ferrumba.backends``.

A plug-in is any object with ``PROTOCOL: int``, ``VERSION: str``, ``MANIFEST: dict[str, int]`` (kernel -> revision),
``load(name) -> callable`` and ``info() -> dict``. It serves a kernel only at the declared revision, so an older wheel
keeps serving what did not change. A plug-in that fails to load is kept with its fault and never breaks anything until
it is asked for by name.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

from ferrumba.dispatch import environment
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.registry import kernel as declared
from ferrumba.dispatch.registry import kernels
from ferrumba.errors import BackendIncompatible

PROTOCOL = 1
GROUP = "ferrumba.backends"
REFERENCE = "numba"


@dataclass(frozen=True)
class Backend:
    """A backend as it was found.

    Attributes
    ----------
    name, version : str
        Name of the entry point, and the version that the plug-in tells.
    manifest : mapping of str to int
        Kernel names and the revisions implemented.
    load : callable
        From a kernel's name to the function that runs it.
    info : callable
        Facts about the build, for people.
    origin : str
        The distribution and object that it came from.
    fault : Exception or None
        What went wrong when it was loaded.
    """

    name: str
    version: str
    manifest: Mapping[str, int]
    load: Callable[[str], Callable[..., int]]
    info: Callable[[], dict[str, Any]]
    origin: str
    fault: Exception | None = field(default=None)

    def refusal(self, kernel: Kernel) -> str | None:
        """Return why this backend cannot serve a kernel, or None when it can."""
        if self.fault is not None:
            return f"{self.name} failed to load: {type(self.fault).__name__}: {self.fault}"
        revision = self.manifest.get(kernel.name)
        if revision is None:
            return f"{self.name} {self.version} has no {kernel.name}"
        if revision != kernel.revision:
            return f"{self.name} {self.version} has {kernel.name} at revision {revision}, not {kernel.revision}"
        return None


def _load_reference(name: str) -> Callable[..., int]:
    kernel = declared(name)
    module = importlib.import_module(f"ferrumba.{kernel.family}.numba.{kernel.stem}")
    return getattr(module, kernel.stem)


def _reference_info() -> dict[str, Any]:
    import numba

    return {"numba": numba.__version__, "llvm": ".".join(str(part) for part in numba.core.codegen.ll.llvm_version_info)}


def _no_kernel(name: str) -> Callable[..., int]:
    raise AssertionError(f"{name} was asked of a backend that failed to load")


def _missing(plugin: Any) -> str | None:
    kinds = {"PROTOCOL": int, "VERSION": str, "MANIFEST": Mapping}
    for name, kind in kinds.items():
        if not isinstance(getattr(plugin, name, None), kind):
            return f"{name}: {kind.__name__}"
    for name in ("load", "info"):
        if not callable(getattr(plugin, name, None)):
            return f"{name}()"
    return None


def adopt(name: str, plugin: Any, origin: str) -> Backend:
    """Return the backend that a plug-in object is; raise ``BackendIncompatible`` if it has not the form of one."""
    if missing := _missing(plugin):
        raise BackendIncompatible(f"backend {name!r} from {origin} lacks {missing}; see docs/backends.md for the form")
    if plugin.PROTOCOL != PROTOCOL:
        older = "ferrumba" if plugin.PROTOCOL > PROTOCOL else f"ferrumba[{name}]"
        raise BackendIncompatible(
            f"backend {name!r} {plugin.VERSION} speaks protocol {plugin.PROTOCOL} and Ferrumba speaks {PROTOCOL}; "
            f"run: pip install -U '{older}'"
        )
    if name in (REFERENCE, "auto"):
        raise BackendIncompatible(f"backend {name!r} from {origin} takes a reserved name; rename its entry point")
    return Backend(name, plugin.VERSION, dict(plugin.MANIFEST), plugin.load, plugin.info, origin)


@functools.cache
def backends() -> dict[str, Backend]:
    """Return the backends by name, the reference first; entry points are scanned at the first call only."""
    revisions = {name: kernel.revision for name, kernel in kernels().items()}
    found = {REFERENCE: Backend(REFERENCE, "reference", revisions, _load_reference, _reference_info, "ferrumba")}
    if environment.force_numba():
        environment.check_names()
        return found
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        origin = f"{point.dist.name} {point.dist.version} ({point.value})" if point.dist else point.value
        try:
            found[point.name] = adopt(point.name, point.load(), origin)
        except Exception as fault:  # noqa: BLE001 - whatever a plug-in raises is kept and shown, never let through
            found.setdefault(point.name, Backend(point.name, "unknown", {}, _no_kernel, dict, origin, fault))
    environment.check_names(tuple(found))
    return found
