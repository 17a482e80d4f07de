"""Ferrumba's environment variables, read strictly: an unknown name or value raises and lists what is valid."""

from __future__ import annotations

import os

from ferrumba.errors import InvalidBackendRequest

VARIABLES = {
    "FERRUMBA_FORCE_NUMBA": "1 runs every kernel on Numba; no plug-in code is loaded",
    "MORTIE_FORCE_NUMBA": "the same as FERRUMBA_FORCE_NUMBA, for those who come from mortie",
    "FERRUMBA_BACKEND": "numba, rust, auto, or rules as 'healpix.*=rust,*=numba'; 'rust?' prefers without insisting",
    "FERRUMBA_NUM_THREADS": "threads that one call may use",
    "FERRUMBA_CALIBRATION": "path of a calibration table, or 'off'",
    "FERRUMBA_NUMBA_CACHE": "0 keeps compiled references in memory only, 1 (default) also on disk, or names a folder",
    "FERRUMBA_RUST_SIMD": "baseline, avx2, avx512 or auto (default): the instructions that the Rust wheel may use",
}

_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"", "0", "false", "no", "off"})


def check_names(backends: tuple[str, ...] = ()) -> None:
    """Raise if the environment has a ``FERRUMBA_*`` variable that nobody reads.

    Parameters
    ----------
    backends : tuple of str
        Names of plug-ins; each may have variables of its own called ``FERRUMBA_<NAME>_*``.
    """
    own = tuple(f"FERRUMBA_{name.upper()}_" for name in backends)
    for name in sorted(os.environ):
        if name.startswith("FERRUMBA_") and name not in VARIABLES and not name.startswith(own):
            valid = ", ".join(VARIABLES)
            raise InvalidBackendRequest(f"{name} is set, but Ferrumba reads only {valid}; correct or unset it")


def text(name: str) -> str:
    """Return a variable without surrounding blanks, or ``""``."""
    return os.environ.get(name, "").strip()


def flag(name: str) -> bool:
    """Return whether a switch is on; raise on anything that is neither on nor off."""
    value = text(name).lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise InvalidBackendRequest(f"{name}={value!r} is not a switch; set it to 1 or 0")


def force_numba() -> str | None:
    """Return the name of the kill switch that is on, or None."""
    on = [name for name in ("FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA") if flag(name)]
    return on[0] if on else None


def thread_limit(name: str) -> int | None:
    """Return a positive number of threads from one of our variables, or None when it is not set."""
    value = text(name)
    if not value:
        return None
    if not value.isdecimal() or int(value) == 0:
        raise InvalidBackendRequest(f"{name}={value!r} is not a number of threads; set it to 1 or more")
    return int(value)


def foreign_thread_limit(name: str) -> int | None:
    """Return a positive number of threads from another project's variable; what it cannot mean is None.

    ``OMP_NUM_THREADS`` may hold a list, one number for each nesting level; the first counts.
    """
    value = text(name).partition(",")[0].strip()
    return int(value) if value.isdecimal() and int(value) > 0 else None
