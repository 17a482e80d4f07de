"""Ferrumba: numerical kernels with a Numba reference and an optional Rust twin, chosen per function at run time.

Importing the package loads NumPy and nothing else; families and their backends are loaded by the first use.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_MODULES = ("compat", "errors", "healpix", "integrations", "spatial", "testing", "timeseries")
_NAMES = {
    "backends": "dispatch.backends",
    "explain": "dispatch.choice",
    "refresh": "dispatch.choice",
    "set_backend": "dispatch.choice",
    "trace": "dispatch.choice",
    "use_backend": "dispatch.choice",
    "thread_count": "dispatch.threads",
    "threads": "dispatch.threads",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(importlib.import_module(f"ferrumba.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"ferrumba.{name}")
    raise AttributeError(f"module 'ferrumba' has no attribute {name!r}; it has {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
