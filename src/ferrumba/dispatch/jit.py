"""The one decorator that compiles a reference: ``jit``; nothing else in the package may use Numba directly.

Compilation is lazy: at the first call, for the types of that call. Importing this module imports Numba.
"""

from __future__ import annotations

import numba

from ferrumba.dispatch.jit_cache import cache_folder, enable_cache

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False, "parallel": False}

_FOLDER = cache_folder()


def jit(function=None, *, inline: bool = False):
    """Compile a function with Numba: GIL-free, IEEE arithmetic, serial, cached on disk where the user allows it.

    Parameters
    ----------
    inline : bool
        Make LLVM inline every call, so that a caller's loop can be vectorised through it; such a function is stored
        with its callers and not by itself.
    """
    if function is None:
        return lambda function: jit(function, inline=inline)
    dispatcher = numba.njit(forceinline=inline, **OPTIONS)(function)
    if _FOLDER is not None and not inline:
        enable_cache(dispatcher, _FOLDER)
    return dispatcher
