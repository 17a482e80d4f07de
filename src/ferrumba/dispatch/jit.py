"""The one decorator that compiles a reference: ``jit``; nothing else in the package may use Numba directly.

Compilation is lazy: at the first call, for the types of that call. Importing this module imports Numba.
"""

from __future__ import annotations

import numba

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False, "parallel": False}


def jit(function=None, *, inline: bool = False):
    """Compile a function with Numba: GIL-free, IEEE arithmetic, serial.

    Parameters
    ----------
    inline : bool
        Make LLVM inline every call, so that a caller's loop can be vectorised through it.
    """
    if function is None:
        return lambda function: jit(function, inline=inline)
    return numba.njit(forceinline=inline, **OPTIONS)(function)
