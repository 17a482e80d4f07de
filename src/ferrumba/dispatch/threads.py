"""How many threads one call may use, and why; and the one lazily made pool that provides them.

``ferrumba.threads(n)`` > ``FERRUMBA_NUM_THREADS`` > ``NUMBA_NUM_THREADS`` > ``OMP_NUM_THREADS`` > the processors that
the affinity mask and the cgroup quota leave. Off the main thread (a Dask or joblib worker, an executor) and in a
daemon process the default is 1. ``threadpoolctl`` limits cap whatever results.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ferrumba.dispatch import environment
from ferrumba.dispatch.state import STATE
from ferrumba.errors import InvalidBackendRequest

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


@functools.cache
def _cgroup_quota() -> float:
    """Return the processors that the control group grants, infinity where it sets no limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        folder = Path("/sys/fs/cgroup/cpu")
        quota_us, period_us = (int((folder / f"cpu.cfs_{part}_us").read_text()) for part in ("quota", "period"))
        return quota_us / period_us if quota_us > 0 else math.inf
    except (OSError, ValueError):
        return math.inf


def processors() -> int:
    """Return the number of processors that this process may use."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:
        allowed = os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _cgroup_quota())))


def _worker() -> str | None:
    """Return what kind of worker the caller runs in, or None on the main thread of an ordinary process."""
    if threading.current_thread() is not threading.main_thread():
        return "off the main thread"
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.current_process().daemon:
        return "a daemon process"
    return None


class _Limit:
    """The cap that threadpoolctl holds over the process; None when it holds none."""

    threads: int | None = None
    registered = False


def thread_count() -> tuple[int, str]:
    """Return how many threads a call made here may use, and by which rule.

    Examples
    --------
    >>> import ferrumba
    >>> with ferrumba.threads(3):
    ...     ferrumba.thread_count()
    (3, 'ferrumba.threads(3)')
    """
    _obey_threadpoolctl()
    count, reason = _uncapped()
    if _Limit.threads is not None and _Limit.threads < count:
        return _Limit.threads, f"threadpoolctl, below {reason}"
    return count, reason


def _uncapped() -> tuple[int, str]:
    scoped = STATE.get().threads
    if scoped is not None:
        return scoped, f"ferrumba.threads({scoped})"
    own = environment.thread_limit("FERRUMBA_NUM_THREADS")
    if own is not None:
        return own, f"FERRUMBA_NUM_THREADS={own}"
    if worker := _worker():
        return 1, worker
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        limit = environment.foreign_thread_limit(name)
        if limit is not None:
            return min(limit, processors()), f"{name}={limit}"
    return processors(), "processors that affinity and cgroup quota allow"


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Let the calls inside a ``with`` block use up to ``n`` threads; results do not depend on it.

    Parameters
    ----------
    n : int
        At least 1. Calls of less than two blocks (131,072 rows) always use one.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidBackendRequest(f"threads({n!r}): give a whole number of threads, 1 or more")
    token = STATE.set(replace(STATE.get(), threads=n))
    try:
        yield
    finally:
        STATE.reset(token)


_pool: ThreadPoolExecutor | None = None
_pool_size = 0
_pool_lock = threading.RLock()


def _forget_pool() -> None:
    global _pool, _pool_size, _pool_lock
    _pool, _pool_size, _pool_lock = None, 0, threading.RLock()


def _hold_pool() -> None:
    _pool_lock.acquire()


def _release_pool() -> None:
    _pool_lock.release()


if hasattr(os, "register_at_fork"):
    # No fork in the middle of making a pool: a child would wait for ever for a module that its parent was importing.
    os.register_at_fork(before=_hold_pool, after_in_parent=_release_pool, after_in_child=_forget_pool)


def pool(size: int) -> ThreadPoolExecutor:
    """Return the process's pool, made or enlarged to at least ``size`` threads.

    A forked child forgets its parent's pool, whose threads do not exist there, and makes its own when it needs one.
    """
    global _pool, _pool_size
    with _pool_lock:
        if _pool is None or _pool_size < size:
            from concurrent.futures import ThreadPoolExecutor

            # A smaller pool is dropped, not shut down: others may be about to submit; its idle threads end with it.
            _pool, _pool_size = ThreadPoolExecutor(size, thread_name_prefix="ferrumba"), size
        return _pool


class _Uncapped(int):
    """The number that threadpoolctl is told, and gives back at the end of a limit, where there is none."""


def _obey_threadpoolctl() -> None:
    """Register with threadpoolctl once somebody else has imported it; its limits then cap ours.

    threadpoolctl finds controllers by the shared libraries that are loaded. Ours has none that is always there, so the
    controller is bound to NumPy's core, which is.
    """
    if _Limit.registered or "threadpoolctl" not in sys.modules:
        return
    import threadpoolctl

    class FerrumbaController(threadpoolctl.LibController):
        user_api = "ferrumba"
        internal_api = "ferrumba"
        filename_prefixes = ("_multiarray_umath",)

        def get_num_threads(self) -> int:
            return _Uncapped(processors()) if _Limit.threads is None else _Limit.threads

        def set_num_threads(self, num_threads: int) -> None:
            _Limit.threads = None if isinstance(num_threads, _Uncapped) else num_threads

        def get_version(self) -> None:
            return None

        def set_additional_attributes(self) -> None:
            """Nothing beyond the number of threads is shown."""

    threadpoolctl.register(FerrumbaController)
    _Limit.registered = True


_obey_threadpoolctl()
