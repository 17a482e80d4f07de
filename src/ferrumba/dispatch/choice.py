"""The choice of a backend: the first rule that answers wins, only ``auto`` may fall back, and each answer has a reason.

In order: the kill switches · ``backend=`` of a call · ``use_backend`` (innermost first) · ``set_backend`` ·
``FERRUMBA_BACKEND`` · the calibration table · the reference. An explicit request that cannot be served raises, also
under a kill switch; only ``FERRUMBA_BACKEND`` yields to it, both being words of the same environment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase

from ferrumba.dispatch import calibration, environment
from ferrumba.dispatch.backends import REFERENCE, Backend, backends
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.registry import kernel as declared
from ferrumba.dispatch.registry import kernels
from ferrumba.dispatch.state import STATE, Call, Choice, Rule
from ferrumba.errors import BackendIncompatible, BackendUnavailable, InvalidBackendRequest, KernelUnavailable

AUTO = "auto"
INSTALLABLE = {"rust": "pip install 'ferrumba[rust]'"}

Resolved = tuple[Callable[..., int], Choice]

generation = 0
"""Raised whenever what :func:`resolve` answers may change, so that others may remember answers, too."""

_process_rules: tuple[Rule, ...] = ()
resolved: dict[tuple[str, str | None, tuple[Rule, ...], int], Resolved] = {}


def _rule(pattern: str, wanted: str, source: str) -> Rule:
    name = wanted.removesuffix("?").strip()
    known = {AUTO, *INSTALLABLE, *backends()}
    if name not in known:
        raise InvalidBackendRequest(f"{source}: backend {name!r} is unknown; choose from {', '.join(sorted(known))}")
    if not any(fnmatchcase(kernel, pattern) for kernel in kernels()):
        raise InvalidBackendRequest(
            f"{source}: pattern {pattern!r} matches no kernel; choose from {', '.join(kernels())}"
        )
    return Rule(pattern, name, wanted.endswith("?"), source)


def parse_rules(text: str, source: str) -> tuple[Rule, ...]:
    """Return the rules that a text such as ``"rust"`` or ``"healpix.*=rust?,*=numba"`` stands for."""
    rules = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        pattern, equals, wanted = part.partition("=")
        rules.append(_rule(pattern.strip(), wanted.strip(), source) if equals else _rule("*", part, source))
    return tuple(rules)


@functools.cache
def _environment_rules() -> tuple[Rule, ...]:
    text = environment.text("FERRUMBA_BACKEND")
    return () if environment.force_numba() else parse_rules(text, f"FERRUMBA_BACKEND={text}")


def _requests(kernel: Kernel, asked: str | None, scoped: tuple[Rule, ...]) -> Iterator[Rule]:
    if asked is not None:
        if not isinstance(asked, str):
            raise InvalidBackendRequest(f"backend is {asked!r}, but a backend is named by a string such as 'numba'")
        yield _rule("*", asked, f"backend={asked!r}")
    for rule in (*scoped, *_process_rules, *_environment_rules()):
        if fnmatchcase(kernel.name, rule.pattern):
            yield rule


def _insist(kernel: Kernel, rule: Rule) -> None:
    backend = backends().get(rule.backend)
    if backend is None:
        switch = environment.force_numba()
        present = f"present: {', '.join(backends())}"
        if switch:
            raise BackendUnavailable(
                f"{rule.source} asks for {rule.backend!r}, but {switch}=1 switches every plug-in off; unset one of them"
            )
        how = INSTALLABLE.get(rule.backend, "install a package that provides it")
        raise BackendUnavailable(
            f"{rule.source} asks for {rule.backend!r}, which is not installed ({present}); run: {how}"
        )
    if backend.fault is not None:
        kind = BackendIncompatible if isinstance(backend.fault, BackendIncompatible) else BackendUnavailable
        raise kind(f"{rule.source}: {backend.refusal(kernel)}; see: ferrumba doctor") from backend.fault
    if refusal := backend.refusal(kernel):
        raise KernelUnavailable(
            f"{rule.source}: {refusal}; update the plug-in, or write {rule.backend}? to prefer it without insisting"
        )


def _automatic(kernel: Kernel, rows: int, why: str = "") -> Choice:
    offers = [name for name, backend in backends().items() if backend.refusal(kernel) is None]
    name, reason = calibration.fastest(kernel, rows, offers)
    if name == REFERENCE and len(offers) == 1 and len(backends()) > 1:
        refusals = [backend.refusal(kernel) for backend in backends().values()]
        reason = "; ".join(refusal for refusal in refusals if refusal)
    return Choice(kernel.name, name, why + reason)


def choose(kernel: Kernel, rows: int, asked: str | None = None, scoped: tuple[Rule, ...] = ()) -> Choice:
    """Return which backend serves a kernel for this many rows, and why.

    Raises
    ------
    BackendUnavailable, BackendIncompatible, KernelUnavailable
        If a request that insists cannot be served.
    InvalidBackendRequest
        If a request cannot be understood.
    """
    for rule in _requests(kernel, asked, scoped):
        if rule.backend == AUTO:
            return _automatic(kernel, rows)
        if rule.prefer:
            backend = backends().get(rule.backend)
            refusal = f"{rule.backend} is not installed" if backend is None else backend.refusal(kernel)
            if refusal:
                return _automatic(kernel, rows, f"{rule.source} preferred {rule.backend}, but {refusal}; ")
        _insist(kernel, rule)
        return Choice(kernel.name, rule.backend, rule.source)
    if switch := environment.force_numba():
        return Choice(kernel.name, REFERENCE, f"{switch}=1")
    return _automatic(kernel, rows)


def resolve(kernel: Kernel, rows: int, asked: str | None, scoped: tuple[Rule, ...]) -> Resolved:
    """Return the function that serves a call, and the choice behind it; remembered for rows of the same bit length."""
    key = (kernel.name, asked, scoped, rows.bit_length())
    found = resolved.get(key)
    if found is None:
        choice = choose(kernel, rows, asked, scoped)
        found = resolved[key] = (_load(backends()[choice.backend], kernel), choice)
    return found


@functools.cache
def _load_once(backend: str, kernel: str) -> Callable[..., int]:
    return backends()[backend].load(kernel)


def _load(backend: Backend, kernel: Kernel) -> Callable[..., int]:
    try:
        return _load_once(backend.name, kernel.name)
    except ImportError as fault:
        raise BackendUnavailable(f"backend {backend.name!r} could not load {kernel.name}: {fault}") from fault


def _forget() -> None:
    global generation
    generation += 1
    resolved.clear()


def refresh() -> None:
    """Forget every choice, environment value, calibration table and discovered backend, as if just imported.

    Call it after changing ``os.environ`` or installing a plug-in while Python runs. Contexts and ``set_backend`` stay.
    """
    _forget()
    for remembered in (_environment_rules, _load_once, backends, calibration.table):
        remembered.cache_clear()


def set_backend(backend: str | None, pattern: str = "*") -> None:
    """Choose a backend for the whole process; ``None`` withdraws every earlier choice.

    Parameters
    ----------
    backend : str or None
        ``"numba"``, ``"rust"``, ``"auto"``, another plug-in's name, or rules as in ``FERRUMBA_BACKEND``. A trailing
        ``?`` prefers without insisting.
    pattern : str
        Kernels that it holds for, as a shell pattern such as ``"healpix.*"``.

    Examples
    --------
    >>> import ferrumba
    >>> ferrumba.set_backend("numba")
    >>> ferrumba.explain("healpix.is_morton").reason
    "set_backend('numba')"
    >>> ferrumba.set_backend(None)
    """
    global _process_rules
    new = () if backend is None else _scoped_rules(backend, pattern, "set_backend")
    _process_rules = () if backend is None else new + _process_rules
    _forget()


def _scoped_rules(backend: str, pattern: str, name: str) -> tuple[Rule, ...]:
    if not isinstance(backend, str) or not isinstance(pattern, str):
        raise InvalidBackendRequest(f"{name}({backend!r}, {pattern!r}): give a backend and a pattern as strings")
    shown = f"{name}({backend!r})" if pattern == "*" else f"{name}({backend!r}, {pattern!r})"
    if "=" in backend:
        return parse_rules(backend, shown)
    return (_rule(pattern, backend.strip(), shown),)


@contextmanager
def use_backend(backend: str, pattern: str = "*") -> Iterator[None]:
    """Choose a backend for the calls inside a ``with`` block, in this thread or asyncio task only.

    Parameters
    ----------
    backend, pattern : str
        As in :func:`set_backend`.

    Examples
    --------
    >>> import ferrumba
    >>> with ferrumba.use_backend("numba", "healpix.*"):
    ...     ferrumba.explain("healpix.is_morton").backend
    'numba'
    """
    state = STATE.get()
    token = STATE.set(replace(state, rules=_scoped_rules(backend, pattern, "use_backend") + state.rules))
    try:
        yield
    finally:
        STATE.reset(token)


def explain(name: str, n: int = 1, backend: str | None = None) -> Choice:
    """Return which backend would serve a kernel here and now, and why.

    Parameters
    ----------
    name : str
        Kernel name, such as ``"healpix.lonlat_to_nested"``.
    n : int
        Number of rows of the call.
    backend : str, optional
        As given to the call.

    Returns
    -------
    Choice
        With attributes ``kernel``, ``backend`` and ``reason``.
    """
    return choose(declared(name), n, backend, STATE.get().rules)


@contextmanager
def trace() -> Iterator[list[Call]]:
    """Record the kernel calls made inside a ``with`` block, in this thread or asyncio task.

    Examples
    --------
    >>> import ferrumba
    >>> from ferrumba import healpix
    >>> with ferrumba.trace() as calls:
    ...     _ = healpix.is_morton(-31)
    >>> calls[0].kernel, calls[0].rows
    ('healpix.is_morton', 1)
    """
    calls: list[Call] = []
    token = STATE.set(replace(STATE.get(), calls=calls))
    try:
        yield calls
    finally:
        STATE.reset(token)
