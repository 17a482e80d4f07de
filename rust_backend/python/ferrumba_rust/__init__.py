"""The Rust backend of Ferrumba; ``backend`` is what the entry point group ``ferrumba.backends`` finds.

It has no functions for direct use: install it beside ``ferrumba``, which calls it where it is faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ferrumba_rust import _core

__version__: str = _core.VERSION
__all__ = ["UnknownKernel", "backend"]


class UnknownKernel(KeyError):
    """The wheel has no kernel of this name."""

    def __str__(self) -> str:
        return str(self.args[0])


class Backend:
    """The kernels of this wheel, in the form that Ferrumba asks of a backend.

    Attributes
    ----------
    PROTOCOL : int
        The form of this object.
    VERSION : str
        The version of the wheel.
    MANIFEST : dict of str to int
        The kernels in the binary, and the revision of each.
    """

    PROTOCOL: int = _core.PROTOCOL
    VERSION: str = _core.VERSION
    MANIFEST: dict[str, int] = {name: revision for name, (revision, _) in _core.KERNELS.items()}

    def load(self, name: str) -> Callable[..., int]:
        """Return the function ``f(*inputs, *outputs)`` that runs a kernel.

        Raises
        ------
        UnknownKernel
            If the binary has none of this name; it is a ``KeyError``.
        """
        try:
            return _core.KERNELS[name][1]
        except KeyError:
            known = ", ".join(sorted(_core.KERNELS))
            raise UnknownKernel(f"ferrumba-rust {self.VERSION} has no kernel {name!r}; it has {known}") from None

    def info(self) -> dict[str, Any]:
        """Return facts about the build, and the SIMD levels compiled, available and active."""
        return _core.info()


backend = Backend()
