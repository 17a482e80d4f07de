"""Compiled references on disk: one folder per user and version of Ferrumba, safe for many processes at once.

Numba's own cache misses changes in other files that a function calls into, and two processes that save at once can
mix the index of one with the data of the other (numba issues 4807 and 10128). Here the stamp of every entry is a
digest of all reference sources, one process at a time writes, under a lock that the system releases if it dies, and a
file that cannot be read or written means compiling in memory, never an error. ``FERRUMBA_NUMBA_CACHE`` switches it
off or moves it.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ferrumba
from ferrumba.dispatch import environment
from ferrumba.dispatch.calibration import user_folder

WAIT = 0.1
"""Seconds to wait for another writer before going on without saving: saving takes some milliseconds."""


def cache_folder() -> Path | None:
    """Return the folder for compiled references, or None when they stay in memory."""
    value = environment.text("FERRUMBA_NUMBA_CACHE")
    try:
        if environment.flag("FERRUMBA_NUMBA_CACHE") or not value:
            return user_folder("cache") / f"numba-{ferrumba.__version__}"
        return None
    except ferrumba.errors.InvalidBackendRequest:
        return Path(value)
    except RuntimeError:  # no home directory
        return None


@functools.cache
def source_digest() -> str:
    """Return a digest of every source that a reference may be compiled from."""
    package = Path(ferrumba.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*package.glob("*/numba/*.py"), *package.glob("*/jit.py")]):
        digest.update(str(path.relative_to(package)).encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _writer(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; yield whether this process may write."""
    with open(folder / "lock", "ab") as file:
        try:
            import fcntl

            lock = functools.partial(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            import msvcrt

            lock = functools.partial(msvcrt.locking, file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        deadline = time.monotonic() + WAIT
        while True:
            try:
                lock()
            except OSError:
                if time.monotonic() > deadline:
                    yield False
                    return
                time.sleep(0.005)
            else:
                yield True
                return


def enable_cache(dispatcher: Any, folder: Path) -> None:
    """Let a Numba dispatcher load and save its machine code in a folder; do nothing where Numba's internals differ."""
    with suppress(ImportError, AttributeError, OSError):
        dispatcher._cache = _cache_class()(dispatcher.py_func, folder)


@functools.cache
def _cache_class() -> type:
    from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

    class Locator(_CacheLocator):
        def __init__(self, py_func: Any, folder: Path) -> None:
            self._folder = folder
            self._name = f"{py_func.__module__}-{py_func.__code__.co_firstlineno}"

        def ensure_cache_path(self) -> None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

        def get_cache_path(self) -> str:
            return str(self._folder)

        def get_source_stamp(self) -> str:
            return source_digest()

        def get_disambiguator(self) -> str:
            return self._name

    class Cache(FunctionCache):
        def __init__(self, py_func: Any, folder: Path) -> None:
            self._folder = folder

            class LocatorHere(Locator):
                @classmethod
                def from_function(cls, py_func: Any, py_file: str) -> Locator:  # noqa: ARG003 - Numba passes it
                    return Locator(py_func, folder)

            class Impl(CompileResultCacheImpl):
                _locator_classes = [LocatorHere]

            self._impl_class = Impl
            super().__init__(py_func)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            try:
                return super().load_overload(sig, target_context)
            except Exception:  # noqa: BLE001 - a truncated or foreign file may fail in any way; compiling is the answer
                return None

        def save_overload(self, sig: Any, data: Any) -> None:
            with suppress(OSError):
                self._impl.locator.ensure_cache_path()
                with _writer(self._folder) as may_write:
                    if may_write:
                        self._save_over_damage(sig, data)

        def _save_over_damage(self, sig: Any, data: Any) -> None:
            try:
                super().save_overload(sig, data)
            except Exception:  # noqa: BLE001 - a damaged index may fail in any way; an empty one replaces it
                self.flush()
                super().save_overload(sig, data)

    return Cache
