"""The one decorator that compiles a reference: ``jit``; nothing else in the package may use Numba directly.

Compilation is lazy: at the first call, for the types of that call. Importing this module imports Numba.
"""

from __future__ import annotations

import numba

from ferrumba.dispatch.jit_cache import cache_folder, enable_cache

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False, "parallel": False}

_FOLDER = cache_folder()


def jit(function=None, *, inline: bool = False, signature: str | None = None):
    """Compile a function with Numba: GIL-free, IEEE arithmetic, serial, cached on disk where the user allows it.

    Parameters
    ----------
    inline : bool
        Make LLVM inline every call, so that a caller's loop can be vectorised through it; such a function is stored
        with its callers and not by itself.
    signature : str, optional
        Compile at once, for these types and no others: a kernel that takes tables of any strides would otherwise be
        compiled anew for every combination of row-major, column-major and cut ones.
    """
    if function is None:
        return lambda function: jit(function, inline=inline, signature=signature)
    dispatcher = numba.njit(forceinline=inline, **OPTIONS)(function)
    if _FOLDER is not None and not inline:
        enable_cache(dispatcher, _FOLDER)
    if signature is not None:
        dispatcher.compile(signature)
        dispatcher.disable_compile()
    return dispatcher
